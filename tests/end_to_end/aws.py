"""moto_server as a stand-in for AWS: S3, SQS and IAM on a port of this machine.

What reached it is told from its own log of requests, not from what s3sentry says.
"""

import json
import re
import socket
import subprocess
import time
from urllib.parse import unquote, urlsplit

import boto3
import requests
from botocore.config import Config

REGION = "eu-west-1"
REQUEST = re.compile(r'"GET (\S+) HTTP/1\.1" (\d{3})')


class Aws:
    """A moto_server; stops with the `with` block."""

    def __init__(self, python, folder):
        self.log = folder / "moto.log"
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        self.process = subprocess.Popen(
            [python, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)],
            stdout=self.log.open("wb"),
            stderr=subprocess.STDOUT,
            cwd=folder,
        )

    def __enter__(self):
        until = time.monotonic() + 30
        while True:
            try:
                requests.get(f"{self.url}/moto-api/", timeout=5)
                break
            except requests.ConnectionError as error:
                if self.process.poll() is not None or time.monotonic() > until:
                    self.process.kill()
                    raise RuntimeError(f"moto_server did not start: see {self.log}") from error
                time.sleep(0.1)
        self.s3, self.sqs, self.iam = (self.client(name) for name in ("s3", "sqs", "iam"))
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(10)

    def client(self, service):
        """A client of the checks' own, which moto lets do everything."""
        return boto3.client(
            service,
            region_name=REGION,
            endpoint_url=self.url,
            aws_access_key_id="checks",
            aws_secret_access_key="checks",
            config=Config(s3={"addressing_style": "path"}, max_pool_connections=4),
        )

    def bucket(self, name):
        """Makes a bucket."""
        self.s3.create_bucket(
            Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION}
        )

    def put(self, bucket, objects):
        """Writes objects: key, body."""
        for name, body in objects:
            self.s3.put_object(Bucket=bucket, Key=name, Body=body)

    def queue(self, bucket, prefix):
        """A queue that is told of each new object below a prefix; its URL."""
        name = f"{bucket}-told"
        url = self.sqs.create_queue(QueueName=name)["QueueUrl"]
        arn = self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
        self.s3.put_bucket_notification_configuration(
            Bucket=bucket,
            NotificationConfiguration={
                "QueueConfigurations": [
                    {
                        "QueueArn": arn["Attributes"]["QueueArn"],
                        "Events": ["s3:ObjectCreated:*"],
                        "Filter": {"Key": {"FilterRules": [{"Name": "prefix", "Value": prefix}]}},
                    }
                ]
            },
        )
        return url

    def waiting(self, queue):
        """Messages that are in the queue, received or not."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        said = self.sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=names)["Attributes"]
        return sum(int(said[name]) for name in names)

    def user(self, name, *statements):
        """Somebody whom a policy allows something; the environment to be them."""
        self.iam.create_user(UserName=name)
        policy = {"Version": "2012-10-17", "Statement": list(statements)}
        self.iam.put_user_policy(
            UserName=name, PolicyName=name, PolicyDocument=json.dumps(policy)
        )
        made = self.iam.create_access_key(UserName=name)["AccessKey"]
        return {
            "AWS_ACCESS_KEY_ID": made["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": made["SecretAccessKey"],
        }

    def ask_for_credentials(self, count):
        """From the request after the next `count` on, moto checks who asks."""
        requests.post(f"{self.url}/moto-api/reset-auth", data=str(count), timeout=5)

    def listed(self, bucket):
        """How many listings of a bucket were asked for so far."""
        asked = REQUEST.findall(self.log.read_text(errors="replace"))
        return sum(urlsplit(path).path.strip("/") == bucket for path, _ in asked)

    def served(self, bucket):
        """The keys whose content was given so far, one for each time."""
        keys = []
        for path, status in REQUEST.findall(self.log.read_text(errors="replace")):
            place, _, name = urlsplit(path).path.lstrip("/").partition("/")
            if unquote(place) == bucket and name and status in ("200", "206"):
                keys.append(unquote(name))
        return keys
