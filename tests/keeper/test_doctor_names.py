"""The doctor with an admin's session and no connection: names that the org does not know."""

from __future__ import annotations

from datetime import timedelta

import pytest

from evergrant import keeper as verbs
from evergrant.evidence import of_text
from evergrant.keeper import Means, Visit
from evergrant.model import Session, Unknown
from keeper_kit import (  # noqa: F401 (fixtures)
    JWT_APP,
    Ground,
    ground_fixture,
    org_fixture,
)

HELD, REFUSED = "Orbit_Sync_Access", "Failed: Not approved for access"
USER = "integration@acme.example"


@pytest.fixture(autouse=True)
def broken(ground: Ground) -> None:
    """The golden incident: the user of a pre-authorized app lost the permission set."""
    ground.connected(app=JWT_APP)
    ground.control.advance(timedelta(minutes=7))
    ground.control.act("unassign_permission_set", user="integration", permission_set=HELD)
    ground.control.advance(timedelta(minutes=7))


def examined(
    ground: Ground, app: str, user: str, session: Session | None = None, text: str = REFUSED
) -> Visit:
    made = verbs.begin_examination(ground.keeper, app=app, user=user)
    brought = tuple(of_text(text)) if text else ()
    means = Means(session or ground.control.session(), brought)
    return verbs.look_further(ground.keeper, made, means)


def seen_of(visit: Visit, name: str) -> list[object]:
    return [each.value for each in visit.examination.facts
            if each.name == name and each.source == "live_org"]  # fmt: skip


def label(ground: Ground) -> str:
    apps = ground.control.world()["apps"]
    return next(str(each["label"]) for each in apps if each["name"] == JWT_APP)


def test_with_the_right_names_the_golden_cause_is_certain(ground: Ground) -> None:
    seen = examined(ground, label(ground), USER)
    assert seen.diagnosis.first is not None
    assert (seen.diagnosis.cause, seen.diagnosis.first.word, seen.warnings) == (
        "user-not-preauthorized", "certain", (),
    )  # fmt: skip


def test_an_app_that_nobody_named_is_not_taken_for_one_that_is_not_there(ground: Ground) -> None:
    seen = examined(ground, "", "")
    assert seen.diagnosis.cause == "user-not-preauthorized"
    for name in ("app.in_org", "user.app_tokens", "login_history.status", "audit.last_act"):
        for value in seen_of(seen, name):
            assert not isinstance(value, bool | int), name
    assert all(each == "none" or isinstance(each, Unknown) for each in seen_of(seen, "app.in_org"))


def test_a_mistyped_label_is_not_known_and_its_near_miss_is_named(ground: Ground) -> None:
    seen = examined(ground, label(ground).replace("Sync", "Snyc"), USER)
    assert seen.diagnosis.cause == "user-not-preauthorized"
    assert seen.status != "clear"
    assert f"perhaps '{label(ground)}'" in " ".join(seen.warnings)
    for name in ("app.in_org", "user.app_tokens", "login_history.status"):
        assert all(isinstance(each, Unknown) for each in seen_of(seen, name)), name


def test_evidence_of_a_user_whom_the_org_does_not_know_is_never_certain(ground: Ground) -> None:
    seen = examined(ground, label(ground), USER.replace("ti", "t", 1))
    assert seen.diagnosis.first is not None
    assert seen.diagnosis.first.word != "certain"
    assert f"perhaps '{USER}'" in seen.warnings[0]
    assert all(isinstance(each, Unknown) for each in seen_of(seen, "user.exists"))
