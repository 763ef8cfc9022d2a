"""A repair of a connection's org, from the yes on: carried out, proven, taken back.

Only an admin's lent session changes anything.  Before anything is changed the org is looked at
anew, and what it holds is kept.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from evergrant.errors import EvergrantError, Misuse, Refused
from evergrant.keeper.keeper import Keeper
from evergrant.keeper.lending import lent_session
from evergrant.keeper.repair_plans import prepare
from evergrant.keeper.repairing import (
    is_working,
    packed,
    prepared,
    repair_of,
    seen_in,
    tell,
    way_back_of,
    write,
)
from evergrant.log import logger
from evergrant.model import as_json
from evergrant.repair import apply
from evergrant.repair.course import STOPS, back, course, words_of
from evergrant.repair.files import package
from evergrant.store.flows import Flow


def agree(keeper: Keeper, flow_id: str, cookie: str, seal: str) -> None:
    """Take in a person's yes to exactly what was shown; `carry_out` does it.

    Raises `Misuse` where no admin is signed in, where the yes stands for something else, or where
    it may not be done; and what `repair_of` raises.
    """
    lent_session(keeper, flow_id, cookie)
    flow, ground = repair_of(keeper, flow_id)
    shown = prepared(flow, ground)
    if is_working(keeper, flow):
        raise Misuse("it is being done already", next_step="wait for its end")
    if flow.outcome.get("carried"):
        # NOTE: what is kept is the way back from that one; another repair keeps its own.
        raise Misuse("this repair was carried out", next_step="open it anew from its step")
    if shown is None or seal != shown.seal:
        raise Misuse("the yes was for something else", next_step="look at the plan again")
    if not shown.can_be_done:
        raise Misuse("this is not done by a program", why="; ".join(shown.dangers),
                     next_step="follow the steps in Setup")  # fmt: skip
    _begin(keeper, flow, "applying", f"{ground.fix.do}")


def carry_out(keeper: Keeper, flow_id: str, cookie: str) -> None:
    """Do what was agreed to: the org looked at anew, backed up, changed, and read back."""
    _working(keeper, flow_id, lambda: _applied(keeper, flow_id, cookie))


def _applied(keeper: Keeper, flow_id: str, cookie: str) -> dict[str, Any]:
    session = lent_session(keeper, flow_id, cookie)
    flow, ground = repair_of(keeper, flow_id)
    agreed, given = prepared(flow, ground), flow.outcome["given"]
    files = seen_in(keeper, session, given)
    now = prepare(ground, files, given)
    if agreed is None or now.seal != agreed.seal:
        return {"files": packed(package(files)), "changed": True}
    # Kept before anything changes: it is the only way back, whatever breaks off from here on.
    write(keeper, flow_id, back=packed(back(now.plan, files)), carried=True)
    ends = keeper.say(course(session, now.plan, files))
    is_through = not any(each.end in STOPS for each in ends)
    proofs = keeper.say(apply.verify(session, now.plan)) if is_through else []
    seen = [each.is_so for each in proofs if each.is_so is not None]
    is_proven = is_through and bool(seen) and all(seen)
    tell(keeper, flow, "org repaired" if is_proven else "repair not proven", ground.fix.do)
    told = {"steps": as_json(ends), "proofs": as_json(proofs), "proven": is_proven}
    is_carried = any(each.end in ("deployed", "done") for each in ends)
    return {"applied": told, "carried": is_carried}


def begin_undo(keeper: Keeper, flow_id: str, cookie: str) -> None:
    """Take in that a repair is to be taken back; `take_back` does it.

    Raises `Misuse` where nothing was done or no admin is signed in.
    """
    lent_session(keeper, flow_id, cookie)
    flow, ground = repair_of(keeper, flow_id)
    if "back" not in flow.outcome or is_working(keeper, flow):
        raise Misuse("there is nothing to take back now", next_step="look at it again")
    _begin(keeper, flow, "taking back", ground.fix.do)


def take_back(keeper: Keeper, flow_id: str, cookie: str) -> None:
    """Deploy what the org held before the repair, and delete what was new."""
    _working(keeper, flow_id, lambda: _undone(keeper, flow_id, cookie))


def _undone(keeper: Keeper, flow_id: str, cookie: str) -> dict[str, Any]:
    session = lent_session(keeper, flow_id, cookie)
    flow, ground = repair_of(keeper, flow_id)
    told = keeper.say(apply.carry_out(session, way_back_of(flow)))
    kind = "repair taken back" if told.is_done else "repair not taken back"
    tell(keeper, flow, kind, ground.fix.do)
    undone = {"done": told.is_done, "words": list(words_of(told))}
    return {"undone": undone, "carried": not told.is_done}


def _begin(keeper: Keeper, flow: Flow, what: str, told: str) -> None:
    now = keeper.clock.now().isoformat()
    tell(keeper, flow, f"repair: {what}", told)
    drop = ("trouble", "changed", "undone")
    write(keeper, flow.id, drop=drop, working={"what": what, "since": now})


def _working(keeper: Keeper, flow_id: str, do: Callable[[], dict[str, Any]]) -> None:
    """Whatever happens, the page learns that it is over."""
    told: dict[str, Any] = {"trouble": "It broke off: look at the org before anything else."}
    try:
        told = do()
    except Refused as failure:
        told = {"trouble": failure.what}
    except EvergrantError as failure:
        logger("keeper").warning("a repair broke off: %s", failure.what)
        told = {"trouble": f"{failure.what}. {failure.next_step}".strip()}
    finally:
        write(keeper, flow_id, drop=("working",), **told)
