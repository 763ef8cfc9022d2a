"""`evergrant audit` and `evergrant forecast` as people and pipelines run them."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest
from icalendar import Calendar

from audit_kit import LOOSE_APP, TIGHT_APP, sarif_complaints
from cli_kit import Ended, assert_told, environ, evergrant
from evergrant.cli import audited
from terminal import at_terminal, frozen

pytestmark = pytest.mark.slow  # starts processes
TRANSCRIPTS = Path(__file__).parent / "transcripts"
SUPPRESSED = """
[[suppress]]
rule = "*"
app = "Orbit Sync"
owner = "me@acme.example"
reason = "planned"
until = {until}
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder with an app that is too loose, one that is too tight, and a broken file."""
    apps = tmp_path / "apps"
    apps.mkdir()
    (apps / "Orbit.connectedApp-meta.xml").write_text(LOOSE_APP)
    (apps / "Ledger.connectedApp-meta.xml").write_text(TIGHT_APP)
    return tmp_path


def audit(project: Path, *words: str, **more: str) -> Ended:
    return evergrant("audit", *words, folder=project, **more)


def codes(end: Ended, part: str = "findings") -> set[str]:
    return {each["code"] for each in end.json()[part]}


@pytest.mark.parametrize(("bar", "code"), [
    ("critical", 0), ("high", 1), ("low", 1), ("never", 0),
])  # fmt: skip
def test_it_ends_with_one_where_something_is_as_bad_as_was_asked(
    project: Path, bar: str, code: int
) -> None:
    assert audit(project, "apps", "--fail-on", bar).code == code


def test_what_is_named_wrongly_or_holds_nothing_ends_with_two(project: Path) -> None:
    (project / "empty").mkdir()
    assert_told(audit(project, "nowhere"), 2, "nowhere")
    assert_told(audit(project, "empty"), 2, "nothing was judged")
    assert_told(audit(project, "apps", "--profile", "nobody"), 2, "nobody knows the profile")
    assert_told(audit(project, "apps", "--rule", "XXX-01"), 2, "XXX-01")
    assert_told(audit(project, "apps", "--against", "nowhere"), 2, "nowhere")
    assert audit(project, "apps", "--fail-on", "awful").code == 2


def test_a_broken_file_is_named_with_its_line_and_the_others_are_judged(project: Path) -> None:
    (project / "apps" / "Bad.connectedApp-meta.xml").write_text("<ConnectedApp>\n<label>\n</oops>")
    told = audit(project, "apps", "--format", "json").json()
    assert [(each["file"], each["line"]) for each in told["problems"]] == [
        ("apps/Bad.connectedApp-meta.xml", 3)
    ]
    assert {each["app"] for each in told["findings"]} >= {"Orbit Sync", "Ledger"}


def test_the_current_folder_is_read_where_nothing_is_named(project: Path) -> None:
    assert codes(audit(project, "--format", "json")) >= {"SCO-01", "ACC-02"}


def test_single_rules_can_be_asked_for_by_code_and_by_id(project: Path) -> None:
    assert codes(audit(project, "apps", "--rule", "SCO-01", "--format", "json")) == {"SCO-01"}
    assert codes(audit(project, "apps", "--rule", "full-scope", "--format", "json")) == {"SCO-01"}


def test_what_the_baseline_holds_does_not_count_and_what_comes_new_does(project: Path) -> None:
    apps = project / "apps"
    (apps / "Ledger.connectedApp-meta.xml").rename(project / "later.xml")
    assert audit(project, "apps", "--write-baseline", "b.json").code == 0
    assert audit(project, "apps", "--baseline", "b.json").code == 0
    moved = LOOSE_APP.replace("    <label>", "\n\n    <label>")
    (apps / "Orbit.connectedApp-meta.xml").write_text(moved)
    assert audit(project, "apps", "--baseline", "b.json").code == 0
    (project / "later.xml").rename(apps / "Ledger.connectedApp-meta.xml")
    again = audit(project, "apps", "--baseline", "b.json", "--format", "json")
    assert again.code == 1
    assert {each["app"] for each in again.json()["findings"]} == {"Ledger"}
    assert "SCO-01" in codes(again, "known")


def test_a_suppression_in_the_current_folder_counts_until_its_day(project: Path) -> None:
    file = project / ".evergrant-audit.toml"
    file.write_text(SUPPRESSED.format(until="2999-01-01"))
    told = audit(project, "apps", "--format", "json")
    assert {each["app"] for each in told.json()["findings"]} == {"Ledger"}
    assert told.json()["suppressed"][0]["by"]["owner"] == "me@acme.example"
    file.write_text(SUPPRESSED.format(until="2020-01-01"))
    told = audit(project, "apps")
    assert "no longer counts: * of Orbit Sync, me@acme.example, until 2020-01-01" in " ".join(
        told.out.split()
    )
    file.write_text("[[suppress]]\n")
    assert_told(audit(project, "apps"), 2, ".evergrant-audit.toml, line 1")


def test_a_file_is_written_where_one_is_named(project: Path) -> None:
    for form in ("text", "json", "sarif", "junit", "md", "html"):
        end = audit(project, "apps", "--format", form, "--output", f"out.{form}")
        assert (end.code, end.out) == (1, "")
        assert "full-scope" in (project / f"out.{form}").read_text("utf-8")
    assert sarif_complaints(json.loads((project / "out.sarif").read_text("utf-8"))) == []
    assert "\x1b" not in (project / "out.text").read_text("utf-8")
    assert "<svg" in (project / "out.html").read_text("utf-8")
    assert_told(audit(project, "apps", "--output", "no/such/dir"), 2, "cannot write no/such/dir")


def test_sarif_regions_land_on_the_element(project: Path) -> None:
    run = audit(project, "apps", "--format", "sarif").json()["runs"][0]
    lines = LOOSE_APP.splitlines()
    found = {
        each["properties"]["code"]: each["locations"][0]["physicalLocation"]
        for each in run["results"]
        if each["properties"]["app"] == "Orbit Sync"
    }
    for code, element in (("TOK-01", "<refreshTokenPolicy>zero</refreshTokenPolicy>"),
                          ("NET-01", "<ipRelaxation>BYPASS</ipRelaxation>")):  # fmt: skip
        place = found[code]
        assert place["artifactLocation"]["uri"] == "apps/Orbit.connectedApp-meta.xml"
        region = place["region"]
        line = lines[region["startLine"] - 1]
        assert line[region["startColumn"] - 1 : region["endColumn"] - 1] == element


def test_two_folders_are_compared_and_a_difference_ends_with_one(project: Path) -> None:
    other = project / "other"
    other.mkdir()
    for each in (project / "apps").iterdir():
        (other / each.name).write_text(each.read_text().replace("BYPASS", "ENFORCE"))
    end = audit(project, "apps", "--against", "other", "--format", "json")
    assert end.code == 1
    told = [(each["trait"], each["here"], each["there"]) for each in end.json()["changed"]]
    assert told == [("app.ip_relaxation", "relax", "enforce")]
    same = audit(project, "apps", "--against", "apps")
    assert (same.code, "0 settings differ" in same.out) == (0, True)
    assert_told(audit(project, "apps", "--against", "other", "--format", "html"), 2, "html")


def test_a_forecast_is_a_table_data_a_calendar_and_a_picture(project: Path) -> None:
    def told(form: str) -> Ended:
        return evergrant("forecast", "apps", "--format", form, folder=project)

    assert "TOK-01" in told("text").out
    assert any(each["code"] == "TOK-01" for each in told("json").json()["foreseen"])
    assert Calendar.from_ical(told("ics").out).walk("VEVENT")
    assert "Orbit Sync" in " ".join(ElementTree.fromstring(told("svg").out).itertext())
    assert_told(evergrant("forecast", "nowhere", folder=project), 2, "nowhere")


def test_how_far_a_long_reading_is_stands_on_standard_error(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(audited, "EVERY_S", 0.0)
    looked = audited.audited(audited.Given((project / "apps",)))
    shown = capsys.readouterr()
    assert shown.out == ""
    assert re.search(r"^Reading \d+ of 2 files …$", shown.err, re.M)
    assert looked.report.files == 2


HEAVY = ("sqlalchemy", "fastapi", "httpx2", "aiohttp", "starlette", "cryptography", "joserfc",
         "asyncio", "jinja2", "icalendar", "evergrant.keeper", "evergrant.evidence")  # fmt: skip
LOOK = """
import sys
from evergrant.cli import run
code = run(sys.argv[1:])
heavy = [name for name in {heavy!r} if name in sys.modules]
sys.exit(f"{{code}} {{heavy}}" if heavy or code else 0)
"""


def test_nothing_heavy_is_imported_to_audit_files(project: Path) -> None:
    words = ("audit", "apps", "--fail-on", "never")
    line = [sys.executable, "-c", LOOK.format(heavy=HEAVY), *words]
    done = subprocess.run(line, env=environ(project), cwd=project, capture_output=True, text=True,
                          timeout=60, check=False)  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("words", [("audit", "apps"), ("audit", "apps", "--explain"),
                                   ("forecast", "apps")])  # fmt: skip
@pytest.mark.parametrize("colour", [False, True], ids=["plain", "colour"])
def test_what_people_see_at_eighty_columns_is_frozen(
    project: Path, words: tuple[str, ...], colour: bool
) -> None:
    seen = at_terminal(*words, folder=project, colour=colour)
    name = f"{'-'.join(word.strip('-') for word in words)}-{'colour' if colour else 'plain'}.txt"
    now, then = frozen(TRANSCRIPTS / name, f"{seen.screen}[{seen.code}]\n")
    assert now == then
    if not colour:
        assert all(len(line) <= 80 for line in now.splitlines() if "://" not in line)
