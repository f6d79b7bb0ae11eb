"""Runs the real binary, and says clearly what it did instead."""

import json
import os
import signal
import subprocess
import time

# `watch` has this long to stop when it is told to.
STOPS_IN = 5


class Wrong(Exception):
    """A check that does not hold."""


def holds(true, said):
    """A check: what is said names what is wrong."""
    if not true:
        raise Wrong(said)


class Program:
    """The binary in an environment of its own: nothing of the caller's counts."""

    def __init__(self, binary, folder, endpoint):
        self.binary = binary
        self.folder = folder
        self.common = ["--config", str(folder / "s3sentry.toml")]
        self.at = ["--endpoint-url", endpoint, "--region", "eu-west-1"]
        self.environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder / "home"),
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_ACCESS_KEY_ID": "anybody",
            "AWS_SECRET_ACCESS_KEY": "anything",
        }
        (folder / "home").mkdir(exist_ok=True)

    def words(self, command, *words):
        """The command line. `--state` and the like are among the words."""
        reached = any(str(word).startswith("s3://") for word in words)
        at = self.at if reached and command in ("scan", "watch") else []
        return [self.binary, command, *map(str, words), *self.common, *at]

    def run(self, *words, code=0, environment=None):
        """Runs it to its end; gives stdout and stderr as text."""
        words = self.words(*words)
        done = subprocess.run(
            words,
            cwd=self.folder,
            env=self.environment if environment is None else environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=90,
            check=False,
        )
        holds(
            done.returncode == code,
            f"exit code {done.returncode} where {code} was due: {shown(words)}\n{done.stderr}",
        )
        return done.stdout, done.stderr

    def alerts(self, *words):
        """Runs it; gives its alerts."""
        return parsed(self.run(*words)[0])

    def watch(self, name, *words):
        """Starts `watch`."""
        return Watch(self, name, self.words("watch", "--format", "ndjson", *words))


class Watch:
    """A `watch` that runs; it is stopped with the `with` block."""

    def __init__(self, program, name, words):
        self.words = words
        self.out = program.folder / f"{name}.ndjson"
        self.err = program.folder / f"{name}.err"
        with self.out.open("wb") as out, self.err.open("wb") as err:
            self.process = subprocess.Popen(
                words,
                cwd=program.folder,
                env=program.environment,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
            )

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def alerts(self):
        """The alerts so far; a line that is being written is left out."""
        text = self.out.read_text()
        return parsed(text[: text.rfind("\n") + 1])

    def until(self, what, true, seconds=30):
        """Waits until something is true."""
        end = time.monotonic() + seconds
        while not true():
            holds(self.process.poll() is None, f"watch ended while waiting: {what}\n{self.said()}")
            holds(time.monotonic() < end, f"not in {seconds} s: {what}\n{self.said()}")
            time.sleep(0.1)

    def said(self):
        """How it was started, and what it said."""
        return f"{shown(self.words)}\n{self.err.read_text()}"

    def stop(self):
        """SIGTERM: exit code 0, and soon."""
        self.process.send_signal(signal.SIGTERM)
        try:
            code = self.process.wait(STOPS_IN)
        except subprocess.TimeoutExpired as error:
            raise Wrong(f"still there {STOPS_IN} s after SIGTERM\n{self.said()}") from error
        holds(code == 0, f"exit code {code} after SIGTERM where 0 was due\n{self.said()}")


def parsed(text):
    """NDJSON."""
    return [json.loads(line) for line in text.splitlines()]


def shown(words):
    """A command line, for people."""
    return " ".join(map(str, words))


def stripped(alert):
    """An alert without what depends on how it came about: where its lines stood,
    whether its period was over when it was written."""
    return {name: alert[name] for name in alert if name not in ("evidence", "context", "status")}


def last(alerts):
    """Of each id what holds in the end."""
    newest = {}
    for alert in alerts:
        known = newest.get(alert["id"])
        order = (alert["rev"], ["open", "closed", "withdrawn"].index(alert["status"]))
        if known is None or order >= known[0]:
            newest[alert["id"]] = (order, alert)
    return {name: alert for name, (_, alert) in newest.items() if alert["status"] != "withdrawn"}


def same(found, expected, who):
    """Two lists of alerts say the same, by id."""
    found, expected = last(found), last(expected)
    for name in sorted(found.keys() ^ expected.keys()):
        one = found.get(name) or expected[name]
        text = "is missing" if name in expected else "is too much"
        holds(False, f"{who}: an alert {text}: {json.dumps(stripped(one))}")
    for name, alert in expected.items():
        wanted, got = stripped(alert), stripped(found[name])
        holds(got == wanted, f"{who}: an alert differs:\n  {got}\n  {wanted}")
