"""What a report does when it cannot be written: the exit code is 5, the path is
named, and what was there stays as it was."""

import os
import subprocess
from pathlib import Path

import hostile
from program import holds

SIZE = "256k"


def log(folder):
    """A log whose report is larger than the disk."""
    out = folder / "disk.log"
    out.write_bytes(b"".join(hostile.stranger(number) for number in range(2_000)))
    rules = folder / "disk.rules"
    rules.mkdir()
    (rules / "rules.yml").write_text(hostile.rules(["requester"]))
    return ["--rules", rules, out]


def untouched(program, at, words, named):
    """Nothing of what stands there changes, and nothing is left behind."""
    before = {one.name: one.read_bytes() for one in at.iterdir()} if at.is_dir() else None
    _, said = program.run("report", *words, code=5)
    holds(str(named) in said, f"{named} is not named: {said}")
    after = {one.name: one.read_bytes() for one in at.iterdir()} if at.is_dir() else None
    holds(before == after, f"{at} has changed: {sorted(before or [])} to {sorted(after or [])}")


def no_folder(program, words):
    """A folder that is not there."""
    file = program.folder / "nowhere/report.html"
    untouched(program, file.parent, [*words, "-o", file], file.parent)


def no_file(program, words):
    """A folder where the report should be."""
    file = program.folder / "folder.html"
    file.mkdir()
    untouched(program, file, [*words, "-o", file], file)


def full(program, words):
    """A disk that is full: the report before it stays."""
    disk = program.folder / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", disk], capture_output=True, check=False
    )
    if mounted.returncode:
        return "not looked at: nothing can be mounted here"
    try:
        (program.folder / "little.log").write_bytes(hostile.anonymous(b"acme-finance", b"2026/plan.txt"))
        for form in ("html", "md", "json"):
            file = disk / f"report.{form}"
            program.run("report", program.folder / "little.log", "-o", file)
            untouched(program, disk, [*words, "-o", file], disk)
            for one in disk.iterdir():
                one.unlink()
    finally:
        subprocess.run(["umount", disk], check=True)
    return None


def read_only(program, words):
    """A folder in which nothing may be written."""
    folder = program.folder / "read-only"
    folder.mkdir()
    (folder / "report.html").write_text("the report of yesterday")
    mount = ["mount", "--bind", "-o", "ro", folder, folder]
    if os.geteuid() == 0:
        if subprocess.run(mount, capture_output=True, check=False).returncode:
            return "not looked at: nothing can be mounted here"
    else:
        folder.chmod(0o500)
    try:
        untouched(program, folder, [*words, "-o", folder / "report.html"], folder)
    finally:
        if os.geteuid() == 0:
            subprocess.run(["umount", folder], check=True)
        else:
            folder.chmod(0o700)
    return None


def device(program, words):
    """/dev/full, which takes nothing."""
    link = program.folder / "full.html"
    link.symlink_to(Path("/dev/full"))
    _, said = program.run("report", *words, "-o", link, code=5)
    holds("full" in said, f"the device is not named: {said}")
    holds(link.is_symlink(), "the link is gone")


CHECKS = [no_folder, no_file, full, read_only, device]
