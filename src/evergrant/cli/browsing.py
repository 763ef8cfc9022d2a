"""An authorization through the browser, as the terminal tells of it: link by link, to its end."""

from __future__ import annotations

import sys
import webbrowser
from textwrap import fill
from typing import TYPE_CHECKING, Any

from click.exceptions import Exit

from evergrant.cli.output import Format, columns, emit, progress, say

if TYPE_CHECKING:
    from evergrant.cli.service import Begun, Service
    from evergrant.settings import Settings

NOT_PROVEN = 1
PROOF_WORDS = {True: "proven", False: "NOT PROVEN", None: "unproven"}


def through_browser(
    settings: Settings,
    body: dict[str, Any],
    browser: bool,
    form: Format,
) -> None:
    from evergrant.cli.service import Service

    service = Service(settings)
    begun = service.begin(body)
    end = _opened(service, begun, "", browser)
    while end["status"] == "new":
        # One part is proven, and the next one needs the person again.
        begun, part = service.again(begun.id), end["part"]
        end = _opened(service, begun, part, browser)
    if form is Format.JSON:
        emit("flow", end)
    else:
        say(_flow_text(end))
    if not _is_whole(end):
        raise Exit(NOT_PROVEN)


def _is_whole(end: dict[str, Any]) -> bool:
    """Whether every proof came, and every part was authorized or is still good."""
    outcome = end["outcome"]
    missed = [each for each in outcome.get("walked", ()) if each["how"] in ("refused", "waits")]
    proven = end["status"] == "done" and all(p["proven"] is True for p in outcome["proofs"])
    return proven and not missed


def _opened(service: Service, begun: Begun, part: str, browser: bool) -> dict[str, Any]:
    """What came of a link; `part` is said where there are several."""
    which = f" for {part}" if part else ""
    told = f"Open this link{which} in the browser of whoever authorizes:\n  {begun.link}\n"
    sys.stderr.write(told)
    sys.stderr.flush()
    if browser:
        webbrowser.open(begun.link)
    with progress("Waiting for Salesforce to call back (Ctrl-C to stop)"):
        return service.wait(begun.id, part)


def _flow_text(end: dict[str, Any]) -> str:
    outcome = end["outcome"]
    if end["status"] == "done":
        proofs = (proof_line(**proof) for proof in outcome["proofs"])
        missing = (each for each in outcome.get("needs", ()) if each["standing"] == "missing")
        needs = (f"  missing in the org: {each['title']} ({each['told']})" for each in missing)
        walked = (part_line(**each) for each in outcome.get("walked", ()))
        return "\n".join(["Connected.", *walked, *proofs, *needs])
    if end["status"] == "on_hold":
        return held_text(end["connection"])
    cause = outcome.get("cause")
    told = f"{end['status']}: {outcome.get('error', 'no callback came')}"
    return f"{told}\nIt looks like {cause}. See: evergrant explain {cause}" if cause else told


def held_text(connection_id: str) -> str:
    return (
        "On hold: another org or user came back. Nothing was replaced.\n"
        f"Decide with: evergrant release {connection_id} --keep (or --switch)"
    )


def proof_line(kind: str, proven: bool | None, detail: str) -> str:
    head = f"  {kind.replace('_', ' '):14} {PROOF_WORDS[proven]:11} "
    return fill(detail, columns(), initial_indent=head, subsequent_indent=" " * len(head))


def part_line(part: str, title: str, how: str, told: str) -> str:
    more = f" ({told})" if told else ""
    return f"  part {title or part}: {how}{more}"
