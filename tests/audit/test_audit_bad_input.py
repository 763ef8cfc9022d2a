"""Files that are broken, hostile or too large: said with their line, and the others go on."""

import random
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evergrant.audit.model import Problem
from evergrant.audit.source.xml import Document, parse
from evergrant.catalog.rule_reader import rule_book
from evergrant.errors import BadInput
from rule_kit import NAMESPACE, app, laid_out, report, told

BOMB = (
    '<!DOCTYPE b [<!ENTITY a "aaaaaaaaaa">'
    + "".join(f'<!ENTITY a{n} "{"&a" + (str(n - 1) if n else "") + ";"}">' * 1 for n in range(1, 9))
    + f"]><ConnectedApp {NAMESPACE}><label>&a8;</label></ConnectedApp>"
)


def problem(tmp_path: Path, data: bytes, name: str = "Bad.connectedApp") -> Problem:
    """The one problem of a folder in which a good file is read all the same."""
    laid_out(tmp_path, {"Good.connectedApp": app()})
    (tmp_path / name).write_bytes(data)
    found = report(tmp_path)
    assert "full-scope" in {each.rule for each in found.findings}
    assert len(found.problems) == 1
    return found.problems[0]


def test_an_entity_bomb_is_refused_unread(tmp_path: Path) -> None:
    assert "document type" in problem(tmp_path, BOMB.encode()).what


def test_a_bomb_in_utf_16_is_refused_too(tmp_path: Path) -> None:
    assert "document type" in problem(tmp_path, BOMB.encode("utf-16")).what


def test_an_external_entity_is_never_fetched(tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("hunter2")
    text = f'<!DOCTYPE c [<!ENTITY x SYSTEM "{tmp_path.as_uri()}/secret.txt">]>' + app("&x;")
    assert "document type" in problem(tmp_path, text.encode()).what
    assert "hunter2" not in told(report(tmp_path))


def test_a_doctype_behind_a_long_comment_expands_nothing(tmp_path: Path) -> None:
    text = f"<!-- {'x' * 9000} --><!DOCTYPE c [<!ENTITY x 'Full'>]>" + app(
        oauth="<scopes>&x;</scopes>"
    )
    found = parse("x", text.encode())
    assert isinstance(found, Problem) or "Full" not in found.text("oauthConfig/scopes")


def test_broken_xml_is_told_with_its_line(tmp_path: Path) -> None:
    found = problem(tmp_path, app().replace("</oauthConfig>", "</oauth>").encode())
    assert found.place.line == 6
    assert "mismatch" in found.what


def test_a_file_that_ends_early_is_told_with_its_line(tmp_path: Path) -> None:
    assert problem(tmp_path, app().encode()[:200]).place.line >= 4


def test_an_empty_file_of_a_promising_name_is_told(tmp_path: Path) -> None:
    assert "no well-formed XML" in problem(tmp_path, b"").what


def test_a_promise_of_the_name_that_the_root_breaks_is_told(tmp_path: Path) -> None:
    assert "root element is Layout" in problem(tmp_path, b"<Layout/>").what


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_every_unicode_encoding_is_read_with_right_places(tmp_path: Path, encoding: str) -> None:
    declared = f"<?xml version='1.0' encoding='{encoding.upper().removesuffix('-SIG')}'?>"
    laid_out(tmp_path, {})
    tmp_path.joinpath("L.connectedApp").write_bytes((declared + app("Büro ✓")).encode(encoding))
    found = report(tmp_path)
    full = next(each for each in found.findings if each.rule == "full-scope")
    assert full.app == "Büro ✓"
    assert (full.line, full.column) == (5, 5)


def test_windows_line_ends_do_not_move_places(tmp_path: Path) -> None:
    (tmp_path / "L.connectedApp").write_bytes(app().replace("\n", "\r\n").encode())
    full = next(each for each in report(tmp_path).findings if each.rule == "full-scope")
    assert (full.line, full.column, full.place.end_column) == (5, 5, 26)


def test_a_file_of_100_mb_is_named_and_not_read(tmp_path: Path) -> None:
    laid_out(tmp_path, {"Good.connectedApp": app()})
    with (tmp_path / "Big.profile").open("wb") as stream:
        stream.write(f"<Profile {NAMESPACE}>".encode())
        stream.truncate(100 << 20)
    (found,) = report(tmp_path).problems
    assert "100 MB" in found.what


def test_a_deep_tree_is_refused_and_not_a_crash(tmp_path: Path) -> None:
    deep = "<a>" * 5000 + "</a>" * 5000
    assert "no well-formed XML" in problem(tmp_path, app(rest=deep).encode()).what


def test_zip_members_that_lead_out_are_named_and_not_read(tmp_path: Path) -> None:
    path = tmp_path / "r.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name in ("../A.connectedApp", "/B.connectedApp", "c/../../D.connectedApp"):
            archive.writestr(name, app())
        archive.writestr("connectedApps/Good.connectedApp", app())
    found = report(path)
    assert found.files == 1
    assert sum("leads out" in each.what for each in found.problems) == 3


def test_a_zip_whose_member_lies_about_its_size_is_not_unpacked_whole(tmp_path: Path) -> None:
    path = tmp_path / "r.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("Big.profile", f"<Profile {NAMESPACE}>".encode() + b" " * (40 << 20))
    found = report(path)
    assert "40 MB" in found.problems[0].what


@pytest.mark.parametrize("cut", [0.5, 0.9])
def test_a_damaged_zip_is_told(tmp_path: Path, cut: float) -> None:
    path = tmp_path / "r.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("connectedApps/Good.connectedApp", app())
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * cut)])
    assert report(path).problems


def test_a_file_without_leave_to_read_is_told(tmp_path: Path) -> None:
    laid_out(tmp_path, {"Good.connectedApp": app()})
    (tmp_path / "Dir.connectedApp").mkdir()
    assert report(tmp_path).files == 1


def test_no_secret_of_a_file_reaches_a_finding(tmp_path: Path) -> None:
    held = (
        "<consumerKey>3MVG9verysecretkey</consumerKey><consumerSecret>0DDBA11CAFE</consumerSecret>"
    )
    laid_out(tmp_path, {"L.connectedApp": app(oauth=held + "<certificate>PEMPEM</certificate>")})
    found = report(tmp_path)
    assert {"secret-committed", "consumer-key-committed"} <= {each.rule for each in found.findings}
    assert all(each not in told(found) for each in ("0DDBA11CAFE", "3MVG9very", "PEMPEM"))


def test_an_unknown_rule_or_profile_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no-such-rule"):
        report(tmp_path, None, "no-such-rule")
    with pytest.raises(BadInput, match="no-such-profile"):
        report(tmp_path, profile="no-such-profile")


def test_a_profile_judges_by_its_rules_only(tmp_path: Path) -> None:
    laid_out(tmp_path, {"L.connectedApp": app()})
    for name, profile in rule_book().profiles.items():
        found = report(tmp_path, profile=name)
        assert {each.rule for each in found.findings} <= profile.rules
        assert found.profile == name


@given(st.binary(max_size=400))
def test_bytes_of_any_kind_are_a_document_or_a_problem(data: bytes) -> None:
    assert isinstance(parse("x", data), (Document, Problem))


@given(st.integers(), st.integers(1, 40))
def test_a_damaged_app_is_a_document_or_a_problem(seed: int, hits: int) -> None:
    dice, data = random.Random(seed), bytearray(app().encode())
    for _ in range(hits):
        data[dice.randrange(len(data))] = dice.randrange(256)
    assert isinstance(parse("x", bytes(data)), (Document, Problem))
