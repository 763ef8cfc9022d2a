// JWT bearer flow: the app signs for a user who was admitted before.
import { createSign } from "node:crypto";
import { readFileSync } from "node:fs";

const { SF_URL, SF_CLIENT_ID, SF_USERNAME, SF_KEY_FILE } = process.env;
const part = (words) => Buffer.from(JSON.stringify(words)).toString("base64url");
const claims = {
  iss: SF_CLIENT_ID,
  sub: SF_USERNAME,
  aud: SF_URL,
  exp: Math.floor(Date.now() / 1000) + 180,
};
const signed = `${part({ alg: "RS256" })}.${part(claims)}`;
const key = readFileSync(SF_KEY_FILE, "ascii");
const signature = createSign("RSA-SHA256").update(signed).sign(key, "base64url");

const answer = await fetch(`${SF_URL}/services/oauth2/token`, {
  method: "POST",
  body: new URLSearchParams({
    grant_type: "urn:ietf:params:oauth:grant-type:jwt-bearer",
    assertion: `${signed}.${signature}`,
  }),
});
const grant = await answer.json();
if (!answer.ok) {
  console.error(`${grant.error}: ${grant.error_description}`);
  process.exit(1);
}
const me = await fetch(grant.id, { headers: { Authorization: `Bearer ${grant.access_token}` } });
console.log(`connected as ${(await me.json()).username}`);
