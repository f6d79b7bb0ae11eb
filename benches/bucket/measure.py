"""Measures a scan of a bucket beside two tools that only copy it.

    measure.py S3SENTRY GENERATE FOLDER [--rounds N] [--objects N] [--only speed|memory]

Speed: objects of 7 KB behind s3s-fs on this machine. The tools run in turns, each
writes into memory where there is room for it, and medians count. Memory: the most
that s3sentry ever held, with 10,000 objects and with a million that computed.py
makes up.
"""

import argparse
import os
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

SIZE = 7_000
DAYS = 10
BUCKET = "acme-access-logs"
PREFIX = "logs/"
STEM = f"{PREFIX}111122223333/eu-west-1/acme-data/"
KEYS = {"AWS_ACCESS_KEY_ID": "measure", "AWS_SECRET_ACCESS_KEY": "measure"}
TIME = re.compile(rb"\[(\d\d/\w{3}/\d{4}:\d\d:\d\d:\d\d) \+0000\]")
MANY = 1_000_000


def generate(program, folder, *words):
    """A log."""
    log = folder / "access.log"
    with log.open("wb") as out:
        subprocess.run(
            [program, "--duration", f"{DAYS}d", "--seed", "9", "--no-decoys", "--attacks", "none"]
            + ["--settings", folder / "s3sentry.toml", *words],
            stdout=out,
            check=True,
        )
    return log


def fill(log, root, count):
    """Cuts a log into objects, delivered five minutes after their last lines."""
    made, part = 0, bytearray()
    for line in log.open("rb"):
        part += line
        if len(part) < SIZE:
            continue
        last = datetime.strptime(TIME.search(line)[1].decode(), "%d/%b/%Y:%H:%M:%S")
        at = last + timedelta(minutes=5)
        path = root / BUCKET / f"{STEM}{at:%Y/%m/%d/%Y-%m-%d-%H-%M-%S}-{made:016X}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(part)
        part.clear()
        made += 1
        if made == count:
            return
    sys.exit(f"the log has lines for {made} objects only")


def run(words, folder, environment):
    """Runs a command; seconds of the wall and of both processors, and peak MiB."""
    with (folder / "said").open("wb") as said:
        began = time.perf_counter()
        process = subprocess.Popen(
            words, stdout=subprocess.DEVNULL, stderr=said, env=environment, cwd=folder
        )
        _, status, used = os.wait4(process.pid, 0)
        wall = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        text = (folder / "said").read_text()
        sys.exit(f"exit code {process.returncode}: {' '.join(map(str, words))}\n{text}")
    return wall, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024


def summary(folder, wanted):
    """s3sentry has to have read all, or nothing was measured."""
    text = (folder / "said").read_text()
    lines = re.search(r"s3sentry: ([0-9,]+) lines", text)
    got = int(lines[1].replace(",", "")) if lines else 0
    if got != wanted:
        sys.exit(f"{got} lines were read, not {wanted}\n{text}")


@contextmanager
def served(words, port=None):
    """A server; its address. Without a port the server prints the one it has taken."""
    process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    try:
        if port is None:
            port = int(process.stdout.readline())
        until = time.monotonic() + 20
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                if time.monotonic() > until:
                    raise
                time.sleep(0.1)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.kill()
        process.wait()


def free_port():
    """A port that nobody listens on."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def speed(asked, folder):
    """Walls of all tools, in turns."""
    root = folder / "root"
    log = generate(asked.generate, folder, "--bytes", str(int(asked.objects * SIZE * 1.12)))
    fill(log, root, asked.objects)
    files = [path for path in root.rglob("*") if path.is_file()]
    lines = sum(path.read_bytes().count(b"\n") for path in files)
    mean = sum(path.stat().st_size for path in files) / len(files)
    print(f"{asked.objects} objects of {mean:.0f} bytes, {lines} lines", flush=True)
    port = free_port()
    keys = ["--access-key", "measure", "--secret-key", "measure"]
    server = [asked.folder / "bin/s3s-fs", "--host", "127.0.0.1", "--port", str(port)]
    address, copy = f"s3://{BUCKET}/{PREFIX}", folder / "copy"
    plain = {"PATH": os.environ["PATH"], "HOME": str(folder), "AWS_EC2_METADATA_DISABLED": "true"}
    environment = plain | KEYS | {"AWS_DEFAULT_REGION": "us-east-1", "AWS_REGION": "us-east-1"}
    with served([*server, *keys, root], port) as url:
        remote = f":s3,provider=Other,env_auth=true,endpoint='{url}':{BUCKET}/{PREFIX}"
        scan = [asked.s3sentry, "scan", "--config", folder / "s3sentry.toml", address]
        rclone = ["rclone", "copy", "--config", "", remote, copy]
        tools = {
            "s3sentry scan": [*scan, "--endpoint-url", url],
            "rclone copy": rclone,
            "rclone copy --transfers 64": [*rclone, "--transfers", "64", "--checkers", "64"],
            "aws s3 cp --recursive": [
                asked.folder / "venv/bin/aws", "s3", "cp", "--recursive", "--only-show-errors",
                "--endpoint-url", url, address, copy,
            ],
        }
        taken = {name: [] for name in tools}
        for _ in range(asked.rounds):
            for name, words in tools.items():
                shutil.rmtree(copy, ignore_errors=True)
                taken[name].append(run(words, folder, environment))
                if "s3sentry" in name:
                    summary(folder, lines)
                else:
                    copied = sum(1 for path in copy.rglob("*") if path.is_file())
                    if copied != asked.objects:
                        sys.exit(f"{name}: {copied} objects were copied, not {asked.objects}")
    ours = statistics.median(wall for wall, _, _ in taken["s3sentry scan"])
    print(f"{'':28} {'wall s':>8} {'cpu s':>8} {'MiB':>6} {'times':>6}")
    for name, runs in taken.items():
        wall, cpu, peak = (statistics.median(column) for column in zip(*runs))
        print(f"{name:28} {wall:8.2f} {cpu:8.2f} {peak:6.0f} {wall / ours:6.2f}")


def memory(asked, folder):
    """The peak of s3sentry with few objects and with many."""
    log = generate(asked.generate, folder, "--lines", "5000")
    for count in (10_000, asked.many):
        words = [sys.executable, Path(__file__).with_name("computed.py"), log, str(count)]
        with served(words) as url:
            address = f"s3://{BUCKET}/{PREFIX}"
            scan = [asked.s3sentry, "scan", "--config", folder / "s3sentry.toml", address]
            environment = {"PATH": os.environ["PATH"], "HOME": str(folder)} | KEYS
            wall, cpu, peak = run([*scan, "--endpoint-url", url], folder, environment)
        summary(folder, count * 10)
        print(f"{count:9} objects: {peak:5.0f} MiB, {wall:.1f} s, {cpu:.1f} s cpu", flush=True)


def main():
    """Both."""
    parser = argparse.ArgumentParser()
    parser.add_argument("s3sentry", type=Path)
    parser.add_argument("generate", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--objects", type=int, default=10_000)
    parser.add_argument("--many", type=int, default=MANY)
    parser.add_argument("--only", choices=["speed", "memory"])
    asked = parser.parse_args()
    room = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    with tempfile.TemporaryDirectory(dir=room) as folder:
        for measured in (speed, memory):
            if asked.only in (None, measured.__name__):
                measured(asked, Path(folder))


if __name__ == "__main__":
    main()
