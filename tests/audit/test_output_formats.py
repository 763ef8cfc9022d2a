"""What the formats hold: the same findings, whole, and nothing that a reader would obey."""

from __future__ import annotations

import json
from dataclasses import replace
from xml.etree import ElementTree

import pytest

from audit_kit import (
    BREAKS,
    HOSTILE,
    HYGIENE,
    RISK,
    TODAY,
    finding,
    report,
    sample,
    sarif_complaints,
)
from evergrant.audit.baseline import read_baseline, written
from evergrant.audit.output.document import document
from evergrant.audit.output.junit import junit
from evergrant.audit.output.markdown import markdown
from evergrant.audit.output.page import html
from evergrant.audit.output.sarif import FINGERPRINT, sarif
from evergrant.audit.output.text import text
from evergrant.audit.review import Review, reviewed
from evergrant.audit.suppress import Suppression
from evergrant.model import as_json


def everything() -> Review:
    """A review with known, suppressed, gone and counted findings."""
    known = finding(RISK, name="Old", line=99)
    gone = finding(RISK, "apps/Gone.connectedApp", name="Gone")
    whole = sample()
    return reviewed(
        replace(whole, findings=(*whole.findings, known)),
        today=TODAY,
        suppressions=[
            Suppression("SCO-01", "me@acme.example", "planned", TODAY, app="App1"),
            Suppression("SCO-01", "me@acme.example", "long ago", TODAY.replace(2025), app="App2"),
            Suppression("SCO-01", "me@acme.example", "misspelt", TODAY, app="Apz"),
        ],
        baseline=read_baseline("b.json", written([known, gone])),
    )


def test_json_findings_carry_what_programs_ask_for() -> None:
    told = as_json(document(reviewed(sample(), today=TODAY)))
    wanted = {"code", "rule", "kind", "severity", "confidence", "status", "file", "line", "app"}
    assert all(wanted <= set(each) for each in told["findings"])
    assert {each["status"] for each in told["findings"]} == {"fail", "unknown"}
    first, of_org = told["findings"][:2]
    assert (first["code"], first["line"], first["file"]) == ("TOK-01", 7, "apps/Orbit.connectedApp")
    assert (of_org["line"], of_org["file"]) == (None, "")
    assert told["counts"]["kind"] == {"breaks": 2, "risk": 5, "hygiene": 1}
    assert set(told["rules"]) == {each["rule"] for each in told["findings"]}


def test_json_keeps_known_suppressed_and_gone_apart() -> None:
    told = as_json(document(everything()))
    assert [each["name"] for each in told["known"]] == ["Old"]
    assert [(each["name"], each["by"]["owner"]) for each in told["suppressed"]] == [
        ("App1", "me@acme.example")
    ]
    assert [each["name"] for each in told["gone"]] == ["Gone"]
    assert [each["reason"] for each in told["suppressions"]["over"]] == ["long ago"]
    assert [each["reason"] for each in told["suppressions"]["idle"]] == ["misspelt"]


@pytest.mark.parametrize("review", [reviewed(sample(), today=TODAY), everything(),
                                    reviewed(report(files=0), today=TODAY)])  # fmt: skip
def test_sarif_is_what_its_schema_says(review: Review) -> None:
    assert sarif_complaints(json.loads(sarif(review))) == []


def test_the_schema_would_have_complained() -> None:
    log = json.loads(sarif(everything()))
    log["runs"][0]["results"][0]["level"] = "critical"
    assert len(sarif_complaints(log)) == 1


def test_sarif_results_refer_to_rules_and_artifacts_that_are_there() -> None:
    run = json.loads(sarif(everything()))["runs"][0]
    rules = run["tool"]["driver"]["rules"]
    for each in run["results"]:
        if "ruleIndex" in each:
            assert rules[each["ruleIndex"]]["id"] == each["ruleId"]
        for where in each["locations"]:
            address = where.get("physicalLocation", {}).get("artifactLocation")
            if address:
                assert run["artifacts"][address["index"]]["location"]["uri"] == address["uri"]


def test_sarif_tells_new_unchanged_absent_suppressed_and_open_apart() -> None:
    results = json.loads(sarif(everything()))["runs"][0]["results"]
    states = {each["message"]["text"]: each.get("baselineState") for each in results}
    assert states["Gone: no longer found."] == "absent"
    assert sorted({str(each.get("baselineState")) for each in results}) == [
        "None", "absent", "new", "unchanged",
    ]  # fmt: skip
    accepted = [each["suppressions"][0] for each in results if "suppressions" in each]
    why = "planned (me@acme.example, until 2026-11-22)"
    assert accepted == [{"kind": "external", "status": "accepted", "justification": why}]
    assert [each["level"] for each in results if each.get("kind") == "open"] == ["none"]


