"""Connecting and reauthorizing by flows in which nobody calls back, on the command line."""

from __future__ import annotations

import json
import re
from pathlib import Path
from urllib.parse import urlencode

import httpx2
import pytest

from cli_kit import Ended, assert_told, running
from desk_kit import Desk, desk_fixture  # noqa: F401 (a fixture)
from evergrant.cli.integration import NEEDS, read_integration
from evergrant.errors import BadInput
from evergrant.keeper.first import FIRSTS
from evergrant.keeper.renew import RENEWALS
from evergrant.model import Password, Secret, as_json
from evergrant.oauth import FLOWS
from evergrant.settings import Settings
from evergrant.testing.robot import browser, walk

pytestmark = pytest.mark.slow


@pytest.fixture(name="file")
def device_fixture(desk: Desk) -> str:
    """An integration that lives on the device flow, in an org that lets it poll every second."""
    desk.act("set_app", app="orbit-sync", device_flow=True)
    desk.act("set_org", device_interval_seconds=1)
    return desk.integration("orbit-sync", "device")


def by_device(desk: Desk, *words: str, who: str = "integration") -> Ended:
    """A command that shows a code, and the person who enters it elsewhere."""
    with running(*words, folder=desk.folder, **desk.environ) as process:
        code = process.complained(r"enter the code:\n  ([A-Z0-9]{8})\n")[1]
        page = process.complained(r"Open this address on any device:\n  (\S+)\n")[1]
        with browser() as profile:
            query = urlencode({"user_code": code})
            walk(f"{page}?{query}", desk.person(who), "http://none", browser=profile)
        return process.over()


def diagnosed(desk: Desk) -> str:
    """The first cause that an admin's look names."""
    session = httpx2.get(f"{desk.control}/session", timeout=60).text
    words = ("diagnose", "--connection", "Acme", "--session", "-", "--format", "json")
    return str(desk.run(*words, stdin=session).json()["causes"][0]["id"])


def test_a_device_connects_breaks_is_explained_and_is_reauthorized_in_place(
    desk: Desk, file: str
) -> None:
    made = by_device(desk, "connect", "Acme", "--integration", file)
    assert (made.code, made.out.splitlines()[0]) == (0, "Acme: connected")
    before = desk.run("status", "--format", "json").json()["connections"][0]
    desk.act("revoke_user_app", app="orbit-sync", user="integration")
    broken = desk.run("check", "Acme", "--renew")
    assert (broken.code, broken.out.splitlines()[0]) == (1, "Acme: needs reauthorization")
    assert "expired access/refresh token" in broken.out
    assert diagnosed(desk) == "refresh-token-revoked"
    mended = by_device(desk, "reauthorize", "Acme")
    assert (mended.code, mended.out.splitlines()[0]) == (0, "Acme: connected")
    after = desk.run("status", "--format", "json").json()["connections"][0]
    assert (after["id"], after["state"]) == (before["id"], "connected")
    assert desk.run("check", "Acme", "--renew").code == 0


def test_a_program_reads_the_code_as_one_json_line_and_the_end_as_one_document(
    desk: Desk, file: str
) -> None:
    words = ("connect", "Acme", "--integration", file, "--format", "json")
    with running(*words, folder=desk.folder, **desk.environ) as process:
        told = json.loads(process.complained(r"(\{.*\})\n")[1])
        assert (told["schema"], told["expires_in"]) == ("evergrant.device/1", 600)
        with browser() as profile:
            query = urlencode({"user_code": told["user_code"]})
            page = f"{told['verification_uri']}?{query}"
            walk(page, desk.person("integration"), "http://none", browser=profile)
        end = process.over()
    assert (end.code, end.json()["connection"]["state"]) == (0, "connected")
    assert [proof["proven"] for proof in end.json()["proofs"]] == [True, True, True]


def test_somebody_who_waits_for_an_approval_is_told_so_and_may_stop(desk: Desk, file: str) -> None:
    words = ("connect", "Acme", "--integration", file)
    with running(*words, folder=desk.folder, **desk.environ) as process:
        process.complained(r"Waiting for the person to approve \(Ctrl-C to stop\) …")
        assert process.told(2).code == 130
    assert desk.run("status").out.startswith("No connections yet.")


def test_another_user_who_approves_the_device_is_on_hold_and_not_proven(
    desk: Desk, file: str
) -> None:
    assert by_device(desk, "connect", "Acme", "--integration", file).code == 0
    end = by_device(desk, "reauthorize", "Acme", who="admin")
    assert (end.code, end.out.splitlines()[0].partition(":")[0]) == (1, "On hold")


def test_a_refused_device_ends_with_1_in_salesforces_own_words(desk: Desk, file: str) -> None:
    desk.act("set_app", app="orbit-sync", device_flow=False)
    end = desk.run("connect", "Acme", "--integration", file)
    assert_told(end, 1, "invalid_grant: device flow is not enabled for the app")


def test_a_saml_assertion_connects_breaks_is_explained_and_is_reauthorized_in_place(
    desk: Desk,
) -> None:
    key = httpx2.get(f"{desk.control}/key/orbit-jwt", timeout=60).json()["private_key"]
    file = desk.integration(
        "orbit-jwt", "saml_bearer", consumer_secret_env="",
        private_key_file=desk.file("key.pem", key), subject=desk.user("integration")["username"],
    )  # fmt: skip
    made = desk.run("connect", "Acme", "--integration", file)
    assert (made.code, made.out.splitlines()[0]) == (0, "Acme: connected")
    desk.act("deactivate_user", user="integration")
    broken = desk.run("check", "Acme", "--renew")
    assert (broken.code, broken.out.splitlines()[0]) == (1, "Acme: blocked by admin")
    assert diagnosed(desk) == "user-inactive"
    refused = desk.run("reauthorize", "Acme")
    assert_told(refused, 1, "inactive user")
    desk.act("activate_user", user="integration")
    assert desk.run("reauthorize", "Acme").out.splitlines()[0] == "Acme: connected"
    assert desk.run("check", "Acme", "--renew").code == 0


