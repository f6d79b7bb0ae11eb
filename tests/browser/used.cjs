"use strict";
// What somebody must be able to do with a page: sort, filter, fold, go through it by
// keyboard, read it without the script, print it.

const { holds, open, unfold, squeezed } = require("./page.cjs");
const { LEVELS } = require("./seen.cjs");

/**
 * What the rows of a column are to be sorted by, read from the page alone: ranks of
 * levels, numbers, times, or text.
 */
function column(table, at) {
  return table.evaluate((one, [at, levels]) => {
    // A row of one wide cell goes with the row before it.
    const rows = [...one.tBodies].flatMap((body) => [...body.rows]).filter((row) => row.cells.length > 1);
    const cells = rows.map((row) => row.cells[at]);
    const text = (cell) => cell.textContent.trim();
    const blank = (cell) => text(cell) === "" || text(cell) === "none";
    const some = cells.filter((cell) => !blank(cell));
    const kinds = [
      ["levels", (cell) => levels.indexOf(text(cell)), (value) => value >= 0],
      ["numbers", (cell) => Number(cell.querySelector("data")?.value ?? (/^([\d,]+)(?= |$)/.exec(text(cell)) ?? [])[1]?.replaceAll(",", "")),
        (value) => !Number.isNaN(value)],
      // A sentence may have a time in it as well.
      ["times", (cell) => {
        const time = cell.querySelector("time");
        return time && text(cell).startsWith(time.textContent) ? Date.parse(time.dateTime) : NaN;
      }, (value) => !Number.isNaN(value)],
      // Texts that begin with a number come before the others, by their number.
      ["texts", (cell) => {
        const number = /^(\d[\d,]*)(?= |$)/.exec(text(cell));
        return number ? number[1].replaceAll(",", "").padStart(20, "0") : `~${text(cell).toLowerCase()}`;
      }, () => true],
    ];
    const [kind, value] = kinds.find(([, value, good]) => some.every((cell) => good(value(cell))));
    return { kind, values: cells.map((cell) => (blank(cell) ? null : value(cell))) };
  }, [at, LEVELS]);
}

/** A click on a header sorts by it, a second one the other way round. */
async function sorts({ page }) {
  await unfold(page);
  // Every incident has a table; some of each kind are enough.
  const tables = await page.evaluate(() => {
    const seen = new Map();
    return [...document.querySelectorAll("table:has(thead button)")].flatMap((one, place) => {
      seen.set(one.className, (seen.get(one.className) ?? 0) + 1);
      return seen.get(one.className) > 3 ? [] : [[one.className, place]];
    });
  });
  holds(tables.length > 0, "no table can be sorted");
  let moved = 0;
  // Handles, because a locator would look through the whole page each time.
  const handles = await page.$$("table:has(thead button)");
  for (const [name, place] of tables) {
    const table = handles[place];
    const heads = await table.$$("thead th");
    for (const [at, head] of heads.entries()) {
      const button = await head.$("button");
      if (!button) continue;
      const before = await column(table, at);
      const ways = [];
      for (const click of [1, 2]) {
        await button.evaluate((one) => one.click());
        const way = await head.getAttribute("aria-sort");
        holds(["ascending", "descending"].includes(way), `${name}, column ${at}: aria-sort is ${way}`);
        ways.push(way);
        const others = (await table.$$("thead th[aria-sort]")).length;
        holds(others === 1, `${name}: ${others} columns say that they are sorted by`);
        const { kind, values } = await column(table, at);
        const some = values.filter((value) => value !== null);
        const key = (value) => JSON.stringify(value);
        const wrong = some.findIndex((value, place) =>
          place > 0 && (way === "ascending" ? some[place - 1] > value : some[place - 1] < value));
        holds(wrong < 0, `${name}, column ${at} (${kind}), ${way}: ${key(some[wrong - 1])} before ${key(some[wrong])}`);
        const torn = await table.evaluate((one) =>
          [...one.tBodies].some((body) => body.rows.length > 1 && body.rows[0].cells.length === 1));
        holds(!torn, `${name}: what belongs to a row stands before it`);
        const gaps = values.map((value) => value === null).filter((gone, place, all) => place && gone !== all[place - 1]);
        holds(gaps.length <= 1, `${name}, column ${at}: what is empty stands in between`);
        holds(
          key([...values].sort()) === key([...before.values].sort()),
          `${name}, column ${at}: rows are lost or come twice`,
        );
        if (key(values) !== key(before.values)) moved += 1;
      }
      holds(ways[0] !== ways[1], `${name}, column ${at}: a second click does not turn it round`);
    }
  }
  holds(moved > 0, "no click has moved a row");
}

