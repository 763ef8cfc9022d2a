"""A fault that answered in the org's place: what the trace and Login History then hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evergrant.emulator import records, state
from evergrant.emulator.accounts import user_row
from evergrant.emulator.objects import stamp
from evergrant.emulator.trouble.presets import PRESETS

if TYPE_CHECKING:
    from evergrant.emulator.org import Org
    from evergrant.emulator.trouble.fault import Asking, Fault


def note(org: Org, asking: Asking, fault: Fault) -> None:
    """Keep an answer that no gate gave; the caller holds the org's lock.

    Delays and cuts are not among them: what the org does beside them is traced as ever.
    """
    if fault.status is None or fault.drop:
        return
    at, source_ip = stamp(org.clock.now()), org.ip
    known = PRESETS.get(fault.preset)
    if known is not None and known.login_status:
        _write_down(org, asking, known.login_status)
    gate, mark = (known.gate, known.mark) if known else ("network", None)
    detail = f"the fault {fault.preset or 'laid by hand'} answered {fault.status}"
    step = {"id": gate, "outcome": "refused", "detail": detail, "knob": "fault", "mark": mark}
    org.attempts.keep(lambda: {
        "at": at, "flow": asking.grant_type or "call", "app": asking.app or None,
        "user": asking.user or None, "source_ip": source_ip, "host": "my_domain",
        "outcome": "fault", "gate": gate, "refusal": None, "steps": [step], "pending": [],
    })  # fmt: skip


def _write_down(org: Org, asking: Asking, status: str) -> None:
    user = user_row(org.db, asking.user) if asking.user else None
    app = state.one(org.db, "SELECT id FROM x_app WHERE name = ?", asking.app)
    if user is None or app is None:
        return
    with org.changing():
        records.login(
            org, user["Id"], status, subtype=records.SUBTYPES.get(asking.grant_type),
            application=state.load_app(org.db, app["id"]).label, login_url=asking.host,
        )  # fmt: skip
