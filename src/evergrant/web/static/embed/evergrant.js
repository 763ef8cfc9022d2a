// Evergrant's parts for a host's pages: <evergrant-banner> and <evergrant-connect>.
//
// No framework, no inline style, no markup from strings: what is shown comes as JSON and is put in as
// text.  A host needs `script-src` and `connect-src` for Evergrant's origin in its policy, and one
// address of its own that mints a session for whoever is signed in there:
//
//   <script type="module" src="https://evergrant.example.com/embed/evergrant.js"></script>
//   <evergrant-banner session="/evergrant-session"></evergrant-banner>
//
// session  address of the host; POST answers {"token": "…"}
// api      Evergrant's address; where this script came from, if left out
// lang     language of the texts; the browser's own, if left out
// poll     seconds between two looks; Evergrant says how many, if left out

const HERE = new URL(import.meta.url).origin;
const LONGEST_WAIT_S = 300;
const SHORTEST_WAIT_S = 1;

const SHEET = new CSSStyleSheet();
SHEET.replaceSync(`
  :host { display: block; font: var(--evergrant-font, inherit); line-height: 1.5; }
  :host([hidden]) { display: none; }
  .box {
    display: flex; flex-wrap: wrap; gap: 0.75rem 1rem; align-items: flex-start;
    padding: var(--evergrant-padding, 0.875rem 1.125rem);
    border: 1px solid var(--line); border-inline-start-width: 4px;
    border-radius: var(--evergrant-radius, 0.375rem);
    background: var(--ground); color: var(--text); overflow-wrap: anywhere;
  }
  .box.error {
    --ground: var(--evergrant-error-ground, light-dark(#fef1ee, #381a1b));
    --line: var(--evergrant-error-line, light-dark(#ba0517, #fe8f7d));
    --text: var(--evergrant-error-text, light-dark(#640103, #ffd9d1));
  }
  .box.warning {
    --ground: var(--evergrant-warning-ground, light-dark(#fbf3e0, #342608));
    --line: var(--evergrant-warning-line, light-dark(#a86403, #e4a201));
    --text: var(--evergrant-warning-text, light-dark(#4f2f00, #fde3a7));
  }
  .box.none {
    --ground: var(--evergrant-ground, light-dark(#fff, #1a2029));
    --line: var(--evergrant-line, light-dark(#c9c9c9, #525e6e));
    --text: var(--evergrant-text, light-dark(#181818, #eef1f5));
  }
  .body { flex: 1 1 16rem; min-width: 0; }
  .title { margin: 0; font-size: 1em; font-weight: 700; }
  p { margin: 0.25rem 0 0; }
  .actions { display: flex; flex-wrap: wrap; gap: 0.5rem; align-items: center; }
  button, .link {
    min-height: 2.25rem; padding: 0.25rem 1rem; border: 1px solid currentcolor;
    border-radius: var(--evergrant-radius, 0.375rem);
    background: transparent; color: inherit; font: inherit; cursor: pointer;
  }
  button.main {
    border-color: var(--evergrant-accent, light-dark(#0b5cab, #8fbeff));
    background: var(--evergrant-accent, light-dark(#0b5cab, #8fbeff));
    color: var(--evergrant-on-accent, light-dark(#fff, #12161d)); font-weight: 700;
  }
  button:focus-visible, .link:focus-visible { outline: 3px solid currentcolor; outline-offset: 2px; }
  button:disabled { opacity: 0.6; cursor: default; }
  .link { display: inline-flex; align-items: center; text-decoration: underline; }
  .small { padding-block: 0.375rem; align-items: center; }
  dl { display: grid; grid-template-columns: minmax(6rem, auto) minmax(0, 1fr); gap: 0.25rem 1rem; margin: 0.5rem 0 0; }
  dt { font-weight: 700; }
  dd { margin: 0; min-width: 0; }
  .told { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
`);

/** An element with text in it; attributes are set, never parsed. */
function made(name, { text = "", part = "", ...attributes } = {}, ...children) {
  const element = document.createElement(name);
  if (text) element.textContent = text;
  if (part) element.setAttribute("part", part);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children.filter(Boolean));
  return element;
}

/** One connection, as one session sees it; the parts of a page share it, and one poll. */
class Feed {
  static #known = new Map();

