"""The verbs: ask a real org and judge, or judge again what one showed earlier."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from evergrant.fidelity.behaviour import Setting, Writes
from evergrant.fidelity.judge import Compared, Judgement, judge, more
from evergrant.fidelity.observe import NotSeen, Outcome, Seen, Watch, observe
from evergrant.fidelity.org_facts import OrgFacts
from evergrant.fidelity.recording import Recording
from evergrant.fidelity.table import behaviours
from evergrant.fidelity.twin import Twin, TwinApp, emulated
from evergrant.org import VERSION
from evergrant.wire import client


@dataclass(frozen=True, slots=True)
class Report:
    """A recording and what it says today."""

    recording: Recording
    judged: list[Judgement]
    more: Mapping[str, tuple[str, ...]]
    """Behaviours → what the org shows beyond what the emulator states."""

    @property
    def refuted(self) -> list[Judgement]:
        """The marks that the org contradicts."""
        return [each for each in self.judged if each.verdict == "refuted"]


def record(
    org: OrgFacts,
    allowed: frozenset[Writes],
    twin: TwinApp | None,
    version: str,
    *,
    watch: Watch = lambda _: None,
) -> Recording:
    """Ask an org all that may be asked."""
    with client() as via:
        seen = observe(behaviours().values(), org.side, allowed, via=via, watch=watch)
    writes = tuple(each.value for each in Writes if each in allowed)
    return Recording(
        org.side.clock.now(), version, VERSION, org.kind, org.edition, writes, twin, seen
    )


def judged(recording: Recording, *, watch: Watch = lambda _: None) -> Report:
    """Compare a recording with the emulator as it is today."""
    with emulated(recording.app) as twin:
        compared = [_compared(recording, twin, id_, watch) for id_ in behaviours()]
    extra = {each.behaviour.id: found for each in compared if (found := more(each))}
    return Report(recording, judge(compared), extra)


def _compared(recording: Recording, twin: Twin, id_: str, watch: Watch) -> Compared:
    each = behaviours()[id_]
    org = recording.seen.get(id_, NotSeen("the recording is older than this behaviour"))
    answers: tuple[Outcome, ...] = ()
    if isinstance(org, Seen):
        watch(each)
        answers = tuple(_ask(twin, id_, setting) for setting in each.either)
    return Compared(each, org, answers)


def _ask(twin: Twin, id_: str, setting: Setting) -> Outcome:
    return twin.ask(behaviours()[id_], setting)
