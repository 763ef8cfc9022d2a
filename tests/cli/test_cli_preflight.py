"""`evergrant preflight` at the command line: the table, its ending, and nothing left behind."""

from __future__ import annotations

from pathlib import Path

import httpx2

from cli_kit import assert_told
from desk_kit import Desk, desk_fixture  # noqa: F401 (a fixture)


def jwt_file(desk: Desk) -> str:
    key = httpx2.get(f"{desk.control}/key/orbit-jwt", timeout=60).json()["private_key"]
    return desk.integration(
        "orbit-jwt",
        "jwt_bearer",
        consumer_secret_env="",
        private_key_file=desk.file("key.pem", key),
        subject=desk.user("integration")["username"],
    )


def test_an_integration_is_tried_whole_and_nothing_of_it_is_kept(desk: Desk) -> None:
    end = desk.run("preflight", "--integration", jwt_file(desk))
    # The line comes where connecting takes longer than a second.
    assert (end.code, end.err.replace("Connecting orbit-jwt …\n", "")) == (0, "")
    marks = {line[2:17].strip(): line[0] for line in end.out.splitlines() if line[1:2] == " "}
    assert {marks[name] for name in ("First renewal", "Second renewal", "Login History")} == {"✓"}
    assert marks["App and user"] == "?"
    assert max(map(len, end.out.splitlines())) <= 80
    assert desk.run("status").out.startswith("No connections yet.")
    live = desk.run("preflight", "Acme")
    assert_told(live, 2, "no connection 'Acme'")


def test_an_admins_session_shows_policies_and_approvals_to_programs(desk: Desk) -> None:
    assert desk.run("connect", "Acme", "--integration", jwt_file(desk)).code == 0
    session = httpx2.get(f"{desk.control}/session", timeout=60).text
    end = desk.run("preflight", "Acme", "--session", "-", "--format", "json", stdin=session)
    told = end.json()
    rows = {row["check"]: row["outcome"] for row in told["rows"]}
    assert (end.code, told["outcome"]) == (0, "pass")
    assert rows["Preauthorized"] == "pass"


def test_a_refusal_fails_and_says_where_to_read_on(desk: Desk) -> None:
    assert desk.run("connect", "Acme", "--integration", jwt_file(desk)).code == 0
    desk.act("block_app", app="orbit-jwt")
    end = desk.run("preflight", "Acme")
    assert end.code == 1
    assert "✗ First renewal" in end.out
    assert "→ see `evergrant explain app-blocked-by-admin`" in end.out


def test_what_needs_a_person_is_sent_to_connect_first(desk: Desk) -> None:
    file = desk.integration("orbit-sync", "web_server")
    end = desk.run("preflight", "--integration", file)
    assert_told(end, 2, "needs a person who authorizes", "evergrant connect NAME")
    assert_told(desk.run("preflight"), 2, "name a connection, or an integration file")


def test_every_part_that_a_file_declares_is_tried_and_given_back(desk: Desk) -> None:
    file = Path(jwt_file(desk))
    second = '\n[[parts]]\nname = "main"\n\n[[parts]]\nname = "writer"\nlabel = "Orders"\n'
    file.write_text(file.read_text() + second)
    end = desk.run("preflight", "--integration", str(file))
    assert end.code == 0, end.err
    assert "✓ Part main" in end.out
    assert "✓ Part writer" in end.out
    file.write_text(f'{file.read_text()}\n[[parts]]\nname = "reader"\nflow = "web_server"\n')
    refused = desk.run("preflight", "--integration", str(file))
    assert_told(refused, 2, "part reader needs a person who authorizes")
