// jsforce, unmodified: a connection that renews its session by itself.
// A JSON line in, {do, words}; a JSON line out, {done} or {refused}.
import { createRequire } from "node:module";
import { createInterface } from "node:readline";

const clients = new URL("../../tests/conformance/", import.meta.url);
const jsforce = createRequire(clients)("jsforce");
const WHAT = "SELECT Id FROM User";
let connection;

const ways = {
  rate: async ({ url, seconds, at_once }) => {
    const oauth2 = new jsforce.OAuth2({ loginUrl: url, clientId: "key", clientSecret: "secret" });
    const ends = performance.now() + 1000 * seconds;
    let done = 0;
    const one = async (token) => {
      while (performance.now() < ends) {
        token = (await oauth2.refreshToken(token)).refresh_token;
        done += 1;
      }
    };
    await Promise.all(Array.from({ length: at_once }, (_, number) => one(`r${number}`)));
    return done / seconds;
  },
  hold: async (words) => {
    const { url, client_id: clientId, client_secret: clientSecret } = words;
    connection = new jsforce.Connection({
      oauth2: new jsforce.OAuth2({ loginUrl: url, clientId, clientSecret }),
      loginUrl: url, instanceUrl: url, version: "66.0",
      accessToken: words.access_token, refreshToken: words.refresh_token,
    });
    return null;
  },
  call: async ({ callers }) => {
    const asked = Array.from({ length: callers }, () => connection.query(WHAT));
    const found = await Promise.allSettled(asked);
    const served = found.filter((each) => each.status === "fulfilled").length;
    return { served, refresh_token: connection.refreshToken };
  },
  renew: async () => (await connection.oauth2.refreshToken(connection.refreshToken)).refresh_token,
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