/** What the filter leaves on the page: what is shown, by whether it is to be shown. */
async function left(page, selector, least, word) {
  return page.evaluate(([selector, least, word, levels]) => {
    const wrong = { kept: 0, gone: 0, all: 0, shown: 0, example: "" };
    for (const one of document.querySelectorAll(selector)) {
      const level = levels.indexOf(one.querySelector("span.l")?.textContent ?? "");
      const due = level >= least && one.textContent.toLowerCase().includes(word.toLowerCase());
      const shown = one.checkVisibility();
      wrong.all += 1;
      wrong.shown += shown;
      wrong.kept += shown && !due;
      wrong.gone += !shown && due;
      if (shown !== due) wrong.example = one.textContent.slice(0, 200);
    }
    return wrong;
  }, [selector, least, word, LEVELS]);
}

/** The filter leaves what contains a text and has a level, says how many, and lets go again. */
async function filters({ page, report }) {
  const find = page.getByRole("searchbox");
  const level = page.getByRole("combobox");
  const told = page.getByRole("status");
  const incidents = await page.locator("article.inc").count();
  holds(incidents > 0, "there is no incident to filter");
  const words = report.incidents.slice(0, incidents).map((incident) => incident.entity.name);
  const last = words[words.length - 1];
  const by = async (least, word) => {
    await find.fill(word);
    await level.selectOption(String(least));
    // It waits until nobody types.
    await page.waitForTimeout(400);
    const said = await told.textContent();
    for (const selector of ["article.inc", "table.who tbody tr", "table.keys tbody tr", "table.buckets tbody tr"]) {
      const found = await left(page, selector, least, word);
      holds(found.kept === 0 && found.gone === 0,
        `level ${least}, "${word}", ${selector}: ${found.kept} are shown and should not be, ${found.gone} are not: ${found.example}`);
      if (selector === "article.inc" && (least || word)) {
        holds(said.includes(`${found.shown} of ${found.all} incident`), `it says "${said}" of ${found.shown} incidents`);
      }
      if (selector === "article.inc") incidentsLeft = found.shown;
    }
  };
  let incidentsLeft = incidents;
  for (const least of [4, 3, 2]) {
    const due = report.incidents.slice(0, incidents).filter((one) => LEVELS.indexOf(one.level) >= least).length;
    await by(least, "");
    holds(incidentsLeft === due, `level ${LEVELS[least]}: ${incidentsLeft} incidents are shown, ${due} have it`);
  }
  await by(0, last);
  holds(incidentsLeft >= 1 && (incidentsLeft < incidents || incidents === 1), `"${last}": ${incidentsLeft} of ${incidents} incidents`);
  await by(0, "no such text is anywhere in it");
  holds(incidentsLeft === 0, `${incidentsLeft} incidents contain what is nowhere`);
  await find.fill("");
  await level.selectOption("0");
  await page.waitForTimeout(400);
  const all = await left(page, "article.inc", -1, "");
  holds(all.shown === incidents, `${all.shown} of ${incidents} incidents are back when nothing is filtered`);
}

/** Everything can be unfolded and folded at once, and each by itself. */
async function folds({ page }) {
  const folded = () => page.evaluate(() => [...document.querySelectorAll("main details")].filter((one) => !one.open).length);
  const all = await page.locator("main details").count();
  await page.getByRole("button", { name: "Unfold all" }).click();
  holds((await folded()) === 0, `${await folded()} of ${all} stay folded`);
  await page.getByRole("button", { name: "Fold all", exact: true }).click();
  holds((await folded()) === all, `${all - (await folded())} of ${all} stay unfolded`);
  const summary = page.locator("main details > summary").first();
  await summary.focus();
  await page.keyboard.press("Enter");
  holds((await folded()) === all - 1, "Enter does not unfold what has the focus");
  await page.keyboard.press("Space");
  holds((await folded()) === all, "Space does not fold it again");
  // A link goes into what is folded.
  const link = page.locator('header a[href^="#"], .lead a[href^="#"]').first();
  if (await link.count()) {
    await link.click();
    const there = await page.evaluate(() => document.getElementById(location.hash.slice(1)).checkVisibility());
    holds(there, "a link into what is folded shows nothing");
  }
}

