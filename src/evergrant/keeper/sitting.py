"""An examination that runs while others watch: every look is written down as it comes.

It runs in one place and is read from any: what was heard lies beside the examination in the store.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, Final

from evergrant.diagnosis.question import read_answer
from evergrant.errors import BadInput, EvergrantError, NotFound
from evergrant.keeper.doctor import Means, consult, look_further, take_answer
from evergrant.keeper.doctor_checks import Looked, Looking
from evergrant.keeper.doctor_visit import Visit, begin_examination, resume_examination
from evergrant.keeper.keeper import Keeper
from evergrant.model import Proof, as_json
from evergrant.store import examinations

PATIENCE: Final = timedelta(minutes=5)
"""After so long an examination that has not ended broke off with its process."""
DO_NOT_KNOW: Final = "?"
"""The answer of a person who does not know."""


@dataclass(frozen=True, slots=True)
class Sitting:
    """How far an examination has come."""

    id: str
    connection: str
    looked: tuple[Looked, ...]
    looking: str
    """What is being looked at; '' when nothing is."""
    is_over: bool
    broke_off: bool
    """Whether nobody is at it any more, and it never ended."""
    visit: Visit | None
    """Its result; None while it runs."""


@dataclass(slots=True)
class _Heard:
    """Hears each look, and writes it down."""

    keeper: Keeper
    id: str
    looks: list[Looked] = field(default_factory=list)

    def __call__(self, step: Looking | Looked) -> None:
        if isinstance(step, Looked):
            self.looks.append(step)
        self.write(looking=step.title if isinstance(step, Looking) else "")

    def write(self, **more: Any) -> None:
        """Everything that was heard so far, and what stands beside it."""
        _write(self.keeper, self.id, heard=[as_json(each) for each in self.looks], **more)


def begin_sitting(keeper: Keeper, connection_id: str) -> str:
    """An examination of a connection that is about to run; its id.  Raises `NotFound`."""
    made = begin_examination(keeper, connection_id=connection_id)
    _Heard(keeper, made.id).write(looking="")
    return made.id


def carry_out(keeper: Keeper, examination_id: str) -> None:
    """Look at all that may be looked at; trouble on the way is a line of its own."""
    heard, proofs = _Heard(keeper, examination_id), list[Proof]()
    try:
        examination = resume_examination(keeper, examination_id)
        proofs += look_further(keeper, examination, Means(watch=heard)).proofs
    except EvergrantError as trouble:
        told = f"{trouble.what}. {trouble.next_step}" if trouble.next_step else trouble.what
        heard.looks.append(Looked("", "Examination", told, could_look=False))
    finally:
        heard.write(looking="", is_over=True, proofs=as_json(proofs))


def sitting_of(keeper: Keeper, connection_id: str, examination_id: str) -> Sitting:
    """How far it has come, judged anew once it is over.

    Raises `NotFound`, also for an examination of another connection.
    """
    with keeper.reading() as tx:
        row = examinations.get(tx, examination_id)
    if row.connection != connection_id:
        raise NotFound("there is no such examination here", next_step="begin a new one")
    state, is_over = row.state, bool(row.state.get("is_over"))
    looks = tuple(Looked(**each) for each in state.get("heard", ()))
    late = keeper.clock.now() - row.at > PATIENCE
    return Sitting(
        row.id,
        row.connection,
        looks,
        str(state.get("looking", "")),
        is_over,
        broke_off=late and not is_over,
        visit=_visit(keeper, examination_id, state) if is_over else None,
    )


def answer_sitting(keeper: Keeper, connection_id: str, examination_id: str, words: str) -> None:
    """Take in what a person answered to the question that is asked now.

    Raises `NotFound`, `BadInput` for an answer that is none of the choices.
    """
    known = sitting_of(keeper, connection_id, examination_id)
    question = known.visit.question if known.visit else None
    if known.visit is None or question is None:
        raise BadInput("nothing is asked now", next_step="look at the examination again")
    value = None if words.strip() == DO_NOT_KNOW else read_answer(question, words)
    if value is None and words.strip() != DO_NOT_KNOW:
        raise BadInput("that is none of the answers", next_step="choose one of them", whose="you")
    take_answer(keeper, known.visit.examination, question, value)
    _Heard(keeper, examination_id, list(known.looked)).write(looking="", is_over=True, proofs=[])


def _visit(keeper: Keeper, examination_id: str, state: Mapping[str, Any]) -> Visit:
    proofs: Sequence[Proof] = tuple(Proof(**each) for each in state.get("proofs", ()))
    seen = consult(keeper, resume_examination(keeper, examination_id, ask_again=False))
    if proofs:
        return replace(seen, status="works", question=None, missing=(), proofs=tuple(proofs))
    return seen


def _write(keeper: Keeper, examination_id: str, **told: Any) -> None:
    with keeper.writing() as tx:
        row = examinations.get(tx, examination_id)
        examinations.update(tx, replace(row, state=row.state | told))
