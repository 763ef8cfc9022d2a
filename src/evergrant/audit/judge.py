"""Rules over subjects: broken, kept, not applicable, or not known."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from evergrant.audit.model import Finding, Place, Status, Subject, Trait
from evergrant.catalog.rule_reader import PLACEHOLDER
from evergrant.catalog.rules import Clause, Confidence, Rule, SubjectKind
from evergrant.model import Unknown, Value

_LONGEST = 160


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one rule says of one subject."""

    rule: Rule
    status: Status
    is_untold: bool = False
    """Unknown because no evidence of that kind was given at all."""
    unknown: tuple[Trait, ...] = ()


def by_kind(rules: Iterable[Rule]) -> Mapping[SubjectKind, tuple[Rule, ...]]:
    """The rules for each kind of subject."""
    found: dict[SubjectKind, list[Rule]] = {}
    for rule in rules:
        found.setdefault(rule.subject, []).append(rule)
    return {kind: tuple(each) for kind, each in found.items()}


def judge(subject: Subject, rules: Iterable[Rule]) -> Iterator[Verdict]:
    """The verdict of every rule."""
    for rule in rules:
        yield verdict(rule, subject)


def verdict(rule: Rule, subject: Subject) -> Verdict:
    """What a rule says: one condition that does not hold decides; what is not known never does."""
    applies = _all(rule.applies, subject)
    if applies is False:
        return Verdict(rule, "not-applicable")
    broken = _all(rule.when, subject)
    if broken is False:
        return Verdict(rule, "pass")
    if applies is None or broken is None:
        if subject.value("app.oauth") is False:
            return Verdict(rule, "not-applicable")  # of SAML or canvas: it has no OAuth to judge
        return _unknown(rule, subject)
    return Verdict(rule, "fail")


def _all(clauses: tuple[Clause, ...], subject: Subject) -> bool | None:
    """Whether all hold; None where that is not known."""
    is_known, traits = True, subject.traits
    for clause in clauses:
        trait = traits.get(clause.trait)
        holds = clause.condition.holds(trait.value) if trait else None
        if holds is False:
            return False
        is_known = is_known and holds is True
    return True if is_known else None


def _unknown(rule: Rule, subject: Subject) -> Verdict:
    held = [subject.traits[name] for name in rule.traits if name in subject.traits]
    if len(held) < len(rule.traits):
        return Verdict(rule, "unknown", is_untold=True)
    return Verdict(rule, "unknown", unknown=tuple(each for each in held if not each.is_known))


def finding(verdict: Verdict, subject: Subject) -> Finding:
    """A verdict in words, at its place."""
    rule = verdict.rule
    evidence = tuple(subject.traits[name] for name in rule.traits if name in subject.traits)
    return Finding(
        by=rule,
        status="fail" if verdict.status == "fail" else "unknown",
        message=_said(rule.message, subject),
        severity=rule.severity,
        confidence=_confidence(rule, evidence),
        subject=subject.kind,
        name=subject.name,
        project=subject.project,
        place=_place(rule, subject),
        app=subject.app,
        app_kind=subject.app_kind,
        evidence=evidence,
        reason=_reason(verdict) if verdict.unknown else "",
    )


def _confidence(rule: Rule, evidence: tuple[Trait, ...]) -> Confidence:
    """A rule that rests on an inferred trait is at most of medium confidence."""
    if rule.confidence == "high" and any(each.mark == "inferred" for each in evidence):
        return "medium"
    return rule.confidence


def _place(rule: Rule, subject: Subject) -> Place:
    """That of the first condition that has one; what breaks the rule before what it applies to."""
    for clause in (*rule.when, *rule.applies):
        trait = subject.traits.get(clause.trait)
        if trait and trait.place.file:
            return trait.place
    return subject.place


def _said(message: str, subject: Subject) -> str:
    def told(name: str) -> str:
        value = subject.value(name)
        # An app whose label was not read is told by its name.
        return subject.app if name == "app.label" and subject.app else shown(value)

    return PLACEHOLDER.sub(lambda found: told(found[1]), message)


def shown(value: Value) -> str:
    """A value as a message shows it."""
    if isinstance(value, Unknown):
        return "not known"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:g}"
    text = ", ".join(value) if isinstance(value, tuple) else str(value)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def _reason(verdict: Verdict) -> str:
    told = [each.value for each in verdict.unknown if isinstance(each.value, Unknown)]
    return "; ".join(dict.fromkeys(
        f"{each.reason} ({each.next_step})" if each.next_step else each.reason for each in told
    ))  # fmt: skip
