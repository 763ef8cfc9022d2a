"""Comparing what two sides showed: each mark confirmed, refuted, or not seen and why."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from evergrant.emulator.schema import Mark
from evergrant.fidelity.behaviour import Behaviour, Observation, Scalar
from evergrant.fidelity.marks import marks
from evergrant.fidelity.observe import NotSeen, Outcome, Seen

Verdict = Literal["confirmed", "refuted", "not_seen"]
NOT_ASKED = "no behaviour asks for it"
NOT_BUILT = 501


@dataclass(frozen=True, slots=True)
class Difference:
    """One aspect that the two sides show differently; None where a side has no such aspect."""

    aspect: str
    emulator: Scalar
    org: Scalar


@dataclass(frozen=True, slots=True)
class Said:
    """What one behaviour says of one mark."""

    mark: str
    behaviour: str
    verdict: Verdict
    reason: str = ""
    differences: tuple[Difference, ...] = ()


@dataclass(frozen=True, slots=True)
class Judgement:
    """What all behaviours together say of one mark."""

    mark: str
    grade: Mark
    """How well it was held to be known."""
    verdict: Verdict
    behaviours: tuple[str, ...]
    """Those that decided."""
    reason: str = ""
    """Why it was not seen."""
    differences: tuple[Difference, ...] = ()


@dataclass(frozen=True, slots=True)
class Compared:
    """One behaviour with what the org showed, and what the emulator did at each setting."""

    behaviour: Behaviour
    org: Outcome
    emulator: tuple[Outcome, ...]
    """As many as the behaviour has settings; empty where the org was not asked."""


def judge(compared: list[Compared]) -> list[Judgement]:
    """A judgement for every mark of the emulator, in the order of its tables."""
    said: dict[str, list[Said]] = {}
    for each in compared:
        for one in _said(each):
            said.setdefault(one.mark, []).append(one)
    return [_together(id_, each.mark, said.get(id_, [])) for id_, each in marks().items()]


def more(each: Compared) -> tuple[str, ...]:
    """Aspects that the org shows beyond what the emulator states, where it may."""
    if not isinstance(each.org, Seen) or not each.behaviour.covers:
        return ()
    outcome, _ = _best(each)
    stated = outcome.aspects.keys() if isinstance(outcome, Seen) else frozenset[str]()
    return tuple(sorted(each.org.aspects.keys() - stated))


def _together(id_: str, grade: Mark, said: list[Said]) -> Judgement:
    for verdict in ("refuted", "confirmed", "not_seen"):
        deciding = [each for each in said if each.verdict == verdict]
        if deciding:
            break
    else:
        return Judgement(id_, grade, "not_seen", (), NOT_ASKED)
    return Judgement(
        id_, grade, deciding[0].verdict, tuple(each.behaviour for each in deciding),
        deciding[0].reason, tuple(one for each in deciding for one in each.differences),
    )  # fmt: skip


def _said(each: Compared) -> Iterator[Said]:
    match each.org:
        case NotSeen(reason):
            for mark in sorted(each.behaviour.marks()):
                yield Said(mark, each.behaviour.id, "not_seen", reason)
        case Seen(org):
            yield from _of_seen(each, org)


def _of_seen(each: Compared, org: Observation) -> Iterator[Said]:
    outcome, bears = _best(each)
    others = each.behaviour.marks() - bears.keys()
    for mark in sorted(others):
        yield Said(mark, each.behaviour.id, "not_seen", "the org is set otherwise")
    for mark, aspects in bears.items():
        match outcome:
            case NotSeen(reason):
                yield Said(mark, each.behaviour.id, "not_seen", f"the emulator: {reason}")
            case Seen(emulated):
                yield _of_both(each.behaviour, mark, aspects, emulated, org)


def _of_both(
    each: Behaviour, mark: str, aspects: tuple[str, ...], emulated: Observation, org: Observation
) -> Said:
    if emulated.get("status") == NOT_BUILT:
        return Said(mark, each.id, "not_seen", "the emulator has not built it")
    bound = {name for name in emulated.keys() | org.keys() if _binds(aspects, name)}
    if each.covers:
        bound &= emulated.keys()
    if not bound:
        return Said(mark, each.id, "not_seen", "nothing of it was shown")
    differing = _differences(bound, emulated, org)
    return Said(mark, each.id, "refuted" if differing else "confirmed", "", differing)


def _best(each: Compared) -> tuple[Outcome, Mapping[str, tuple[str, ...]]]:
    """The emulator's answer at the setting that comes nearest to the org's, and its marks."""
    options = list(zip(each.emulator, each.behaviour.either, strict=True))
    outcome, setting = min(options, key=lambda pair: _distance(each, pair[0]))
    return outcome, {**each.behaviour.bears, **setting.bears}


def _distance(each: Compared, outcome: Outcome) -> int:
    match each.org, outcome:
        case Seen(org), Seen(emulated):
            names = emulated.keys() if each.behaviour.covers else emulated.keys() | org.keys()
            return len(_differences(set(names), emulated, org))
        case _:
            return 1 << 30


def _differences(
    names: set[str], emulated: Observation, org: Observation
) -> tuple[Difference, ...]:
    return tuple(
        Difference(name, emulated.get(name), org.get(name))
        for name in sorted(names)
        if emulated.get(name) != org.get(name) or (name in emulated) != (name in org)
    )


def _binds(aspects: tuple[str, ...], name: str) -> bool:
    """Whether a mark rests on an aspect: all, the aspect itself, or what stands below it."""
    return not aspects or any(
        name == each or name.startswith((f"{each}.", f"{each} ")) for each in aspects
    )
