"""Reading one file of `causes/`: whole and checked, or refused with file and line."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import cast, get_args

from evergrant.catalog import condition
from evergrant.catalog.changes import Change
from evergrant.catalog.entries import (
    LIKELY,
    PARTIES,
    Cause,
    Dispute,
    FactKind,
    Fix,
    Gate,
    Mark,
    Proof,
    Remedy,
    Signal,
    Source,
    Verify,
    Who,
)
from evergrant.catalog.entry import Entry
from evergrant.errors import BadInput

_ID = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_MARKS = ("documented", "inferred")
_APPS = ("any", "connected app", "external client app")
_SOURCES = ("vendor-doc", "observed", "field-report")
_KEYS = (
    "title", "why", "remedy", "prior", "gate", "next_gate", "audience", "broader", "avoid",
    "scenario", "scenario_missing", "inferred", "app", "signal", "fix", "verify", "source",
    "disputed",
)  # fmt: skip
_FIX = (
    "who", "do", "change", "where", "link", "app", "permission", "proof", "mark",
    *condition.OPERATORS,
)  # fmt: skip
_SIGNAL = ("fact", "likely", "mark", *condition.OPERATORS)


@dataclass(frozen=True, slots=True)
class Known:
    """What entries may refer to."""

    facts: Mapping[str, FactKind]
    gates: Mapping[str, Gate]
    changes: Mapping[str, Change]


def read_cause(name: str, entry: Entry, known: Known) -> Cause:
    """A cause; `name` is the file's name without its suffix and becomes the id.

    Raises `BadInput` naming file and line.
    """
    if not _ID.fullmatch(name):
        entry.refuse(f"{name!r} is no id: small letters, digits and hyphens")
    entry.only(_KEYS)
    cause = Cause(
        id=name,
        title=entry.text("title"),
        why=entry.text("why"),
        remedy=cast(Remedy, entry.choice("remedy", get_args(Remedy))),
        prior=entry.number_in("prior", 0.0001, 0.5),
        gate=entry.choice("gate", known.gates),
        next_gate=entry.choice("next_gate", ("", *known.gates), ""),
        audience=cast(Who, entry.choice("audience", PARTIES)),
        broader=entry.text("broader", ""),
        avoid=entry.texts("avoid"),
        scenario=_scenario(entry),
        scenario_missing=entry.text("scenario_missing", ""),
        inferred=entry.text("inferred", ""),
        app=entry.choice("app", _APPS, "any"),
        signals=tuple(s for each in entry.entries("signal") for s in _signals(each, known)),
        fixes=tuple(_fix(each, known) for each in entry.entries("fix")),
        verify=tuple(_verify(each) for each in entry.entries("verify")),
        sources=tuple(read_source(each) for each in entry.entries("source")),
        disputed=tuple(_dispute(each) for each in entry.entries("disputed")),
    )
    _check_whole(entry, cause)
    return cause


def _check_whole(entry: Entry, cause: Cause) -> None:
    for key, there in (
        ("signal", cause.signals),
        ("fix", cause.fixes),
        ("verify", cause.verify),
        ("source", cause.sources),
        ("scenario", cause.scenario or cause.scenario_missing),
    ):
        if not there:
            entry.refuse(f"a cause without {key!r} is not whole", key)


def _scenario(entry: Entry) -> str:
    text = entry.text("scenario", "")
    if text and not _ID.fullmatch(text):
        entry.refuse(
            f"scenario {text!r} is malformed: small letters, digits and hyphens", "scenario"
        )
    return text


def _signals(entry: Entry, known: Known) -> list[Signal]:
    entry.only(_SIGNAL)
    names = entry.data.get("fact")
    if not isinstance(names, list):
        names = [entry.text("fact")]
    return [_signal(entry, name, known.facts) for name in names]


def _signal(entry: Entry, name: str, facts: Mapping[str, FactKind]) -> Signal:
    kind = _kind(entry, name, facts, "fact")
    wanted = _condition(entry)
    keys = condition.keys_for(wanted, tuple(kind.background))
    if not keys or not _all_known(wanted, kind.background):
        entry.refuse(f"{name} has no value that {wanted}", wanted.operator)
    return Signal(
        name,
        wanted,
        keys,
        entry.choice("likely", LIKELY),
        cast(Mark, entry.choice("mark", _MARKS, "documented")),
    )


def _all_known(wanted: condition.Condition, values: Collection[str]) -> bool:
    """Whether each value of a list is in the vocabulary, and each limit where two bands meet."""
    if wanted.operator == "in":
        return set(cast("tuple[str, ...]", wanted.operand)) <= set(values)
    if wanted.operator in ("below", "above"):
        return wanted.operand in {
            limit for band in values for limit in condition.bounds(band) or ()
        }
    return True


def _kind(entry: Entry, name: str, facts: Mapping[str, FactKind], key: str) -> FactKind:
    if name not in facts:
        entry.refuse(f"nobody knows the fact {name!r}", key)
    return facts[name]


def _condition(entry: Entry) -> condition.Condition:
    try:
        return condition.read(entry.data)
    except BadInput as error:
        entry.refuse(error.what)


def _fix(entry: Entry, known: Known) -> Fix:
    entry.only(_FIX)
    link = entry.text("link", "")
    if link and not link.startswith("/"):
        entry.refuse("a link is a suffix that begins with /", "link")
    return Fix(
        who=cast(Who, entry.choice("who", PARTIES)),
        do=entry.text("do"),
        change=entry.choice("change", known.changes),
        where=entry.text("where", ""),
        link=link,
        app=entry.choice("app", _APPS, "any"),
        permission=entry.text("permission", ""),
        proof=_proof(entry, known.facts),
        mark=cast(Mark, entry.choice("mark", _MARKS, "documented")),
    )


def _proof(entry: Entry, facts: Mapping[str, FactKind]) -> Proof | None:
    name = entry.text("proof", "")
    if not name:
        return None
    kind = _kind(entry, name, facts, "proof")
    wanted = _condition(entry)
    if wanted.operator in ("is", "in") and not condition.keys_for(wanted, tuple(kind.background)):
        entry.refuse(f"{name} has no value that {wanted}", wanted.operator)
    return Proof(name, wanted)


def _verify(entry: Entry) -> Verify:
    entry.only(("do", "expect"))
    return Verify(entry.text("do"), entry.text("expect"))


def _dispute(entry: Entry) -> Dispute:
    entry.only(("playbook", "documentation", "url"))
    url = _address(entry)
    return Dispute(entry.text("playbook"), entry.text("documentation"), url)


def read_source(entry: Entry) -> Source:
    """A source: address, kind and the day it was read."""
    entry.only(("url", "kind", "checked"))
    url = _address(entry)
    kind = entry.choice("kind", _SOURCES)
    return Source(url, kind, entry.day("checked"))  # type: ignore[arg-type]


def _address(entry: Entry) -> str:
    url = entry.text("url")
    if not url.startswith("https://"):
        entry.refuse(f"{url!r} is no https address", "url")
    return url
