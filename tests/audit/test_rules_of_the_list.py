"""The rules against the list that they started from, and against public files."""

import os
import re
from collections import Counter
from pathlib import Path

import pytest

from evergrant.audit.model import Report
from evergrant.catalog.rule_reader import rule_book
from rule_kit import report

SHARED = Path(os.environ.get("EVERGRANT_SHARED", Path(__file__).parents[2] / ".." / "shared"))
FILES, LIST = SHARED / "metadata", SHARED / "domain" / "audit-rules.md"
pytestmark = [
    pytest.mark.shared,
    pytest.mark.skipif(not FILES.exists(), reason=f"nothing at {FILES}: set EVERGRANT_SHARED"),
]
_ROW = re.compile(r"\| ([A-Z]{3}-\d\d) \|", re.MULTILINE)
OURS = {"EXT-01", "EXT-02", "EXT-03", "EXT-04"}


@pytest.fixture(scope="module")
def found() -> Report:
    return report(FILES)


def test_every_code_of_the_list_has_a_rule_and_ours_are_beyond_it() -> None:
    listed = set(_ROW.findall(LIST.read_text("utf-8")))
    assert len(listed) == 68
    assert {rule.code for rule in rule_book().rules.values()} - OURS == listed


COUNTS = {
    "ACC-01": 52, "ACC-02": 2, "ACC-04": 0, "ACC-05": 13, "ACC-07": 0, "ACC-08": 0,
    "NET-01": 12, "NET-02": 0, "NET-04": 0,
    "TOK-01": 3, "TOK-02": 10, "TOK-03": 39, "TOK-04": 3, "TOK-05": 1, "TOK-07": 23, "TOK-12": 1,
    "SCO-01": 56, "SCO-02": 18, "SCO-03": 18, "SCO-04": 4,
    "CLI-01": 68, "CLI-02": 8, "CLI-03": 3, "CLI-04": 30, "CLI-05": 43, "CLI-06": 0, "CLI-07": 1,
    "CLI-09": 10, "CLI-10": 1, "CLI-11": 0, "CLI-12": 0, "CLI-13": 0, "CLI-14": 0, "CLI-15": 8,
    "CLI-16": 15,
    "SRC-01": 3, "SRC-02": 71, "SRC-03": 0, "SRC-04": 2, "SRC-05": 3, "SRC-06": 3, "SRC-07": 70,
    "SRC-08": 71,
    "ORG-01": 5, "ORG-02": 7, "ORG-03": 3, "ORG-04": 4, "USR-01": 2, "EXT-02": 3,
}  # fmt: skip
"""Findings by code; docs/topics/audit.md explains them beside the list's own."""


def test_public_files_give_the_counts_that_were_explained(found: Report) -> None:
    counts = Counter(each.code for each in found.findings if each.status == "fail")
    assert {code: counts[code] for code in COUNTS} == COUNTS
    assert set(counts) <= set(COUNTS)


def test_every_public_file_is_read_and_none_is_a_problem(found: Report) -> None:
    assert found.files == len(list(FILES.glob("*.xml")))
    assert found.problems == ()


def test_a_finding_points_at_the_line_and_column_of_its_element(found: Report) -> None:
    """In all files: what stands at the place is the element that the finding names."""
    for each in found.findings:
        if each.place.line and each.place.element:
            line = Path(each.file).read_text("utf-8").splitlines()[each.line - 1]
            at = line[each.column - 1 :]
            steps = each.place.element.split("/")
            assert any(at.startswith(f"<{step}") for step in steps) or at.startswith("<"), each


def test_an_element_that_is_there_is_pointed_at_itself(found: Report) -> None:
    written = [e for e in found.findings if e.rule == "full-scope" and e.status == "fail"]
    for each in written:
        line = Path(each.file).read_text("utf-8").splitlines()[each.line - 1]
        assert line[each.column - 1 : each.place.end_column - 1] == "<scopes>Full</scopes>", each
