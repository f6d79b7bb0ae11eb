"""Checks of `watch` on a bucket: by polling, and by messages."""

from datetime import timedelta

from delivery import key
from program import holds, same

ADDRESS = "told/"

# A rule that counts, so that it is told as soon as it fires, long before its period
# is over. What it counts is in the later objects.
PROMPT = "restore-cost"

# Hours of log come within seconds here, and a round may list one log before and
# another after they come. What is put at once is therefore less than the lateness,
# by more than the time from a line to its delivery.
WAVE = timedelta(hours=5)
LATENESS = ["--lateness", "12h"]


def named(objects, prefix):
    """Objects with simple keys below a prefix."""
    return [(key("simple", one).replace("simple/", prefix, 1), one.lines) for one in objects]


def waves(objects):
    """Objects in parts that span no more than `WAVE`, in order."""
    parts = []
    for one in objects:
        if not parts or one.at - parts[-1][0].at > WAVE:
            parts.append([])
        parts[-1].append(one)
    return parts


def polls(world):
    """`watch` by polling tells of an object that is put later; SIGTERM ends it with 0."""
    bucket, address = "acme-watched-logs", "s3://acme-watched-logs/w/"
    kept = ["--state", world.folder / "watched.state", *LATENESS]
    files = ["--state", world.folder / "watched-files.state", *LATENESS]
    expected = world.program.alerts("scan", *files, world.folder / "files/simple")
    world.aws.bucket(bucket)
    put = named(world.early, "w/")
    world.aws.put(bucket, put)
    with world.program.watch("watched", "--interval", "1s", *kept, address) as watch:

        def all_read():
            return {name for name, _ in put} <= set(world.aws.served(bucket))

        watch.until("what was there is fetched", all_read)
        first = rule(world, PROMPT)
        holds(first not in ids(watch.alerts()), "the alert is there before its lines")
        for wave in waves(world.late):
            new = named(wave, "w/")
            world.aws.put(bucket, new)
            put += new
            watch.until("what was put is fetched", all_read)
        watch.until("the alert is told", lambda: first in ids(watch.alerts()))
        read = len(world.aws.served(bucket))
        _, said = world.program.run("scan", *kept, address, code=4)
        holds("watched.state" in said, f"the state file is not named:\n{said}")
        asked = world.aws.listed(bucket)
        watch.until("it looks again, twice", lambda: world.aws.listed(bucket) >= asked + 2)
        again = world.aws.served(bucket)[read:]
        holds(not again, f"{len(again)} were fetched again: {again[:3]}")
        watch.stop()
        alerts = watch.alerts()
    alerts = nothing_new(world, bucket, alerts, *kept, address)
    same(alerts, expected, "watch against a scan of files")


def told(world):
    """`watch` by messages reads what it is told of, whatever the key, and deletes them."""
    bucket, kept = "acme-told-logs", ["--state", world.folder / "told.state", *LATENESS]
    world.aws.bucket(bucket)
    queue = world.aws.queue(bucket, ADDRESS)
    holds(world.aws.waiting(queue) == 1, "moto sent no test event: nothing is checked")
    # Names that are encoded in more ways than one.
    heads = ["plain", "two words", "a+b", "Grüße", "100%25", "q=1&r", "per%cent"]
    early, late = world.early[-40:], world.late[:200]
    objects = [
        (name.replace("told/acme", f"told/{heads[number % len(heads)]}/acme", 1), body)
        for number, (name, body) in enumerate(named(early + late, ADDRESS))
    ]
    first, then = objects[: len(early)], objects[len(early) :]
    world.aws.put(bucket, first)
    words = ["--sqs-url", queue, *kept, f"s3://{bucket}/{ADDRESS}"]
    with world.program.watch("told", *words) as watch:
        watch.until(
            "what was told before the start is fetched",
            lambda: {name for name, _ in first} <= set(world.aws.served(bucket)),
        )
        # Nobody is told of this one: messages alone say what is read.
        world.aws.put(bucket, [("elsewhere/2026-02-04-12-00-00-0123456789ABCDEF", first[0][1])])
        world.aws.put(bucket, then)
        watch.until(
            "what was told later is fetched",
            lambda: {name for name, _ in then} <= set(world.aws.served(bucket)),
        )
        first = rule(world, PROMPT)
        watch.until("an alert is told", lambda: first in ids(watch.alerts()))
        watch.until("all messages are deleted", lambda: world.aws.waiting(queue) == 0)
        watch.stop()
        alerts = watch.alerts()
    holds(
        not any(name.startswith("elsewhere/") for name in world.aws.served(bucket)),
        "an object was read of which no message told",
    )
    alerts = nothing_new(world, bucket, alerts, *kept, f"s3://{bucket}/{ADDRESS}")
    folder = world.folder / "files-told"
    for number, (_, body) in enumerate(objects):
        one = (early + late)[number]
        path = folder / key("simple", one)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body)
    kept = ["--state", world.folder / "told-files.state", *LATENESS]
    same(alerts, world.program.alerts("scan", *kept, folder), "messages against files")


def not_told(world):
    """Messages about other buckets are not followed, and deleted."""
    bucket, kept = "acme-quiet-logs", ["--state", world.folder / "quiet.state"]
    world.aws.bucket(bucket)
    world.aws.bucket("acme-foreign-logs")
    queue = world.aws.queue("acme-foreign-logs", "foreign/")
    world.aws.put("acme-foreign-logs", named(world.early[:3], "foreign/"))
    holds(world.aws.waiting(queue) == 4, "moto told of nothing: nothing is checked")
    with world.program.watch("quiet", "--sqs-url", queue, *kept, f"s3://{bucket}/") as watch:
        watch.until("all messages are deleted", lambda: world.aws.waiting(queue) == 0)
        watch.stop()
    holds(not world.aws.served("acme-foreign-logs"), "a bucket was read that nobody named")


def nothing_new(world, bucket, alerts, *words):
    """Alerts, and those of a scan that reads nothing but what is their evidence."""
    before = len(world.aws.served(bucket))
    alerts = alerts + world.program.alerts("scan", *words)
    shown = {one["source"] for alert in alerts for one in alert["evidence"]}
    again = {f"s3://{bucket}/{name}" for name in world.aws.served(bucket)[before:]} - shown
    holds(not again, f"{len(again)} that watch had read were read again: {sorted(again)[:3]}")
    return alerts


def ids(alerts):
    """The ids of alerts."""
    return {alert["id"] for alert in alerts}


def rule(world, name):
    """The id of the alert of a rule that raises one."""
    (found,) = (alert["id"] for alert in world.kept if alert["rule"]["name"] == name)
    return found


CHECKS = [polls, told, not_told]
