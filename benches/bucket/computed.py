"""A server of a bucket with any number of log objects, none of which exists.

    computed.py LINES OBJECTS

Object number n of OBJECTS is delivered n times EVERY seconds after the first. Its
key and its body, ten of the lines of the file LINES in their turn, with times of
the minutes before it, follow from n. So a million objects take no room on the disk and
no time to be written. ListObjectsV2 without a delimiter and GetObject is all it
knows; who asks is not looked at. The port is printed.
"""

import asyncio
import bisect
import re
import sys
from datetime import datetime, timedelta, timezone
from functools import lru_cache
from pathlib import Path
from urllib.parse import parse_qs, unquote

FIRST = datetime(2026, 2, 1, tzinfo=timezone.utc)
EVERY = 2
PREFIX = "logs/acme-data-"
PAGE = 1000
LINES = 10
BUCKET = "acme-access-logs"
TIME = re.compile(rb"\[\d\d/\w{3}/\d{4}:\d\d:\d\d:\d\d \+0000\]")


@lru_cache(maxsize=1 << 16)
def delivered(number):
    """When an object was delivered."""
    return FIRST + timedelta(seconds=number * EVERY)


def key(number):
    """The key of an object."""
    unique = (number * 0x9E3779B97F4A7C15) % (1 << 64)
    return f"{PREFIX}{delivered(number):%Y-%m-%d-%H-%M-%S}-{unique:016X}"


def number(name):
    """The number of an object; none where the key is of no object."""
    try:
        parts = name.removeprefix(PREFIX).split("-")
        time = datetime(*map(int, parts[:6]), tzinfo=timezone.utc)
    except (TypeError, ValueError):
        return None
    found = int((time - FIRST).total_seconds()) // EVERY
    return found if found >= 0 and key(found) == name else None


class Bucket:
    """What is in it."""

    def __init__(self, lines, objects):
        self.count = objects
        parts = [
            b"".join(lines[start : start + LINES])
            for start in range(0, len(lines) - LINES, LINES)
        ]
        # All bodies are of one size, as the listing says it without them.
        self.size = max(map(len, parts))
        self.templates = [TIME.split(part) for part in parts]

    def body(self, number):
        """The lines of an object; the rest of its size is empty lines."""
        template = self.templates[number % len(self.templates)]
        minute = delivered(number) - timedelta(minutes=5)
        stamp = f"[{minute:%d/%b/%Y:%H:%M:%S} +0000]".encode()
        return stamp.join(template).ljust(self.size, b"\n")

    def listing(self, query):
        """A page."""
        prefix = query.get("prefix", [""])[0]
        after = query.get("continuation-token", query.get("start-after", [""]))[0]
        size = min(int(query.get("max-keys", [PAGE])[0]), PAGE)
        everything = range(self.count)
        begin = max(
            bisect.bisect_left(everything, prefix, key=key),
            bisect.bisect_right(everything, after, key=key) if after else 0,
        )
        end = bisect.bisect_right(everything, prefix + "\U0010ffff", key=key)
        page = range(begin, min(begin + size, end))
        more = page.stop < end and len(page) > 0
        contents = "".join(
            f"<Contents><Key>{key(n)}</Key>"
            f"<LastModified>{delivered(n):%Y-%m-%dT%H:%M:%S}.000Z</LastModified>"
            f'<ETag>"{n:032x}"</ETag><Size>{self.size}</Size>'
            "<StorageClass>STANDARD</StorageClass></Contents>"
            for n in page
        )
        token = (
            f"<NextContinuationToken>{key(page[-1])}</NextContinuationToken>" if more else ""
        )
        return (
            '<?xml version="1.0" encoding="UTF-8"?>'
            '<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
            f"<Name>{BUCKET}</Name><Prefix>{prefix}</Prefix><KeyCount>{len(page)}</KeyCount>"
            f"<MaxKeys>{size}</MaxKeys><EncodingType>url</EncodingType>"
            f"<IsTruncated>{str(more).lower()}</IsTruncated>{token}{contents}</ListBucketResult>"
        ).encode()

    def answer(self, target):
        """Status, headers and body."""
        path, _, query = target.partition("?")
        bucket, _, name = unquote(path).lstrip("/").partition("/")
        if bucket != BUCKET:
            return error(404, "NoSuchBucket")
        if not name:
            query = parse_qs(query)
            if "delimiter" in query:
                return error(501, "NotImplemented")
            return "200 OK", "content-type: application/xml\r\n", self.listing(query)
        at = number(name)
        if at is None or at >= self.count:
            return error(404, "NoSuchKey")
        modified = f"{delivered(at):%a, %d %b %Y %H:%M:%S} GMT"
        head = f'etag: "{at:032x}"\r\nlast-modified: {modified}\r\n'
        return "200 OK", head, self.body(at)


def error(status, code):
    """An answer that says no."""
    return f"{status} {code}", "content-type: application/xml\r\n", (
        f"<Error><Code>{code}</Code><Message>{code}</Message></Error>".encode()
    )


class Connection(asyncio.Protocol):
    """Requests of one connection, one after the other."""

    def __init__(self, bucket):
        self.bucket = bucket
        self.received = b""

    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        self.received += data
        while True:
            head, end, rest = self.received.partition(b"\r\n\r\n")
            if not end:
                return
            self.received = rest
            target = head.split(b" ", 2)[1].decode()
            status, headers, body = self.bucket.answer(target)
            self.transport.write(
                f"HTTP/1.1 {status}\r\n{headers}content-length: {len(body)}\r\n\r\n".encode()
                + body
            )


async def main():
    lines = Path(sys.argv[1]).read_bytes().splitlines(keepends=True)
    bucket = Bucket(lines, int(sys.argv[2]))
    server = await asyncio.get_running_loop().create_server(
        lambda: Connection(bucket), "127.0.0.1", 0, backlog=512
    )
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
