// Device flow: a program without a browser shows a code, and a person enters it elsewhere.
import { setTimeout as sleep } from "node:timers/promises";

const { SF_URL, SF_CLIENT_ID, SF_CLIENT_SECRET } = process.env;
const ask = async (words) => {
  const client = { client_id: SF_CLIENT_ID, client_secret: SF_CLIENT_SECRET };
  const body = new URLSearchParams({ ...words, ...client });
  const answer = await fetch(`${SF_URL}/services/oauth2/token`, { method: "POST", body });
  return answer.json();
};
const fail = (said) => {
  console.error(`${said.error}: ${said.error_description}`);
  process.exit(1);
};

const code = await ask({ response_type: "device_code" });
if (code.error) fail(code);
console.log(`Enter ${code.user_code} at ${code.verification_uri}`);

let grant = await ask({ grant_type: "device", code: code.device_code });
while (["authorization_pending", "slow_down"].includes(grant.error)) {
  await sleep(code.interval * 1000);
  grant = await ask({ grant_type: "device", code: code.device_code });
}
if (grant.error) fail(grant);
const me = await fetch(grant.id, { headers: { Authorization: `Bearer ${grant.access_token}` } });
console.log(`connected as ${(await me.json()).username}`);
