"""Plans: steps in order, values that are missing, and what is refused."""

from __future__ import annotations

import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

from evergrant.catalog.changes import Patch, read_changes
from evergrant.catalog.entry import Page
from evergrant.catalog.repairs import PATH, repairs
from evergrant.catalog.rule_reader import rule_book
from evergrant.emulator.metadata.types import TYPES
from evergrant.emulator.objects import find_object
from evergrant.errors import BadInput, NotFound
from evergrant.repair.draft import dangers, diff, drafts, together
from evergrant.repair.edits import Drop, Set
from evergrant.repair.files import Files, of_paths, of_zip, package
from evergrant.repair.model import (
    ByHand,
    Deployment,
    Edition,
    Mending,
    Plan,
    Problem,
    RecordChange,
)
from evergrant.repair.plan import plan
from evergrant.repair.told import document, lines
from repair_kit import SET, component, connected, external

GIVEN = {
    "permission_set": SET, "user": "bot@acme.example", "profile": "Bots", "days": "30",
    "first_address": "192.0.2.1", "last_address": "192.0.2.9",
    "callback": "https://ledger.example/other", "certificate": "MIIB",
}  # fmt: skip


@pytest.mark.parametrize("key", sorted(repairs()))
@pytest.mark.parametrize("files", [connected(), external()], ids=["connected", "external"])
def test_every_repair_makes_a_plan_for_both_kinds_of_apps(key: str, files: Files) -> None:
    rule = next(each for each in rule_book().rules.values() if key in (each.id, each.code))
    code = rule.code
    made = plan(Problem(code, fixes=rule.fixes, rule=rule.id), files, GIVEN)
    assert made.is_ready
    told = "\n".join(lines(made))
    assert code in told
    assert "{" not in told
    assert document(made)["safety"] in ("safe", "unsafe")


def test_grant_comes_first_the_switch_second_and_reauthorizing_third() -> None:
    made = plan(Problem("ACC-01"), connected(), GIVEN)
    record, deployment, client = made.steps
    assert isinstance(record, RecordChange)
    assert isinstance(deployment, Deployment)
    assert [each.id for each in deployment.changes] == ["admit-by-permission-set", "admin-approved"]
    assert isinstance(client, ByHand)
    assert client.change.id == "reauthorize"


def test_values_that_nobody_gave_are_named_and_none_is_made_up() -> None:
    made = plan(Problem("NET-03"), connected(), {"profile": "Bots"})
    assert set(made.missing) == {"first_address", "last_address"}
    assert not made.is_ready


def test_a_finding_fills_in_what_it_is_about_and_a_person_overrules_it() -> None:
    problem = Problem("NET-05", given={"profile": "Bots"})
    assert plan(problem, connected(), {}).editions[0].key == ("Profile", "Bots")
    assert plan(problem, connected(), {"profile": "Other"}).editions[0].key[1] == "Other"


def test_the_files_of_an_external_app_are_joined_by_what_they_say_not_by_their_names() -> None:
    made = plan(Problem("TOK-01"), external(), {})
    (edition,) = made.editions
    assert edition.key == ("ExtlClntAppOauthConfigurablePolicies", "Ledger_plcy")


def test_a_file_that_is_missing_is_begun_with_its_parent() -> None:
    files = Files(each for each in external() if "Policies" not in each.kind.type)
    made = plan(Problem("TOK-01"), files, {})
    (draft,) = drafts(made.deployments[0], files, "Ledger")
    assert draft.is_new
    assert draft.after.name == "Ledger_defaultPolicy"
    assert draft.after.text("externalClientApplication") == "Ledger"
    assert diff(draft).startswith("--- /dev/null\n")


def test_an_unknown_code_and_an_unknown_app_are_said() -> None:
    with pytest.raises(NotFound, match="XYZ-01"):
        plan(Problem("XYZ-01"), connected(), {})
    with pytest.raises(NotFound, match="Elsewhere"):
        plan(Problem("TOK-01", "Elsewhere"), connected(), {})
    two = Files([*connected(), component("ConnectedApp", "Other", "<label>Other</label>")])
    with pytest.raises(BadInput, match="several apps"):
        plan(Problem("TOK-01"), two, {})


