/* Keeps a jsforce connection's access token alive by the token broker (Node 18 or newer).
 *
 *   const { connectionOptions } = require("./jsforce.cjs");
 *   const conn = new jsforce.Connection(await connectionOptions({ url, apiKey, connection }));
 *
 * Refresh tokens never reach this process: jsforce calls `refreshFn` when Salesforce refuses the
 * session, and the broker gives another access token.
 */
"use strict";

const { createHash } = require("node:crypto");

const LOOPBACK = new Set(["127.0.0.1", "localhost", "[::1]"]);
const HOPELESS_MS = 60_000;
const PATIENCE_MS = 90_000; // the broker may be waiting for Salesforce

/** Names a token where Salesforce refused it: twelve hex digits of SHA-256. */
function fingerprint(token) {
  return createHash("sha256").update(token).digest("hex").slice(0, 12);
}

function address({ url, connection, part = "", plainHttp = false }, refused) {
  const at = new URL(`${url.replace(/\/+$/, "")}/v1/connections/${encodeURIComponent(connection)}/token`);
  if (at.protocol !== "https:" && !LOOPBACK.has(at.hostname) && !plainHttp) {
    throw new Error(`the token broker at ${at.hostname} is asked in plain http`);
  }
  if (part) at.searchParams.set("part", part);
  if (refused) at.searchParams.set("not_token", refused);
  return at;
}

async function asked(options, refused) {
  const at = address(options, refused);
  try {
    const answer = await fetch(at, {
      headers: { Authorization: `Bearer ${options.apiKey}` },
      redirect: "error",
      signal: AbortSignal.timeout(options.patienceMs ?? PATIENCE_MS),
    });
    return { answer, text: await answer.text() };
  } catch (cause) {
    throw new Error("the token broker does not answer", { cause });
  }
}

/** The object in a text; null for a proxy's page and whatever else is none. */
function read(text) {
  try {
    const told = JSON.parse(text);
    return told !== null && typeof told === "object" && !Array.isArray(told) ? told : null;
  } catch {
    return null;
  }
}

/** One token: `{access_token, instance_url, generation, fingerprint, expires_hint, stale}`.
 *
 * `options` are `{url, apiKey, connection}`, and where they are needed `part` (which of several
 * credentials), `plainHttp` and `patienceMs`.  Throws an Error whose `status` is that of the answer,
 * whose `problem` is what the broker told (`type`, `title`, `detail`, `salesforce_error` …) and
 * whose `retryAfter` is in seconds; each where there is one.
 */
async function readToken(options, refused = "") {
  const { answer, text } = await asked(options, refused);
  const told = read(text);
  if (answer.ok && told?.access_token) return told;
  const none = `the token broker answered ${answer.status} and ${told ? "no token" : "no JSON"}`;
  const error = new Error(told?.detail || told?.title || none);
  error.status = answer.status;
  error.problem = told ?? undefined;
  error.retryAfter = Number(answer.headers.get("retry-after")) || undefined;
  throw error;
}

/** A `refreshFn` for `new jsforce.Connection({ instanceUrl, accessToken, refreshFn })`.
 *
 * A token that came in the place of a refused one and is refused within a minute, too, is not
 * reported again: then a policy refuses, and no other token helps.
 */
function refreshFn(options) {
  let last = { token: "", at: 0 };
  return (conn, callback) => {
    const refused = conn.accessToken || "";
    if (refused && refused === last.token && Date.now() - last.at < HOPELESS_MS) {
      callback(new Error("the new session was refused, too: it is not the token"));
      return;
    }
    readToken(options, refused ? fingerprint(refused) : "").then(
      (told) => {
        last = { token: told.access_token, at: Date.now() };
        callback(null, told.access_token, told);
      },
      (error) => callback(error),
    );
  };
}

/** What `new jsforce.Connection(…)` takes. */
async function connectionOptions(options) {
  const told = await readToken(options);
  return {
    instanceUrl: told.instance_url,
    accessToken: told.access_token,
    refreshFn: refreshFn(options),
  };
}

module.exports = { connectionOptions, fingerprint, readToken, refreshFn };
