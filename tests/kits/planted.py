"""An org that is not as the emulator says: a second emulator behind a proxy that alters answers."""

from __future__ import annotations

import json
import stat
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx2

HOP = frozenset({"connection", "transfer-encoding", "content-length", "keep-alive"})


@dataclass(frozen=True)
class Exchange:
    """One request and the answer to it."""

    method: str
    path: str
    status: int
    headers: dict[str, str]
    body: str

    def saying(self, old: str, new: str) -> Exchange:
        """The same answer in other words."""
        return replace(self, body=self.body.replace(old, new))

    def edited(self, edit: Callable[[Any], None]) -> Exchange:
        """The same answer with its JSON edited in place."""
        told = json.loads(self.body)
        edit(told)
        return replace(self, body=json.dumps(told))


Plant = Callable[[Exchange], Exchange]


@contextmanager
def planted(url: str, *plants: Plant) -> Iterator[str]:
    """The address of the org at `url`, with differences planted into its answers."""
    with httpx2.Client(follow_redirects=False, timeout=60) as via:

        class Proxy(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True
            wbufsize = 1 << 16

            def answer(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                body = self.rfile.read(length)
                sent = dict(self.headers.items())
                reply = via.request(self.command, url + self.path, headers=sent, content=body)
                kept = {k.lower(): v for k, v in reply.headers.items() if k.lower() not in HOP}
                told = Exchange(self.command, self.path, reply.status_code, kept, reply.text)
                for plant in plants:
                    told = plant(told)
                self.send_response_only(told.status)
                for name, value in told.headers.items():
                    self.send_header(name, value)
                raw = told.body.encode()
                self.send_header("Content-Length", str(len(raw)))
                self.end_headers()
                self.wfile.write(raw)

            do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = answer  # noqa: N815

            def log_message(self, format: str, *_: Any) -> None:  # noqa: A002
                """Say nothing."""

        server = ThreadingHTTPServer(("127.0.0.1", 0), Proxy)
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            server.server_close()
            thread.join()


_SF = """#!{python}
import json, os, sys
told = json.loads({answers!r})
words = " ".join(each for each in sys.argv[1:] if not each.startswith("--"))
answer = told.get(words, {{"status": 127, "name": "CommandNotFound", "message": "no command"}})
print(json.dumps(answer).replace("TOKEN", os.environ["STAND_IN_TOKEN"]))
sys.exit(answer["status"])
"""
_NOBODY = {"status": 1, "name": "NamedOrgNotFoundError",
           "message": "No authorization information found for dev."}  # fmt: skip
_HIDDEN = "[REDACTED] Use 'sf org auth show-access-token' to view"


def _displayed(url: str, token: str) -> dict[str, Any]:
    return {"status": 0, "result": {"instanceUrl": url, "accessToken": token}, "warnings": []}


def stand_in_sf(folder: Path, url: str, *, version: str = "new") -> Path:
    """A program that answers as the Salesforce CLI does (versions since and before May 2026).

    The token that it tells is the variable STAND_IN_TOKEN.
    """
    answers: dict[str, dict[str, Any]] = {
        "new": {
            "org display": _displayed(url, _HIDDEN),
            "org auth show-access-token": {"status": 0, "result": {"accessToken": "TOKEN"}},
        },
        "old": {"org display": _displayed(url, "TOKEN")},
        "secretive": {"org display": _displayed(url, _HIDDEN)},
        "logged out": {"org display": _NOBODY, "org auth show-access-token": _NOBODY},
    }
    path = folder / "sf"
    path.write_text(_SF.format(python=sys.executable, answers=json.dumps(answers[version])))
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path
