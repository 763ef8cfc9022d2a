// Salesforce in a window of its own beside the flow's page, where there is room for one; else, and
// without script, in a new tab. Where the browser opens no window the form says so, and goes there in
// this very window when it is pressed again.
"use strict";

const SALESFORCE = "evergrant_salesforce";
const LOOKS = "popup,width=760,height=820";
const ROOM = 960;

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!("window" in form.dataset) || event.submitter?.hasAttribute("formtarget")) return;
  if (innerWidth < ROOM) return;
  const blocked = form.querySelector("[data-blocked]");
  if (!blocked.hidden) return;
  if (window.open("", SALESFORCE, LOOKS)) {
    form.target = SALESFORCE;
    // With it the form would open yet another window.
    form.removeAttribute("rel");
    return;
  }
  event.preventDefault();
  form.target = "_self";
  blocked.hidden = false;
});