def test_a_password_connects_with_a_warning_that_says_what_to_use_instead(desk: Desk) -> None:
    desk.act("set_org", block_username_password=False)
    user = desk.user("integration")
    file = desk.integration(
        "orbit-sync", "username_password", subject=user["username"],
        password_env="ORBIT_PASSWORD", security_token_env="ORBIT_TOKEN",
    )  # fmt: skip
    made = desk.run("connect", "Acme", "--integration", file)
    assert (made.code, made.out.splitlines()[0]) == (0, "Acme: connected")
    warning = re.search(r"^Warning: username_password is legacy\. .*use (.*)$", made.err, re.M)
    assert warning is not None
    assert "client_credentials" in warning[1]
    assert user["password"] not in made.err + made.out
    desk.act("set_org", block_username_password=True)
    assert_told(desk.run("reauthorize", "Acme"), 1, "legacy", "authentication failure")


def test_a_foreign_token_is_given_by_file_or_pipe_and_to_this_flow_alone(desk: Desk) -> None:
    desk.act("set_app", app="orbit-sync", token_exchange=True)
    desk.act("approve", app="orbit-sync", user="integration")
    known = {"a-token-of-the-other-provider": desk.user("integration")["username"]}
    desk.act("set_token_handler", name="Okta", apps=["orbit-sync"], subjects=known)
    file = desk.integration("orbit-sync", "token_exchange", subject_token_type="id_token")
    words = ("connect", "Acme", "--integration", file)
    assert_told(desk.run(*words), 2, "needs the token", "--subject-token")
    piped = desk.run(*words, "--subject-token", "-", stdin="a-token-of-the-other-provider\n")
    assert (piped.code, piped.out.splitlines()[0]) == (0, "Acme: connected")
    name = str(desk.folder / desk.file("other", "another-token-that-nobody-knows"))
    refused = desk.run("reauthorize", "Acme", "--subject-token", name)
    assert_told(refused, 1, "token handler validation failed")
    assert "another-token" not in refused.err + refused.out
    assert desk.run("check", "Acme", "--renew").code == 0
    other = desk.integration("orbit-server", "client_credentials")
    wrong = desk.run("connect", "B", "--integration", other, "--subject-token", name)
    assert_told(wrong, 2, "client_credentials exchanges no token")


def test_a_headless_login_connects_and_renews(desk: Desk) -> None:
    desk.act("set_org", code_credentials=True)
    desk.act("set_app", app="orbit-sync", code_credentials=True)
    user, echo = desk.user("integration"), f"{desk.org}/services/oauth2/echo"
    desk.act("set_callbacks", app="orbit-sync", callbacks=[echo])
    file = desk.integration(
        "orbit-sync", "code_credentials", subject=user["username"], callback_url=echo,
        password_env="ORBIT_PASSWORD",
    )  # fmt: skip
    made = desk.run("connect", "Acme", "--integration", file)
    assert (made.code, made.out.splitlines()[0]) == (0, "Acme: connected")
    assert desk.run("check", "Acme", "--renew").code == 0


BASE = {"id": "x", "app_label": "X", "consumer_key": "3MVG9x"}


def written(folder: Path, **members: str) -> str:
    path = folder / "x.toml"
    path.write_text("".join(f"{name} = {value!r}\n" for name, value in (BASE | members).items()))
    return str(path)


@pytest.mark.parametrize(
    ("flow", "complaint"),
    [
        ("saml_bearer", "saml_bearer needs private_key_file; saml_bearer needs subject"),
        ("token_exchange", "token_exchange needs subject_token_type"),
        ("username_password", "username_password needs password_env or password_file"),
        ("code_credentials", "code_credentials needs callback_url"),
        ("soap_login", "flow is 'soap_login', and can be web_server, device, "),
    ],
)
def test_an_integration_file_is_told_what_its_flow_needs(
    tmp_path: Path, flow: str, complaint: str
) -> None:
    with pytest.raises(BadInput, match=complaint):
        read_integration(written(tmp_path, flow=flow), Settings())


def test_a_kind_of_token_that_salesforce_does_not_take_is_refused_in_the_file(
    tmp_path: Path,
) -> None:
    file = written(tmp_path, flow="token_exchange", subject_token_type="jwt")
    with pytest.raises(BadInput, match=r"subject_token_type is 'jwt', and can be .* JWT,"):
        read_integration(file, Settings())


def test_a_password_may_lie_in_a_file_and_is_masked_wherever_the_integration_is_shown(
    tmp_path: Path,
) -> None:
    for name in ("password", "token", "secret"):
        (tmp_path / name).write_text(f"planted-{name}\n")
    told = {"subject": "a@b.c", "password_file": "password", "security_token_file": "token"}
    file = written(tmp_path, flow="username_password", consumer_secret_file="secret", **told)
    found = read_integration(file, Settings())
    assert found.means == Password(Secret("planted-password"), Secret("planted-token"))
    assert "planted" not in repr(found) + json.dumps(as_json(found))


def test_every_flow_that_can_connect_can_be_renewed_and_the_other_way_round() -> None:
    assert set(NEEDS) == set(RENEWALS)
    assert set(FIRSTS) <= set(RENEWALS)
    for flow in RENEWALS.keys() - {"web_server"}:
        is_minted = FLOWS[flow].renewed_by == "mint"
        assert is_minted is (flow not in FIRSTS), flow
