"""The formats on real files: SARIF lands on the right lines, and all formats tell the same."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from urllib.parse import unquote
from xml.etree import ElementTree

import pytest

from audit_kit import NOW, sarif_complaints
from evergrant.audit.forecast import forecast
from evergrant.audit.forecast_model import Situation
from evergrant.audit.model import Options
from evergrant.audit.output.document import document
from evergrant.audit.output.junit import junit
from evergrant.audit.output.page import html
from evergrant.audit.output.picture import svg
from evergrant.audit.output.sarif import sarif
from evergrant.audit.output.text import text
from evergrant.audit.review import Review, reviewed
from evergrant.audit.run import audit
from evergrant.audit.subjects.every import every_subject
from evergrant.catalog.retirements import load
from evergrant.model import as_json

SHARED = Path(os.environ.get("EVERGRANT_SHARED", Path(__file__).parents[2] / ".." / "shared"))
FILES = SHARED / "metadata"
pytestmark = [
    pytest.mark.shared,
    pytest.mark.skipif(not FILES.exists(), reason=f"nothing at {FILES}: set EVERGRANT_SHARED"),
]


@pytest.fixture(scope="module")
def review() -> Review:
    report = audit((FILES,), None, Options(now=NOW))
    return reviewed(report, today=NOW.date())


def test_every_region_is_an_element_and_it_is_the_one_that_is_meant(review: Review) -> None:
    texts: dict[str, list[str]] = {}
    for finding, result in zip(
        review.counted, json.loads(sarif(review))["runs"][0]["results"], strict=True
    ):
        place = result["locations"][0]["physicalLocation"]
        name = unquote(place["artifactLocation"]["uri"]).rpartition("/")[2]
        if name not in texts:
            texts[name] = (FILES / name).read_text("utf-8-sig").splitlines()
        region = place["region"]
        line = texts[name][region["startLine"] - 1]
        shown = line[region["startColumn"] - 1 : region.get("endColumn", len(line) + 1) - 1]
        tag = re.match(r"<(?:\w+:)?(\w+)", shown)
        assert tag, (name, region, line)
        steps = finding.place.element.split("/")
        is_whole = tag[1] in steps or region["startLine"] <= 3
        assert is_whole, (finding.code, finding.place.element, shown)


def test_sarif_of_real_files_is_what_its_schema_says(review: Review) -> None:
    assert sarif_complaints(json.loads(sarif(review))) == []


def test_all_formats_count_the_same(review: Review) -> None:
    told = as_json(document(review))
    results = json.loads(sarif(review))["runs"][0]["results"]
    cases = ElementTree.fromstring(junit(review))
    assert told["counts"]["fail"] == sum(each["kind"] == "fail" for each in results)
    assert told["counts"]["fail"] == int(str(cases.get("failures")))
    assert told["counts"]["unknown"] == int(str(cases.get("skipped")))
    summary = text(review).rsplit("\n\n", 1)[1]
    kinds = told["counts"]["kind"]
    assert summary.startswith(
        f"{kinds['breaks']} break, {kinds['risk']} risk, {kinds['hygiene']} hygiene"
    )
    assert f"<b>{kinds['breaks']}</b>" in html(review)


def test_no_output_holds_a_consumer_secret_of_the_files(review: Review) -> None:
    secrets = set()
    for file in FILES.iterdir():
        secrets |= set(re.findall(r"<consumerSecret>\s*(\S+?)\s*<", file.read_text("utf-8-sig")))
    assert secrets
    told = json.dumps(as_json(document(review))) + sarif(review) + html(review)
    assert not [each for each in secrets if each in told]


def test_lines_of_the_terminal_end_at_eighty_but_for_paths(review: Review) -> None:
    for line in text(review, is_whole=True).splitlines():
        assert len(line) <= 80 or len(line.split()) <= 2, line


def test_the_forecast_of_real_files_names_the_days_of_their_certificates(review: Review) -> None:
    subjects = tuple(every_subject((FILES,), None, NOW))
    made = forecast(Situation(NOW.date(), subjects, review.report.findings, (), load()))
    days = [on.day for on, each in made.dated if each.rule == "CLI-10"]
    assert [str(day) for day in days] == ["2024-02-07"]
    assert any("1 more than 5 years away" in note for note in made.notes)
    ElementTree.fromstring(svg(made))
