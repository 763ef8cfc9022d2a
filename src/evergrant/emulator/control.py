"""The control port: what tests, demos and drills do to the org from outside, and ask of it."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, get_args

from starlette.applications import Starlette
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from evergrant.emulator import connected, pages, scenario
from evergrant.emulator.acts import ACTS, BadAct
from evergrant.emulator.clock import span
from evergrant.emulator.faults import BadFault, read_fault
from evergrant.emulator.inventory import inventory
from evergrant.emulator.openapi import document
from evergrant.emulator.scenario import BadScenario, Phase
from evergrant.emulator.stage import NoSnapshot, Stage

if TYPE_CHECKING:
    from starlette.requests import Request

_BAD: Final = (BadAct, BadFault, BadScenario, NoSnapshot, KeyError, ValueError, TypeError)
_NOT_FOUND: Final = (BadScenario, NoSnapshot)


@dataclass(frozen=True, slots=True)
class Call:
    """One request to the control port, its JSON body read."""

    stage: Stage
    request: Request
    body: Any

    @property
    def words(self) -> dict[str, Any]:
        """The body as an object; raises ValueError where it is none."""
        if not isinstance(self.body, dict):
            raise ValueError("expected a JSON object")
        return self.body

    def word(self, name: str) -> Any:
        """A member of the body; raises ValueError where it is missing."""
        if name not in self.words:
            raise ValueError(f"expected a member named {name}")
        return self.words[name]

    def query(self, name: str, default: str) -> str:
        """A query parameter."""
        return self.request.query_params.get(name, default)


Answer = Callable[[Call], Any]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One row of the control port's table; its documentation is drawn from it."""

    method: str
    path: str
    summary: str
    answer: Answer
    body: dict[str, Any] | None = None
    """JSON schema of the body; None where there is none."""


def _play(call: Call) -> Any:
    phase = call.words.get("phase") if call.body is not None else None
    if phase is not None and phase not in get_args(Phase):
        raise ValueError(f"phase is setup, break or heal, not {phase}")
    return call.stage.play(call.request.path_params["id"], phase)


def _scenarios(_call: Call) -> Any:
    return [scenario.told(each) for each in scenario.scenarios().values()]


def _reset(call: Call) -> Any:
    call.stage.reset()
    return {"reset": True}


def _clock(call: Call) -> Any:
    clock = call.stage.org.clock
    return {"now": clock.now().isoformat(), "offset_s": clock.offset.total_seconds()}


def _move_clock(call: Call) -> Any:
    clock, words = call.stage.org.clock, call.words
    if "advance_s" in words:
        clock.advance(seconds=float(words["advance_s"]))
    elif "advance" in words:
        clock.advance(seconds=span(str(words["advance"])).total_seconds())
    else:
        moment = datetime.fromisoformat(str(call.word("set")))
        clock.set(moment if moment.tzinfo else moment.replace(tzinfo=UTC))
    return _clock(call)


def _ip(call: Call) -> Any:
    return {"ip": call.stage.org.ip}


def _set_ip(call: Call) -> Any:
    return call.stage.act("set_ip", ip=call.word("ip"))


def _faults(call: Call) -> Any:
    return [asdict(each) for each in call.stage.faults.laid]


def _lay_faults(call: Call) -> Any:
    if not isinstance(call.body, list):
        raise ValueError("expected a JSON array of faults")
    laid = [read_fault(each) for each in call.body]
    with call.stage.org.lock:
        call.stage.faults.laid[:] = laid
    return _faults(call)


def _snapshots(call: Call) -> Any:
    return {"saved": call.stage.saved()}


def _snapshot(call: Call) -> Any:
    if "save" in call.words:
        call.stage.save(str(call.word("save")))
    else:
        call.stage.restore(str(call.word("restore")))
    return _snapshots(call)


def _act(call: Call) -> Any:
    words = {name: value for name, value in call.words.items() if name != "do"}
    return {"done": call.word("do"), **call.stage.act(str(call.word("do")), **words)}


def _acts(_call: Call) -> Any:
    return {name: (act.__doc__ or "").partition("\n")[0] for name, act in ACTS.items()}


