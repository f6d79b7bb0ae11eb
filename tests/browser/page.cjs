"use strict";
// A page as somebody sees it: opened in Chromium, with all that it did, and what
// can be asked of it. Functions given to `page.evaluate` run in the page.

class Wrong extends Error {}

/** A check: what is said names what is wrong. */
function holds(true_, said) {
  if (!true_) throw new Wrong(said);
}

const WIDTHS = {
  desktop: { width: 1280, height: 800 },
  phone: { width: 390, height: 844 },
};

/**
 * Opens a file in a context of its own, and gives the page and what it did.
 *
 * There is no network: a request that is not for the page itself is written down,
 * and fails.
 */
async function open(browser, file, options = {}) {
  const context = await browser.newContext({
    viewport: WIDTHS[options.width ?? "desktop"],
    colorScheme: options.scheme ?? "light",
    javaScriptEnabled: options.script ?? true,
    isMobile: options.width === "phone",
    hasTouch: options.width === "phone",
    offline: true,
  });
  const address = require("url").pathToFileURL(file).href;
  const did = [];
  context.on("request", (request) => {
    if (request.url() !== address) did.push(`asked for ${request.url().slice(0, 200)}`);
  });
  const page = await context.newPage();
  context.on("page", (other) => did.push(`opened ${other.url()}`));
  page.on("console", (message) => did.push(`console, ${message.type()}: ${message.text().slice(0, 300)}`));
  page.on("pageerror", (error) => did.push(`error: ${error.message}`));
  page.on("dialog", (dialog) => {
    did.push(`dialog: ${dialog.message()}`);
    return dialog.dismiss();
  });
  page.on("download", (download) => did.push(`download of ${download.url().slice(0, 200)}`));
  page.on("framenavigated", (frame) => {
    const to = frame.url().split("#")[0];
    if (to !== address && to !== "about:blank") did.push(`went to ${to.slice(0, 200)}`);
  });
  if (options.script ?? true) {
    await page.addInitScript(() => {
      addEventListener("securitypolicyviolation", (event) =>
        console.error(`policy: ${event.violatedDirective} ${event.blockedURI}`));
    });
  }
  await page.goto(address, { waitUntil: "load", timeout: 60_000 });
  return {
    page,
    did,
    close: () => context.close(),
    /** Nothing but the page itself was asked for, and nothing went wrong. */
    quiet: async () => {
      await page.evaluate(() => new Promise((done) => setTimeout(done, 50)));
      holds(did.length === 0, did.slice(0, 5).join("\n"));
      holds((await page.evaluate("window.__pwned")) === undefined, "__pwned is set");
    },
  };
}

/** The text on the screen: what is scrolled away, covered by nothing or not shown is left out. */
function onScreen(page) {
  return page.evaluate(() => {
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    const range = document.createRange();
    let seen = "";
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      const box = node.parentElement.getBoundingClientRect();
      if (box.top > innerHeight) continue;
      if (!node.parentElement.checkVisibility({ opacityProperty: true, visibilityProperty: true })) continue;
      // What goes beyond the screen's edge does not count.
      range.selectNodeContents(node);
      const inside = [...range.getClientRects()].every(
        (part) => part.top >= 0 && part.bottom <= innerHeight && part.left >= 0 && part.right <= innerWidth + 1,
      );
      if (inside) seen += ` ${node.data}`;
    }
    return seen;
  });
}

/** Opens everything that is folded, without the page's script. */
function unfold(page) {
  return page.evaluate(() => document.querySelectorAll("details").forEach((one) => { one.open = true; }));
}

/** Text to compare: lines are broken anywhere, and spaces are not what counts. */
const squeezed = (text) => text.replace(/\s+/g, "");

module.exports = { Wrong, holds, WIDTHS, open, onScreen, unfold, squeezed };
