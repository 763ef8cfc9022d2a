// The judge of pasted texts, for a browser alone: a small port of `evergrant.evidence.text` and of
// `evergrant.diagnosis`.  All knowledge, every pattern and every number comes from `data`, which
// docs/generator/paste.py writes; a test compares the two judges over many texts.
"use strict";

const BLANKS = /[\s\x1c-\x1f\x85]+/;
const LINE_ENDS = /\r\n|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]/;
const ENTITIES = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'", nbsp: "\u00a0" };

const words = text => text.split(BLANKS).filter(Boolean).join(" ");
const textOf = value => words(String(value).toLowerCase());
const compiled = ([source, flags]) => new RegExp(source, flags);

function compile(reading) {
  const made = { ...reading };
  for (const name of ["page", "soap", "machine", "tag", "escaped", "form", "plussed", "cliSuffix",
    "noWord", "address", "url", "bare", "otherSalesforce", "reading", "callback", "noLightning", "code",
    "camel", "described",
    "loginTable", "cells", "ending", "doubled", "quoted"]) made[name] = compiled(reading[name]);
  made.short = reading.short.map(([kind, pattern]) => [kind, compiled(pattern)]);
  made.masks = reading.masks.map(([pattern, replacement]) => [compiled(pattern), replacement]);
  return made;
}

// --- evidence: a text becomes facts ---------------------------------------------------------------