def test_what_belongs_into_the_source_is_never_deployed() -> None:
    secret = "        <consumerSecret>3MVGsecretWord</consumerSecret>\n"
    files = connected(oauth=secret)
    made = plan(Problem("SRC-01", rule="secret-committed"), files, {})
    assert isinstance(made.steps[0], Mending)
    assert made.deployments == ()
    (draft,) = together([made], files)
    assert b"consumerSecret" not in draft.after.data
    assert "3MVGsecretWord" not in "\n".join(lines(made))


def test_a_finding_without_a_known_repair_is_guided_in_the_rules_own_words() -> None:
    rule = next(each for each in rule_book().rules.values() if each.code == "SRC-07")
    made = plan(Problem("SRC-07", fixes=rule.fixes), connected(), {})
    assert made.repair.is_guided
    assert [type(each) for each in made.steps] == [ByHand]
    fix = next(each for each in rule.fixes if each.app in ("any", "connected app"))
    assert fix.do in "\n".join(lines(made))


def test_a_client_that_the_block_of_a_flow_breaks_is_not_repaired_by_blocking_it() -> None:
    rule = rule_book().rules["password-flow-blocked-in-use"]
    made = plan(Problem(rule.code, fixes=rule.fixes, rule=rule.id), connected(), {})
    assert [type(each) for each in made.steps] == [ByHand]
    assert "client credentials or JWT bearer" in "\n".join(lines(made))
    other = plan(Problem(rule.code, rule="password-flow-open"), connected(), {})
    assert other.editions[0].key == ("Settings", "OauthOidc")


def test_a_private_key_in_a_file_is_not_mended_by_taking_a_secret_out() -> None:
    rule = rule_book().rules["private-key-committed"]
    made = plan(Problem(rule.code, fixes=rule.fixes, rule=rule.id), connected(), {})
    assert made.editions == ()


def test_one_user_runs_an_app_and_several_are_not_written_into_one_element() -> None:
    with pytest.raises(BadInput, match="takes one user, and 2 are named"):
        plan(Problem("CLI-07"), connected(), {"user": "a@acme.example, b@acme.example"})


def test_another_callback_stands_in_the_same_element_on_a_line_of_its_own() -> None:
    made = plan(Problem("EXT-01"), connected(), GIVEN)
    (draft,) = together([made], connected())
    assert draft.after.text("oauthConfig/callbackUrl").split() == [
        "https://ledger.example/oauth/cb", "https://ledger.example/other",
    ]  # fmt: skip


def test_every_repair_belongs_to_a_rule_and_every_change_to_a_repair_or_rule() -> None:
    rules = rule_book().rules.values()
    assert {*repairs()} <= {each.code for each in rules} | {each.id for each in rules}
    text = PATH.read_text("utf-8")
    own = {each["id"] for each in tomllib.loads(text)["change"]}
    used = {change.id for each in repairs().values() for change in each.changes}
    used |= {fix.change for rule in rules for fix in rule.fixes}
    assert own - used == set()


OWN = read_changes(
    Page(PATH.name, ""), {"change": tomllib.loads(PATH.read_text("utf-8"))["change"]}
)
PATCHES = [(each.id, patch) for each in OWN.values() for patch in each.patches]


@pytest.mark.parametrize(("change", "patch"), PATCHES, ids=lambda each: str(each)[:60])
def test_a_patch_is_an_element_or_a_field_that_there_is(change: str, patch: Patch) -> None:
    if patch.way == "record":
        entity = find_object(patch.type)
        assert entity is not None
        assert patch.path in {field.name for field in entity.fields}
        return
    root = TYPES[patch.type].root_of(patch.of)
    assert root is not None
    names, path = root.by_name, patch.path.split(".")
    for step in path[:-1]:
        names = names[step].by_name
    element = names[path[-1]]
    assert element.kind != "boolean" or isinstance(patch.value, bool)
    assert element.kind != "enum" or patch.value in element.values


