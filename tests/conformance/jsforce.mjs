// jsforce, unmodified: the web server flow with PKCE, a query, and a refresh on its own.
// Says one JSON line per step; reads the authorization code from standard input.
import { createInterface } from "node:readline/promises";
import jsforce from "jsforce";

const { LOGIN_URL: loginUrl, CLIENT_ID: clientId, CLIENT_SECRET: clientSecret, CALLBACK: redirectUri } = process.env;
const say = (step, data) => console.log(JSON.stringify({ step, ...data }));

const oauth2 = new jsforce.OAuth2({ loginUrl, clientId, clientSecret, redirectUri, useVerifier: true });
say("authorize", { url: oauth2.getAuthorizationUrl({ scope: "api refresh_token id", state: "jsforce" }) });

const lines = createInterface({ input: process.stdin });
const code = await lines[Symbol.asyncIterator]().next();
const connection = new jsforce.Connection({ oauth2, version: "66.0" });
const who = await connection.authorize(code.value);
say("authorized", { userId: who.id, orgId: who.organizationId });

const first = await connection.query("SELECT Id, Username FROM User LIMIT 5");
say("queried", { rows: first.totalSize });

let renewed = 0;
connection.on("refresh", () => { renewed += 1; });
connection.accessToken = `${connection.accessToken.slice(0, -4)}dead`;
const second = await connection.query("SELECT Id FROM Organization");
say("refreshed", { renewed, rows: second.totalSize });

const answer = await oauth2.refreshToken(connection.refreshToken);
say("refreshed by hand", { tokenType: answer.token_type, hasToken: Boolean(answer.access_token) });

try {
  await oauth2.refreshToken("5Aep861.never.issued");
  say("garbage", { error: null });
} catch (error) {
  say("garbage", { error: error.name, message: error.message });
}
lines.close();