const unescaped = text => text.replace(/&(?:#(\d{1,7})|#[xX]([0-9a-fA-F]{1,6})|([a-z]+));/g,
  (whole, ten, sixteen, name) => {
    if (name) return ENTITIES[name] ?? whole;
    const code = ten ? parseInt(ten, 10) : parseInt(sixteen, 16);
    return code > 0x1f && code <= 0x10ffff ? String.fromCodePoint(code) : whole;
  });
const unquoted = text => text.replace(/(?:%[0-9a-fA-F]{2})+/g, run =>
  new TextDecoder().decode(Uint8Array.from(run.slice(1).split("%"), each => parseInt(each, 16))));
const straight = text => text.replace(/[’‘`]/g, "'").replace(/[“”]/g, '"').replace(/\u00a0/g, " ");

function plain(line, r) {
  let text = straight(unescaped(unescaped(line.slice(0, r.maxLine))));
  if (r.form.test(text) || r.plussed.test(text)) text = text.replaceAll("+", " ");
  if (text.includes("%")) text = unquoted(text);
  text = text.replace(r.escaped, (_, code) => String.fromCharCode(parseInt(code, 16)));
  text = text.replaceAll("\\'", "'").replaceAll('\\"', '"').replaceAll("\\/", "/");
  return words(straight(text.replace(r.tag, " ")).replace(r.cliSuffix, ""));
}

const said = (text, r) => ` ${text.toLowerCase().replace(r.noWord, " ").replace(/^ +| +$/g, "")} `;
const mentions = (phrase, text) =>
  text.includes(phrase.endsWith("*") ? ` ${phrase.slice(0, -1)}` : ` ${phrase} `);

function masked(text, r) {
  for (const [pattern, replacement] of r.masks) text = text.replace(pattern, replacement);
  return text;
}

const short = (text, most) => text.length <= most ? text : `${text.slice(0, most - 1)}…`;

function linesOf(text) {
  const found = text.replaceAll("\\r\\n", "\n").replaceAll("\\n", "\n").split(LINE_ENDS);
  if (found.at(-1) === "") found.pop();
  return found;
}

function piecesOf(line, r) {
  const found = [line.slice(0, r.maxLine)], step = r.maxLine - r.overlap;
  if (line.length > r.maxLine)
    for (let at = step; at < line.length; at += step) found.push(line.slice(at, at + r.maxLine));
  return found;
}

function factsOf(text, data, { flow = "unknown", context = "" } = {}) {
  const r = data.reading;
  const lines = linesOf(text.slice(0, r.maxText).replaceAll("\0", "")).slice(0, r.maxLines)
    .flatMap((raw, index) => piecesOf(raw, r).map(piece => (
      { number: index + 1, raw: piece, plain: plain(piece, r) })));
  const refusals = refused(lines, flow, data);
  const complaints = mentioned(lines, ["network.failure", "client.complaint"], data);
  const taken = new Set([...refusals, ...complaints].map(fact => fact.line));
  const all = [...refusals, ...complaints, ...flowOf(lines, flow, data), ...hostsOf(lines, r),
    ...prose(lines, taken, context, data)];
  const first = new Map();
  for (const fact of all) if (!first.has(fact.name)) first.set(fact.name, fact);
  const host = first.get("request.host");
  if (host?.value === "login" && first.has("context.sandbox") && !first.has("request.host_flaw"))
    first.set("request.host_flaw", { name: "request.host_flaw", value: "production host for a sandbox" });
  return [...first.values()].map(fact => fact.raw === undefined ? fact :
    { ...fact, quote: short(masked(fact.raw.trim(), r), r.maxQuote) });
}

const at = (line, name, value) => ({ name, value, line: line.number, raw: line.raw });

function refused(lines, flow, data) {
  const r = data.reading;
  const channel = r.tokenFlows.includes(flow) || !lines.some(line => r.page.test(line.plain))
    ? "token_reply" : "page";
  const isSoap = flow === "soap_login" ||
    (flow === "unknown" && lines.some(line => r.soap.test(line.plain)));
  return lines.filter(line => line.plain).flatMap(line => [
    ...codesIn(line, channel, isSoap, r), ...phrasesIn(line, channel, isSoap, r),
    ...statusIn(line, r)]);
}

function codesIn(line, channel, isSoap, r) {
  const found = [];
  for (const [word] of line.plain.matchAll(r.code)) {
    const isCode = word.includes("_");
    const code = isCode ? word.toLowerCase() : word.replace(r.camel, "_").toLowerCase();
    const rooms = code.includes("_") && Object.hasOwn(r.codes, code) ? r.codes[code] : [];
    if (rooms.length) found.push(at(line, `${roomOf(rooms, channel, isSoap)}.error`, isCode ? word : code));
    else if (r.idp.includes(word.toLowerCase()) && word !== word.toLowerCase())
      found.push(at(line, "idp.error_code", word));
  }
  return found;
}

function roomOf(rooms, channel, isSoap) {
  if (rooms.includes("soap_reply") && rooms.includes("api_reply"))
    return isSoap ? "soap_reply" : "api_reply";
  return rooms.includes(channel) ? channel : rooms[0];
}

function standsAlone(phrase, lower) {
  for (let from = lower.indexOf(phrase); from >= 0; from = lower.indexOf(phrase, from + 1))
    if (!/^[\p{L}!]/u.test(lower.slice(from + phrase.length))) return true;
  return false;
}

function phrasesIn(line, channel, isSoap, r) {
  const lower = line.plain.toLowerCase(), found = [];
  let isDescribed = false;
  for (const [phrase, room, value, isInBoth] of r.phrases) {
    if (!standsAlone(phrase, lower)) continue;
    if (room === "token_reply") {
      if (!isDescribed) found.push(at(line, `${channel}.description`, value));
      isDescribed = true;
    } else if (room === "page") found.push(at(line, "page.text", value));
    else if ((room === "soap_reply") === isSoap || !isInBoth) found.push(at(line, `${room}.message`, value));
  }
  const described = isDescribed ? null : lower.match(r.described);
  if (described) found.push(at(line, `${channel}.description`, words(described[1])));
  return found;
}

function statusIn(line, r) {
  const lower = line.plain.toLowerCase(), isTable = r.loginTable.test(lower);
  const cells = lower.split(r.cells).map(words);
  for (const [spelling, value] of r.statuses) {
    if (value === "none" || (spelling === "success" && !isTable)) continue;
    const isOwnWord = /^(?:failed:|login_|username-password)/.test(spelling);
    if (cells.includes(spelling) || (lower.includes(spelling) && (isTable || isOwnWord)))
      return [at(line, "login_history.status", value)];
  }
  return [];
}

function mentioned(lines, names, data) {
  const found = [];
  for (const line of lines) {
    const text = said(line.plain, data.reading);
    for (const name of names)
      for (const [value, phrases] of Object.entries(data.facts[name].mentions))
        if (phrases.some(phrase => mentions(phrase, text))) found.push(at(line, name, value));
  }
  return found;
}

function flowOf(lines, flow, data) {
  if (flow && flow !== "unknown") return [{ name: "request.flow", value: flow }];
  const text = said(lines.map(line => line.plain).join(" "), data.reading);
  for (const [value, phrases] of Object.entries(data.facts["request.flow"].mentions))
    if (phrases.some(phrase => mentions(phrase, text))) return [{ name: "request.flow", value }];
  return [];
}

function hostsOf(lines, r) {
  return lines.flatMap(line => {
    const found = [];
    for (const { groups } of line.plain.matchAll(r.url)) {
      if (r.reading.test(groups.host.toLowerCase()) && !groups.path.includes("/services/")) continue;
      const kind = hostKind(groups.host, r);
      if (!kind && !groups.path.includes("/services/oauth2")) continue;
      found.push(at(line, "request.host", kind || "other"));
      const flaw = flawOf(groups.scheme.toLowerCase(), kind, groups.path.toLowerCase());
      if (flaw) found.push(at(line, "request.host_flaw", flaw));
    }
    if (r.bare.test(line.plain)) found.push(at(line, "request.host_flaw", "no scheme"));
    if (r.noLightning.test(line.plain)) found.push(at(line, "request.host_flaw", "lightning host"));
    for (const { groups } of line.plain.matchAll(r.callback)) {
      const flaw = callbackFlawOf(groups.address);
      if (flaw) found.push(at(line, "request.callback_flaw", flaw));
    }
    return found;
  });
}

function hostKind(host, r) {
  const lower = host.toLowerCase().split("@").at(-1).replace(/\.+$/, "");
  return r.short.find(([, pattern]) => pattern.test(lower))?.[0] ??
    (r.otherSalesforce.test(lower) ? "other salesforce host" : "");
}

function flawOf(scheme, kind, path) {
  if (kind === "lightning") return "lightning host";
  if (kind === "other salesforce host" || path.split("/services/soap").length > 2) return "not a login host";
  return scheme === "http" && kind ? "plain http" : "";
}

function callbackFlawOf(address) {
  if (address.split("://").length > 2) return "two addresses in one";
  return address.includes("#") ? "has a fragment" : "";
}

function prose(lines, taken, context, data) {
  const r = data.reading, names = Object.keys(data.facts).filter(name => name.startsWith("context."));
  const around = context.trim() ? [{ number: 0, raw: "", plain: plain(context.slice(0, 4000), r) }] : [];
  const isMachine = line => taken.has(line.number) || r.machine.test(line.raw);
  const rest = lines.map(line => ({ ...line,
    plain: isMachine(line) ? toldBeside(line.plain, r) : line.plain.replace(r.address, " ") }));
  return [...mentioned([...around, ...rest], names, data).map(fact => ({ ...fact, value: fact.value === "true" || fact.value })),
    ...toldIn([...around, ...rest], data)];
}

function toldBeside(line, r) {
  const rest = line.replace(r.address, " ").replace(r.quoted, " ").toLowerCase();
  const tellers = new Set(said(rest, r).split(" ").filter(word => r.toldBy.includes(word)));
  return tellers.size < r.leastTold ? "" : r.phrases.reduce((left, [phrase]) => left.replaceAll(phrase, " "), rest);
}

const stem = (word, r) => word.replace(r.ending, "").replace(r.doubled, "$1");

function toldIn(lines, data) {
  const r = data.reading, known = data.lessons.words;
  const heard = lines.flatMap(line => said(line.plain, r).split(" "))
    .filter(word => Object.hasOwn(known, stem(word, r))).slice(0, r.mostWords);
  return heard.length ? [{ name: "telling.words", value: heard.join(" "), mark: "inferred" }] : [];
}

// --- diagnosis: facts become a ranking ------------------------------------------------------------

function keyOf(kind, value) {
  const said = textOf(value), key = Object.hasOwn(kind.same, said) ? kind.same[said] : said;
  return Object.hasOwn(kind.background, key) ? key : "*";
}

const inRow = (row, key) => row[key] ?? row[""];
function ratioOf(id, name, key, data) {
  const row = data.ratios[name][id];
  return row ? inRow(row, key) : 1;
}
function tellingOf(id, name, key, data) {
  const rows = data.telling[name];
  return inRow(rows[id] ?? rows[""], key);
}

function oneAGroup(facts, data) {
  const best = new Map();
  for (const fact of facts) {
    const kind = data.facts[fact.name], key = keyOf(kind, fact.value);
    if (!Object.hasOwn(kind.background, key)) continue;
    const group = kind.group || fact.name, rank = [key === "*" ? 1 : 0, kind.background[key]];
    const there = best.get(group)?.rank;
    if (!there || rank[0] < there[0] || (rank[0] === there[0] && rank[1] <= there[1]))
      best.set(group, { rank, name: fact.name, key });
  }
  return [...best.values()];
}

// --- the words of a telling shift the odds a little ---

function weightsOf(word, data) {
  const row = data.lessons.words[stem(word, data.reading)], found = new Map();
  for (let at = 0; at < row.length; at += 3)
    found.set(data.lessons.causes[parseInt(row.slice(at, at + 2), 36)], parseInt(row[at + 2], 36) * data.step);
  return found;
}

function once(words, r) {
  const first = new Map();
  for (const word of words.split(" ")) if (!first.has(stem(word, r))) first.set(stem(word, r), word);
  return [...first.values()];
}

function isOfConnections(words, data) {
  return once(words, data.reading).filter(word => data.subject.includes(stem(word, data.reading))).length >= 2;
}

function factors(words, weights, data, times) {
  const said = once(words, data.reading), scale = data.trust * times / Math.sqrt(said.length);
  const scores = new Map(data.lessons.causes.filter(id => id in weights).map(id => [id, 0]));
  for (const word of said)
    for (const [id, weight] of weightsOf(word, data))
      if (scores.has(id)) scores.set(id, scores.get(id) + weight * scale);
  let whole = 0, shifted = 0;
  for (const [id, score] of scores) {
    whole += weights[id];
    shifted += weights[id] * Math.exp(score);
  }
  const middle = Math.log(shifted / whole), most = data.most * times;
  const bounded = new Map([...scores].map(([id, score]) =>
    [id, Math.exp(Math.max(-most, Math.min(most, score - middle)))]));
  const after = [...bounded].reduce((sum, [id, by]) => sum + weights[id] * by, 0);
  return new Map([...bounded].map(([id, by]) => [id, by * whole / after]));
}

function speaking(words, id, data) {
  const found = once(words, data.reading).map(word => [word, weightsOf(word, data).get(id) ?? 0]);
  return found.filter(([, weight]) => weight >= data.worthShowing).sort((a, b) => b[1] - a[1])
    .slice(0, data.mostShown).map(([word]) => word);
}

// --- the ranking ---

function judge(facts, data) {
  const known = facts.filter(fact =>
    Object.hasOwn(data.facts[fact.name].background, keyOf(data.facts[fact.name], fact.value)));
  if (known.every(fact => fact.name === "telling.words" && !isOfConnections(fact.value, data))) return { ranked: [], noneOfThese: 1, isNamed: false, facts, nextCheck: "" };
  const seen = oneAGroup(known, data), shares = {};
  for (const [id, cause] of Object.entries(data.causes))
    shares[id] = seen.reduce((w, f) => w * tellingOf(id, f.name, f.key, data), cause.prior);
  const words = known.find(fact => fact.name === "telling.words")?.value;
  const told = words ? factors(words, shares, data, seen.length === 1 ? data.alone : 1) : new Map();
  let whole = data.nonePrior;
  for (const id of Object.keys(shares)) whole += shares[id] *= told.get(id) ?? 1;
  for (const id of Object.keys(shares)) shares[id] /= whole;
  const noneOfThese = data.nonePrior / whole, ranked = byLabel(shares, known, told, data);
  const isNamed = ranked.length > 0 && ranked[0].confidence >= Math.max(data.named, noneOfThese);
  return { ranked, noneOfThese, isNamed, facts, nextCheck: nextCheck(shares, facts, data) };
}

function byLabel(shares, known, told, data) {
  const sums = new Map(), narrowest = new Map();
  for (const [id, share] of Object.entries(shares)) {
    const label = data.causes[id].label;
    sums.set(label, (sums.get(label) ?? 0) + share);
    if (id !== label && share > (narrowest.has(label) ? shares[narrowest.get(label)] : 0)) narrowest.set(label, id);
  }
  return [...sums].sort((a, b) => b[1] - a[1]).slice(0, 5).filter(([, share]) => share >= data.least)
    .map(([label, confidence]) => {
      const narrow = narrowest.get(label);
      const refined = narrow && shares[narrow] > shares[label] ? narrow : "";
      return { cause: label, refined, confidence, word: confidence >= data.likely ? "likely" : "possible",
        ...reasons(refined || label, known, told, data) };
    });
}

function reasons(id, known, told, data) {
  const all = known.flatMap(fact => fact.name === "telling.words" ? toldOf(id, fact, told, data) :
    [{ fact, ratio: ratioOf(id, fact.name, keyOf(data.facts[fact.name], fact.value), data) }]);
  all.sort((a, b) => b.ratio - a.ratio);
  return { supports: all.filter(each => each.ratio >= data.speaksFor),
    refutes: all.filter(each => each.ratio <= data.speaksAgainst).reverse() };
}

function toldOf(id, fact, told, data) {
  const words = data.lessons.causes.includes(id) ? speaking(fact.value, id, data) : [];
  const ratio = told.get(id) ?? 1;
  return words.length && ratio > 1 ? [{ fact: { ...fact, value: words.join(", ") }, ratio }] : [];
}

function nextCheck(shares, facts, data) {
  const leading = Object.entries(shares).sort((a, b) => b[1] - a[1]).slice(0, data.candidates)
    .filter(([, share]) => share >= data.faint);
  const answered = new Set(facts.flatMap(fact => [fact.name, data.facts[fact.name].group || fact.name]));
  if (data.symptoms.some(group => answered.has(group))) data.symptoms.forEach(group => answered.add(group));
  let best = null;
  for (const [name, kind] of Object.entries(data.facts)) {
    if (answered.has(name) || answered.has(kind.group || name) || !kind.ask) continue;
    const worth = Math.round(gain(leading, name, kind, data) / kind.cost * 1e6);
    if (worth > data.worth * 1e6 && (!best || worth > best.worth)) best = { worth, ask: kind.ask };
  }
  return best ? best.ask : "";
}

function gain(leading, name, kind, data) {
  if (leading.every(([id]) => !data.ratios[name][id])) return 0;
  const whole = leading.reduce((sum, [, share]) => sum + share, 0);
  // A value that is not listed supports no cause when it is seen; it may well be expected.
  const expected = leading.map(([id]) => {
    const view = new Map(Object.entries(kind.background).filter(([key]) => key !== "*")
      .map(([key, common]) => [key, common * ratioOf(id, name, key, data)]));
    return view.set("*", Math.max(0, 1 - [...view.values()].reduce((a, b) => a + b, 0)));
  });
  let after = 0;
  for (const key of expected[0].keys()) {
    const column = leading.map(([, share], n) => share / whole * expected[n].get(key));
    after += column.reduce((a, b) => a + b, 0) * entropy(column);
  }
  return entropy(leading.map(([, share]) => share)) - after;
}

function entropy(weights) {
  const whole = weights.reduce((a, b) => a + b, 0);
  return whole <= 0 ? 0 :
    -weights.filter(w => w > 0).reduce((sum, w) => sum + w / whole * Math.log2(w / whole), 0);
}

function diagnosed(text, data, how) {
  data.reading = data.reading.page instanceof RegExp ? data.reading : compile(data.reading);
  return judge(factsOf(text, data, how), data);
}
