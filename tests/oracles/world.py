"""Random rules, and access logs that come close to what they ask for.

Everything here is made from one `random.Random`, so a seed says it all. What a
rule means is not known here, beyond where its edge is: bursts are laid exactly
at the threshold, one record short of it, and one second too long.
"""

import re
import uuid
from dataclasses import dataclass, field
from datetime import datetime, timezone

# The 27 fields as they stand on a line; request_time is made of `time`.
FIELDS = (
    "bucket_owner_id bucket_name request_time remote_ip requester request_id operation "
    "key_name request_uri http_status error_code bytes_sent object_size total_time "
    "turn_around_time referer user_agent version_id host_id signature_version "
    "cipher_suite authentication_type host_header tls_version access_point_arn "
    "acl_required source_region"
).split()
NUMBERS = {"http_status", "bytes_sent", "object_size", "total_time", "turn_around_time"}
QUOTED = {"request_uri", "referer", "user_agent"}

# What values are drawn from. Fields that are grouped or counted by are lower
# case and never null: the backend folds case there and drops nulls, and
# s3sentry does neither. The others are neither, on purpose.
POOLS = {
    "bucket_name": ["acme-logs", "acme-data", "acme.web", "b_1", "b-1"],
    "remote_ip": ["198.51.100.7", "198.51.100.8", "203.0.113.200", "10.20.1.5", "2001:db8::7"],
    "requester": ["0a" * 32, "1b" * 32, "svc:delivery.logs.amazonaws.com"],
    "operation": ["REST.GET.OBJECT", "REST.HEAD.OBJECT", "REST.PUT.OBJECT", "REST.GET.BUCKET",
                  "REST.DELETE.OBJECT", "BATCH.DELETE.OBJECT", "REST.COPY.OBJECT_GET"],
    "key_name": ["a.txt", "a_b.txt", "a-b.txt", "dir/100%25.csv", "dir/x%2520y.csv", "dir/sub/"],
    "http_status": [200, 206, 304, 403, 404, 503],
    "error_code": [None, None, "AccessDenied", "NoSuchKey", "SlowDown"],
    "bytes_sent": [None, 1, 243, 1024, 5_000_000_000],
    "object_size": [0, 1, 243, 1024, 5_000_000_000],
    "total_time": [None, 1, 7, 90_000],
    "referer": [None, "https://Example.org/a?b=c", "https://example.org/"],
    "user_agent": ["curl/8.5.0", "boto3/1.34 md/botocore#1.34", "it's [x] a\\b 100% *",
                   "aws-cli/2.15 (linux; x86_64)"],
    "signature_version": [None, "SigV2", "SigV4"],
    "host_header": ["acme-data.s3.eu-west-1.amazonaws.com", "s3.amazonaws.com"],
    "tls_version": [None, "TLSv1.2", "TLSv1.3"],
    "source_region": ["eu-west-1", "us-east-1"],
}
GROUPED = ["remote_ip", "bucket_name", "key_name", "requester", "host_header", "source_region"]
COUNTED = [*GROUPED, "user_agent", "object_size", "http_status"]
# A value that no record has so far, for a burst to have a key of its own.
FRESH = {
    "remote_ip": lambda n: f"198.18.{n >> 8 & 255}.{n & 255}",
    "http_status": lambda n: 100 + n % 500,
    "object_size": lambda n: 10_000 + n,
}

SPANS = {"2s": 2, "10s": 10, "1m": 60, "90s": 90, "5m": 300, "10m": 600, "1h": 3600}
SUPPRESS = {None: 3600, "1s": 1, "10m": 600, "2h": 7200, "24h": 86400}
# Beside each comparison, what to add to its number for the count at which it
# turns true or false.
COMPARISONS = {"gte": 0, "gt": 1, "eq": 0, "neq": 0, "lt": 0, "lte": 1}
HOURS = 4


@dataclass
class Rule:
    """A correlation and the detections that it counts, as Sigma documents."""

    name: str
    correlation: dict
    detections: list = field(default_factory=list)
    # Records that the detections match, to make bursts of.
    patterns: list = field(default_factory=list)

    @property
    def group_by(self):
        return self.correlation["correlation"]["group-by"]

    @property
    def counted(self):
        return self.correlation["correlation"]["condition"].get("field")

    @property
    def span(self):
        return SPANS[self.correlation["correlation"]["timespan"]]

    @property
    def period(self):
        suppress = self.correlation.get("s3sentry", {}).get("suppress")
        return max(SUPPRESS[suppress], self.span)

    def documents(self, timespan=None):
        """Its documents, with another timespan if one is given."""
        document = dict(self.correlation)
        if timespan is not None:
            document["correlation"] = {**document["correlation"], "timespan": f"{timespan}s"}
        return [*self.detections, document]


