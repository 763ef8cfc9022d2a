"""How fast the emulated org is: token requests per second, and start-up.

    python benchmarks/emulator.py [RUNS]

Throughput: one emulator process against a bare Starlette endpoint that parses the same form and
answers a fixed JSON, each in a process of its own on uvicorn with the same settings, each pinned to
one core where the system can, loaded in turn from another.  Every request passes all gates and is
written to Login History.  Printed: the ratio of the pairs (median, least and most), and the same
ratio by processor time, which other work on the machine disturbs less.

The third row carries an id token, that is an RS256 signature which the fixed JSON does not need and
which takes longer than all the rest; the fourth puts it beside a bare endpoint that signs as much.

Start-up: from the command to the first answer, against Python that imports the same modules.
"""

from __future__ import annotations

import asyncio
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import urlencode, urlsplit
from urllib.request import Request, urlopen

RUNS = 7
CLIENTS = 4
"""Connections kept busy at once; each has a refresh token of its own (five may live)."""
WARM, MEASURED = 400, 1600
"""Requests of one turn."""
BARE = """
import asyncio, socket, sys
import uvicorn
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route

def answer():
    return {"access_token": "x" * 112, "token_type": "Bearer", "scope": "api"}

if sys.argv[1:]:
    from joserfc import jwt
    from joserfc.jwk import RSAKey
    key, plain = RSAKey.generate_key(2048), answer
    claims = {"iss": "https://x", "sub": "https://x/id", "aud": "k" * 85, "exp": 2000000000}
    def answer():
        return plain() | {"id_token": jwt.encode({"alg": "RS256"}, claims, key)}

async def token(request):
    form = await request.form()
    assert form["grant_type"]
    return JSONResponse(answer())

app = Starlette(routes=[Route("/services/oauth2/token", token, methods=["POST"])])
listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
listener.bind(("127.0.0.1", 0))
print(f'{{"url": "http://127.0.0.1:{listener.getsockname()[1]}"}}', flush=True)
uvicorn.Server(uvicorn.Config(
    app, http="h11", ws="none", lifespan="off", loop="asyncio", log_config=None,
    access_log=False, proxy_headers=False, server_header=False,
)).run([listener])
"""
SIGNED = "with an id token"
EMULATOR = ("-m", "evergrant.cli", "emulator", "serve", "--port", "0", "--control-port", "0",
            "--format", "json")  # fmt: skip
IMPORTS = "import evergrant.cli, evergrant.cli.emulator, evergrant.emulator.server"


@dataclass(frozen=True, slots=True)
class Server:
    """A server started apart."""

    words: Mapping[str, Any]
    """What it said when it was ready."""
    pid: int

    @property
    def url(self) -> str:
        """Where it answers."""
        return str(self.words["url"])


@dataclass(frozen=True, slots=True)
class Turn:
    """What one turn of load took."""

    per_second: float
    cpu_ms: float
    """Processor time of the server for one request; 0 where the system does not tell."""


