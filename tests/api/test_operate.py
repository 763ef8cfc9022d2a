"""What whoever runs the service asks it: alive, ready, and what it does, with no secret in it."""

from __future__ import annotations

import gzip
import io
import json
import logging
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread

import httpx2
import pytest

from evergrant import keeper as verbs
from evergrant import log
from evergrant.api.address import metrics_key, operator_key
from evergrant.api.metrics import Metrics
from evergrant.api.operate import Operated
from evergrant.api.service import serving
from evergrant.api.traces import traced
from evergrant.errors import BadInput
from evergrant.keeper.record import CHECK
from evergrant.model import Secret
from evergrant.settings import Settings
from evergrant.store import due, tenants
from evergrant.telemetry import span
from evergrant.vault.ring import KeyRing
from evergrant.vault.sealing import MasterKey
from evergrant.watch import go_round
from evergrant.web import mount
from keeper_kit import (
    BROWSER_APP,
    KEY,
    Ground,
    ground_fixture,  # noqa: F401 (a fixture)
    org_fixture,  # noqa: F401 (a fixture)
    settings_in,
)


@pytest.fixture(autouse=True)
def _key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EVERGRANT_MASTER_KEY", KEY["EVERGRANT_MASTER_KEY"])


def scraped(ground: Ground) -> dict[str, float]:
    """The metrics after a round of the watch over one connection that works."""
    metrics = Metrics(ground.keeper)
    connection = ground.connected()
    with metrics.listening(), ground.keeper.writing() as tx:
        due.schedule(tx, CHECK, connection.id, ground.keeper.clock.now())
    with metrics.listening():
        go_round(ground.keeper, "me")
        ground.control.act("revoke_app", app=BROWSER_APP)
        verbs.check(ground.keeper, connection.id)
        go_round(ground.keeper, "me")
    lines = metrics.text().decode().splitlines()
    pairs = (line.rpartition(" ") for line in lines if not line.startswith("#"))
    return {name: float(value) for name, _, value in pairs}


def test_metrics_tell_what_was_done_and_how_things_stand(ground: Ground) -> None:
    told = scraped(ground)
    assert told['evergrant_checks_total{outcome="proved"}'] == 1
    assert told["evergrant_checks_seconds_count"] == 1
    assert told['evergrant_token_requests_total{outcome="Refused"}'] == 1
    assert told['evergrant_deliveries_total{outcome="done"}'] == 1
    assert told['evergrant_connections{state="needs reauthorization"}'] == 1
    assert told['evergrant_connections{state="connected"}'] == 0
    assert told["evergrant_incidents_open"] == 1
    assert told["evergrant_store_up"] == 1


def test_metrics_of_a_store_in_trouble_say_that_it_is(ground: Ground) -> None:
    metrics = Metrics(ground.keeper)
    ground.keeper.store.close()
    ground.keeper.store.path.write_bytes(b"no database " * 1000)
    assert b"evergrant_store_up 0.0" in metrics.text()