def _world(call: Call) -> Any:
    return inventory(call.stage.org)


def _key(call: Call) -> Any:
    return asdict(connected.key_of(call.stage.org, call.request.path_params["app"]))


def _history(call: Call) -> Any:
    return call.stage.history(int(call.query("limit", "1000")))


def _trace(call: Call) -> Any:
    return call.stage.trace(int(call.query("limit", "100")))


def _session(call: Call) -> Any:
    return connected.sign_in(call.stage.org, call.query("user", "admin"))


def _secrets(call: Call) -> Any:
    return call.stage.secrets()


def _health(call: Call) -> Any:
    return {"ok": True, "org": call.stage.org.base_url, "statement": pages.BANNER}


def _openapi(_call: Call) -> Any:
    return document([
        (each.method, each.path, each.summary, each.body) for each in ENDPOINTS
    ])  # fmt: skip


def _object(**members: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": members}


_TEXT: Final = {"type": "string"}
ENDPOINTS: Final = (
    Endpoint("POST", "/scenario/{id}", "Play a scenario, whole or one phase of it", _play,
             _object(phase={"enum": list(get_args(Phase))})),
    Endpoint("GET", "/scenarios", "All scenarios", _scenarios),
    Endpoint("POST", "/reset", "Back to the beginning", _reset),
    Endpoint("GET", "/clock", "The emulator's time", _clock),
    Endpoint("POST", "/clock", "Move the emulator's time", _move_clock,
             _object(advance_s={"type": "number"}, advance=_TEXT, set=_TEXT)),
    Endpoint("GET", "/ip", "Where callers appear to come from", _ip),
    Endpoint("POST", "/ip", "Set where callers appear to come from", _set_ip, _object(ip=_TEXT)),
    Endpoint("GET", "/faults", "Faults laid, and how often each is still to happen", _faults),
    Endpoint("POST", "/faults", "Lay these faults and no others", _lay_faults,
             {"type": "array", "items": _object(
                 path=_TEXT, status={"type": "integer"}, body=_TEXT, content_type=_TEXT,
                 times={"type": "integer"}, delay_s={"type": "number"},
                 drop={"enum": ["", "before", "after"]})}),
    Endpoint("GET", "/snapshot", "Names of the snapshots", _snapshots),
    Endpoint("POST", "/snapshot", "Save or restore a snapshot", _snapshot,
             _object(save=_TEXT, restore=_TEXT)),
    Endpoint("GET", "/acts", "Everything that can be done to the org", _acts),
    Endpoint("POST", "/act", "Do one act; its words are the other members", _act,
             _object(do=_TEXT)),
    Endpoint("GET", "/world", "Apps, users and ids, with their made-up secrets", _world),
    Endpoint("GET", "/key/{app}", "An app's private key and registered certificate", _key),
    Endpoint("GET", "/history", "Requests seen, secrets masked, newest last", _history),
    Endpoint("GET", "/trace", "Attempts with every gate's answer, newest last", _trace),
    Endpoint("GET", "/session", "A session for a user, admin by default", _session),
    Endpoint("GET", "/secrets", "Every secret given out, for leak checks", _secrets),
    Endpoint("GET", "/health", "Whether the emulator is up", _health),
    Endpoint("GET", "/openapi.json", "This table as OpenAPI", _openapi),
)  # fmt: skip


def create_control(stage: Stage) -> Starlette:
    """The control port as an ASGI app."""
    return Starlette(
        routes=[Route(each.path, _served(stage, each), methods=[each.method]) for each in ENDPOINTS]
    )


def _served(stage: Stage, endpoint: Endpoint) -> Callable[[Request], Awaitable[Response]]:
    async def serve(request: Request) -> Response:
        try:
            raw = await request.body()
            body = json.loads(raw) if raw else None
            return JSONResponse(endpoint.answer(Call(stage, request, body)))
        except _BAD as error:
            detail = str(error.args[0]) if error.args else repr(error)
            status = 404 if isinstance(error, _NOT_FOUND) else 400
            return JSONResponse({"error": type(error).__name__, "detail": detail}, status)

    return serve