  static of(element) {
    const at = ["session", "api", "lang", "poll"].map((name) => element.getAttribute(name) ?? "");
    const key = JSON.stringify(at);
    if (!Feed.#known.has(key)) Feed.#known.set(key, new Feed(...at));
    return Feed.#known.get(key);
  }

  #listeners = new Set();
  #token = "";
  #timer = 0;
  #troubles = 0;
  #asking = null;
  state = null;

  constructor(session, api, lang, poll) {
    this.session = session;
    this.api = (api || HERE).replace(/\/$/, "");
    this.lang = lang;
    this.poll = Number(poll) || 0;
    this.wake = () => { if (!document.hidden) this.look(); };
  }

  join(listener) {
    this.#listeners.add(listener);
    if (this.#listeners.size === 1) {
      document.addEventListener("visibilitychange", this.wake);
      addEventListener("focus", this.wake);
      this.look();
    } else if (this.state) {
      listener(this.state);
    }
  }

  leave(listener) {
    this.#listeners.delete(listener);
    if (this.#listeners.size) return;
    clearTimeout(this.#timer);
    document.removeEventListener("visibilitychange", this.wake);
    removeEventListener("focus", this.wake);
  }

  /** Look at the connection now; two who ask at once get one answer. */
  look() {
    clearTimeout(this.#timer);
    this.#asking ??= this.#looked().finally(() => {
      this.#asking = null;
      if (this.#listeners.size && !document.hidden) {
        this.#timer = setTimeout(() => this.look(), this.#wait() * 1000);
      }
    });
    return this.#asking;
  }

  async #looked() {
    try {
      const where = this.lang ? `/embed/v1/state?lang=${encodeURIComponent(this.lang)}` : "/embed/v1/state";
      this.state = await this.#ask("GET", where);
      this.#troubles = 0;
      for (const listener of this.#listeners) listener(this.state);
    } catch {
      // The host or Evergrant is away: what is shown stays, and the next look waits longer.
      this.#troubles += 1;
    }
  }

  #wait() {
    const told = Math.max(SHORTEST_WAIT_S, this.poll || this.state?.poll_s || 15);
    return Math.min(LONGEST_WAIT_S, told * 2 ** Math.min(this.#troubles, 6));
  }

  reconnect() { return this.#ask("POST", "/embed/v1/reconnect"); }

  /** Ask with the session that is at hand; a session that ended is minted anew, once. */
  async #ask(method, path) {
    for (const isLast of [false, true]) {
      this.#token ||= await this.#minted();
      const answer = await fetch(this.api + path, {
        method, headers: { Authorization: `Bearer ${this.#token}` }, credentials: "omit",
        referrerPolicy: "no-referrer", cache: "no-store",
      });
      if (answer.ok) return answer.json();
      if (answer.status === 401) this.#token = "";
      if (answer.status !== 401 || isLast) throw new Error(`Evergrant answered ${answer.status}`);
    }
  }

  async #minted() {
    const answer = await fetch(this.session, { method: "POST", credentials: "same-origin" });
    if (!answer.ok) throw new Error(`the host answered ${answer.status}`);
    return (await answer.json()).token;
  }
}

/** What both parts have in common: a shadow root, a feed, and the one action. */
class Part extends HTMLElement {
  #listener = (state) => this.#took(state);
  #feed = null;
  #before = null;
  #shown = "";
  #link = "";
  #isOpened = false;

  connectedCallback() {
    if (!this.shadowRoot) {
      this.attachShadow({ mode: "open" }).adoptedStyleSheets = [SHEET];
      this.place = made("div");
      this.told = made("div", { role: "status", class: "told" });
      this.shadowRoot.append(this.place, this.told);
    }
    this.#feed = Feed.of(this);
    this.#feed.join(this.#listener);
  }

  disconnectedCallback() { this.#feed?.leave(this.#listener); }

  #took(state) {
    const before = this.#before;
    this.#before = state;
    if (before && before.severity === "error" && state.severity === "none") {
      this.told.textContent = state.recovered;
      this.#isOpened = false;
      this.#link = "";
    }
    this.show();
    if (before?.state !== state.state) {
      const detail = { state: state.state, works: state.works, severity: state.severity };
      this.dispatchEvent(new CustomEvent("evergrant-change", { detail, bubbles: true }));
    }
  }

  /** Draw what is known, and leave it alone when nothing has changed: the focus stays. */
  show() {
    const state = this.#before;
    if (!state) return;
    const version = JSON.stringify([state, this.isPutAside(state), this.#isOpened, this.#link]);
    if (version === this.#shown) return;
    this.#shown = version;
    this.place.lang = state.language;
    this.place.replaceChildren(...this.drawn(state).filter(Boolean));
  }

  isPutAside() { return false; }

  /** The one action, or what became of it. */
  action(state, isMain) {
    if (this.#isOpened) return made("p", { text: state.labels.opened });
    if (this.#link) {
      const link = made("a", { text: state.labels.open, href: this.#link, target: "_blank", rel: "noopener noreferrer", class: "link" });
      return made("p", { text: `${state.labels.blocked} ` }, link);
    }
    if (!state.action) return null;
    const button = made("button", { text: state.action.label, type: "button", part: "action", class: isMain ? "main" : "" });
    button.addEventListener("click", () => this.#reconnect(button));
    return button;
  }

  async #reconnect(button) {
    button.disabled = true;
    // Opened at once, by the click itself: browsers block what is opened later.
    const tab = open("about:blank", "_blank");
    try {
      const { url } = await this.#feed.reconnect();
      if (tab) {
        tab.opener = null;
        tab.location.replace(url);
        this.#isOpened = true;
      } else {
        this.#link = url;
      }
    } catch {
      tab?.close();
      button.disabled = false;
    }
    this.show();
  }
}

/** Tells that the connection does not work, why, and what the reader can do; gone when it works. */
class Banner extends Part {
  drawn(state) {
    this.toggleAttribute("data-shown", state.severity !== "none");
    if (state.severity === "none") return [];
    return [this.isPutAside(state) ? this.#small(state) : this.#whole(state)];
  }

  #whole(state) {
    const actions = made("div", { class: "actions" }, this.action(state, true), this.#snooze(state));
    const lines = [state.text, state.cause, state.who].filter(Boolean);
    const body = made("div", { class: "body" },
      made("p", { text: state.title, class: "title", part: "title" }),
      ...lines.map((text) => made("p", { text })));
    return made("section", { class: `box ${state.severity}`, part: "box", "aria-label": state.title }, body, actions);
  }

  /** Put aside, not away: while it is true it stays to be seen. */
  #small(state) {
    const open = made("button", { text: state.labels.details, type: "button" });
    open.addEventListener("click", () => { this.#remember(state, 0); this.show(); });
    return made("section", { class: `box small ${state.severity}`, part: "box", "aria-label": state.title },
      made("p", { text: state.title, class: "body title", part: "title" }), open);
  }

  #snooze(state) {
    if (!state.snooze_s) return null;
    const button = made("button", { text: state.labels.snooze, type: "button", part: "snooze" });
    button.addEventListener("click", () => { this.#remember(state, Date.now() + state.snooze_s * 1000); this.show(); });
    return button;
  }

  #key(state) { return `evergrant:aside:${state.connection}:${state.incident}:${state.severity}`; }

  isPutAside(state) {
    try {
      return Number(localStorage.getItem(this.#key(state))) > Date.now();
    } catch {
      return false;  // a browser that stores nothing shows it whole
    }
  }

  #remember(state, until) {
    try {
      localStorage.setItem(this.#key(state), String(until));
    } catch { /* it stays whole */ }
  }
}

/** The connection as a card: how it is, whose it is, and the one action. */
class Connect extends Part {
  drawn(state) {
    const rows = state.org_id === undefined ? [] : [
      [state.labels.org, state.org_id],
      [state.labels.user, state.username],
      [state.labels.last, state.last_success ? this.#when(state) : state.labels.never],
    ];
    const facts = rows.flatMap(([term, value]) => [made("dt", { text: term }), made("dd", { text: value || "–" })]);
    const body = made("div", { class: "body" },
      made("p", { text: state.labels.title, class: "title", part: "title" }),
      made("p", { text: state.title }),
      state.text && made("p", { text: state.text }),
      state.who && made("p", { text: state.who }),
      facts.length && made("dl", {}, ...facts));
    const actions = made("div", { class: "actions" }, this.action(state, !state.works));
    return [made("section", { class: `box ${state.severity}`, part: "box", "aria-label": state.labels.title }, body, actions)];
  }

  #when(state) {
    const how = { dateStyle: "medium", timeStyle: "short" };
    return new Intl.DateTimeFormat(state.language, how).format(new Date(state.last_success));
  }
}

for (const [name, part] of [["evergrant-banner", Banner], ["evergrant-connect", Connect]]) {
  if (!customElements.get(name)) customElements.define(name, part);
}
