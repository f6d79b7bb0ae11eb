"""Checks of `scan` and `checkpoint` on a bucket."""

from collections import Counter

from delivery import key
from program import holds, same

STEM = "simple/acme-datalake-"


def as_files(world):
    """A scan of each layout finds what a scan of the log finds, plain and compressed."""
    for layout, objects in world.layouts.items():
        alerts = world.program.alerts("scan", f"s3://{world.bucket}/{layout}/")
        same(alerts, world.expected, f"{layout} in the bucket against the log")
        files = world.program.alerts("scan", world.folder / "files" / layout)
        same(alerts, files, f"{layout} in the bucket against the same bytes as files")
        read = [name for name in world.aws.served(world.bucket) if name.startswith(layout)]
        named = Counter(name for name, _ in objects)
        # Lines that are evidence may be asked for once more, others may not.
        lost = named.keys() - set(read)
        holds(not lost, f"{layout}: {len(lost)} objects were never fetched: {sorted(lost)[:3]}")
        again = len(read) - len(named)
        holds(again <= len(alerts) * 5, f"{layout}: {again} objects were fetched more than once")


def evidence(world):
    """Evidence names the object, and the record stands there."""
    bodies = dict(world.layouts["event"])
    seen = 0
    for alert in world.program.alerts("scan", f"s3://{world.bucket}/event/"):
        for one in alert["evidence"]:
            head = f"s3://{world.bucket}/"
            holds(one["source"].startswith(head), f"evidence in no object: {one['source']}")
            body = bodies[one["source"].removeprefix(head)]
            line = body[one["offset"] :].split(b"\n", 1)[0].decode()
            if one["record"] is not None:
                seen += 1
                told = one["record"]["request_id"]
                holds(f" {told} " in line, f"{one['source']} at {one['offset']}: not {told}")
    holds(seen, "no evidence came with its record")


def several(world):
    """Several addresses at once are one scan; an overlap counts once."""
    some = [f"s3://{world.bucket}/simple/acme-{letter}" for letter in "abfhmprstw"]
    addresses = [*some, f"s3://{world.bucket}/simple/acme-d", f"s3://{world.bucket}/simple/acme-da"]
    alerts = world.program.alerts("scan", "--format", "ndjson", *addresses, f"s3://{world.bucket}/simple/acme-l")
    same(alerts, world.expected, "the log in parts")


def pruned(world):
    """--since and --until list and fetch what may hold such records, and no more."""
    span = ["--since", "2026-02-04T10:00:00Z", "--until", "2026-02-04T14:00:00Z"]
    expected = world.program.alerts("scan", *span, world.log)
    holds(expected, "the span has no alerts to compare")
    for layout in ("simple", "delivery", "event"):
        before = len(world.aws.served(world.bucket))
        address = f"s3://{world.bucket}/{layout}/"
        same(world.program.alerts("scan", *span, address), expected, f"a span of {layout}")
        read = set(world.aws.served(world.bucket)[before:])
        early = [
            key(layout, one)
            for one in world.delivered
            # Event-time keys tell the day alone.
            if one.at.hour < 9 and one.at.day == 4 and layout != "event" or one.at.day < 4
        ]
        holds(len(early) > 20, "nothing stands before the span")
        wasted = read.intersection(early)
        holds(not wasted, f"{layout}: {len(wasted)} were fetched in vain: {sorted(wasted)[:3]}")


def state(world):
    """With a state file only what is new is read, and the alerts are those of one run."""
    bucket, kept = "acme-more-logs", ["--state", world.folder / "more.state"]
    address = f"s3://{bucket}/simple/"
    early = [(key("simple", one), one.lines) for one in world.early]
    late = [(key("simple", one), one.lines) for one in world.late]
    world.aws.bucket(bucket)
    world.aws.put(bucket, early)
    alerts = world.program.alerts("scan", *kept, address)
    read = len(world.aws.served(bucket))
    holds(read >= len(early), f"{read} of {len(early)} objects were fetched")

    out, said = world.program.run("scan", *kept, address)
    holds(out == "", f"alerts where nothing was new:\n{out}")
    again = world.aws.served(bucket)[read:]
    holds(not again, f"{len(again)} objects were fetched again: {again[:3]}\n{said}")

    world.aws.put(bucket, late)
    alerts += world.program.alerts("scan", *kept, address)
    fetched = set(world.aws.served(bucket)[read:])
    holds({name for name, _ in late} <= fetched, "not all new objects were fetched")
    same(alerts, world.kept, "two runs on the bucket against one on files")

    # A narrower name is the same log.
    before = len(world.aws.served(bucket))
    out, _ = world.program.run("scan", *kept, f"s3://{bucket}/{STEM}")
    again = world.aws.served(bucket)[before:]
    holds(not again and out == "", f"by another prefix {len(again)} objects were fetched again")


