"""Baseline and suppressions: what counts, what is known, who answers for what, and until when."""

from __future__ import annotations

import json
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit_kit import BREAKS, HYGIENE, LOOSE, RISK, TODAY, finding, report
from evergrant.audit.baseline import parted, read_baseline, written
from evergrant.audit.checklist import checklist
from evergrant.audit.model import Finding
from evergrant.audit.output.document import document
from evergrant.audit.output.markdown import markdown
from evergrant.audit.output.page import html
from evergrant.audit.output.text import said, text
from evergrant.audit.review import reviewed
from evergrant.audit.suppress import Suppression, read_suppressions
from evergrant.catalog.rules import Point, Profile
from evergrant.errors import BadInput

KNOWN = {"full-scope", "SCO-01", "no-description"}
GOOD = """
[[suppress]]
rule = "SCO-01"
app = "Orbit *"
owner = "me@acme.example"
reason = "planned"
until = 2027-01-31
"""

rules = st.sampled_from([BREAKS, RISK, HYGIENE])
findings = st.lists(
    st.builds(finding, rules, st.sampled_from(["a.xml", "b.xml"]), st.integers(1, 9)), max_size=9
)


@given(findings)
def test_a_baseline_of_what_is_there_leaves_nothing_new(found: list[Finding]) -> None:
    told = parted(found, read_baseline("b.json", written(found)))
    assert (told.new, len(told.known), told.gone) == ((), len(found), ())


@given(findings, findings)
def test_every_finding_is_new_or_known_and_every_entry_is_known_or_gone(
    old: list[Finding], now: list[Finding]
) -> None:
    told = parted(now, read_baseline("b.json", written(old)))
    assert sorted(map(id, (*told.new, *told.known))) == sorted(map(id, now))
    assert len(told.known) + len(told.gone) == len(old)


def test_a_second_finding_like_a_known_one_is_new() -> None:
    told = parted([finding(RISK), finding(RISK)], read_baseline("b", written([finding(RISK)])))
    assert (len(told.known), len(told.new)) == (1, 1)


def test_a_baseline_holds_no_message_and_no_value() -> None:
    text = written([finding(RISK, message="consumerKey is 3MVG9abc")])
    assert "3MVG9abc" not in text
    assert set(json.loads(text)["findings"][0]) == {"fingerprint", "rule", "name", "file"}


@pytest.mark.parametrize("text", [
    "", "[]", "{", '{"schema": "evergrant.audit/1"}',
    '{"schema": "evergrant.audit-baseline/1", "findings": [{}]}',
    '{"schema": "evergrant.audit-baseline/1", "findings": {}}',
])  # fmt: skip
def test_what_is_no_baseline_is_refused_by_name(text: str) -> None:
    with pytest.raises(BadInput, match=r"b\.json is no baseline"):
        read_baseline("b.json", text)


def test_a_suppression_hides_its_finding_and_names_who_answers_for_it() -> None:
    held = read_suppressions("s.toml", GOOD, KNOWN)
    told = reviewed(report(finding(RISK), finding(BREAKS)), today=TODAY, suppressions=held)
    assert [each.rule for each in told.counted] == ["refresh-policy-zero"]
    assert [(each.by.owner, each.by.reason) for each in told.suppressed] == [
        ("me@acme.example", "planned")
    ]


@pytest.mark.parametrize(("today", "counts"), [
    (date(2027, 1, 30), 0), (date(2027, 1, 31), 0), (date(2027, 2, 1), 1),
])  # fmt: skip
def test_a_suppression_counts_through_its_last_day_and_not_after(today: date, counts: int) -> None:
    held = read_suppressions("s.toml", GOOD, KNOWN)
    told = reviewed(report(finding(RISK)), today=today, suppressions=held)
    assert (len(told.counted), len(told.over)) == (counts, counts)


@pytest.mark.parametrize(("more", "is_covered"), [
    ({"app": "Orbit *"}, True), ({"app": "orbit *"}, False), ({"app": "Orbit"}, True),
    ({"file": "apps/*"}, True), ({"file": "other/*"}, False),
    ({"app": "Orbit *", "file": "other/*"}, False), ({"rule": "full-scope", "app": "*"}, True),
    ({"rule": "*", "app": "Orbit *"}, True), ({"rule": "CLI-01", "app": "*"}, False),
])  # fmt: skip
def test_a_suppression_covers_what_all_its_members_name(
    more: dict[str, str], is_covered: bool
) -> None:
    one = Suppression(more.pop("rule", "SCO-01"), "me", "r", TODAY, **more)
    assert one.covers(finding(RISK)) is is_covered


