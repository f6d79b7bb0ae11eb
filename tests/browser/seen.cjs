"use strict";
// What somebody must be able to see: on the first screen, on a phone, without the
// script, with other eyes. Each check gets a page that is open and its report.

const { holds, onScreen, squeezed, unfold } = require("./page.cjs");

const LEVELS = ["informational", "low", "medium", "high", "critical"];

/** The first screen names the worst incident: whom it is about, and what happened. */
async function first({ page, report }) {
  const seen = squeezed(await onScreen(page));
  holds(seen.length > 40, "the first screen is empty");
  const worst = report.incidents[0];
  if (!worst) return;
  holds(seen.includes(squeezed(worst.entity.name)), `the first screen does not name ${worst.entity.name}: ${seen}`);
  const titles = worst.story.flatMap((step) => [step.title, step.summary]);
  holds(
    titles.some((title) => seen.includes(squeezed(title))),
    `the first screen has no title or sentence of ${worst.id} (${titles.join(" | ")}): ${seen}`,
  );
}

/** The page is as wide as the screen, folded and unfolded: nobody scrolls sideways. */
async function fits({ page }) {
  for (const state of ["as it opens", "unfolded"]) {
    if (state === "unfolded") await unfold(page);
    const [wide, screen, who] = await page.evaluate(() => {
      const edge = document.documentElement.clientWidth;
      const scrolls = (one) => one && one !== document.body && one !== document.documentElement &&
        (["auto", "scroll", "hidden", "clip"].includes(getComputedStyle(one).overflowX) || scrolls(one.parentElement));
      const over = [...document.body.querySelectorAll("*")].filter(
        (one) => one.getBoundingClientRect().right > edge + 1 && !scrolls(one.parentElement) && one.checkVisibility(),
      );
      const root = document.scrollingElement;
      return [root.scrollWidth, edge, over.slice(-3).map((one) => one.outerHTML.slice(0, 160))];
    });
    holds(wide <= screen, `${state}: ${wide} px wide on a screen of ${screen}: ${who.join("\n")}`);
    // No wider than the device either: phones zoom out to show what is too wide.
    holds(screen <= page.viewportSize().width, `${state}: laid out for ${screen} px`);
  }
}

/** A level is a word, and has a shape of its own: colour is not the only sign. */
async function badges({ page, report }) {
  await unfold(page);
  const badges = await page.evaluate(() =>
    [...document.querySelectorAll("span.l")].map((one) => {
      const shape = getComputedStyle(one, "::before");
      const of = ["content", "clipPath", "maskImage", "backgroundImage", "borderRadius", "transform", "borderWidth",
        "borderStyle", "width", "height"];
      return {
        word: one.textContent.trim(),
        shape: of.map((name) => shape[name]).join(" / "),
        none: shape.content === "none" || shape.content === "normal" || shape.display === "none",
        level: one.className,
      };
    }));
  const shapes = new Map();
  for (const { word, shape, none, level } of badges) {
    holds(LEVELS.includes(word), `a badge (${level}) says "${word}"`);
    holds(!none, `the badge of ${word} has no shape`);
    shapes.set(word, shape.replace(/[\d.]+px/g, (size) => `${Math.round(parseFloat(size))}px`));
  }
  holds(
    new Set(shapes.values()).size === shapes.size,
    `levels have the same shape: ${[...shapes].map((one) => one.join(": ")).join("; ")}`,
  );
  holds(badges.length > 0 || report.verdict.worst === null, "there are alerts, and no badge says a level");
}

/** Headings go down one by one, tables have headers, sections and images have names. */
async function structure({ page }) {
  await unfold(page);
  const said = await page.evaluate(() => {
    const said = [];
    const headings = [...document.querySelectorAll("h1, h2, h3, h4, h5, h6")];
    if (document.querySelectorAll("h1").length !== 1) said.push("not one h1");
    headings.reduce((before, heading) => {
      const rank = Number(heading.tagName[1]);
      if (rank > before + 1) said.push(`${heading.tagName} after h${before}: ${heading.textContent}`);
      if (!heading.textContent.trim()) said.push(`an empty ${heading.tagName}`);
      return rank;
    }, 0);
    for (const table of document.querySelectorAll("table")) {
      const heads = table.tHead ? [...table.tHead.rows[0].cells] : [];
      if (!heads.length || heads.some((head) => head.tagName !== "TH" || head.scope !== "col" || !head.textContent.trim()))
        said.push(`a table without headers: ${table.className} ${heads.map((head) => head.textContent)}`);
      const wide = heads.reduce((sum, head) => sum + head.colSpan, 0);
      for (const row of table.rows) {
        const cells = [...row.cells].reduce((sum, cell) => sum + cell.colSpan, 0);
        if (cells !== wide) said.push(`a row of ${cells} cells where there are ${wide}: ${table.className}`);
      }
    }
    const ids = [...document.querySelectorAll("[id]")].map((one) => one.id);
    if (new Set(ids).size !== ids.length) said.push("an id stands twice");
    for (const link of document.querySelectorAll('a[href^="#"]'))
      if (!document.getElementById(link.hash.slice(1))) said.push(`a link to nothing: ${link.outerHTML.slice(0, 100)}`);
    for (const image of document.querySelectorAll("svg, img"))
      if (!image.closest('[aria-hidden="true"], [role="img"][aria-label]:not([aria-label=""])'))
        said.push(`an image without a name: ${image.outerHTML.slice(0, 100)}`);
    return said;
  });
  holds(said.length === 0, said.slice(0, 5).join("\n"));
}

/** Rows, incidents and items of a list that axe looks at; the others are made alike. */
const ALIKE = 12;

/** axe finds nothing to object to, with everything unfolded. */
async function axe({ page, axe: source }) {
  await unfold(page);
  await page.evaluate((most) => {
    for (const parent of document.querySelectorAll("main, main *, header *")) {
      const seen = new Map();
      for (const child of [...parent.children]) {
        const kind = `${child.tagName} ${child.getAttribute("class")}`;
        seen.set(kind, (seen.get(kind) ?? 0) + 1);
        if (seen.get(kind) > most && ["TR", "TBODY", "ARTICLE", "LI", "DIV", "DETAILS", "DT", "DD"].includes(child.tagName)) child.remove();
      }
    }
    // Where a link into what is gone leads is another check's business.
    for (const link of document.querySelectorAll('main a[href^="#"]'))
      if (!document.getElementById(link.hash.slice(1))) link.href = "#content";
  }, ALIKE);
  await page.evaluate(source);
  const found = await page.evaluate(async () => {
    const run = await window.axe.run(document, {
      runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
      resultTypes: ["violations"],
    });
    if (run.passes.length < 10) throw new Error("axe has looked at next to nothing");
    return run.violations.map((one) => {
      const where = one.nodes.slice(0, 2).map((node) => `${node.html.slice(0, 160)}: ${node.failureSummary}`);
      return `${one.id} (${one.nodes.length}): ${one.help}\n  ${where.join("\n  ")}`;
    });
  });
  holds(found.length === 0, found.join("\n"));
}

module.exports = { LEVELS, first, fits, badges, structure, axe };
