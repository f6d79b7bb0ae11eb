"""Access logs that are hostile, and the same with letters instead.

Every payload stands in a line of its own in the key (and the request-URI), the
referer, the user agent, the requester and the bucket, and raises an alert by each
of these, whatever it is: `RULES` counts every record by every field. The twin of a
log has, for each payload, as many letters as the program shows for it; whatever
is more in the page than in its twin's page comes from a payload.
"""

from dataclasses import dataclass

from payloads import LONG, PAYLOADS, bare, shown

OWNER = "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be"
HOST_ID = "PxmNj38nrlK0HsJXkDWDubeyxLtxD9OcsEJBNhdGBgJkJh1KsR8xjniaWULIudTL/mZ6aqaNBb8="
# Reports name so many incidents, actors, buckets and keys in full that nothing of
# so few lines is left out.
BATCH = 20


@dataclass
class Batch:
    """Some payloads, by the number that each has among all."""

    name: str
    payloads: list

    def log(self):
        """A log with the payloads."""
        return b"".join(line(number, payload) for number, payload in self.payloads)

    def twin(self):
        """The same log with letters."""
        return b"".join(line(number, letters(payload, number)) for number, payload in self.payloads)


def batches():
    """All payloads; the long ones by themselves."""
    numbered = list(enumerate(PAYLOADS))
    short = [one for one in numbered if not is_long(one[1])]
    long = [one for one in numbered if is_long(one[1])]
    parts = [short[at : at + BATCH] for at in range(0, len(short), BATCH)] + [long]
    return [Batch(f"{place:02}", part) for place, part in enumerate(parts)]


def is_long(payload):
    """Whether a line has no room for it twice."""
    return len(payload) > LONG // 8


def letters(payload, number):
    """As many letters as the payload has characters when it is shown (or a line has
    room for), others for each number."""
    alphabet = "bcdfghjklm"
    word = "".join(alphabet[int(digit)] for digit in f"{number:04}")
    # No two are the same, though payloads may be of one character.
    length = min(max(len(shown(payload)), len(word)), LONG)
    return (word * (length // len(word) + 1))[:length].encode()


def line(number, payload):
    """Served, and refused a second later. A line is bounded, so that what is long has
    a line for each of its places."""
    if not is_long(payload):
        return request(number, 0, bare(payload), payload, payload, bare(payload), bare(payload))
    plain = letters(b"plain text", number)
    return b"".join(
        request(number, place, *(payload if at == place else plain for at in range(5)))
        for place, payload in enumerate([bare(payload), payload, payload, bare(payload), bare(payload)])
    )


def request(number, place, key, referer, agent, requester, bucket):
    """The two lines of one request."""
    address = f"203.0.113.{number % 250 + 1}"
    second = number * 10 + place * 2
    return b"".join(
        line_of(
            bucket, second + after, address, requester, f"{number:08X}{place:04X}{after:04X}", key,
            (status, error), referer, agent,
        )
        for status, error, after in (("200", "-", 0), ("403", "AccessDenied", 1))
    )


def line_of(bucket, second, address, requester, identity, key, answer, referer=b"-", agent=b"aws-cli/2"):
    """A line as S3 writes it. `second` is counted from ten o'clock."""
    time = f"[03/Feb/2026:{10 + second // 3600}:{second // 60 % 60:02}:{second % 60:02} +0000]"
    signed = "- -" if requester == b"-" else "SigV4 AuthHeader"
    signature, kind = signed.split()
    return b" ".join((
        *(OWNER.encode(), bucket, time.encode(), address.encode(), requester),
        *(identity.encode(), b"REST.GET.OBJECT", key, b'"GET /%s HTTP/1.1"' % key[:500]),
        *(" ".join(answer).encode(), b"4213 4213 25 23", b'"%s"' % referer, b'"%s"' % agent),
        f"- {HOST_ID} {signature} TLS_AES_128_GCM_SHA256 {kind} x.s3.amazonaws.com TLSv1.3 - - -\n".encode(),
    ))


def anonymous(bucket, key, number=0, **more):
    """Somebody without credentials gets an object."""
    address = f"203.0.113.{number % 250 + 1}"
    return line_of(bucket, number, address, b"-", f"{number:016X}", key, ("200", "-"), **more)


def stranger(number):
    """One of many requesters."""
    user = f"arn:aws:iam::111122223333:user/u{number}".encode()
    address = f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}"
    key = f"data/{number}.csv".encode()
    return line_of(
        f"bucket-{number % 50}".encode(), number // 2, address, user, f"{number:016X}", key, ("200", "-")
    )


def plausible():
    """Payloads as they may really come: without credentials, in what the rules that
    are built in look at."""
    out = []
    for number, payload in list(enumerate(PAYLOADS))[::6]:
        if not is_long(payload):
            key, bucket = b"backup/%s.sql" % bare(payload), bare(payload)
            out.append(anonymous(bucket, key, number, referer=payload, agent=b"sqlmap/1.8 " + payload))
    return b"".join(out)


# By every field that a payload is in, and by the address, so that there is an
# incident of each kind of entity: the level, and after how many requests. Those that
# name nobody fire last, so that the first alert of an object is never one of theirs.
GROUPS = {
    "requester": ("critical", 1),
    "bucket_name": ("high", 1),
    "remote_host": ("high", 1),
    "key_name": ("medium", 2),
    "referer": ("low", 2),
    "user_agent": ("informational", 2),
}

DETECTION = """
title: Any request
id: 00000000-0000-4000-8000-000000000000
name: any-request
status: test
description: Any request.
level: informational
logsource: {product: aws, service: s3_server_access}
detection:
  request: {http_status|gte: 100}
  condition: request
"""
CORRELATION = """
---
title: A request, by its %(field)s
id: 00000000-0000-4000-8000-00000000000%(number)s
name: by-%(name)s
status: test
description: |
  Any request at all.

  Why one: so that every line counts.

  How sure: certain.

  What to do: nothing.
level: %(level)s
correlation:
  type: event_count
  rules: [any-request]
  group-by: [%(field)s]
  timespan: 1h
  condition: {gte: %(count)s}
"""


def rules(fields):
    """Rules that fire on every record, by each of these fields."""
    return DETECTION + "".join(
        CORRELATION
        % {
            "field": field,
            "number": number,
            "name": field.replace("_", "-"),
            "level": GROUPS[field][0],
            "count": GROUPS[field][1],
        }
        for number, field in enumerate(fields, 1)
    )
