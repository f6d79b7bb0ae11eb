"use strict";
// Damage that the checks must notice: what cannot fail checks nothing.

const into = (html) => (page) => page.replace("</main>", `${html}</main>`);

/** Name, the check (none: that the page is silent), what it says, and what is done to
 * the page. */
const damaged = (seen, used) => [
  ["a script from nowhere", null, /policy: script-src/, into("<script>document.title = 1</script>")],
  ["an image from the network", null, /policy: img-src/, into('<img src="http://pwned.invalid/x" alt="">')],
  ["an image from the network, and no policy", null, /asked for http:..pwned/, (page) =>
    lawless(into('<img src="http://pwned.invalid/x" alt="">')(page))],
  ["a style in an attribute", null, /policy: style-src/, into('<p style="color: red">x</p>')],
  ["a script that was changed", null, /policy: script-src/, (page) => page.replace(/<script>/, "<script>void 0;")],
  ["a dialog", null, /dialog: 1/, (page) => lawless(into("<script>alert(1)</script>")(page))],
  ["a script that ran", null, /__pwned is set/, (page) => lawless(into("<script>window.__pwned = 1</script>")(page))],
  ["the worst incident without its name", seen.first, /does not name/, (page, report) =>
    page.replaceAll(report.incidents[0].entity.name, "somebody")],
  ["the worst incident without its title", seen.first, /no title or sentence/, (page, report) =>
    report.incidents[0].story.reduce((text, step) => text.replaceAll(step.title, "something"), page)],
  ["something wide", seen.fits, /3000/, into('<svg role="img" aria-label="x" width="3000" height="9"></svg>')],
  ["a level without its word", seen.badges, /says ""/, (page) => page.replace(/(<span class="l [^"]*">)\w+</, "$1<")],
  ["a level with the shape of another", seen.badges, /the same shape/, (page) => page.replaceAll('<span class="l c3">', '<span class="l c2">')],
  ["a heading too deep", seen.structure, /H6 after/, into("<h2>High</h2><h6>Deep</h6>")],
  ["a table without headers", seen.structure, /without headers/, into("<table><tbody><tr><td>x</td></tr></tbody></table>")],
  ["a link to nothing", seen.structure, /link to nothing/, into('<a href="#nowhere">x</a>')],
  ["a control without a name", seen.axe, /label/, into('<input type="text">')],
  ["a level as pale as its ground", seen.axe, /color-contrast/, (page) =>
    lawless(into("<style>main p { color: #ccc !important; background: #fff !important }</style>")(page))],
  ["rows that stay where they are", used.sorts, / before /, (page) =>
    lawless(page).replace(".sort((a, b) => (up", ".sort((a, b) => 0 * (up")],
  ["a filter that shows too much", used.filters, /should not be/, (page) =>
    lawless(page).replace("item.hidden = !(", "item.hidden = !1 && !(")],
  ["folding that does not fold", used.folds, /stay/, (page) => lawless(page).replace("details.open = open", "void open")],
  ["a control that is dead without the script", used.scriptless, /dead controls/, into('<button type="button">x</button>')],
  ["text that only the script shows", used.scriptless, /hidden without/, into("<p hidden>x</p>")],
];

/** The page without its policy, for what the policy would stop. */
const lawless = (page) => page.replace(/<meta http-equiv="Content-Security-Policy"[^>]*>/, "");

module.exports = { damaged };
