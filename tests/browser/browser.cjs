"use strict";
// Opens reports in Chromium and checks them.
//
//   node browser.cjs MANIFEST
//
// The manifest is JSON: `modules` (folder with package.json), `chromium`, `shots`
// and `prints` (folders), `only` (part of a name, or nothing) and `pages`: of each
// `name`, `html` and `json` (files) and `checks`, names of the sets below. What does
// not hold is told on stderr; the exit code is 1 then.

const fs = require("fs");
const path = require("path");
const { createRequire } = require("module");
const { Wrong, holds, WIDTHS, open, unfold } = require("./page.cjs");
const seen = require("./seen.cjs");
const used = require("./used.cjs");
const { damaged } = require("./damaged.cjs");

const manifest = JSON.parse(fs.readFileSync(process.argv[2], "utf8"));
const need = createRequire(path.join(manifest.modules, "package.json"));
const { chromium } = need("playwright-core");
const axe = need("axe-core").source;

const SCHEMES = ["light", "dark"];
const CHECK_ENDS_IN = 300_000;
/** Each in both widths and both schemes, or once. */
const EVERYWHERE = { first: seen.first, fits: seen.fits };
const LOOKS = { badges: seen.badges, structure: seen.structure, axe: seen.axe };
const USES = { sorts: used.sorts, filters: used.filters, folds: used.folds, keyboard: used.keyboard };
const READS = { scriptless: used.scriptless, prints: used.prints, "prints without the script": used.printsScriptless };

/** The page must be silent whatever was done with it. */
async function looked(browser, job, view, checks) {
  const { page, did, close, quiet } = await open(browser, job.html, view);
  try {
    const given = { page, did, browser, axe, file: job.html, report: job.report, prints: path.join(manifest.prints, job.name) };
    for (const check of checks) await check(given);
    await quiet();
  } finally {
    await close();
  }
}

/** What the screen shows, and the whole page. */
async function shoot(job, width, scheme, page) {
  const name = path.join(manifest.shots, `${job.name}-${width}-${scheme}`);
  await page.screenshot({ path: `${name}.png` });
  const tall = await page.evaluate(() => document.documentElement.scrollHeight);
  if (tall < 16_000) await page.screenshot({ path: `${name}-whole.png`, fullPage: true });
}

/** Everything that one does with a page, and then a payload for the filter. */
async function handled({ page }) {
  await unfold(page);
  await page.evaluate(() => document.querySelectorAll("thead button").forEach((one) => { one.click(); one.click(); }));
  const vocabulary = () => page.evaluate(() =>
    [...new Set([...document.querySelectorAll("*")].map((one) => one.tagName))].sort().join(" "));
  const before = await vocabulary();
  if (await page.getByRole("searchbox").count()) {
    await page.getByRole("searchbox").fill("<img src=x onerror=window.__pwned=1>");
    await page.waitForTimeout(300);
  }
  holds((await vocabulary()) === before, "elements came to the page while it was used");
  await page.evaluate(() => {
    for (const one of document.querySelectorAll("main *, header *")) {
      for (const name of ["mouseover", "focus", "animationstart", "toggle"]) one.dispatchEvent(new Event(name));
    }
  });
}