class World:
    """Some rules, and one log for all of them."""

    def __init__(self, random, rules):
        self.random = random
        self.fresh = 0
        # On an hour, in a year that is over: the future counts differently.
        self.start = 1_735_689_600 + 3600 * random.randrange(300 * 24)
        self.rules = [self.rule(place) for place in range(rules)]
        self.records = [self.record() for _ in range(25 * rules)]
        for rule in self.rules:
            for _ in range(random.randint(3, 6)):
                self.records += self.burst(rule)
        for number, record in enumerate(self.records):
            record["request_id"] = f"{number:016X}"
            record["request_uri"] = f"GET /{record['key_name']} HTTP/1.1"
        # S3 delivers out of order; by less than the lateness that is allowed.
        self.records.sort(key=lambda record: record["time"] + random.uniform(0, 1500))

    def record(self):
        """Any record, at any time."""
        record = dict.fromkeys(FIELDS)
        record |= {name: self.random.choice(pool) for name, pool in POOLS.items()}
        record["time"] = self.start + self.random.randrange(HOURS * 3600)
        record["bucket_owner_id"] = "79a5" * 16
        return record

    def new_value(self, name):
        self.fresh += 1
        return FRESH.get(name, lambda n: f"new-{n}")(self.fresh)

    # Rules

    def rule(self, place):
        random = self.random
        name = f"rule-{place}"
        group_by = random.sample(GROUPED, random.choice([1, 1, 2]))
        kind = random.choice(["event_count", "value_count"])
        comparison = random.choice(["gte"] * 6 + ["gt"] * 2 + list(COMPARISONS))
        condition = {comparison: random.choice([1, 2, 3, 4, 5, 7, 20])}
        if kind == "value_count":
            rest = [field for field in COUNTED if field not in group_by]
            condition["field"] = random.choice(rest)
        rule = Rule(name, {"title": name, "id": self.uuid(), "name": name, "level": "low"})
        for number in range(random.choice([1, 1, 1, 2])):
            detection, pattern = self.detection(condition.get("field"))
            rule.detections.append({
                "title": f"{name} {number}",
                "id": self.uuid(),
                "name": f"{name}-records-{number}",
                "logsource": {"product": "aws", "service": "s3_server_access"},
                "detection": detection,
            })
            rule.patterns.append(pattern)
        rule.correlation["correlation"] = {
            "type": kind,
            "rules": [detection["name"] for detection in rule.detections],
            "group-by": group_by,
            "timespan": random.choice(list(SPANS)),
            "condition": condition,
        }
        suppress = random.choice([None, None, *SUPPRESS])
        if suppress:
            rule.correlation["s3sentry"] = {"suppress": suppress}
        return rule

    def uuid(self):
        return str(uuid.UUID(int=self.random.getrandbits(128), version=4))

    def detection(self, counted):
        """A detection, and what a record must have to be matched by it. It
        says nothing of the counted field, which has to vary."""
        random = self.random
        model = self.record()
        names = [name for name in POOLS if name != counted]
        chosen = random.sample(names, random.choice([1, 1, 2, 3]))
        shape = random.choice(["and", "and", "or", "not", "of"])
        items = [self.item(name, model[name]) for name in chosen]
        if shape == "or":
            parts = {"one": dict(items), "other": dict([self.any_item(names)])}
            condition = "one or other"
        elif shape == "of":
            parts = {f"part_{n}": dict([item]) for n, item in enumerate(items)}
            condition = "all of part_*"
        elif shape == "not":
            # What the filter is about, the pattern does not have.
            name = random.choice([name for name in names if name not in chosen])
            others = [value for value in POOLS[name] if value != model[name]]
            value = random.choice([value for value in others if value is not None])
            item = (name, self.text(value) if isinstance(value, str) else value)
            parts = {"wanted": dict(items), "unwanted": dict([item])}
            condition = "wanted and not unwanted"
            chosen = [*chosen, name]
        else:
            parts = {"wanted": dict(items)}
            condition = "wanted"
        return parts | {"condition": condition}, {name: model[name] for name in chosen}

    def any_item(self, names):
        name = self.random.choice(names)
        return self.item(name, self.random.choice(POOLS[name]))

    def item(self, name, value):
        """A line of a detection that a field of this value meets."""
        random = self.random
        if value is None:
            return random.choice([(name, None), (f"{name}|exists", False)])
        if None not in POOLS[name] and random.random() < 0.1:
            other = random.choice([other for other in POOLS[name] if other != value])
            return (f"{name}|neq", escape(other) if isinstance(other, str) else other)
        if name == "remote_ip" and ":" not in value and random.random() < 0.5:
            octets = value.split(".")
            return random.choice([
                (f"{name}|cidr", f"{octets[0]}.{octets[1]}.0.0/16"),
                (f"{name}|cidr", f"{'.'.join(octets[:3])}.0/24"),
                (f"{name}|cidr", f"{value}/32"),
            ])
        if name in NUMBERS:
            others = [other for other in POOLS[name] if other is not None]
            return random.choice([
                (name, value),
                (name, random.sample(others, 2) + [value]),
                (f"{name}|gte", value),
                (f"{name}|lte", value),
                (f"{name}|gt", value - 1) if value else (f"{name}|lt", 1),
                (f"{name}|lt", value + 1),
                (f"{name}|exists", True),
            ])
        return self.text_item(name, value)

    def text_item(self, name, value):
        random = self.random
        middle = random.randrange(len(value))
        head, tail = value[: middle + 1], value[middle:]
        some = value[middle // 2 : middle + 1]
        other = next(other for other in POOLS[name] if other not in (None, value))
        return random.choice([
            (name, self.text(value)),
            (name, [self.text(other), self.text(value)]),
            (f"{name}|startswith", self.text(head)),
            (f"{name}|endswith", self.text(tail)),
            (f"{name}|contains", self.text(some)),
            (f"{name}|contains", [self.text(some), self.text(other)]),
            (f"{name}|contains|all", [self.text(head), self.text(tail)]),
            (name, self.text(head) + "*"),
            (name, self.text(value[:middle]) + "?" + self.text(value[middle + 1 :])),
            (f"{name}|cased", escape(value)),
            (f"{name}|contains|cased", escape(some)),
            (f"{name}|re", re.escape(head) + ".*"),
            (f"{name}|re", "^" + re.escape(value) + "$"),
            (f"{name}|exists", True),
        ])

    def text(self, value):
        """The same to Sigma: its text ignores case."""
        return escape(self.random.choice([str, str.upper, str.lower])(value))

    # Records that come close to what a rule asks for

    def burst(self, rule):
        random = self.random
        condition = rule.correlation["correlation"]["condition"]
        comparison = next(word for word in COMPARISONS if word in condition)
        edge = condition[comparison] + COMPARISONS[comparison]
        kind = random.choice(["at", "at", "short", "long", "tie", "twice"])
        length = {"long": rule.span + 1, "tie": 1}.get(kind, rule.span)
        last = self.burst_end(rule.span)
        count = max(edge - (kind == "short"), 1)
        ends = [last - length + 1, last] if count > 1 else [last]
        times = ends + [random.randint(ends[0], last) for _ in range(count - len(ends))]
        if kind == "twice":
            times += [time + random.choice([1, rule.span, rule.period]) for time in times]
        key = {
            name: self.new_value(name) if random.random() < 0.7 else random.choice(POOLS[name])
            for name in rule.group_by
        }
        burst = []
        for time in times:
            record = self.record() | key | random.choice(rule.patterns)
            record["time"] = time
            if rule.counted:
                record[rule.counted] = self.new_value(rule.counted)
            burst.append(record)
        if rule.counted:
            # The same values again add nothing.
            for record in random.sample(burst, random.randrange(len(burst))):
                burst.append(record | {"time": record["time"] + random.choice([0, 0, 1])})
        return burst

    def burst_end(self, span):
        """When a burst ends: anywhere, or so that it goes across an hour."""
        if self.random.random() < 0.5:
            return self.start + self.random.randrange(HOURS * 3600)
        hour = self.start + 3600 * self.random.randint(1, HOURS)
        return hour + self.random.choice([-1, 0, 0, 1, self.random.randrange(span)])


def escape(text):
    """Text in which Sigma finds no wildcard."""
    return re.sub(r"([\\*?])", r"\\\1", text)


def line(record):
    """A record as S3 writes it."""
    time = datetime.fromtimestamp(record["time"], timezone.utc)
    parts = []
    for name in FIELDS:
        if name == "request_time":
            parts.append(time.strftime("[%d/%b/%Y:%H:%M:%S +0000]"))
            continue
        value = "-" if record[name] is None else str(record[name])
        parts.append(f'"{value}"' if name in QUOTED else value)
    return " ".join(parts)
