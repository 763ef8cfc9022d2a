"""What befalls a whole org: Salesforce's doing or the admin's at Salesforce, never a Setup page's.

None of it leaves a line in the audit trail (inferred).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, Literal

from evergrant.emulator import doors, objects, state, tokens, world
from evergrant.emulator.sessions import end_sessions

if TYPE_CHECKING:
    from evergrant.emulator.org import Org
    from evergrant.emulator.policies.org import Standing
    from evergrant.emulator.schema import Mark

Done = dict[str, object]
Fate = Literal["kept", "lost"]


@dataclass(frozen=True, slots=True)
class Consequence:
    """One thing that follows from an event, and how sure that is."""

    event: str
    """The act's name."""
    what: str
    source: str
    mark: Mark


CONSEQUENCES: Final = (
    Consequence("refresh_sandbox", "all OAuth tokens of the sandbox are dead", "t-hardis 4.6",
                "recorded"),
    Consequence("refresh_sandbox", "apps that only the sandbox had are gone, and their consumer "
                "keys with them", "t-hardis 4.6", "recorded"),
    Consequence("refresh_sandbox", "org id and record ids are others; settings are production's; "
                "Login History is empty", "4.6", "inferred"),
    Consequence("migrate_org", "My Domain keeps working", "o-jwtcli", "official"),
    Consequence("migrate_org", "the API at the old instance's address knows the session no longer",
                "3.8", "recorded"),
    Consequence("migrate_org", "pages and OAuth endpoints at the old instance's address send on "
                "to My Domain", "3.8", "inferred"),
    Consequence("migrate_org", "sessions and refresh tokens live on; `grants = \"lost\"` plays the "
                "contrary, for it is not known", "4.6", "inferred"),
    Consequence("lock_org", "every grant fails: inactive organization", "o-loginstatus t-cal11508",
                "recorded"),
    Consequence("suspend_org", "every grant fails: inactive organization",
                "o-loginstatus t-cal11508", "recorded"),
    Consequence("close_org", "every grant fails: inactive organization",
                "o-loginstatus t-cal11508", "recorded"),
    Consequence("expire_trial", "every grant fails: inactive organization; the API answers "
                "API_CURRENTLY_DISABLED", "o-loginstatus o-exc t-crmarena21", "recorded"),
    Consequence("expire_trial", "the status of that answer is 403", "3.8", "inferred"),
    Consequence("lock_org", "running sessions end; so they do when an org is suspended or closed",
                "4.6", "inferred"),
    Consequence("reopen_org", "refresh tokens that stood before stand again", "4.6", "inferred"),
)  # fmt: skip
"""What each event brings about; the reference is drawn from it."""


def refresh_sandbox(org: Org) -> Done:
    """Make a sandbox anew from production: tokens, ids, history and its own apps are gone."""
    if org.home.kind != "sandbox":
        raise ValueError(f"only a sandbox can be refreshed, this org is a {org.home.kind}")
    before = state.noted(org.db, "org_id")
    world.renew(org)
    org.busy.clear()
    return {"org_id": state.noted(org.db, "org_id"), "org_id_before": before}


def migrate_org(org: Org, *, to: str = "USA2", grants: Fate = "kept") -> Done:
    """Move the org to another instance."""
    before = doors.current(org)
    if to == before or not to.isalnum() or len(to) > _LONGEST:
        raise ValueError(f"expected an instance other than {before}, of up to five letters")
    if grants not in ("kept", "lost"):
        raise ValueError(f"grants are kept or lost, not {grants}")
    doors.leave(org, to)
    objects.update(org.db, "Organization", state.noted(org.db, "org_id"), InstanceName=to)
    lost = _lose_all(org) if grants == "lost" else 0
    return {"instance": to, "instance_before": before, "approvals_lost": lost}


_LONGEST: Final = 5
"""Letters of Organization.InstanceName."""


def lock_org(org: Org) -> Done:
    """Lock the org, as Salesforce does for security or an unpaid bill."""
    policy = state.load_org(org.db)
    state.save_policy(org.db, "org", replace(policy, locked=True))
    return _ended(org)


def suspend_org(org: Org) -> Done:
    """Suspend the org."""
    return _stand(org, "suspended")


def close_org(org: Org) -> Done:
    """Close the org, as when a sandbox or a scratch org is deleted."""
    return _stand(org, "closed")


def expire_trial(org: Org) -> Done:
    """Let the trial end now; the API says so itself, so sessions are not ended."""
    objects.update(
        org.db, "Organization", state.noted(org.db, "org_id"), TrialExpirationDate=org.clock.now()
    )
    state.save_policy(org.db, "org", replace(state.load_org(org.db), standing="trial_expired"))
    return {"sessions_ended": 0}


def reopen_org(org: Org) -> Done:
    """Unlock, resume or extend: the org stands again."""
    policy = replace(state.load_org(org.db), locked=False, standing="active")
    state.save_policy(org.db, "org", policy)
    objects.update(org.db, "Organization", state.noted(org.db, "org_id"), TrialExpirationDate=None)
    return {}


def _stand(org: Org, standing: Standing) -> Done:
    state.save_policy(org.db, "org", replace(state.load_org(org.db), standing=standing))
    return _ended(org)


def _ended(org: Org) -> Done:
    users = [row["Id"] for row in state.every(org.db, 'SELECT "Id" FROM "User"')]
    return {"sessions_ended": sum(end_sessions(org, "org ended", user_id=user) for user in users)}


def _lose_all(org: Org) -> int:
    _ended(org)
    users = [row["Id"] for row in state.every(org.db, 'SELECT "Id" FROM "User"')]
    return sum(tokens.end_approvals(org, user_id=user) for user in users)