/** The checks of a page, by name. */
function checks(browser, job) {
  const list = [];
  const add = (name, run) => list.push([`${job.name}: ${name}`, run]);
  for (const set of job.checks) {
    if (set === "everywhere" || set === "large") {
      // What is large is seen once in each width and scheme.
      const views = Object.keys(WIDTHS).flatMap((width) => SCHEMES.map((scheme) => [width, scheme]));
      for (const [width, scheme] of set === "large" ? [views[0], views[3]] : views) {
        const shot = ({ page }) => shoot(job, width, scheme, page);
        add(`fits and names the worst first, ${width}, ${scheme}`, () =>
          looked(browser, job, { width, scheme }, [shot, ...Object.values(EVERYWHERE)]));
      }
    } else if (set === "looks") {
      for (const scheme of SCHEMES) add(`${Object.keys(LOOKS).join(", ")}, ${scheme}`, () => looked(browser, job, { scheme }, Object.values(LOOKS)));
    } else if (set === "phone") {
      add("axe, phone", () => looked(browser, job, { width: "phone" }, [seen.axe]));
    } else if (set === "sifts") {
      for (const name of ["sorts", "filters"]) add(name, () => looked(browser, job, {}, [USES[name]]));
    } else if (set === "uses") {
      for (const [name, check] of Object.entries(USES)) add(name, () => looked(browser, job, {}, [check]));
    } else if (set === "reads") {
      for (const [name, check] of Object.entries(READS)) add(name, () => looked(browser, job, {}, [check]));
    } else if (set === "prints") {
      add("prints", () => looked(browser, job, {}, [used.prints]));
    } else if (set === "hostile") {
      add("nothing runs, whatever is done with it", () => looked(browser, job, {}, [seen.fits, handled]));
    } else if (set === "damaged") {
      for (const damage of damaged(seen, used)) {
        add(`is noticed: ${damage[0]}`, () => noticed(browser, job, damage));
      }
    } else {
      throw new Error(`no such set: ${set}`);
    }
  }
  return list;
}

/** A check must fail on a page that was damaged. */
async function noticed(browser, job, [name, check, saying, spoil]) {
  const text = fs.readFileSync(job.html, "utf8");
  const other = spoil(text, job.report);
  holds(other !== text, "the damage has changed nothing");
  const file = path.join(manifest.prints, `damaged-${name.replace(/\W+/g, "-")}.html`);
  fs.writeFileSync(file, other);
  let said = new Error("it passes");
  try {
    await looked(browser, { ...job, html: file }, {}, check ? [check] : []);
  } catch (error) {
    said = error;
  }
  if (!(said instanceof Wrong) && !/^it passes/.test(said.message)) throw said;
  holds(said instanceof Wrong && saying.test(said.message), `it is not noticed: ${said.message}`);
}

/** A check that hangs fails, so that the others are told. */
function within(milliseconds, running) {
  let timer;
  const over = new Promise((_, fail) => {
    timer = setTimeout(() => fail(new Error(`not done in ${milliseconds / 1000} s`)), milliseconds);
  });
  return Promise.race([running, over]).finally(() => clearTimeout(timer));
}

async function main() {
  for (const folder of [manifest.shots, manifest.prints]) fs.mkdirSync(folder, { recursive: true });
  const browser = await chromium.launch({
    executablePath: manifest.chromium,
    headless: true,
    args: [
      ...(process.getuid() === 0 ? ["--no-sandbox"] : []),
      "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
      "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
    ],
  });
  let failed = 0;
  let done = 0;
  try {
    const todo = manifest.pages.flatMap((job) => {
      job.report = JSON.parse(fs.readFileSync(job.json, "utf8"));
      return checks(browser, job);
    }).filter(([name]) => !manifest.only || name.includes(manifest.only));
    // Two at a time: one waits while the other draws.
    const worker = async () => {
      for (let next = todo.shift(); next; next = todo.shift()) {
        const [name, run] = next;
        const start = Date.now();
        try {
          await within(CHECK_ENDS_IN, run());
          console.log(`ok      ${name} (${((Date.now() - start) / 1000).toFixed(1)} s)`);
        } catch (error) {
          failed += 1;
          const kind = error instanceof Wrong ? "WRONG " : "BROKEN";
          // What the browser has said on its own stderr comes after the first lines.
          const stack = error.stack.split("\n").filter((line, place) => place === 0 || line.startsWith("    at"));
          console.error(`${kind}  ${name}\n${error instanceof Wrong ? error.message : stack.join("\n")}`);
          if (!browser.isConnected()) throw new Error("Chromium is gone");
        }
        done += 1;
      }
    };
    await Promise.all([worker(), worker()]);
  } finally {
    await browser.close();
  }
  console.log(`Chromium ${browser.version()}: ${done} checks, ${failed} failed`);
  return failed ? 1 : 0;
}

main().then((code) => process.exit(code), (error) => {
  console.error(error);
  process.exit(1);
});