@contextmanager
def served(*command: str, core: int | None) -> Iterator[Server]:
    """A server of its own process, kept to one core where that can be."""
    with _pinned(core):
        process = subprocess.Popen(
            [sys.executable, *command], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
    try:
        assert process.stdout is not None
        yield Server(_document(process.stdout), process.pid)
    finally:
        process.terminate()
        process.wait(10)


def _document(lines: Iterator[str]) -> dict[str, Any]:
    """The first JSON document of an output."""
    text = ""
    for line in lines:
        text += line
        try:
            return dict(json.loads(text))
        except ValueError:
            continue
    raise RuntimeError("the server said nothing")


@contextmanager
def _pinned(core: int | None) -> Iterator[None]:
    """Whatever is started meanwhile stays on this core."""
    if core is None or not hasattr(os, "sched_setaffinity"):
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def cores() -> tuple[int | None, int | None]:
    """A core for the servers and one for the client; None where there is but one, or no telling."""
    known = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
    return (known[0], known[-1]) if len(known) > 1 else (None, None)


def cpu_seconds(pid: int) -> float:
    """Processor time that a process used so far; 0 where the system does not tell."""
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii") as file:  # noqa: PTH123  # not a path of ours
            fields = file.read().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def form_post(url: str, fields: Mapping[str, str]) -> bytes:
    """One token request as it goes over the wire."""
    body = urlencode(fields).encode()
    head = (
        f"POST /services/oauth2/token HTTP/1.1\r\nHost: {urlsplit(url).netloc}\r\n"
        "Content-Type: application/x-www-form-urlencoded\r\nAccept: application/json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


class _Client(asyncio.Protocol):
    """Sends the same request again as soon as the answer is whole."""

    def __init__(self, request: bytes, answered: Callable[[], bool]) -> None:
        self._request, self._answered, self._seen = request, answered, b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        self._seen += data
        head, found, body = self._seen.partition(b"\r\n\r\n")
        if not found or len(body) < int(_header(head, b"content-length")):
            return
        assert head.startswith(b"HTTP/1.1 200"), self._seen
        self._seen = b""
        if self._answered():
            self._transport.write(self._request)


def _header(head: bytes, name: bytes) -> bytes:
    return head.lower().partition(name + b": ")[2].partition(b"\r\n")[0]


async def _load(url: str, requests: list[bytes], count: int) -> float:
    """Seconds until so many answers came over as many connections as there are requests."""
    done, left = asyncio.get_running_loop().create_future(), [count]

    def answered() -> bool:
        left[0] -= 1
        if left[0] == 0:
            done.set_result(None)
        return left[0] > 0

    where, began, loop = urlsplit(url), time.perf_counter(), asyncio.get_running_loop()
    made = []
    for request in requests:
        client = partial(_Client, request, answered)
        made.append(await loop.create_connection(client, where.hostname or "", where.port or 0))
    await done
    took = time.perf_counter() - began
    for transport, _ in made:
        transport.close()
    return took


def turn(server: Server, forms: list[dict[str, str]]) -> Turn:
    """One turn of load on a server."""
    requests = [form_post(server.url, each) for each in forms]
    asyncio.run(_load(server.url, requests, WARM))
    before = cpu_seconds(server.pid)
    took = asyncio.run(_load(server.url, requests, MEASURED))
    return Turn(MEASURED / took, (cpu_seconds(server.pid) - before) / MEASURED * 1000)


def ask(url: str, body: Mapping[str, Any] | None = None) -> Any:
    """What the control port answers: a GET, or a POST where there is a body."""
    data = None if body is None else json.dumps(body).encode()
    with urlopen(Request(url, data), timeout=10) as answer:
        return json.load(answer)


def grants(org: Server) -> dict[str, list[dict[str, str]]]:
    """The forms of both grants, one for each connection."""
    control = str(org.words["control_url"])
    apps = {each["name"]: each for each in ask(f"{control}/world")["apps"]}

    def client(name: str) -> dict[str, str]:
        app = apps[name]
        return {"client_id": app["consumer_key"], "client_secret": app["consumer_secret"]}

    def refreshes(app: str, user: str) -> list[dict[str, str]]:
        ask(f"{control}/act", {"do": "approve", "app": app, "user": user, "times": CLIENTS})
        tokens = ask(f"{control}/secrets")["refresh_token"][-CLIENTS:]
        return [
            {"grant_type": "refresh_token", "refresh_token": token, **client(app)}
            for token in tokens
        ]

    return {
        "refresh_token": refreshes("ledger-mirror", "rita"),
        "client_credentials": [
            {"grant_type": "client_credentials", **client("orbit-server")} for _ in range(CLIENTS)
        ],
        SIGNED: refreshes("orbit-sync", "integration"),
    }


def throughput(runs: int) -> None:
    """Both servers in turn, each grant by itself; the ratios are those of neighbouring turns."""
    core, mine = cores()
    with (
        served("-c", BARE, core=core) as bare,
        served("-c", BARE, "signs", core=core) as signing,
        served(*EMULATOR, core=core) as org,
        _pinned(mine),
    ):
        known = grants(org)
        for grant, forms in known.items():
            _tell(grant, [(turn(bare, forms), turn(org, forms)) for _ in range(runs)])
        forms = known[SIGNED]
        _tell("both sign", [(turn(signing, forms), turn(org, forms)) for _ in range(runs)])


def _tell(grant: str, pairs: list[tuple[Turn, Turn]]) -> None:
    ratios = sorted(ours.per_second / bare.per_second for bare, ours in pairs)
    print(
        f"{grant:20} emulator {_median(ours.per_second for _, ours in pairs):6.0f}/s"
        f"  bare {_median(bare.per_second for bare, _ in pairs):6.0f}/s"
        f"  ratio {statistics.median(ratios):.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f})",
        end="",
    )
    cpu = [bare.cpu_ms / ours.cpu_ms for bare, ours in pairs if ours.cpu_ms]
    print(f"  by processor time {statistics.median(cpu):.2f}" if cpu else "")


def _median(figures: Iterable[float]) -> float:
    return statistics.median(figures)


def startup(runs: int) -> None:
    """From the command to the first answer, in turn with Python that imports the same."""
    taken: dict[str, list[float]] = {"imports": [], "serve": []}
    for _ in range(runs):
        began = time.perf_counter()
        subprocess.run([sys.executable, "-c", IMPORTS], check=True)
        taken["imports"].append(time.perf_counter() - began)
        began = time.perf_counter()
        with served(*EMULATOR, core=None) as org:
            ask(f"{org.words['control_url']}/health")
            taken["serve"].append(time.perf_counter() - began)
    serve, imports = _median(taken["serve"]), _median(taken["imports"])
    ratios = sorted(a / b for a, b in zip(taken["serve"], taken["imports"], strict=True))
    print(
        f"start-up             serve {serve:.2f} s  imports alone {imports:.2f} s"
        f"  ratio {statistics.median(ratios):.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f})"
    )


def main(arguments: list[str]) -> None:
    """Measure and print."""
    runs = int(arguments[0]) if arguments else RUNS
    throughput(runs)
    startup(runs)


if __name__ == "__main__":
    main(sys.argv[1:])
