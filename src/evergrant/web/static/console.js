// What pages gain with script: copying, and menus that close. Without it both still work by hand.
"use strict";

const MENUS = "details.eg-menu";

async function copy(button) {
  const box = button.closest(".eg-copy");
  const text = box.querySelector("code");
  const told = box.querySelector("[role=status]");
  try {
    await navigator.clipboard.writeText(text.textContent);
    told.textContent = told.dataset.copied;
  } catch {
    // No leave to write, or no secure context: select it, the person copies.
    getSelection().selectAllChildren(text);
    told.textContent = told.dataset.selected;
  }
}

function showCopyButtons(root) {
  for (const button of root.querySelectorAll("[data-copy][hidden]")) button.hidden = false;
}

function closeMenus(except) {
  for (const menu of document.querySelectorAll(`${MENUS}[open]`)) {
    if (menu !== except) menu.open = false;
  }
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-copy]");
  if (button) copy(button);
  closeMenus(event.target.closest(MENUS));
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  const menu = document.querySelector(`${MENUS}[open]`);
  if (!menu) return;
  menu.open = false;
  menu.querySelector("summary").focus();
});

showCopyButtons(document);
document.addEventListener("htmx:after:swap", () => showCopyButtons(document));
