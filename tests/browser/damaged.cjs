"use strict";
// Damage that the checks must notice: what cannot fail checks nothing.

const into = (html) => (page) => page.replace("</main>", `${html}</main>`);

/** Name, the check (none: that the page is silent), and what is done to the page. */
const damaged = (seen, used) => [
  ["a script from nowhere", null, into("<script>document.title = 1</script>")],
  ["an image from the network", null, into('<img src="http://pwned.invalid/x" alt="">')],
  ["a style in an attribute", null, into('<p style="color: red">x</p>')],
  ["a script that was changed", null, (page) => page.replace(/<script>/, "<script>alert(1);")],
  ["no policy, and a script", null, (page) =>
    page.replace(/<meta http-equiv="Content-Security-Policy"[^>]*>/, "").replace("</main>", "<script>alert(1)</script></main>")],
  ["the worst incident without its name", seen.first, (page, report) =>
    page.replaceAll(report.incidents[0].entity.name, "somebody")],
  ["something wide", seen.fits, into('<svg role="img" aria-label="x" width="3000" height="9"></svg>')],
  ["a level without its word", seen.badges, (page) => page.replace(/(<span class="l [^"]*">)\w+</, "$1<")],
  ["a heading too deep", seen.structure, into("<h6>Deep</h6>")],
  ["a table without headers", seen.structure, into("<table><tbody><tr><td>x</td></tr></tbody></table>")],
  ["a link to nothing", seen.structure, into('<a href="#nowhere">x</a>')],
  ["a control without a name", seen.axe, into('<input type="text">')],
  ["rows that stay where they are", used.sorts, (page) =>
    trusting(page).replace(".sort((a, b) => (up", ".sort((a, b) => 0 * (up")],
  ["a filter that shows too much", used.filters, (page) => trusting(page).replace("item.hidden = !(", "item.hidden = !1 && !(")],
  ["a control that is dead without the script", used.scriptless, into('<button type="button">x</button>')],
  ["text that only the script shows", used.scriptless, into("<p hidden>x</p>")],
  ["folding that does not fold", used.folds, (page) => trusting(page).replace("details.open = open", "void open")],
];

/** The page with a policy that takes any script, for a script that was changed. */
const trusting = (page) => page.replace(/script-src [^;]*;/, "script-src 'unsafe-inline';");

module.exports = { damaged };
