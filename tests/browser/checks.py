#!/usr/bin/env python3
"""Is a report what it should be, seen with other eyes?

    checks.py S3SENTRY GENERATE MODULES FOLDER [--only NAME]

`S3SENTRY` and `GENERATE` are the programs, `MODULES` has the browser's modules,
`FOLDER` is emptied and filled. README.md says what is checked.
"""

import argparse
import json
import shutil
import subprocess
import sys
import time
import traceback
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path

import pypdfium2

import disks
import hostile
import parsed
import reports
from program import Program, Wrong, holds
from reports import Page

WORKERS = 2


class Tally:
    """What was checked, and what does not hold."""

    def __init__(self, only):
        self.only, self.failed = only, []

    def check(self, name, run):
        """Runs a check and says what came of it."""
        if self.only and self.only not in name:
            return
        start = time.monotonic()
        try:
            said = run()
        except Wrong as wrong:
            self.failed.append(name)
            print(f"WRONG   {name}\n{wrong}", file=sys.stderr, flush=True)
        except Exception:  # The next check may tell more.
            self.failed.append(name)
            print(f"BROKEN  {name}", file=sys.stderr)
            traceback.print_exc()
        else:
            said = f": {said}" if said else ""
            print(f"ok      {name}{said} ({time.monotonic() - start:.1f} s)", flush=True)


def hostile_reports(program):
    """Of each batch of payloads a report, and that of its twin."""
    settings, rules = program.folder / "alone.toml", program.folder / "hostile.rules"
    reports.alone(program, settings)
    rules.mkdir()
    (rules / "rules.yml").write_text(hostile.rules(hostile.GROUPS))
    jobs = []
    for batch in hostile.batches():
        # A file's name is a text like others.
        for kind, log, file in (
            ("hostile", batch.log(), "<b onclick=x>&amp;`x`.log"),
            ("twin", batch.twin(), "bcdfghjklmnpqrstvwxyz.log"),
        ):
            folder = program.folder / f"{kind}-{batch.name}"
            folder.mkdir()
            source = folder / file
            source.write_bytes(log)
            jobs.append((program, f"{folder.name}/report", settings, rules, source))
    with ThreadPoolExecutor(WORKERS) as pool:
        list(pool.map(make_one, jobs))
    (program.folder / "plausible.log").write_bytes(hostile.plausible())
    program.report("plausible", program.folder / "plausible.log")
    return hostile.batches()


def make_one(job):
    """One hostile report."""
    program, name, settings, rules, source = job
    program.report(
        name, "--config", settings, "--rules", rules, source.relative_to(program.folder), forms=("html", "json", "md")
    )


def compare_one(job):
    """One hostile page, its Markdown and its JSON with its twin's; gives what the page
    consists of, or what is wrong."""
    folder, batch = job
    name = f"hostile-{batch.name}"
    page, twin = (folder / one / "report" for one in (name, f"twin-{batch.name}"))
    payloads = [payload for _, payload in batch.payloads]
    try:
        report = json.loads(page.with_suffix(".json").read_text())
        parsed.has(report, payloads, name)
        harmless = [text.replace(f"twin-{batch.name}", name) for text in map(read, forms(twin))]
        found, text = parsed.same(read(page.with_suffix(".html")), harmless[0], name)
        parsed.told(text, payloads, name)
        parsed.same_markdown(read(page.with_suffix(".md")), harmless[1], payloads, name)
    except Wrong as wrong:
        return str(wrong), {}
    return None, {parsed.vague(what) for what in found}


def forms(report):
    """The files of a report that are compared."""
    return report.with_suffix(".html"), report.with_suffix(".md")


def read(file):
    """A file's text, as it stands there."""
    return file.read_bytes().decode()


