"""Reading `rules/*.toml`, `profiles.toml` and `rule_sources.toml`: whole, or refused with line."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, cast, get_args

import tomli

from evergrant.catalog import condition
from evergrant.catalog.causes import read_source
from evergrant.catalog.changes import Change, read_changes
from evergrant.catalog.entries import PARTIES, Fix, Source, Who
from evergrant.catalog.entry import Entry, Page
from evergrant.catalog.rules import (
    SEVERITIES,
    Clause,
    Confidence,
    Example,
    Expected,
    Kind,
    Point,
    Profile,
    Rule,
    RuleBook,
    Severity,
    SubjectKind,
)
from evergrant.catalog.traits import Vocabulary, vocabulary
from evergrant.errors import BadInput

_FOLDER = Path(__file__).parent
_CODE = re.compile(r"[A-Z]{3}-\d\d")
_APPS = ("any", "connected app", "external client app")
_KEYS = (
    "code", "title", "kind", "severity", "confidence", "subject", "applies", "when", "message",
    "why", "fix", "sources", "example", "inferred", "causes", "tags",
)  # fmt: skip
_FIX = ("who", "do", "change", "where", "link", "app", "permission")
PLACEHOLDER = re.compile(r"\{([a-z_]+\.[a-z_]+)\}")
"""A trait's value in a message."""


@dataclass(frozen=True, slots=True)
class _Known:
    """What rules may refer to."""

    words: Vocabulary
    sources: Mapping[str, Source]
    changes: Mapping[str, Change]


@cache
def rule_book(folder: Path = _FOLDER) -> RuleBook:
    """All rules and profiles of a catalog's folder, read once a process.

    Raises `BadInput` naming file and line for the first entry that is not what it should be.
    """
    sources = {
        entry.text("id"): read_source(Entry(entry.page, _address(entry), entry.table, entry.number))
        for entry in _entry(folder / "rule_sources.toml").entries("source")
    }
    known = _Known(vocabulary(), sources, _changes(folder))
    rules = {
        path.stem: _rule(path.stem, _entry(path), known)
        for path in sorted((folder / "rules").glob("*.toml"))
    }
    return RuleBook(rules, _profiles(_entry(folder / "profiles.toml"), rules, sources))


def _changes(folder: Path) -> dict[str, Change]:
    """The changes of the causes, and those that only audits ask for."""
    told = [_entry(folder / name) for name in ("changes.toml", "repairs.toml")]
    pages = ((each.page, {"change": each.data["change"]}) for each in told)
    return {id_: change for page, data in pages for id_, change in read_changes(page, data).items()}


def _entry(path: Path) -> Entry:
    text = path.read_text("utf-8")
    name = f"{path.parent.name}/{path.name}"
    try:
        return Entry(Page(name, text), tomli.loads(text))
    except tomli.TOMLDecodeError as error:
        raise BadInput(f"{name}: not TOML: {error}") from error


def _address(entry: Entry) -> dict[str, Any]:
    return {key: value for key, value in entry.data.items() if key != "id"}


def _rule(name: str, entry: Entry, known: _Known) -> Rule:
    entry.only(_KEYS)
    code = entry.text("code")
    if not _CODE.fullmatch(code):
        entry.refuse(f"{code!r} is no code: three letters, a hyphen, two digits", "code")
    rule = Rule(
        id=name,
        code=code,
        title=entry.text("title"),
        kind=cast(Kind, entry.choice("kind", get_args(Kind))),
        severity=cast(Severity, entry.choice("severity", SEVERITIES)),
        confidence=cast(Confidence, entry.choice("confidence", get_args(Confidence), "high")),
        subject=cast(SubjectKind, entry.choice("subject", get_args(SubjectKind), "app")),
        applies=_clauses(entry, "applies", known.words),
        when=_clauses(entry, "when", known.words),
        message=entry.text("message"),
        why=entry.text("why"),
        fixes=tuple(_fix(each, known) for each in entry.entries("fix")),
        sources=_sources(entry, known.sources),
        examples=tuple(_example(each) for each in entry.entries("example")),
        inferred=entry.text("inferred", ""),
        causes=entry.texts("causes"),
        tags=entry.texts("tags"),
    )
    _check_whole(entry, rule, known)
    return rule


def _check_whole(entry: Entry, rule: Rule, known: _Known) -> None:
    for key, there in (("when", rule.when), ("fix", rule.fixes), ("sources", rule.sources)):
        if not there:
            entry.refuse(f"a rule without {key!r} is not whole", key)
    said = {each.expect for each in rule.examples}
    if not {"fail", "pass"} <= said | ({"pass"} if "not-applicable" in said else set()):
        entry.refuse("a rule has an example that fails and one that passes", "example")
    for name in PLACEHOLDER.findall(rule.message):
        if name not in known.words.words:
            entry.refuse(f"nobody knows the trait {name!r}", "message")


def _clauses(entry: Entry, key: str, words: Vocabulary) -> tuple[Clause, ...]:
    return tuple(_clause(each, words) for each in entry.entries(key))


def _clause(entry: Entry, words: Vocabulary) -> Clause:
    entry.only(("trait", *condition.OPERATORS))
    trait = entry.choice("trait", words.words)
    try:
        return Clause(trait, condition.read(entry.data))
    except BadInput as error:
        entry.refuse(error.what)


def _fix(entry: Entry, known: _Known) -> Fix:
    entry.only(_FIX)
    return Fix(
        who=cast(Who, entry.choice("who", PARTIES, "Salesforce admin")),
        do=entry.text("do"),
        change=entry.choice("change", known.changes),
        where=entry.text("where", ""),
        link=entry.text("link", ""),
        app=entry.choice("app", _APPS, "any"),
        permission=entry.text("permission", ""),
    )


def _sources(entry: Entry, known: Mapping[str, Source]) -> tuple[Source, ...]:
    for name in entry.texts("sources"):
        if name not in known:
            entry.refuse(f"nobody knows the source {name!r}", "sources")
    return tuple(known[name] for name in entry.texts("sources"))


def _example(entry: Entry) -> Example:
    entry.only(("expect", "about", "files", "rows", "retrieved"))
    rows = entry.data.get("rows", {})
    return Example(
        expect=cast(Expected, entry.choice("expect", get_args(Expected))),
        about=entry.text("about", ""),
        files=entry.data.get("files", {}),
        rows={name: tuple(each) for name, each in rows.items()},
        is_retrieved=entry.data.get("retrieved", False),
    )


def _profiles(
    entry: Entry, rules: Mapping[str, Rule], sources: Mapping[str, Source]
) -> dict[str, Profile]:
    return {each.text("id"): _profile(each, rules, sources) for each in entry.entries("profile")}


def _profile(entry: Entry, rules: Mapping[str, Rule], sources: Mapping[str, Source]) -> Profile:
    entry.only(("id", "title", "about", "sources", "point"))
    return Profile(
        id=entry.text("id"),
        title=entry.text("title"),
        about=entry.text("about"),
        points=tuple(_point(entry, each, rules) for each in entry.entries("point")),
        sources=_sources(entry, sources),
    )


def _point(profile: Entry, entry: Entry, rules: Mapping[str, Rule]) -> Point:
    entry.only(("title", "rules", "asks"))
    named = entry.texts("rules")
    if strangers := sorted(set(named) - set(rules)):
        profile.refuse(f"nobody knows the rule {strangers[0]!r}", "point")
    if not named and not entry.data.get("asks"):
        profile.refuse("a point names rules or asks for evidence", "point")
    return Point(entry.text("title"), named, entry.text("asks", ""))