# --- dangers ---------------------------------------------------------------------------------


def _plan_of(edition: Edition) -> Plan:
    repair = repairs()["TOK-03"]
    return Plan(Problem("TOK-03"), repair, None, (Deployment(repair.changes, (edition,)),))


def test_an_order_to_rotate_credentials_is_refused() -> None:
    files = external(glob="    <shouldRotateConsumerKey>true</shouldRotateConsumerKey>\n")
    (why,) = dangers(plan(Problem("CLI-05"), files, {}), files)
    assert "every client would stop" in why


def test_losing_a_range_of_the_orgs_trusted_list_is_refused() -> None:
    ranges = "".join(
        f"<ipRanges><end>192.0.2.{n}</end><start>192.0.2.{n}</start></ipRanges>" for n in (1, 2)
    )
    files = Files([component("Settings", "Security", f"<networkAccess>{ranges}</networkAccess>")])
    edition = Edition(
        ("Settings", "Security"), (Drop("networkAccess/ipRanges/start", "192.0.2.2"),)
    )
    (why,) = dangers(_plan_of(edition), files)
    assert "192.0.2.2" in why
    assert "192.0.2.1" not in why


def test_shutting_an_app_to_all_but_the_approved_before_anyone_is_granted_is_refused() -> None:
    for files in (connected(), external()):
        (why,) = dangers(plan(Problem("ACC-04"), files, {}), files)
        assert "grant first, flip second, reauthorize third" in why
        assert dangers(plan(Problem("ACC-01"), files, GIVEN), files) == []


def test_the_first_login_range_of_a_profile_is_refused() -> None:
    files = Files([*connected(), component("Profile", "Bots", "    <custom>true</custom>\n")])
    (why,) = dangers(plan(Problem("NET-03"), files, GIVEN), files)
    assert "shuts out every user" in why


def test_another_consumer_key_is_refused() -> None:
    files = connected(oauth="        <consumerKey>3MVG9abcdefgh</consumerKey>\n")
    edition = Edition(
        ("ConnectedApp", "Ledger"), (Set("oauthConfig/consumerKey", "3MVG9other123"),)
    )
    (why,) = dangers(_plan_of(edition), files)
    assert "consumer key" in why


# --- files -----------------------------------------------------------------------------------


def test_a_package_comes_back_as_it_was(tmp_path: Path) -> None:
    files = external()
    raw = package(files)
    assert {each.name: each.data for each in of_zip(raw)} == {e.name: e.data for e in files}
    path = tmp_path / "retrieved.zip"
    path.write_bytes(raw)
    assert of_paths([path]).app("Ledger Sync").kind == "external client app"


def test_a_link_out_of_the_folder_is_not_followed(tmp_path: Path) -> None:
    outside = tmp_path / "outside.connectedApp"
    outside.write_bytes(next(iter(connected())).data)
    project = tmp_path / "project"
    project.mkdir()
    (project / "in.connectedApp-meta.xml").symlink_to(outside)
    with pytest.raises(BadInput, match="no metadata of apps"):
        of_paths([project])


@pytest.mark.skipif(shutil.which("git") is None, reason="needs git")
def test_git_takes_the_patch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for each in external():
        path = Path(each.path)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(each.data)
    files = of_paths([Path("force-app")])
    plans = [plan(Problem(code), files, GIVEN) for code in ("TOK-01", "ACC-01", "CLI-05")]
    wanted = together(plans, files)
    patch = "".join(map(diff, wanted)).encode()
    subprocess.run(["git", "apply", "-"], input=patch, check=True, cwd=tmp_path)
    assert len(wanted) == 2
    for draft in wanted:
        assert Path(draft.after.path).read_bytes() == draft.after.data
