// Preloaded into every Node process: names that are not loopback do not resolve, so that no
// client reaches for the real Salesforce, whatever it falls back to.
const dns = require("node:dns");
const { promisify } = require("node:util");
const lookup = dns.lookup;
const OURS = new Set(["localhost", "127.0.0.1", "::1"]);

const refused = (hostname) =>
  Object.assign(new Error(`getaddrinfo ENOTFOUND ${hostname}`), {
    code: "ENOTFOUND", syscall: "getaddrinfo", hostname,
  });
dns.lookup = (name, options, callback) => {
  if (OURS.has(name)) return lookup(name, options, callback);
  const done = typeof options === "function" ? options : callback;
  process.nextTick(done, refused(name));
};
dns.lookup[promisify.custom] = async (name, options) => {
  if (OURS.has(name)) return promisify(lookup)(name, options);
  throw refused(name);
};
