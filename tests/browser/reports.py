"""The reports that are looked at, and how they are made."""

import json
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

import hostile

# Half a day, with every attack that has room in it.
LOG = ["--lines", "30000", "--duration", "12h", "--seed", "7"]
DEMO = Path(__file__).parents[2] / "fixtures/demo.log"
MANY = 50_000


@dataclass
class Page:
    """A report, and which checks it goes through (`browser.cjs`)."""

    name: str
    html: Path
    checks: list
    # Texts that a print of it must have.
    prints: list = field(default_factory=list)

    def described(self):
        """For the manifest."""
        other = self.html.with_suffix(".json")
        return {"name": self.name, "html": str(self.html), "json": str(other), "checks": self.checks}


def make(program, generator):
    """All of them but the hostile ones and the largest."""
    return [*attacks(program, generator), *empty(program), *malformed(program), *one(program), *few(program)]


def attacks(program, generator):
    """Of the generator's log: all of it; and half of it compared with the other half,
    of which a state file knows."""
    folder = program.folder
    config = ["--config", generated(folder, generator)]
    log = (folder / "access.log").read_bytes().splitlines(keepends=True)
    (folder / "early.log").write_bytes(b"".join(log[: len(log) // 2]))
    (folder / "late.log").write_bytes(b"".join(log[len(log) // 2 :]))
    whole = program.report("attacks", *config, folder / "access.log", forms=("html", "json", "md"))
    state = [*config, "--state", folder / "kept.state"]
    program.report("before", *state, folder / "early.log")
    both = [folder / "early.log", folder / "late.log"]
    compared = program.report("compared", *state, "--compare", folder / "before.json", *both)
    return [
        Page("attacks", whole, ["everywhere", "looks", "phone", "sifts", "prints"], told(whole)),
        Page("compared", compared, ["large", "looks"]),
    ]


def told(page):
    """What happened, and by whom: titles and names of all incidents."""
    incidents = json.loads(page.with_suffix(".json").read_text())["incidents"]
    titles = [step["title"] for incident in incidents for step in incident["story"]]
    return [*titles, *(incident["entity"]["name"] for incident in incidents)]


def generated(folder, generator):
    """The generator's log and the settings under which its truth holds."""
    lists = ["--settings", "s3sentry.toml", "--aws-ranges", "ip-ranges.json", "--ioc", "ioc"]
    with (folder / "access.log").open("wb") as out:
        subprocess.run([generator, *LOG, *lists], cwd=folder, stdout=out, check=True)
    return folder / "s3sentry.toml"


def empty(program):
    """A period without a line."""
    (program.folder / "empty.log").write_bytes(b"")
    page = program.report("empty", program.folder / "empty.log")
    return [Page("empty", page, ["everywhere", "looks", "reads"])]


def malformed(program):
    """Lines that are no records, some of them hostile."""
    lines = [b"not a line of any log", b"<script>alert(1)</script>", b"\x00\xff\x1b[31m", b"{}" * 400]
    (program.folder / "malformed.log").write_bytes(b"".join(line + b"\n" for line in lines * 25))
    page = program.report("malformed", program.folder / "malformed.log", code=3)
    return [Page("malformed", page, ["everywhere", "looks", "reads"])]


def one(program):
    """One alert: somebody without credentials reads an object."""
    (program.folder / "one.log").write_bytes(hostile.anonymous(b"acme-finance", b"2026/plan.txt"))
    page = program.report("one", program.folder / "one.log")
    return [Page("one", page, ["everywhere", "looks", "reads"])]


def few(program):
    """The demo's log: some incidents."""
    page = program.report("few", DEMO)
    return [Page("few", page, ["everywhere", "looks", "phone", "uses", "reads", "damaged"], told(page))]


def many(program):
    """As many alerts as there are lines, each of somebody else."""
    rules, settings = program.folder / "many.rules", program.folder / "many.toml"
    rules.mkdir()
    (rules / "many.yml").write_text(hostile.rules(["requester"]))
    alone(program, settings)
    with (program.folder / "many.log").open("wb") as out:
        out.writelines(hostile.stranger(number) for number in range(MANY))
    page = program.report("many", "--config", settings, "--rules", rules, program.folder / "many.log")
    return [Page("many", page, ["large", "sifts"])]


def alone(program, settings):
    """Settings under which no rule of the program's own is there."""
    listed = json.loads(program.run("rules", "list", "--format", "json")[0])
    settings.write_text("".join(f"[rules.{rule['name']}]\nenabled = false\n" for rule in listed))


def clean(folder):
    """An empty folder."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
