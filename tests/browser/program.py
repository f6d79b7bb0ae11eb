"""Runs the real binary, and says clearly what it did instead."""

import os
import subprocess

ENDS_IN = 300


class Wrong(Exception):
    """A check that does not hold."""


def holds(true, said):
    """A check: what is said names what is wrong."""
    if not true:
        raise Wrong(said)


class Program:
    """The binary in an environment of its own: nothing of the caller's counts."""

    def __init__(self, binary, folder):
        self.binary, self.folder = binary, folder
        self.environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "LANG": "C.UTF-8"}

    def run(self, *words, code=0, **more):
        """Runs it to its end; gives stdout and stderr as text."""
        words = [str(self.binary), *map(os.fspath, words)]
        if "--config" not in words:
            words.append("--no-config")
        done = subprocess.run(
            words,
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=ENDS_IN,
            check=False,
            **more,
        )
        out, err = done.stdout.decode(), done.stderr.decode()
        holds(
            done.returncode == code,
            f"exit code {done.returncode} where {code} was due: {' '.join(words)}\n{err}",
        )
        return out, err

    def report(self, name, *words, forms=("html", "json"), code=0):
        """Makes a report in several forms; gives the first of its files."""
        files = [self.folder / f"{name}.{form}" for form in forms]
        outputs = [word for file in files for word in ("-o", file)]
        self.run("report", *words, *outputs, code=code)
        for file in files:
            holds(file.exists(), f"there is no {file}")
        beside = files[0].with_name(files[0].name + ".alerts.ndjson")
        holds(beside.exists(), f"there is no {beside}")
        return files[0]