def hostile_checks(tally, program, batches):
    """Nothing that a caller wrote is more than text."""
    payloads = sum(len(batch.payloads) for batch in batches)
    with ProcessPoolExecutor(WORKERS) as pool:
        results = list(pool.map(compare_one, [(program.folder, batch) for batch in batches]))
    vocabulary = set().union(*(found for _, found in results))

    def compared():
        wrong = [said for said, _ in results if said]
        holds(not wrong, "\n".join(wrong))
        return f"{payloads} payloads in six places, {len(batches)} pages"

    def plausible():
        file = program.folder / "plausible.html"
        others = set(vocabulary)
        for harmless in ("attacks", "few", "one", "empty"):
            others |= {parsed.vague(what) for what in parsed.elements(read(program.folder / f"{harmless}.html"))[0]}
        parsed.known(read(file), others, file.name)
        alerts = json.loads(read(file.with_suffix(".json")))["verdict"]["levels"]
        holds(alerts["high"] + alerts["medium"] > 20, f"next to nothing was found: {alerts}")

    def noticed():
        page, twin = (program.folder / f"{kind}-00" / "report.html" for kind in ("hostile", "twin"))
        return f"{parsed.notices(read(page), read(twin))} raw payloads"

    tally.check("hostile texts stay texts: html5lib, markdown-it, JSON", compared)
    tally.check("hostile texts in alerts of the built-in rules", plausible)
    tally.check("what is not escaped is noticed", noticed)
    pages = [Page(f"hostile-{batch.name}", program.folder / f"hostile-{batch.name}/report.html", ["hostile"]) for batch in batches]
    return [*pages, Page("plausible", program.folder / "plausible.html", ["hostile", "everywhere", "looks"])]


def printed(program, page):
    """A print has what was folded, with the script and without it."""
    files = sorted((program.folder / "prints").glob(f"{page.name}*.pdf"))
    holds(files, f"{page.name} was not printed")
    for file in files:
        sheets = pypdfium2.PdfDocument(file)
        text = printable("".join(sheet.get_textpage().get_text_range() for sheet in sheets))
        for due in page.prints:
            holds(printable(due) in text, f"{file.name} does not have {due!r}")
    return f"{len(page.prints)} texts, {len(files)} prints"


def printable(text):
    """Without what breaking lines changes: spaces, and hyphens, for which PDFium gives
    one of two marks where one ends a line."""
    return "".join(char for char in text if char not in "-\x02\ufffe" and not char.isspace())


def sizes(pages):
    """No page is too large to be sent or opened."""
    for page in pages:
        size = page.html.stat().st_size
        holds(size < 5 << 20, f"{page.html} has {size} bytes")
    return f"at most {max(page.html.stat().st_size for page in pages):,} bytes"


def main():
    """Makes the reports and runs the checks; 1 when one does not hold."""
    parser = argparse.ArgumentParser()
    for name in ("s3sentry", "generate", "modules", "folder"):
        parser.add_argument(name, type=Path)
    parser.add_argument("--only", default="", metavar="NAME", help="the checks whose names hold this")
    asked = parser.parse_args()
    reports.clean(asked.folder)
    began, tally = time.monotonic(), Tally(asked.only)
    program = Program(asked.s3sentry, asked.folder)
    # It takes longest, and the others need not wait for it.
    pool = ThreadPoolExecutor(1)
    many = pool.submit(reports.many, program)
    pages = reports.make(program, asked.generate)
    print(f"{len(pages)} reports, {time.monotonic() - began:.0f} s", flush=True)
    words = disks.log(asked.folder)
    for check in disks.CHECKS:
        tally.check(check.__doc__.strip().rstrip("."), lambda: check(program, words))
    batches = hostile_reports(program)
    pages += many.result()
    pool.shutdown()
    pages += hostile_checks(tally, program, batches)
    tally.check("no page has 5 MiB", lambda: sizes(pages))

    manifest = asked.folder / "manifest.json"
    manifest.write_text(json.dumps({
        "modules": str(asked.modules),
        "chromium": shutil.which("chromium"),
        "shots": str(asked.modules / "shots"),
        "prints": str(asked.folder / "prints"),
        "only": asked.only,
        "pages": [page.described() for page in pages],
    }))
    browser = Path(__file__).with_name("browser.cjs")
    if subprocess.run(["node", browser, manifest], check=False).returncode:
        tally.failed.append("Chromium")
    for page in pages:
        if page.prints and not asked.only:
            tally.check(f"{page.name} on paper", lambda: printed(program, page))
    if tally.failed:
        print(f"FAILED: {', '.join(tally.failed)}; what was written is in {asked.folder}", file=sys.stderr)
        return 1
    print(f"all hold, {time.monotonic() - began:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
