"""A diagnosis as pages tell it: the cause in words, what it rests on, and the steps out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Required, TypedDict
from urllib.parse import urlsplit

from evergrant.catalog import Catalog, Cause, Fix
from evergrant.catalog.entries import FactKind
from evergrant.diagnosis import Diagnosis
from evergrant.diagnosis.layout import REMEDIES
from evergrant.diagnosis.missing import Missing
from evergrant.diagnosis.verdict import Ranked, Reason
from evergrant.evidence import SOURCES
from evergrant.model import Connection, Fact, Integration

MOST: Final = 6
"""Reasons and gaps that are shown of each kind."""
WORTH_NAMING: Final = 0.02
LEVELS: Final = {
    "text": "the text alone",
    "own": "the text and the connection’s own history",
    "admin": "an admin’s view of the org",
}
LOOK_FOR: Final = {
    "/lightning/setup/ConnectedAppsUsage/home": (
        "Look for the app by the name that Salesforce shows. Blocked apps stand at the very bottom "
        "of the list, out of alphabetical order."
    ),
}
"""Page of Setup → what people overlook there (SafeBase's published guide to reauthorizing)."""


class Item(TypedDict, total=False):
    """One reason, or one gap, as the macro `evidence` takes it."""

    text: Required[str]
    quote: str
    source: str
    at: datetime | None
    mark: str
    next_step: str


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the way out."""

    who: str
    do: str
    where: str
    link: str
    """Deep link into that very org; empty where the org is not known."""
    suffix: str
    look_for: str
    permission: str
    app: str
    """For which kind of app it is: empty for any."""
    is_inferred: bool
    change: str = ""
    """Id of what the step alters."""
    effects: str = ""
    """What it does besides."""
    rollback: str = ""


@dataclass(frozen=True, slots=True)
class Explained:
    """Everything that a page tells of a diagnosis."""

    cause: str
    title: str
    word: str
    why: str
    inferred: str
    remedy: str
    remedy_words: str
    level: str
    supports: tuple[Item, ...]
    refutes: tuple[Item, ...]
    unknown: tuple[Item, ...]
    next_check: str
    next_gate: str
    steps: tuple[Step, ...]
    avoid: tuple[str, ...]
    verify: tuple[tuple[str, str], ...]
    others: tuple[tuple[str, str, str], ...]
    """Title, word and id of what else it may be."""
    message: str
    """To be copied to the Salesforce admin; empty where no admin need act."""
    is_named: bool
    """Whether the first cause stands out; otherwise nothing is advised for it."""

    @property
    def headline(self) -> str:
        """The cause as a heading; what is only possible is called so."""
        if not self.is_named:
            return "No cause stands out yet"
        return f"Possible cause: {self.title}" if self.word == "possible" else self.title

    @property
    def needs_admin(self) -> bool:
        """Whether somebody must change something in Salesforce first."""
        return self.is_named and self.remedy == "admin-change"


def explained(
    diagnosis: Diagnosis | None,
    catalog: Catalog,
    *,
    connection: Connection | None = None,
    integration: Integration | None = None,
) -> Explained | None:
    """The diagnosis in words; None when nothing is known."""
    first = diagnosis.first if diagnosis else None
    if diagnosis is None or first is None:
        return None
    cause = catalog.causes[first.refined or first.cause]
    is_named = diagnosis.is_named
    steps = steps_of_cause(cause, catalog, connection) if is_named else ()
    gate = catalog.gates.get(diagnosis.next_gate)
    return Explained(
        cause=cause.id,
        title=cause.title,
        word=first.word,
        why=cause.why,
        inferred=cause.inferred,
        remedy=diagnosis.remedy,
        remedy_words=REMEDIES[diagnosis.remedy],
        level=LEVELS[diagnosis.level],
        supports=_reasons(first.supports, catalog),
        refutes=_reasons(first.refutes, catalog),
        unknown=_gaps(first.unknown),
        next_check=diagnosis.next_check.ask if diagnosis.next_check else "",
        next_gate=gate.title if gate else "",
        steps=steps,
        avoid=diagnosis.avoid,
        verify=tuple((each.do, each.expect) for each in cause.verify) if is_named else (),
        others=tuple(
            _other(each) for each in diagnosis.ranked[1:] if each.confidence >= WORTH_NAMING
        ),
        message=message_for(cause, steps, connection, integration),
        is_named=is_named,
    )


def cause_title(cause: str, catalog: Catalog) -> str:
    """The title of a cause; empty when it is not known."""
    found = catalog.causes.get(cause)
    return found.title if found else ""


def _other(ranked: Ranked) -> tuple[str, str, str]:
    return ranked.title, ranked.word, ranked.refined or ranked.cause


def _reasons(reasons: Iterable[Reason], catalog: Catalog) -> tuple[Item, ...]:
    items: dict[str, Item] = {}
    for reason in reasons:
        item = _item(reason.fact, catalog.facts[reason.fact.name])
        items.setdefault(item["text"], item)
    return tuple(items.values())[:MOST]


def _item(fact: Fact, kind: FactKind) -> Item:
    value = ("yes" if fact.value else "no") if isinstance(fact.value, bool) else fact.value
    known = SOURCES.get(fact.source)
    source = f"from {known.title if known else fact.source}"
    return Item(
        text=f"{kind.title}: {value}{f' {kind.unit}' if kind.unit else ''}",
        quote=fact.quote,
        source=f"{source}, line {fact.line}" if fact.line else source,
        at=fact.observed_at,
        mark=fact.mark,
    )


def _gaps(missing: Iterable[Missing]) -> tuple[Item, ...]:
    gaps = (Item(text=f"{gap.title}: {gap.reason}", next_step=gap.next_step) for gap in missing)
    return tuple(gaps)[:MOST]


def steps_of_cause(
    cause: Cause, catalog: Catalog, connection: Connection | None
) -> tuple[Step, ...]:
    """The way out of a cause, with links into the connection's very org."""
    return tuple(step_of(fix, catalog, connection) for fix in cause.fixes)


def step_of(fix: Fix, catalog: Catalog, connection: Connection | None) -> Step:
    """One step, with its link into the connection's very org."""
    change = catalog.changes.get(fix.change)
    return Step(
        who=fix.who,
        do=fix.do,
        where=fix.where,
        link=_deep_link(connection, fix.link),
        suffix=fix.link,
        look_for=LOOK_FOR.get(fix.link, ""),
        permission=fix.permission,
        app="" if fix.app == "any" else fix.app,
        is_inferred=fix.mark == "inferred",
        change=fix.change,
        effects=change.effects if change else "",
        rollback=change.rollback if change else "",
    )


def _deep_link(connection: Connection | None, suffix: str) -> str:
    """Into the very org: its My Domain leads on to the Lightning host (org-model 4)."""
    base = connection.instance_url if connection else ""
    if not suffix or urlsplit(base).scheme not in ("https", "http"):
        return ""
    return f"{base.rstrip('/')}{suffix}"


def message_for(
    cause: Cause,
    steps: Iterable[Step],
    connection: Connection | None,
    integration: Integration | None,
    word: str = "Likely",
) -> str:
    """What a person who is no Salesforce admin sends to one; `word` says how sure the cause is."""
    theirs = [step for step in steps if step.who == "Salesforce admin"]
    if not theirs:
        return ""
    who = connection.identity if connection else None
    app = f"“{integration.app_label}”" if integration else "our app"
    lines = [f"Our integration {app} cannot sign in to Salesforce any more."]
    if who is not None:
        lines.append(f"Org: {who.org_id}. User: {who.username or who.user_id}.")
    lines += [f"{word} cause: {cause.title}.", ""]
    for number, step in enumerate(theirs, 1):
        kind = f" (if it is an {step.app})" if step.app == "external client app" else ""
        lines.append(f"{number}. {step.do}{kind}.")
        lines += [f"   {word}: {text}" for word, text in _details(step) if text]
    lines += ["", "Please tell us when it is done; then we reauthorize. Nothing else changes."]
    return "\n".join(lines)


def _details(step: Step) -> tuple[tuple[str, str], ...]:
    return (
        ("Where", step.where),
        ("Link", step.link or step.suffix),
        ("Note", step.look_for),
        ("Needs", step.permission),
    )
