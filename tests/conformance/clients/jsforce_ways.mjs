// jsforce, unmodified: every way in that it offers outside a browser.
// A JSON line in, {do, words}; a JSON line out, {done} or {refused}.
import { createSign } from "node:crypto";
import { createInterface } from "node:readline";
import jsforce from "jsforce";

const VERSION = "66.0";
const LAST_WITH_LOGIN = "64.0"; // SOAP login() ends there
const DEAD = "00D000000000000!dead";
const begun = new Map();

const oauth2 = (words, more = {}) =>
  new jsforce.OAuth2({
    loginUrl: words.url, clientId: words.client_id, clientSecret: words.client_secret,
    redirectUri: words.callback, ...more,
  });
const connection = (words, more = {}) =>
  new jsforce.Connection({ loginUrl: words.url, version: VERSION, ...more });
const rows = async (made) => ({ rows: (await made.query("SELECT Id FROM Organization")).totalSize });

const ways = {
  "web server with PKCE: link": (words) => {
    const made = oauth2(words, { useVerifier: true });
    begun.set("web server", made);
    return { link: made.getAuthorizationUrl({ state: "s1" }) };
  },
  "web server with PKCE": async (words) => {
    const made = connection(words, { oauth2: begun.get("web server") });
    await made.authorize(new URL(words.landed).searchParams.get("code"));
    return rows(made);
  },
  "refresh": async (words) => {
    const made = connection(words, {
      oauth2: oauth2(words), instanceUrl: words.url, refreshToken: words.refresh_token,
      accessToken: DEAD,
    });
    return rows(made); // it meets a 401 and refreshes by itself
  },
  "refresh with rotation": async (words) => {
    const made = connection(words, {
      oauth2: oauth2(words), instanceUrl: words.url, refreshToken: words.refresh_token,
      accessToken: DEAD,
    });
    const first = await rows(made);
    made.accessToken = DEAD;
    return { first, ...(await rows(made)) };
  },
  "JWT bearer": async (words) => {
    const encoded = (each) => Buffer.from(JSON.stringify(each)).toString("base64url");
    const claims = {
      iss: words.client_id, sub: words.username, aud: words.url,
      exp: Math.floor(Date.now() / 1000) + 180,
    };
    const signed = `${encoded({ alg: "RS256" })}.${encoded(claims)}`;
    const signature = createSign("RSA-SHA256").update(signed).sign(words.key, "base64url");
    const made = connection(words, { oauth2: { loginUrl: words.url } });
    await made.authorize({
      grant_type: "urn:ietf:params:oauth:grant-type:jwt-bearer",
      assertion: `${signed}.${signature}`,
    });
    return rows(made);
  },
  "client credentials": async (words) => {
    const made = connection(words, { oauth2: oauth2(words) });
    await made.authorize({ grant_type: "client_credentials" });
    return rows(made);
  },
  "username-password": async (words) => {
    const made = connection(words, { oauth2: oauth2(words) });
    await made.login(words.username, words.password);
    return rows(made);
  },
  "SOAP login": async (words) => {
    const made = connection(words, { version: LAST_WITH_LOGIN });
    await made.login(words.username, words.password + words.security_token);
    return rows(made);
  },
  "SOAP login from a trusted address": async (words) => {
    const made = connection(words, { version: LAST_WITH_LOGIN });
    await made.login(words.username, words.password);
    return rows(made);
  },
  "access token": (words) =>
    rows(connection(words, { instanceUrl: words.url, accessToken: words.token })),
};

const say = (answer) => process.stdout.write(`${JSON.stringify(answer)}\n`);
for await (const line of createInterface({ input: process.stdin })) {
  const asked = JSON.parse(line);
  try {
    say({ done: await ways[asked.do](asked.words) });
  } catch (error) {
    say({ refused: { kind: error.name, text: error.message } });
  }
}