def test_a_stranger_learns_that_the_service_lives_and_nothing_else(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    with serving(settings, "127.0.0.1", 0) as service:
        assert httpx2.get(f"{service.url}/health").json() == {"status": "ok"}
        ready = httpx2.get(f"{service.url}/ready")
        assert ready.status_code == 200
        assert ready.json() == {
            "store": "ok", "keys": "ok", "watch": "ok", "heart": "ok", "not ending": "ok",
        }  # fmt: skip
        assert httpx2.get(f"{service.url}/metrics").status_code == 401
        wrong = {"Authorization": f"Bearer {operator_key(settings).reveal()}"}
        assert httpx2.get(f"{service.url}/metrics", headers=wrong).status_code == 401


def test_what_an_operator_asks_is_answered_beside_the_console(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    with serving(settings, "127.0.0.1", 0, faces=(mount,)) as service:
        key = {"Authorization": f"Bearer {metrics_key(settings).reveal()}"}
        assert httpx2.get(f"{service.url}/sign-in").headers["content-type"].startswith("text/html")
        assert httpx2.get(f"{service.url}/health").json() == {"status": "ok"}
        ready = httpx2.get(f"{service.url}/ready")
        assert (ready.status_code, ready.json()["store"]) == (200, "ok")
        assert httpx2.get(f"{service.url}/metrics").status_code == 401
        told = httpx2.get(f"{service.url}/metrics", headers=key)
        assert told.headers["content-type"].startswith("text/plain")
        assert "evergrant_store_up 1.0" in told.text


def test_the_metrics_key_reads_metrics_and_nothing_else(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    with serving(settings, "127.0.0.1", 0) as service:
        key = {"Authorization": f"Bearer {metrics_key(settings).reveal()}"}
        httpx2.get(f"{service.url}/health")
        told = httpx2.get(f"{service.url}/metrics", headers=key)
        assert 'evergrant_http_requests_total{outcome="2xx"}' in told.text
        assert httpx2.get(f"{service.url}/v1/flows/x", headers=key).status_code == 401
    assert (settings.data_dir / "metrics.key").stat().st_mode & 0o777 == 0o600


def test_a_service_whose_store_is_away_is_not_ready(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    with serving(settings, "127.0.0.1", 0) as service:
        store = service.keeper.store
        store.close()
        store.path.rename(store.path.with_suffix(".aside"))
        store.path.mkdir()
        answer = httpx2.get(f"{service.url}/ready")
        store.path.rmdir()
        store.path.with_suffix(".aside").rename(store.path)
    assert (answer.status_code, answer.json()["store"]) == (503, "no")


def test_a_service_without_the_master_key_that_seals_is_not_ready(ground: Ground) -> None:
    from starlette.applications import Starlette
    from starlette.testclient import TestClient

    operated = Operated(ground.keeper, Metrics(ground.keeper), Secret("k"), lambda: True)
    other = KeyRing.of(MasterKey(b"o" * 32, "a test"))
    with TestClient(Starlette(routes=operated.routes())) as client:
        assert client.get("/ready").json()["keys"] == "ok"
        with ground.keeper.writing() as tx:
            tenants.keep_canary(tx, other.seal(b"x", "y"), ground.keeper.clock.now())
        answer = client.get("/ready")
    assert (answer.status_code, answer.json()["keys"]) == (503, "no")


def test_a_service_that_is_ending_or_does_not_watch_is_not_ready(ground: Ground) -> None:
    from starlette.applications import Starlette
    from starlette.testclient import TestClient

    watching = Event()
    watching.set()
    metrics = Metrics(ground.keeper)
    operated = Operated(ground.keeper, metrics, Secret("k"), watching.is_set)
    with TestClient(Starlette(routes=operated.routes())) as client:
        assert client.get("/ready").status_code == 200
        watching.clear()
        assert client.get("/ready").json()["watch"] == "no"
        watching.set()
        operated.draining.set()
        assert client.get("/ready").status_code == 503
        assert client.get("/health").status_code == 200


def test_one_process_serves_sqlite(tmp_path: Path) -> None:
    with (
        pytest.raises(BadInput, match="needs PostgreSQL"),
        serving(settings_in(tmp_path), "127.0.0.1", 0, role="worker"),
    ):
        pass


# --- logs and traces -----------------------------------------------------------------------------


def test_structured_logs_are_one_object_a_line_and_masked() -> None:
    root = logging.getLogger()
    before, level = list(root.handlers), root.level
    stream = io.StringIO()
    try:
        log.configure("INFO", stream, form="json")
        log.logger("watch").info("refresh_token=%s and\na second line", "5Aep861" + "x" * 40)
        try:
            raise RuntimeError("Bearer 00D5g00000ABCDE!abc1234567890")
        except RuntimeError:
            log.logger("watch").exception("it broke")
    finally:
        root.handlers[:] = before
        root.setLevel(level)
    first, second = (json.loads(line) for line in stream.getvalue().splitlines())
    assert (first["level"], first["logger"]) == ("INFO", "evergrant.watch")
    assert first["message"] == "refresh_token=••• and\na second line"
    assert "RuntimeError" in second["trace"]
    assert "abc1234567890" not in second["trace"]


@contextmanager
def collector() -> Iterator[tuple[str, list[bytes]]]:
    """A little OTLP endpoint: its address, and what it got."""
    got: list[bytes] = []

    class Collects(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            raw = self.rfile.read(int(self.headers["content-length"]))
            unpack: dict[str, Callable[[bytes], bytes]] = {
                "gzip": gzip.decompress,
                "deflate": zlib.decompress,
            }
            got.append(unpack.get(self.headers.get("content-encoding", ""), bytes)(raw))
            self.send_response(200)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Collects) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/v1/traces", got
        finally:
            server.shutdown()
            thread.join()


def test_traces_go_to_the_endpoint_that_was_named_and_hold_no_token(ground: Ground) -> None:
    connection = ground.connected()
    kept = ground.live(connection).credential
    with collector() as (url, got):
        with traced(url), span("check", outcome="proved"):
            verbs.check(ground.keeper, connection.id, renew=True)
        with span("check"):
            pass
    told = b"".join(got)
    assert b"check" in told
    assert b"token request" in told
    assert kept.access_token.reveal().encode() not in told
    assert connection.id.encode() not in told


def test_no_trace_leaves_where_nobody_asked_for_it() -> None:
    assert Settings().traces_endpoint == ""
    with traced(""), span("check") as seen:
        assert seen.name == "check"
