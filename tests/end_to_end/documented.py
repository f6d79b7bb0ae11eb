"""Checks that docs/aws.md says what works: its JSON is used as it stands there."""

import json
import re
from pathlib import Path

from aws import REGION
from delivery import key
from program import holds, same

PAGE = Path(__file__).parents[2] / "docs/aws.md"
# The page's account, and moto's.
ACCOUNT, MOTO = "111122223333", "123456789012"


def page():
    """The JSON of the page: statements and settings by what they are named or hold."""
    found = {}
    text = PAGE.read_text().replace(ACCOUNT, MOTO)
    for block in re.findall(r"```json\n(.*?)```", text, re.DOTALL):
        one = json.loads(block)
        for statement in one.get("Statement", [one] if "Sid" in one else []):
            found[statement["Sid"]] = statement
        found |= {name: one for name in one if name not in ("Version", "Statement")}
    return found


def set_up(world):
    """Logging, lifecycle, queue and notifications are taken as docs/aws.md writes them."""
    said = page()
    aws, target = world.aws, said["LoggingEnabled"]["LoggingEnabled"]["TargetBucket"]
    policy = {"Version": "2012-10-17", "Statement": [said["DeliverAccessLogs"]]}
    source = said["DeliverAccessLogs"]["Condition"]["ArnLike"]["aws:SourceArn"].split(":")[-1]
    aws.bucket(source)
    aws.s3.put_bucket_policy(Bucket=target, Policy=json.dumps(policy))
    aws.s3.put_bucket_logging(Bucket=source, BucketLoggingStatus=said["LoggingEnabled"])
    kept = aws.s3.get_bucket_logging(Bucket=source)["LoggingEnabled"]
    holds(kept["TargetBucket"] == target, f"logging is not on: {kept}")
    aws.s3.put_bucket_logging(Bucket=source, BucketLoggingStatus={})
    aws.s3.put_bucket_lifecycle_configuration(
        Bucket=target, LifecycleConfiguration={"Rules": said["Rules"]["Rules"]}
    )
    attributes = said["RedrivePolicy"]
    (statement,) = json.loads(attributes["Policy"])["Statement"]
    holds(statement["Resource"].startswith(f"arn:aws:sqs:{REGION}:"), "another region")
    dead = json.loads(attributes["RedrivePolicy"])["deadLetterTargetArn"]
    aws.sqs.create_queue(QueueName=dead.split(":")[-1])
    name = statement["Resource"].split(":")[-1]
    url = aws.sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
    aws.s3.put_bucket_notification_configuration(
        Bucket=target,
        NotificationConfiguration={"QueueConfigurations": said["QueueConfigurations"]["QueueConfigurations"]},
    )
    aws.put(target, [("logs/2026-02-03-11-15-42-0123456789ABCDEF", b"")])
    # The test event, and the object.
    holds(aws.waiting(url) == 2, f"{aws.waiting(url)} messages came, not 2")
    aws.s3.put_bucket_notification_configuration(Bucket=target, NotificationConfiguration={})
    aws.s3.delete_object(Bucket=target, Key="logs/2026-02-03-11-15-42-0123456789ABCDEF")


def policies(world):
    """The policy of docs/aws.md is enough for a scan, and each half of it is needed."""
    said = page()
    find, read = said["FindLogs"], said["ReadLogs"]
    # moto knows no s3:prefix, and takes a condition that it does not know as unmet.
    holds(find["Condition"]["StringLike"]["s3:prefix"] == "logs/*", "another condition")
    find = {name: find[name] for name in find if name != "Condition"}
    bucket = find["Resource"].split(":")[-1]
    objects = [(key("simple", one).replace("simple/", "logs/", 1), one.lines) for one in world.early]
    world.aws.put(bucket, objects)
    folder = world.folder / "files-early"
    for name, body in objects:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body)
    expected = world.program.alerts("scan", folder)
    address = f"s3://{bucket}/logs/"
    allowed = {
        "both": ((find, read), 0, ""),
        "finder": ((find,), 3, "s3:GetObject"),
        "getter": ((read,), 3, "s3:ListBucket"),
    }
    users = {name: world.aws.user(name, *given) for name, (given, _, _) in allowed.items()}
    world.aws.ask_for_credentials(0)
    try:
        for name, (_, code, missing) in allowed.items():
            environment = world.program.environment | users[name]
            out, err = world.program.run("scan", address, code=code, environment=environment)
            holds(missing in err, f"{name}: {missing} is not said to be missing:\n{err}")
            if code == 0:
                alerts = [json.loads(line) for line in out.splitlines()]
                same(alerts, expected, "with the least policy")
    finally:
        world.aws.ask_for_credentials("inf")


def profiles(world):
    """A profile that is named counts more than keys of the environment."""
    keys = world.aws.user("profile", {"Effect": "Allow", "Action": "s3:*", "Resource": "*"})
    folder = Path(world.program.environment["HOME"], ".aws")
    folder.mkdir(exist_ok=True)
    (folder / "config").write_text(
        "[profile logs]\n"
        f"region = {REGION}\n"
        f"aws_access_key_id = {keys['AWS_ACCESS_KEY_ID']}\n"
        f"aws_secret_access_key = {keys['AWS_SECRET_ACCESS_KEY']}\n"
    )
    bare = {name: world.program.environment[name] for name in ("PATH", "HOME")}
    words = ["scan", f"s3://{world.bucket}/event/"]
    world.aws.ask_for_credentials(0)
    try:
        world.program.run(*words, environment=bare | {"AWS_PROFILE": "logs"})
        world.program.run(*words, "--profile", "logs", environment=bare)
        # Those of the environment are nobody's.
        world.program.run(*words, "--profile", "logs")
    finally:
        world.aws.ask_for_credentials("inf")
        (folder / "config").unlink()


CHECKS = [set_up, policies, profiles]
