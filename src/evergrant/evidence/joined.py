"""Facts that only several sources together show: what one knows and another asked."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from evergrant.model import Fact

Known = Mapping[str, Fact]
_HOST_FLAWS = {
    ("test", False): "sandbox host for production",
    ("login", True): "production host for a sandbox",
}
"""Host that was asked, and whether the org is a sandbox → what is wrong with it."""


def joined(facts: Iterable[Fact]) -> list[Fact]:
    """What follows from these facts together; nothing that is among them already."""
    known = {fact.name: fact for fact in facts if fact.is_known}
    made = (join(known) for join in JOINS)
    return [fact for fact in made if fact is not None and fact.name not in known]


def _host_flaw(known: Known) -> Fact | None:
    """A generic login host knows the users of its own kind of org only (oauth-protocol 1.1)."""
    host, sandbox = known.get("request.host"), known.get("org.is_sandbox")
    if host is None or sandbox is None:
        return None
    flaw = _HOST_FLAWS.get((str(host.value), sandbox.value is True), "none")
    quote = f"{host.quote or host.value}; {sandbox.quote}"[:300]
    return replace(host, name="request.host_flaw", value=flaw, mark="derived", quote=quote)


_PASSED_BY = {"lifetime": "own.refresh_token_age_days", "inactivity": "own.days_idle"}
"""Kind of policy → what it is measured against (oauth-protocol 4.3)."""


def _policy_passed(known: Known) -> Fact | None:
    policy, days = known.get("app.refresh_token_policy"), known.get("app.refresh_token_days")
    if policy is None:
        return None
    if str(policy.value) == "infinite":
        return replace(policy, name="own.policy_passed", value=False, mark="derived")
    since = known.get(_PASSED_BY.get(str(policy.value), ""))
    if since is None or days is None:
        return None
    is_over = float(str(since.value)) >= float(str(days.value))
    quote = f"{days.quote}; {since.value} days"[:300]
    return replace(days, name="own.policy_passed", value=is_over, mark="derived", quote=quote)


def _frozen_by_nobody(known: Known) -> Fact | None:
    """Salesforce freezes a user without a line in the audit trail (inferred)."""
    frozen, acts = known.get("user.frozen"), known.get("audit.user_frozen")
    if frozen is None or acts is None:
        return None
    is_so = frozen.value is True and acts.value is False
    quote = f"{frozen.quote}; {acts.quote}"[:300]
    return replace(frozen, name="user.frozen_by_nobody", value=is_so, mark="inferred", quote=quote)


def _session_outlived(known: Known) -> Fact | None:
    """An access token dies of idleness after the session timeout (oauth-protocol 4.1)."""
    idle, timeout = known.get("own.days_idle"), known.get("org.session_minutes")
    if idle is None or timeout is None:
        return None
    is_over = float(str(idle.value)) * 1440 >= float(str(timeout.value))
    quote = f"unused for {idle.value} days; {timeout.quote}"[:300]
    return replace(timeout, name="own.session_outlived", value=is_over, mark="derived", quote=quote)


JOINS: tuple[Callable[[Known], Fact | None], ...] = (
    _host_flaw,
    _policy_passed,
    _frozen_by_nobody,
    _session_outlived,
)