/** Tab goes through the page in its order, the focus is seen, and the keyboard can sort. */
async function keyboard({ page }) {
  await page.evaluate(() => { document.activeElement?.blur(); scrollTo(0, 0); });
  let before = -1;
  const seen = new Set();
  for (let press = 0; press < 40; press += 1) {
    await page.keyboard.press("Tab");
    // It may glide to there.
    await page.waitForFunction(() => {
      const box = document.activeElement.getBoundingClientRect();
      return box.bottom > 0 && box.top < innerHeight;
    }, null, { timeout: 2000 }).catch(() => {});
    const at = await page.evaluate(() => {
      const one = document.activeElement;
      const style = getComputedStyle(one);
      const box = one.getBoundingClientRect();
      return {
        place: [...document.querySelectorAll("*")].indexOf(one),
        name: one.outerHTML.slice(0, 100),
        body: one === document.body,
        ring: (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0) || style.boxShadow !== "none",
        inside: box.bottom > 0 && box.top < innerHeight && box.width > 0 && box.height > 0,
      };
    });
    if (at.body) break;
    holds(at.place > before, `the focus goes back to ${at.name}`);
    holds(at.ring, `nobody sees that the focus is on ${at.name}`);
    holds(at.inside, `the focus is off the screen: ${at.name}`);
    seen.add(at.place);
    before = at.place;
  }
  holds(seen.size >= 3, `Tab reaches ${seen.size} places`);
  const button = page.locator("thead button").first();
  if (await button.count()) {
    await unfold(page);
    await button.focus();
    await page.keyboard.press("Enter");
    holds(await button.evaluate((one) => one.closest("th").hasAttribute("aria-sort")), "Enter does not sort");
  }
}

/** Without the script all of it is there, and nothing that does nothing. */
async function scriptless({ page, browser, file }) {
  const other = await open(browser, file, { script: false });
  try {
    // The tools say nothing of the report.
    const text = (one) => one.evaluate(() => {
      const body = document.body.cloneNode(true);
      body.querySelectorAll("script, #tools").forEach((gone) => gone.remove());
      return body.textContent;
    });
    const [with_, without] = [squeezed(await text(page)), squeezed(await text(other.page))];
    holds(without === with_, `without the script there are ${without.length} characters, with it ${with_.length}`);
    const dead = await other.page.evaluate(() =>
      [...document.querySelectorAll("button, input, select, textarea")]
        .filter((one) => one.checkVisibility()).map((one) => one.outerHTML.slice(0, 100)));
    holds(dead.length === 0, `dead controls: ${dead.join(" ")}`);
    const hidden = await other.page.evaluate(() => {
      document.querySelectorAll("details").forEach((one) => { one.open = true; });
      return [...document.querySelectorAll("main p, main td, main th, main li, main dd, main h2, main h3")]
        .filter((one) => !one.checkVisibility() && !one.closest("#tools")).map((one) => one.outerHTML.slice(0, 100));
    });
    holds(hidden.length === 0, `hidden without the script: ${hidden.slice(0, 3).join(" ")}`);
    holds(other.did.length === 0, other.did.join("\n"));
  } finally {
    await other.close();
  }
}

/** It prints; `checks.py` looks whether what was folded is in it. */
async function prints({ page, prints: to }) {
  await page.pdf({ path: `${to}.pdf`, format: "A4" });
}

/** It prints without the script. */
async function printsScriptless({ browser, file, prints: to }) {
  const { page, close } = await open(browser, file, { script: false, scheme: "dark" });
  try {
    await page.pdf({ path: `${to}-without-script.pdf`, format: "A4" });
  } finally {
    await close();
  }
}

module.exports = { sorts, filters, folds, keyboard, scriptless, prints, printsScriptless };
