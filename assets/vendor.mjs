// Makes the console's static files from npm packages: `make vendor` runs it, the results are committed.
import { readFile, writeFile, copyFile } from "node:fs/promises";
import { PurgeCSS } from "purgecss";

const here = (path) => new URL(path, import.meta.url).pathname;
const WEB = here("../src/evergrant/web");
const STATIC = `${WEB}/static`;
const SLDS = here("node_modules/@salesforce-ux/design-system");
const HTMX = here("node_modules/htmx.org");

const COPIES = {
  [`${HTMX}/dist/htmx.min.js`]: `${STATIC}/htmx.min.js`,
  [`${HTMX}/dist/ext/hx-sse.min.js`]: `${STATIC}/hx-sse.min.js`,
};

/** The variables that our own style sheets read from the design system's. */
async function variablesInUse() {
  const own = await Promise.all(["console.css", "components.css"].map((name) => readFile(`${STATIC}/${name}`, "utf8")));
  return own.join("\n").match(/--slds-[\w-]+/g);
}

/** The design system's rules for the classes and elements that our templates name. */
async function designSystem() {
  const [{ css }] = await new PurgeCSS().purge({
    content: [`${WEB}/templates/**/*.html`],
    css: [`${SLDS}/assets/styles/salesforce-lightning-design-system.min.css`],
    variables: true,
    keyframes: true,
    fontFace: true,
    safelist: { variables: await variablesInUse() },
  });
  // The build's own remarks go; the licence notices stay.
  return css.replace(/\/\*! @css-var-fallback [^*]*\*\//g, "");
}

/** A notice: what it is, and its licence as the package carries it. */
async function notice(title, said, path) {
  return `## ${title}\n\n${said}\n\n${(await readFile(path, "utf8")).trim()}\n`;
}

async function notices() {
  const { devDependencies: versions } = JSON.parse(await readFile(here("package.json"), "utf8"));
  const slds = `@salesforce-ux/design-system ${versions["@salesforce-ux/design-system"]}`;
  const htmx = `htmx.org ${versions["htmx.org"]}`;
  return [
    "# Third-party notices\n\nThis folder carries files of other projects.\n",
    await notice(
      `slds.css: ${slds}, BSD 3-Clause`,
      "The Salesforce Lightning Design System, reduced to the rules that the console's templates use. " +
        "None of its icons, images or fonts is included.",
      `${SLDS}/scss/License-for-Sass.txt`,
    ),
    await notice(
      "In slds.css: normalize.css 3.0.2 and HTML5 Boilerplate 5.2.0, MIT",
      "Copyright (c) Nicolas Gallagher and Jonathan Neal; copyright (c) HTML5 Boilerplate.",
      here("licences/MIT.txt"),
    ),
    await notice(`htmx.min.js, hx-sse.min.js: ${htmx}, Zero-Clause BSD`, "Unchanged.", `${HTMX}/LICENSE`),
  ].join("\n");
}

for (const [from, to] of Object.entries(COPIES)) await copyFile(from, to);
await writeFile(`${STATIC}/slds.css`, await designSystem());
await writeFile(`${STATIC}/THIRD_PARTY_NOTICES.md`, await notices());
