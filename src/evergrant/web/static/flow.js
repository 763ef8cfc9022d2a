// Salesforce in a window of its own beside the flow's page, where there is room for one; else, and
// without script, in a new tab. Where the browser opens no window the form says so, and goes there in
// this very window when it is pressed again. When the window is closed and no callback came, the page
// asks for what to do then.
"use strict";

const SALESFORCE = "evergrant_salesforce";
const LOOKS = "popup,width=760,height=820";
const ROOM = 960;
const BEAT_MS = 400;

let watching = 0;

// Salesforce's pages get no hold on ours; ours can still tell when their window is closed.
function letGo(opened) {
  try {
    opened.opener = null;
  } catch {
    // It is at Salesforce from an earlier press, and was let go of then.
  }
}

// NOTE: a window also counts as closed once its pages ask to be apart from ours; so nothing is given
// up: the page goes on looking for the callback.
function watch(opened) {
  clearInterval(watching);
  watching = setInterval(() => {
    if (!opened.closed) return;
    clearInterval(watching);
    const flow = document.getElementById("flow");
    const now = flow?.getAttribute("hx-get")?.split("?")[0];
    if (now) htmx.ajax("GET", `${now}?closed=yes`, { target: flow, swap: "outerHTML" });
  }, BEAT_MS);
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!("window" in form.dataset) || event.submitter?.hasAttribute("formtarget")) return;
  if (innerWidth < ROOM) return;
  const blocked = form.querySelector("[data-blocked]");
  if (!blocked.hidden) return;
  const opened = window.open("", SALESFORCE, LOOKS);
  if (opened) {
    letGo(opened);
    watch(opened);
    form.target = SALESFORCE;
    // With it the form would open yet another window.
    form.removeAttribute("rel");
    return;
  }
  event.preventDefault();
  form.target = "_self";
  blocked.hidden = false;
});

// NOTE: somebody who pasted the address before the window was closed has told already what is asked.
document.addEventListener("htmx:before:swap", (event) => {
  const asks = event.detail.ctx.request?.action?.includes("closed=yes");
  if (asks && document.querySelector("#flow textarea")?.value) event.preventDefault();
});
