#!/usr/bin/env python3
"""Do s3sentry's windows say what the Sigma project's own SQL says?

Random rules (`event_count`, `value_count`) run on random logs twice: by
`s3sentry scan`, and by SQLite with the SQL that pySigma's SQLite backend makes
of the same documents. Alerts must be the same: which keys in which periods,
when each fired first, at which count, and over which records it counts.

What had to be said before the two can be compared, and why it is fair:

- The backend looks at [t - timespan, t], closed at both ends, for every record
  at a time t; s3sentry at (t - timespan, t]. Times are whole seconds, so a
  timespan one second shorter makes them one window. Both take all records of
  the second t together (the backend's frames are RANGE and BETWEEN).
- The backend gives every window that qualifies, s3sentry one alert a period:
  of the windows whose end is in a period, the earliest is kept.
- The backend folds the case of what it groups and counts by and drops nulls;
  s3sentry counts bytes, and a null is a value. Those fields are lower case here
  and always there. Text in detections ignores case in both: the backend is told
  so (`collate_nocase`).
- `neq` on a field that is null holds for the backend and not for s3sentry: it is
  asked of fields that are always there.
- A line delivered twice counts once for s3sentry only: request ids are unique.
- The backend leaves REGEXP to its user: Python's `re.search` here.
- An alert's counts cover (period start - timespan, period end). The backend
  knows of no periods: they are counted here, over the records that its SQL of
  the detections gives.

The comparison is itself put to the test: with timespans not shortened it has to
find a difference.
"""

import argparse
import json
import os
import random
import re
import secrets
import shutil
import sqlite3
import subprocess
import sys
import time
from collections import defaultdict
from datetime import datetime, timezone
from pathlib import Path

import yaml
from sigma.backends.sqlite import sqliteBackend
from sigma.collection import SigmaCollection

from world import FIELDS, NUMBERS, World, line

FIXED_SEED = 1
RULES_IN_A_BATCH = 20
SHOWN = 200


def database(records):
    """The records as a table, with the fields' own names."""
    connection = sqlite3.connect(":memory:")
    connection.create_function(
        "REGEXP", 2, lambda pattern, text: text is not None and bool(re.search(pattern, str(text)))
    )
    kinds = {name: "INTEGER" if name in NUMBERS else "TEXT" for name in FIELDS}
    columns = ", ".join(f"{name} {kind}" for name, kind in kinds.items())
    connection.execute(f"CREATE TABLE logs ({columns}, timestamp INTEGER)")
    connection.executemany(
        f"INSERT INTO logs VALUES ({', '.join('?' * (len(FIELDS) + 1))})",
        [[*(record[name] for name in FIELDS), record["time"]] for record in records],
    )
    return connection


def sql(documents):
    """The backend's SQL of the rules that these documents raise."""
    backend = sqliteBackend(timestamp_format="unix", collate_nocase=True)
    return backend.convert(SigmaCollection.from_dicts(documents))


def backend_alerts(connection, rule, timespan):
    """By key and period start: when the rule fired first, and at which count."""
    (query,) = sql(rule.documents(timespan))
    first = {}
    for row in named(connection.execute(query)):
        keys = json.loads(row["group_keys"])
        key = tuple(keys[name] for name in rule.group_by)
        end = int(row["window_end"])
        place = (key, end - end % rule.period)
        firing = (end, row["metric_value"])
        first[place] = min(first.get(place, firing), firing)
    return first


def named(cursor):
    names = [column[0] for column in cursor.description]
    return (dict(zip(names, row)) for row in cursor)


def matched(connection, rule):
    """Records that the rule counts, by key, in the order of time."""
    rows = {}
    for detection in rule.detections:
        (query,) = sql([detection])
        query = query.replace("SELECT *", "SELECT *, rowid", 1)
        rows.update((row["rowid"], row) for row in named(connection.execute(query)))
    by_key = defaultdict(list)
    for row in sorted(rows.values(), key=lambda row: row["timestamp"]):
        by_key[tuple(row[name] for name in rule.group_by)].append(row)
    return by_key


def expected(connection, rule, timespan):
    """What every alert of the rule must say, by key and period start."""
    records = matched(connection, rule)
    alerts = {}
    for (key, start), (fired, value) in backend_alerts(connection, rule, timespan).items():
        counted = [
            row
            for row in records[key]
            if start - rule.span < row["timestamp"] < start + rule.period
        ]
        alerts[key, start] = {
            "fired": fired,
            "value": value,
            "until": start + rule.period,
            "count": len(counted),
            "first_seen": counted[0]["timestamp"],
            "last_seen": counted[-1]["timestamp"],
        }
        if rule.counted:
            alerts[key, start]["distinct"] = len({row[rule.counted] for row in counted})
    return alerts


def seconds(text):
    return int(datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp())