def checkpoint(world):
    """`checkpoint show` tells how far each log is read, `reset` lets it be read again."""
    kept = ["--state", world.folder / "checkpoint.state"]
    address = f"s3://{world.bucket}/simple/"
    world.program.run("scan", *kept, address)
    out, _ = world.program.run("checkpoint", "show", *kept)
    holds(world.bucket in out and STEM in out, f"{STEM} is not shown:\n{out}")
    newest = max(one.at for one in world.delivered if one.bucket == "acme-datalake")
    day = f"{newest:%Y-%m-%d}"
    holds(day in out, f"the newest object, of {day}, is not shown:\n{out}")
    world.program.run("checkpoint", "reset", *kept, address)
    before = len(world.aws.served(world.bucket))
    world.program.run("scan", *kept, address)
    again = set(world.aws.served(world.bucket)[before:])
    missing = len(world.layouts["simple"]) - len(again)
    holds(missing == 0, f"{missing} objects were not read again after the reset")


def nothing_there(world):
    """An empty prefix and a missing bucket end with 3 and say what is likely wrong."""
    _, said = world.program.run("scan", f"s3://{world.bucket}/nothing/here/", code=3)
    holds("nothing/here/" in said, f"the prefix is not named:\n{said}")
    holds("holds no logs" in said, f"that nothing is there is not said:\n{said}")
    _, said = world.program.run("scan", "s3://acme-nowhere/", code=3)
    holds("acme-nowhere" in said, f"the bucket is not named:\n{said}")
    holds("no such bucket" in said, f"that it is not there is not said:\n{said}")
    # What is there beside it is read all the same.
    words = ["scan", "s3://acme-nowhere/", f"s3://{world.bucket}/event/"]
    out, _ = world.program.run(*words, code=3)
    holds(out.count("\n") == len(world.expected), "the other bucket was not read")


def no_credentials(world):
    """Without credentials, and with wrong ones, it ends with 3 and says so."""
    address = f"s3://{world.bucket}/simple/"
    bare = {name: world.program.environment[name] for name in ("PATH", "HOME")}
    bare["AWS_EC2_METADATA_DISABLED"] = "true"
    _, said = world.program.run("scan", address, code=3, environment=bare)
    holds("credentials" in said, f"credentials are not spoken of:\n{said}")
    world.aws.ask_for_credentials(0)
    try:
        _, said = world.program.run("scan", address, code=3)
        holds("credentials" in said, f"credentials are not spoken of:\n{said}")
        holds("InvalidAccessKeyId" in said, f"what AWS said is not there:\n{said}")
    finally:
        world.aws.ask_for_credentials("inf")


def forbidden(world):
    """One object that may not be read is named and tried again; the others are read."""
    kept = ["--state", world.folder / "forbidden.state"]
    names = sorted(name for name, _ in world.layouts["simple"] if name.startswith(STEM))
    denied = names[len(names) // 2]
    user = world.aws.user(
        "reader",
        {"Effect": "Allow", "Action": "s3:*", "Resource": "*"},
        {
            "Effect": "Deny",
            "Action": "s3:GetObject",
            "Resource": f"arn:aws:s3:::{world.bucket}/{denied}",
        },
    )
    environment = world.program.environment | user
    before = len(world.aws.served(world.bucket))
    world.aws.ask_for_credentials(0)
    try:
        words = ["scan", *kept, f"s3://{world.bucket}/{STEM}"]
        _, said = world.program.run(*words, code=3, environment=environment)
    finally:
        world.aws.ask_for_credentials("inf")
    holds(denied in said, f"{denied} is not named:\n{said}")
    read = set(world.aws.served(world.bucket)[before:])
    lost = set(names) - read - {denied}
    holds(not lost, f"{len(lost)} others were not read: {sorted(lost)[:3]}")
    holds(denied not in read, "moto let it be read: nothing is checked")
    before = len(world.aws.served(world.bucket))
    world.program.run(*words)
    again = set(world.aws.served(world.bucket)[before:])
    holds(again == {denied}, f"the next run read {sorted(again)[:3]}, not {denied}")


CHECKS = [
    as_files,
    evidence,
    several,
    pruned,
    state,
    checkpoint,
    nothing_there,
    no_credentials,
    forbidden,
]
