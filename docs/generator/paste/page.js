// The page around the judge: it writes text, never markup, and asks nobody for anything.
"use strict";

const data = JSON.parse(document.getElementById("data").textContent);
const box = document.getElementById("text"), out = document.getElementById("answer");

function element(name, text, ...children) {
  const made = document.createElement(name);
  if (text) made.textContent = readable(text);
  made.append(...children);
  return made;
}

const readable = text => text.replace(/[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g,
  each => `\\u${each.charCodeAt(0).toString(16).padStart(4, "0")}`);

const list = lines => element("ul", "", ...lines.map(line => element("li", line)));
const part = (title, lines) => lines.length ? [element("h3", title), list(lines)] : [];

const shown = ({ fact }) => {
  const kind = data.facts[fact.name];
  const mark = fact.mark === "inferred" ? " (inferred)" : "";
  return `${kind.title}: ${fact.value === true ? "yes" : fact.value}${mark}`;
};
const titled = each => `${data.causes[each.refined || each.cause].title} (${each.refined || each.cause}): ${each.word}`;
const quotes = (found, first) => {
  const speaking = first ? first.supports.map(each => each.fact) : [];
  const all = [...speaking, ...found.facts].filter(fact => fact.quote && fact.line);
  return [...new Set(all.map(fact => `line ${fact.line}: ${fact.quote}`))].slice(0, 6);
};

function answer() {
  const found = diagnosed(box.value, data), first = found.ranked[0];
  out.replaceChildren(...(box.value.trim() ? told(found, first) : []));
}

function told(found, first) {
  if (!first) return [element("h2", "Look first"), element("p", data.nothing)];
  if (!found.isNamed) return [
    element("h2", "Look first"), element("p", data.noOne),
    ...part("Evidence", quotes(found)), ...part("Next check", found.nextCheck ? [found.nextCheck] : []),
    ...part("Causes", found.ranked.filter(each => each.confidence >= 0.02).map(titled))];
  const cause = data.causes[first.refined || first.cause];
  return [
    element("h2", cause.decision), element("p", `${titled(first)}. ${cause.advice} ${data.level}`),
    ...part("Evidence", quotes(found, first)), ...part("Why", cause.why),
    ...part("Speaks for it", first.supports.slice(0, 6).map(shown)),
    ...part("Speaks against it", first.refutes.slice(0, 6).map(shown)),
    ...part("Next check", found.nextCheck ? [found.nextCheck] : []),
    ...cause.sections.flatMap(([title, lines]) => part(title, lines)),
    ...part("Other causes", found.ranked.slice(1).filter(each => each.confidence >= 0.02).map(titled))];
}

document.getElementById("explain").addEventListener("click", answer);