def clock(moment):
    return datetime.fromtimestamp(moment, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def scanned(binary, rules, log):
    """What s3sentry's alerts say, by rule, then by key and period start."""
    command = [binary, "scan", "--no-config", "-q", "--rules", rules, "--format", "ndjson", log]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    if run.returncode != 0:
        sys.exit(f"FAILED: {' '.join(map(str, command))}\nended with {run.returncode}:\n{run.stderr}")
    by_rule = defaultdict(dict)
    for alert in map(json.loads, run.stdout.splitlines()):
        key = tuple(alert["key"].values())
        start = seconds(alert["period"]["start"])
        said = {
            "fired": seconds(alert["trigger"]["time"]),
            "value": alert["trigger"]["value"],
            "until": seconds(alert["period"]["end"]),
            "count": alert["count"],
            "first_seen": seconds(alert["first_seen"]),
            "last_seen": seconds(alert["last_seen"]),
        }
        if "distinct" in alert:
            said["distinct"] = alert["distinct"]
        alerts = by_rule[alert["rule"]["name"]]
        if (key, start) in alerts:
            said["twice"] = "two alerts of one key and period"
        alerts[key, start] = said
    return by_rule


class Batch:
    """Some rules on one log, seen by both."""

    def __init__(self, binary, folder, seed, number):
        self.world = World(random.Random(f"{seed}/{number}"), RULES_IN_A_BATCH)
        folder.mkdir(parents=True, exist_ok=True)
        self.log, self.rules_file = folder / "access.log", folder / "rules.yml"
        self.log.write_text("".join(line(record) + "\n" for record in self.world.records))
        documents = [document for rule in self.world.rules for document in rule.documents()]
        self.rules_file.write_text(yaml.safe_dump_all(documents, sort_keys=False))
        self.connection = database(self.world.records)
        self.alerts = scanned(binary, self.rules_file, self.log)

    def differences(self, shorter_by=1):
        """Rule, key, period start, what the backend says, what s3sentry says."""
        for rule in self.world.rules:
            theirs = expected(self.connection, rule, rule.span - shorter_by)
            ours = self.alerts.get(rule.name, {})
            for key, start in sorted(theirs.keys() | ours.keys(), key=str):
                pair = theirs.get((key, start)), ours.get((key, start))
                if pair[0] != pair[1]:
                    yield rule, key, start, *pair

    def raised(self):
        return sum(len(self.alerts.get(rule.name, {})) for rule in self.world.rules)

    def show(self, difference):
        """A difference, with all that is needed to look into it."""
        rule, key, start, theirs, ours = difference
        print(yaml.safe_dump_all(rule.documents(), sort_keys=False))
        print(f"key     {dict(zip(rule.group_by, key))}")
        print(f"period  {clock(start)} to {clock(start + rule.period)}")
        for who, said in (("backend ", theirs), ("s3sentry", ours)):
            told = said and {
                name: clock(value) if name in ("fired", "until", "first_seen", "last_seen") else value
                for name, value in said.items()
            }
            print(f"{who} {told or 'no alert'}")
        print("records of that key that the backend's detections match, from a timespan before:")
        rows = [
            row
            for row in matched(self.connection, rule).get(key, [])
            if start - rule.span <= row["timestamp"] < start + rule.period
        ]
        for row in rows[:SHOWN]:
            print(line({**row, "time": row["timestamp"]}))
        if rows[SHOWN:]:
            print(f"... and {len(rows) - SHOWN} more")


def compare(binary, folder, seed, batches):
    """Runs one seed; whether all agreed."""
    began, raised = time.monotonic(), 0
    for number in range(batches):
        batch = Batch(binary, folder / f"{seed}-{number}", seed, number)
        raised += batch.raised()
        differences = list(batch.differences())
        if differences:
            batch.show(differences[0])
            print(
                f"\nFAILED: {len(differences)} differences, the first is shown above.\n"
                f"The log and the rules: {batch.log.parent}\n"
                f"To repeat: tests/oracles/run --seed {seed}"
            )
            return False
        shutil.rmtree(batch.log.parent)
    rules = batches * RULES_IN_A_BATCH
    if not raised:
        print(f"FAILED: seed {seed}: {rules} rules and not one alert: nothing is compared")
        return False
    print(
        f"windows: seed {seed}: {rules} rules, {raised} alerts, the same from the backend's SQL"
        f" ({time.monotonic() - began:.0f} s)",
        flush=True,
    )
    return True


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("binary", type=Path, help="s3sentry")
    parser.add_argument("folder", type=Path, help="where logs and rules are put")
    parser.add_argument("--seed", help="this seed only; else a fixed one and a fresh one")
    parser.add_argument("--cases", type=int, default=120, help="rules a seed [120]")
    options = parser.parse_args()
    for name in [name for name in os.environ if name.startswith("S3SENTRY_")]:
        del os.environ[name]

    # A timespan that is a second too long must be noticed.
    control = Batch(options.binary, options.folder / "control", FIXED_SEED, 0)
    shutil.rmtree(control.log.parent)
    if not any(control.differences(shorter_by=0)):
        sys.exit("FAILED: timespans a second too long make no difference: nothing is compared")

    seeds = [options.seed] if options.seed else [FIXED_SEED, secrets.randbelow(10**9)]
    batches = -(-options.cases // RULES_IN_A_BATCH)
    agreed = [compare(options.binary, options.folder, seed, batches) for seed in seeds]
    sys.exit(0 if all(agreed) else 1)


if __name__ == "__main__":
    main()
