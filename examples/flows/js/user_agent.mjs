// User-agent flow: tokens come back after the # of the address; prefer the web server flow.
import { randomBytes } from "node:crypto";
import { createInterface } from "node:readline/promises";

const { SF_URL, SF_CALLBACK, SF_CLIENT_ID } = process.env;
const fail = (said) => {
  console.error(`${said.error}: ${said.error_description}`);
  process.exit(1);
};

const state = randomBytes(16).toString("base64url");
const link = new URL(`${SF_URL}/services/oauth2/authorize`);
link.search = new URLSearchParams({
  response_type: "token",
  client_id: SF_CLIENT_ID,
  redirect_uri: SF_CALLBACK,
  state,
});
console.log(`Open ${link}`);
console.log("and paste the address at which the browser ends.");
const typed = createInterface({ input: process.stdin });
const line = await typed.question("");
typed.close();
const ended = new URL(line.trim());
const grant = Object.fromEntries(new URLSearchParams(ended.hash.slice(1) || ended.search));
if (grant.state !== state) fail({ error: "state", error_description: "not our question's answer" });
if (grant.error) fail(grant);
const me = await fetch(grant.id, { headers: { Authorization: `Bearer ${grant.access_token}` } });
console.log(`connected as ${(await me.json()).username}`);
