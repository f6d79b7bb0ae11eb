"""Log lines as S3 would deliver them: objects in the three layouts of keys.

One cut of a log serves all layouts, so that each of them holds the same records:
what is found in one has to be found in all. Nothing is sent anywhere here.
"""

import gzip
import random
import re
import subprocess
from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path

import zstandard

ACCOUNT = "111122223333"
REGION = "eu-west-1"
LAYOUTS = ("simple", "event", "delivery")

# What the generator plants. All of it is found with its settings alone.
ATTACKS = (
    "denied-straddling,keys-guessed,credentials-guessed,open-list,deletes,root-at-work,"
    "secrets,restored"
)
START = "2026-02-03T20:00:00Z"
LINES = 7000
HOURS = 30
LONGEST = timedelta(hours=1)

BUCKET_AND_TIME = re.compile(r"^\S+ (\S+) \[(\d\d/\w{3}/\d{4}:\d\d:\d\d:\d\d) \+0000\]")


@dataclass(frozen=True)
class Delivered:
    """One object's worth of lines, before it has a key."""

    bucket: str
    first: datetime
    last: datetime
    at: datetime
    unique: str
    lines: bytes


def generate(program, folder):
    """Writes `access.log` and the `s3sentry.toml` that suits it; gives the log."""
    log = folder / "access.log"
    with log.open("wb") as out:
        subprocess.run(
            [program, "--start", START, "--duration", f"{HOURS}h", "--lines", str(LINES)]
            + ["--seed", "3", "--no-decoys", "--attacks", ATTACKS]
            + ["--settings", folder / "s3sentry.toml"],
            stdout=out,
            check=True,
        )
    return log


def deliver(log, seed):
    """Cuts a log into objects: of one bucket and day each, an hour at the most,
    delivered minutes later, some of them hours."""
    rng = random.Random(seed)
    by_bucket = defaultdict(list)
    for line in log.read_bytes().splitlines(keepends=True):
        found = BUCKET_AND_TIME.match(line.decode("latin-1"))
        time = datetime.strptime(found[2], "%d/%b/%Y:%H:%M:%S").replace(tzinfo=timezone.utc)
        by_bucket[found[1]].append((time, line))
    objects = []
    for bucket, lines in sorted(by_bucket.items()):
        while lines:
            first, size = lines[0][0], rng.randint(1, 160)
            part = [
                (time, line)
                for time, line in lines[:size]
                if time - first < LONGEST and time.date() == first.date()
            ]
            lines = lines[len(part) :]
            last = part[-1][0]
            late = rng.randint(2, 50) if rng.random() < 0.95 else rng.randint(60, 240)
            objects.append(
                Delivered(
                    bucket,
                    first,
                    last,
                    last + timedelta(minutes=late, seconds=rng.randint(0, 59)),
                    f"{rng.getrandbits(64):016X}",
                    b"".join(line for _, line in part),
                )
            )
    return sorted(objects, key=lambda one: one.at)


def key(layout, one):
    """The key of an object, as the layout has it."""
    if layout == "simple":
        return f"simple/{one.bucket}-{one.at:%Y-%m-%d-%H-%M-%S}-{one.unique}"
    stem = f"{layout}/{ACCOUNT}/{REGION}/{one.bucket}/"
    if layout == "event":
        return f"{stem}{one.first:%Y/%m/%d/%Y-%m-%d}-00-00-00-{one.unique}"
    return f"{stem}{one.at:%Y/%m/%d/%Y-%m-%d-%H-%M-%S}-{one.unique}"


def packed(number, one):
    """A simple key and a body, plain or compressed, by turns."""
    name = key("simple", one).replace("simple/", "packed/", 1)
    match number % 3:
        case 0:
            return name, one.lines
        case 1:
            return f"{name}.gz", gzip.compress(one.lines, mtime=0)
        case _:
            return f"{name}.zst", zstandard.ZstdCompressor().compress(one.lines)


def write(folder, objects):
    """Writes objects (key, body) as files, one for each key."""
    for name, body in objects:
        path = Path(folder, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body)
