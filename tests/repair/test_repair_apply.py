"""Carrying out in an org: what it refuses, what changed meanwhile, what is written of records."""

from __future__ import annotations

from pathlib import Path

import pytest

from evergrant.catalog.changes import Change, Patch
from evergrant.cli.repair_course import Course
from evergrant.emulator.accounts import app_by_name
from evergrant.emulator.connected import sign_in
from evergrant.emulator.server import Emulator
from evergrant.errors import BadInput, Refused
from evergrant.model import Secret, Session
from evergrant.org import access
from evergrant.repair import apply
from evergrant.repair.course import back, course
from evergrant.repair.files import Files, of_zip, package
from evergrant.repair.model import Plan, Problem, RecordChange
from evergrant.repair.plan import plan
from evergrant.wire import run
from repair_kit import component

pytestmark = pytest.mark.slow


@pytest.fixture
def session(org: Emulator) -> Session:
    """An admin's session."""
    return session_of(org, "admin")


def session_of(org: Emulator, user: str) -> Session:
    told = sign_in(org.org, user)
    return Session(told["instance_url"], Secret(told["access_token"]))


def _planned(session: Session, code: str, **given: str) -> tuple[Plan, Files]:
    files = run(apply.org_files(session))
    return plan(Problem(code, "orbit_sync"), files, given), files


def _course(session: Session, told: list[str], folder: Path) -> Course:
    return Course(session, told.append, yes=True, records=True, folder=folder)


def test_what_changed_since_it_was_shown_is_not_deployed_over(
    org: Emulator, session: Session, tmp_path: Path
) -> None:
    org.act("set_app", app="orbit-sync", ip_relaxation="BYPASS", rotation=True)
    made, files = _planned(session, "NET-01")
    org.act("set_app", app="orbit-sync", rotation=False)
    told: list[str] = []
    course = _course(session, told, tmp_path)
    course.apply(made, files)
    assert not course.is_proven
    assert any("changed the org meanwhile" in each for each in told)
    policy = app_by_name(org.org.db, "orbit-sync")
    assert (policy.ip_relaxation, policy.rotation) == ("BYPASS", False)
    assert not list(tmp_path.iterdir())


def test_what_the_org_refuses_changes_nothing_and_its_words_are_told(
    org: Emulator, session: Session, tmp_path: Path
) -> None:
    made, files = _planned(session, "ACC-01", permission_set="No_Such_Set", user="x@acme.example")
    told: list[str] = []
    deployment = made.deployments[0]
    (zipped, course) = apply.package_of(deployment, files), _course(session, told, tmp_path)
    done = run(apply.carry_out(session, zipped))
    assert not done.is_done
    assert "No_Such_Set" in done.failures[0].problem
    assert not app_by_name(org.org.db, "orbit-sync").admin_approved
    course.apply(made, files)
    assert not course.is_proven
    assert any("failed: the org has no user 'x@acme.example'" in each for each in told)
    assert not app_by_name(org.org.db, "orbit-sync").admin_approved


def test_a_course_stops_at_what_fails_and_brings_nobody_out_who_is_not_in(
    org: Emulator, session: Session
) -> None:
    made, files = _planned(session, "ACC-01", permission_set="No_Such_Set", user="x@acme.example")
    ends = run(course(session, made, files))
    assert [each.end for each in ends] == ["failed", "not reached", "not reached"]
    assert "the org has no user 'x@acme.example'" in ends[0].words[0]
    assert not app_by_name(org.org.db, "orbit-sync").admin_approved


def test_a_course_tells_each_step_and_its_way_back_undoes_it(
    org: Emulator, session: Session
) -> None:
    org.act("set_app", app="orbit-sync", refresh_policy="specific_lifetime:1:HOURS")
    files = run(apply.org_files(session))
    made = plan(Problem("", "orbit_sync", change="refresh-policy"), files, {})
    (deployed,) = run(course(session, made, files))
    assert (deployed.end, deployed.words) == ("deployed", ("ConnectedApp orbit_sync changed",))
    (again,) = run(course(session, made, run(apply.org_files(session))))
    assert again.end == "was so already"
    assert run(apply.carry_out(session, back(made, files))).is_done
    policy = app_by_name(org.org.db, "orbit-sync").refresh_policy
    assert policy == "specific_lifetime:1:HOURS"


def test_a_session_without_the_permission_is_refused_in_salesforces_words(org: Emulator) -> None:
    with pytest.raises(Refused, match="INSUFFICIENT_ACCESS"):
        run(apply.org_files(session_of(org, "sam")))


def test_a_permission_set_is_assigned_once(org: Emulator, session: Session) -> None:
    username = sign_in(org.org, "sam")["username"]
    assert not run(access.is_assigned(session, username, "Orbit_Sync_Access"))
    assert run(access.assign(session, username, "Orbit_Sync_Access"))
    assert run(access.is_assigned(session, username, "Orbit Sync Access"))
    assert not run(access.assign(session, username, "Orbit_Sync_Access"))


def test_a_record_that_no_program_may_change_is_left_to_people(session: Session) -> None:
    patch = Patch("Organization", "{user}", "Name", "x", way="record")
    change = Change("rename", "Rename the org", "none", "none", (patch,))
    with pytest.raises(BadInput, match="by hand"):
        run(apply.change_record(session, RecordChange(change, patch, "x", "y")))


def test_the_backup_holds_what_the_org_held_and_no_secret(
    session: Session,
) -> None:
    opened = component(
        "Settings",
        "ExternalClientApp",
        "<enableConsumerSecretApiAccess>true</enableConsumerSecretApiAccess>",
    )
    assert run(apply.carry_out(session, package([opened]))).is_done
    files = run(apply.org_files(session))
    made = plan(Problem("CLI-05", "orbit_server"), files, {})
    zipped = apply.backup(made.deployments[0], files)
    assert b"consumerSecret" in next(
        each.data for each in files.of("ExtlClntAppGlobalOauthSettings")
    )
    (kept,) = Files(of_zip(zipped))
    assert b"consumerSecret" not in kept.data
    assert kept.text("isRefreshTokenRotationEnabled") == "false"