def test_a_suppression_that_covers_nothing_is_told() -> None:
    held = [Suppression("SCO-01", "me", "r", TODAY, app="Nobody")]
    assert reviewed(report(finding(RISK)), today=TODAY, suppressions=held).idle == tuple(held)


def test_a_suppressed_finding_of_the_baseline_is_not_gone() -> None:
    held = [Suppression("SCO-01", "me", "r", TODAY, app="*")]
    known = read_baseline("b", written([finding(RISK)]))
    told = reviewed(report(finding(RISK)), today=TODAY, suppressions=held, baseline=known)
    assert (told.gone, told.counted, len(told.suppressed)) == ((), (), 1)


@pytest.mark.parametrize(("change", "line", "says"), [
    ('owner = "me@acme.example"\n', 2, "'owner' is missing"),
    ('reason = "planned"\n', 2, "'reason' is missing"),
    ("until = 2027-01-31\n", 2, "'until' is missing"),
    ('app = "Orbit *"\n', 3, "neither app nor file"),
    ('"SCO-01"', 3, "expected one of"),
])  # fmt: skip
def test_a_suppression_without_owner_reason_end_or_place_is_refused_with_its_line(
    change: str, line: int, says: str
) -> None:
    text = GOOD.replace(change, '"SCO-99"' if change.startswith('"') else "")
    with pytest.raises(BadInput) as error:
        read_suppressions("s.toml", text, KNOWN)
    assert f"s.toml, line {line}" in error.value.what
    assert says in error.value.what
    assert "needs rule, owner, reason, until" in error.value.next_step


@pytest.mark.parametrize("text", ["[[suppress", "suppress = 3", GOOD + 'ruel = "x"\n', "x = 1"])
def test_a_broken_file_of_suppressions_is_refused(text: str) -> None:
    with pytest.raises(BadInput, match=r"s\.toml, line \d+"):
        read_suppressions("s.toml", text, KNOWN)


def test_only_what_fails_and_is_bad_enough_ends_with_findings() -> None:
    told = reviewed(
        report(finding(BREAKS, status="unknown"), finding(HYGIENE), finding(RISK)), today=TODAY
    )
    assert [each.rule for each in told.at_or_above("high")] == ["full-scope"]
    assert len(told.at_or_above("low")) == 2
    assert told.at_or_above("critical") == ()


def point(*rules: str, asks: str = "") -> Profile:
    return Profile("p", "P", "about", (Point("the point", rules, asks),), ())


@pytest.mark.parametrize(("rules", "standing"), [
    (("full-scope",), "fail"), (("full-scope", "pkce-not-required"), "fail"),
    (("pkce-not-required",), "unknown"), (("ip-outside",), "unknown"), (("other",), "pass"),
    (("no-description",), "answered for"), ((), "ask"),
])  # fmt: skip
def test_a_point_stands_as_the_worst_of_its_rules_and_passes_only_when_all_were_judged(
    rules: tuple[str, ...], standing: str
) -> None:
    loose = finding(LOOSE, status="unknown", reason="no file")
    held = [Suppression("SRC-07", "me", "r", TODAY, app="*")]
    review = reviewed(report(finding(RISK), loose, finding(HYGIENE)), today=TODAY,
                      suppressions=held)  # fmt: skip
    (one,) = checklist(review, point(*rules))
    assert one.standing == standing


def test_a_point_says_what_fails_what_would_decide_the_rest_and_what_to_show() -> None:
    profile = point("full-scope", "ip-outside", asks="the letter")
    review = reviewed(report(finding(RISK), finding(RISK)), today=TODAY, profile=profile)
    (one,) = checklist(review, profile)
    told = "the point: SCO-01 ×2; undecided without the org's LoginHistory; show the letter"
    assert said(one) == told
    for shown in (text(review), markdown(review), html(review)):
        assert "show the letter" in " ".join(shown.split())
    (data,) = document(review)["checklist"]
    assert (data["standing"], data["asks"]) == ("fail", "the letter")


def test_without_a_profile_there_is_no_checklist() -> None:
    assert document(reviewed(report(finding(RISK)), today=TODAY))["checklist"] == []
