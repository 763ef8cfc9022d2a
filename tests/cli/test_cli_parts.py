"""Parts of an integration: what its file declares, and a connection of two on the command line."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from cli_kit import Ended, running
from desk_kit import Desk, desk_fixture  # noqa: F401 (a fixture)
from evergrant.cli.declared_parts import read_parts
from evergrant.errors import BadInput
from evergrant.testing.robot import browser, walk

TWO = """
[[parts]]
name = "main"
label = "Reading leads"

[[parts]]
name = "writer"
label = "Writing orders"
scopes = ["api", "refresh_token"]
"""


def written(folder: Path, text: str) -> str:
    path = folder / "orbit.toml"
    path.write_text(f'id = "orbit"\nflow = "web_server"\n{text}')
    return str(path)


def test_parts_are_read_in_their_order_and_each_waits_for_the_credential_before(
    tmp_path: Path,
) -> None:
    text = '[[parts]]\nname = "main"\n[[parts]]\nname = "outbound"\n[[parts]]\nname = "writer"\n'
    found = read_parts(written(tmp_path, text), {"outbound"})
    assert [(each.name, each.kind, each.waits_for) for each in found] == [
        ("main", "credential", ""),
        ("outbound", "step", ""),
        ("writer", "credential", "main"),
    ]


def test_a_file_without_parts_has_one_credential(tmp_path: Path) -> None:
    found = read_parts(written(tmp_path, ""), {"outbound"})
    assert [(each.name, each.kind) for each in found] == [("main", "credential")]


def test_a_part_may_wait_for_nothing(tmp_path: Path) -> None:
    text = '[[parts]]\nname = "writer"\nwaits_for = "nothing"\n'
    assert [each.waits_for for each in read_parts(written(tmp_path, text), ())] == ["", ""]


@pytest.mark.parametrize(
    ("table", "complaint"),
    [
        ('label = "Writing"', "wants name"),
        ('name = "writer"\nkind = "step"', "knows no kind"),
        ('name = "main"\nflow = "device"', "part main has no flow"),
        ('name = "writer"\nflow = "carrier_pigeon"', "flow of part writer is 'carrier_pigeon'"),
        ('name = "writer"\nflow = "jwt_bearer"', "jwt_bearer needs private_key_file"),
        ('name = "writer"\nscopes = "api"', "must be a list of texts"),
    ],
)
def test_what_is_wrong_with_a_part_is_named(tmp_path: Path, table: str, complaint: str) -> None:
    with pytest.raises(BadInput, match=complaint):
        read_parts(written(tmp_path, f"[[parts]]\n{table}\n"), ())


@pytest.mark.slow
def test_a_connection_of_two_parts_is_made_link_by_link_and_each_has_its_token(desk: Desk) -> None:
    file = desk.integration("orbit-sync", "web_server")
    with Path(file).open("a") as more:
        more.write(TWO)
    with running("serve", "--port", "0", folder=desk.folder, **desk.environ) as service:
        callback = service.said(r"Callback URL for your app: (\S+)")[1]
        service.said("Press Ctrl-C")
        desk.post("/act", do="set_callbacks", app="orbit-sync", callbacks=[callback])
        made = connected(desk, callback, file)
        assert made.code == 0, made
        lines = made.out.splitlines()
        assert lines[0] == "Connected."
        assert [each.split(":")[0].strip() for each in lines[1:3]] == [
            "part Reading leads",
            "part Writing orders",
        ]
        told = desk.run("status", "Acme", "--format", "json").json()["parts"]
        assert [(each["part"], each["state"]) for each in told] == [
            ("main", "connected"),
            ("writer", "connected"),
        ]
        tokens = {desk.run("token", "Acme", *more).out for more in ((), ("--part", "writer"))}
        assert len(tokens) == 2
        missing = desk.run("token", "Acme", "--part", "reader")
        assert (missing.code, "no part 'reader'" in missing.err) == (2, True)
        unread = desk.run("token", "Acme", "--not-token", "no-fingerprint")
        assert (unread.code, unread.out, "twelve hex digits" in unread.err) == (2, "", True)
        assert service.told(signal.SIGTERM).code == 0


def connected(desk: Desk, callback: str, file: str) -> Ended:
    """Both links, each opened in the browser of whoever authorizes."""
    words = ("connect", "Acme", "--integration", file, "--no-browser")
    with running(*words, folder=desk.folder, **desk.environ) as process:
        opened = process.complained(r"Open this link in \D+(http\S+/start/\S+)")[1]
        with browser() as profile:
            assert walk(opened, desk.person("integration"), callback, browser=profile).called_back
        second = process.complained(r"for writer in \D+(http\S+/start/\S+)")[1]
        with browser() as profile:
            assert walk(second, desk.person("integration"), callback, browser=profile).called_back
        return process.over()
