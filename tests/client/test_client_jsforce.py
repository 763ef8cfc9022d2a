"""jsforce, unmodified, with a `refreshFn` that asks the token broker."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from client_kit import given
from evergrant import client
from evergrant.model import Secret
from keeper_kit import (
    BROWSER_APP,
    RESOURCES,
    TOKEN,
    no_session,
    org_fixture,  # noqa: F401 (a fixture)
)
from real_clients import MODULES, node
from service_kit import (
    Up,
    up_fixture,  # noqa: F401 (a fixture)
)

NODE = node()
SCRIPT = Path(client.__file__).parent / "jsforce.cjs"
PROGRAM = """
const { connectionOptions, fingerprint, readToken } = require(process.argv[1]);
const options = JSON.parse(process.argv[2]);
(async () => {
  if (options.read) return readToken(options, options.refused || "");
  const { Connection } = require(process.argv[3] + "/jsforce");
  const made = await connectionOptions(options);
  const first = made.accessToken;
  const conn = new Connection({ ...made, version: "66.0", accessToken: options.old || first });
  const said = [];
  for (let n = 0; n < (options.calls || 1); n += 1) {
    try { said.push((await conn.query("SELECT Id FROM Organization")).totalSize); }
    catch (error) { said.push(error.message); }
  }
  return { said, renewed: conn.accessToken !== first, fingerprint: fingerprint(conn.accessToken) };
})().then(
  (told) => console.log(JSON.stringify(told)),
  (error) => console.log(JSON.stringify({ error: error.message, problem: error.problem })),
);
"""

pytestmark = [
    pytest.mark.conformance,
    pytest.mark.skipif(not NODE or not (MODULES / "jsforce").exists(), reason="run `make clients`"),
]


def ran(up: Up, **options: Any) -> dict[str, Any]:
    own = given(up)
    key = own["api_key"]
    assert isinstance(key, Secret)
    told = {"url": own["url"], "apiKey": key.reveal(), **options}
    words = [NODE, "-e", PROGRAM, str(SCRIPT), json.dumps(told), str(MODULES)]
    done = subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    told_back = dict(json.loads(done.stdout))
    assert "error" not in told_back or options.get("read"), told_back
    return told_back


def test_a_jsforce_connection_outlives_its_session(up: Up) -> None:
    connection = up.ground.connected()
    old = up.ground.live(connection).credential.access_token.reveal()
    assert ran(up, connection=connection.id)["said"] == [1]
    up.ground.control.act("expire_sessions", app=BROWSER_APP)
    before = len(up.ground.requests(TOKEN))
    told = ran(up, connection=connection.id, calls=3, old=old)
    assert told["said"] == [1, 1, 1]
    assert told["renewed"]
    live = up.ground.live(connection).credential.access_token
    assert told["fingerprint"] == live.fingerprint
    assert len(up.ground.requests(TOKEN)) == before + 1


def test_an_org_that_refuses_every_token_is_asked_for_one_other_only(up: Up) -> None:
    connection = up.ground.connected()
    up.ground.fault(RESOURCES + "/query", **no_session(), times=99)
    before = len(up.ground.requests(TOKEN))
    told = ran(up, connection=connection.id, calls=3)
    assert all("session" in str(each).lower() for each in told["said"])
    assert len(up.ground.requests(TOKEN)) == before + 1


def test_what_the_broker_refuses_is_an_error_with_its_problem(up: Up) -> None:
    up.ground.connected()
    told = ran(up, connection="con_other", read=True)
    assert told["problem"]["status"] == 404
    assert told["error"] == told["problem"]["title"]