def test_a_member_of_a_zip_stands_inside_the_zip() -> None:
    run = json.loads(sarif(reviewed(sample(), today=TODAY)))["runs"][0]
    inner = next(each for each in run["artifacts"] if "parentIndex" in each)
    outer = run["artifacts"][inner["parentIndex"]]["location"]
    assert outer == {"uri": "odd%20dir/%C3%BC%20%2541.zip", "uriBaseId": "%SRCROOT%"}
    assert inner["location"]["uri"] == "app/O%27rbit.xml"


@pytest.mark.parametrize(("file", "uri"), [
    ("/abs/a b.xml", "file:///abs/a%20b.xml"),
    ("C:/abs/a.xml", "file:///C:/abs/a.xml"),
    ("./here/a.xml", "here/a.xml"),
])  # fmt: skip
def test_addresses_are_what_code_hosts_compare(file: str, uri: str) -> None:
    log = json.loads(sarif(reviewed(report(finding(RISK, file)), today=TODAY)))
    assert sarif_complaints(log) == []
    location = log["runs"][0]["results"][0]["locations"][0]["physicalLocation"]
    assert location["artifactLocation"]["uri"] == uri
    assert location["region"] == {"startLine": 7, "startColumn": 5, "endColumn": 40}


def test_the_fingerprint_stays_when_the_line_moves_and_changes_with_the_file() -> None:
    prints = [
        json.loads(sarif(reviewed(report(each), today=TODAY)))["runs"][0]["results"][0][
            "partialFingerprints"
        ][FINGERPRINT]
        for each in (finding(RISK), finding(RISK, line=8), finding(RISK, "other.xml"))
    ]
    assert prints[0] == prints[1] != prints[2]


def test_junit_counts_what_it_holds_and_skips_what_is_not_known() -> None:
    root = ElementTree.fromstring(junit(everything()))
    suites = root.findall("testsuite")
    for part in (root, *suites):
        cases = list(part.iter("testcase"))
        assert int(part.get("tests", "")) == len(cases)
        for name, tag in (("failures", "failure"), ("skipped", "skipped"), ("errors", "error")):
            assert int(part.get(name, "")) == sum(each.find(tag) is not None for each in cases)
    assert (root.get("failures"), root.get("skipped"), root.get("errors")) == ("7", "2", "1")


def test_junit_and_markdown_and_html_keep_hostile_words_words() -> None:
    review = everything()
    case = next(e for e in ElementTree.fromstring(junit(review)).iter("failure")
                if "</script>" in str(e.get("message")))  # fmt: skip
    assert str(case.get("message")) == HOSTILE.replace("\x07", "\\u0007").replace(
        "\u202e", "\\u202e"
    )
    page, page_of_md = html(review), markdown(review)
    assert not [each for each in ("<script", "</script>") if each in page]
    assert not {"\x07", "\u202e"} & set(page + page_of_md + junit(review))
    assert r"\*d\* \`e\` \[f\](g)" in page_of_md
    rows = [line for line in page_of_md.splitlines() if line.startswith("| odd dir")]
    assert [len(row.replace(r"\|", "").split("|")) for row in rows] == [5]


def test_html_needs_nothing_from_anywhere() -> None:
    page = html(everything())
    assert "default-src 'none'" in page
    asked_for = ("<link", "src=", "url(", "@import")
    assert not [each for each in asked_for if each in page]


def test_every_format_tells_every_rule_that_fails() -> None:
    review = reviewed(sample(), today=TODAY)
    for told in (text(review), sarif(review), junit(review), markdown(review), html(review),
                 json.dumps(as_json(document(review)))):  # fmt: skip
        assert all(each.id in told for each in (BREAKS, RISK, HYGIENE))


def test_nothing_to_judge_is_said_loudly_in_what_people_read() -> None:
    review = reviewed(report(files=0, apps=0), today=TODAY)
    assert all(
        "Nothing was judged" in each for each in (text(review), html(review), markdown(review))
    )
    assert json.loads(sarif(review))["runs"][0]["invocations"][0]["executionSuccessful"] is False
