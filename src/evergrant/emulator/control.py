"""The control port: what tests, demos and drills do to the org from outside, and ask of it."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, get_args

from starlette.applications import Starlette
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from evergrant.emulator import connected, pages, scenario, surface
from evergrant.emulator.acts import ACTS, BadAct
from evergrant.emulator.app import routes_of
from evergrant.emulator.clock import span
from evergrant.emulator.inventory import inventory
from evergrant.emulator.openapi import JSON, Operation, document
from evergrant.emulator.scenario import BadScenario, Phase
from evergrant.emulator.stage import NoSnapshot, Stage
from evergrant.emulator.trouble.fault import DROPS, BadFault, told
from evergrant.emulator.trouble.presets import PRESETS, make
from evergrant.emulator.trouble.status_page import NoInstance
from evergrant.emulator.trouble.status_page import told as status_told

if TYPE_CHECKING:
    from starlette.requests import Request

_BAD: Final = (
    BadAct, BadFault, BadScenario, NoSnapshot, KeyError, ValueError, TypeError, OverflowError,
    RecursionError, NoInstance,
)  # fmt: skip
_NOT_FOUND: Final = (BadScenario, NoSnapshot, NoInstance)


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
    query: Mapping[str, dict[str, Any]] = field(default_factory=dict)
    """JSON schemas of the parameters in the address."""


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
    return [told(each) for each in call.stage.org.faults.laid]


def _lay_faults(call: Call) -> Any:
    if not isinstance(call.body, list):
        raise ValueError("expected a JSON array of faults")
    laid = [make(each) for each in call.body]
    with call.stage.org.lock:
        call.stage.org.faults.laid[:] = laid
    return _faults(call)


def _presets(_call: Call) -> Any:
    return [
        {"id": each.id, "does": each.does, "source": each.source, "mark": each.mark,
         "fault": dict(each.words)}
        for each in PRESETS.values()
    ]  # fmt: skip


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


def _status(call: Call) -> Any:
    return status_told(call.stage.org, call.request.path_params["name"])


def _health(call: Call) -> Any:
    return {"ok": True, "org": call.stage.org.base_url, "statement": pages.BANNER}


def _openapi(_call: Call) -> Any:
    return document("Evergrant emulator: control port", map(_operation, ENDPOINTS))


def _operation(each: Endpoint) -> Operation:
    body = {JSON: each.body} if each.body is not None else {}
    answers = {"200": (JSON,), "4XX": (JSON, "text/plain")}
    return Operation(each.method, each.path, each.summary, answers, query=each.query, body=body)


def _surface(call: Call) -> Any:
    return surface.described(routes_of(call.stage.org))


def _object(**members: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": members}


_TEXT: Final = {"type": "string"}
_LIMIT: Final = {"limit": {"type": "integer", "minimum": 0}}
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
                 preset={"enum": list(PRESETS)}, path=_TEXT, grant_type=_TEXT, app=_TEXT,
                 user=_TEXT, status={"type": "integer"}, body=_TEXT, content_type=_TEXT,
                 retry_after_s={"type": "integer"}, times={"type": "integer"},
                 chance={"type": "number"}, seed={"type": "integer"},
                 delay_s={"type": "number"}, drop={"enum": list(DROPS)})}),
    Endpoint("GET", "/fault-presets", "Faults that have a name, and what is known of them",
             _presets),
    Endpoint("GET", "/snapshot", "Names of the snapshots", _snapshots),
    Endpoint("POST", "/snapshot", "Save or restore a snapshot", _snapshot,
             _object(save=_TEXT, restore=_TEXT)),
    Endpoint("GET", "/acts", "Everything that can be done to the org", _acts),
    Endpoint("POST", "/act", "Do one act; its words are the other members", _act,
             _object(do=_TEXT)),
    Endpoint("GET", "/world", "Apps, users and ids, with their made-up secrets", _world),
    Endpoint("GET", "/key/{app}", "An app's private key and registered certificate", _key),
    Endpoint("GET", "/history", "Requests seen, secrets masked, newest last", _history,
             query=_LIMIT),
    Endpoint("GET", "/trace", "Attempts with every gate's answer, newest last", _trace,
             query=_LIMIT),
    Endpoint("GET", "/session", "A session for a user, admin by default", _session,
             query={"user": _TEXT}),
    Endpoint("GET", "/secrets", "Every secret given out, for leak checks", _secrets),
    Endpoint("GET", "/v1/instances/{name}/status",
             "What Salesforce's status page says of the instance", _status),
    Endpoint("GET", "/v1/instanceAliases/{name}/status",
             "The same by the org's address, which is its My Domain here", _status),
    Endpoint("GET", "/health", "Whether the emulator is up", _health),
    Endpoint("GET", "/openapi.json", "This table as OpenAPI", _openapi),
    Endpoint("GET", "/org/openapi.json", "What the org's own port answers, as OpenAPI", _surface),
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
