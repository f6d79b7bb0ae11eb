#!/usr/bin/env python3
"""Does the real binary do on a real protocol what it is meant to do?

    checks.py S3SENTRY GENERATE FOLDER [--only NAME]

`S3SENTRY` and `GENERATE` are the programs, `FOLDER` is emptied and filled. Each
check has buckets or prefixes of its own; README.md says what is checked.
"""

import argparse
import shutil
import sys
import time
import traceback
from pathlib import Path

import documented
import scans
import watches
from aws import Aws
from delivery import LAYOUTS, deliver, generate, key, packed, write
from program import Program, Wrong

BUCKET = "acme-access-logs"


class World:
    """What all checks start from: the log, the same bytes as objects and as files."""

    def __init__(self, aws, program, folder, generator):
        self.aws, self.program, self.folder = aws, program, folder
        self.bucket = BUCKET
        self.log = generate(generator, folder)
        self.delivered = deliver(self.log, seed=5)
        self.layouts = {
            layout: [(key(layout, one), one.lines) for one in self.delivered]
            for layout in LAYOUTS
        }
        self.layouts["packed"] = [packed(*one) for one in enumerate(self.delivered)]
        aws.bucket(BUCKET)
        for objects in self.layouts.values():
            aws.put(BUCKET, objects)
            write(folder / "files", objects)
        # Before and after the second day's noon: alerts begin on both sides.
        half = len(self.delivered) // 2
        self.early, self.late = self.delivered[:half], self.delivered[half:]
        self.expected = program.alerts("scan", folder / "access.log")
        kept = ["--state", folder / "expected.state"]
        self.kept = program.alerts("scan", *kept, folder / "files/simple")


def main():
    """Runs the checks; 1 when one does not hold."""
    parser = argparse.ArgumentParser()
    parser.add_argument("s3sentry", type=Path)
    parser.add_argument("generate", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--only", metavar="NAME", help="the checks whose names hold this")
    asked = parser.parse_args()
    shutil.rmtree(asked.folder, ignore_errors=True)
    asked.folder.mkdir(parents=True)
    began, failed = time.monotonic(), []
    with Aws(sys.executable, asked.folder) as aws:
        program = Program(asked.s3sentry, asked.folder, aws.url)
        world = World(aws, program, asked.folder, asked.generate)
        print(
            f"{len(world.delivered)} objects in {len(world.layouts)} layouts,"
            f" {len(world.expected)} alerts expected, {time.monotonic() - began:.0f} s"
        )
        for check in [*scans.CHECKS, *watches.CHECKS, *documented.CHECKS]:
            name = check.__doc__.strip().rstrip(".")
            if asked.only and asked.only not in check.__name__:
                continue
            start = time.monotonic()
            try:
                check(world)
            except Wrong as wrong:
                failed.append(name)
                print(f"WRONG   {name} ({check.__name__})\n{wrong}", file=sys.stderr)
            except Exception:  # The next check may tell more.
                failed.append(name)
                print(f"BROKEN  {name} ({check.__name__})", file=sys.stderr)
                traceback.print_exc()
            else:
                print(f"ok      {name} ({time.monotonic() - start:.1f} s)", flush=True)
    if failed:
        print(f"FAILED: {len(failed)} checks; what was written is in {asked.folder}", file=sys.stderr)
        return 1
    print(f"all hold, {time.monotonic() - began:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
