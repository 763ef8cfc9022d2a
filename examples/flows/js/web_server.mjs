// Web server flow with PKCE: a person allows the app in the browser, and tokens come back.
import { createHash, randomBytes } from "node:crypto";
import { createServer } from "node:http";

const { SF_URL, SF_CALLBACK, SF_CLIENT_ID, SF_CLIENT_SECRET } = process.env;
const fail = (said) => {
  console.error(`${said.error}: ${said.error_description}`);
  process.exit(1);
};

const verifier = randomBytes(64).toString("base64url");
const state = randomBytes(16).toString("base64url");
const link = new URL(`${SF_URL}/services/oauth2/authorize`);
link.search = new URLSearchParams({
  response_type: "code",
  client_id: SF_CLIENT_ID,
  redirect_uri: SF_CALLBACK,
  state,
  code_challenge: createHash("sha256").update(verifier).digest("base64url"),
  code_challenge_method: "S256",
});
const said = await new Promise((resolve) => {
  const server = createServer((request, response) => {
    response.end("You can close this page.");
    server.close();
    resolve(Object.fromEntries(new URL(request.url, SF_CALLBACK).searchParams));
  });
  server.listen(Number(new URL(SF_CALLBACK).port), "127.0.0.1", () => console.log(`Open ${link}`));
});
if (said.state !== state) fail({ error: "state", error_description: "not our question's answer" });
if (said.error) fail(said);

const answer = await fetch(`${SF_URL}/services/oauth2/token`, {
  method: "POST",
  body: new URLSearchParams({
    grant_type: "authorization_code",
    code: said.code,
    redirect_uri: SF_CALLBACK,
    code_verifier: verifier,
    client_id: SF_CLIENT_ID,
    client_secret: SF_CLIENT_SECRET,
  }),
});
const grant = await answer.json();
if (!answer.ok) fail(grant);
const me = await fetch(grant.id, { headers: { Authorization: `Bearer ${grant.access_token}` } });
console.log(`connected as ${(await me.json()).username}`);
console.log(`refresh token: ${grant.refresh_token ? "yes" : "no"}`);
process.exit(0);
