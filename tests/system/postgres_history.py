# SPDX-License-Identifier: Apache-2.0
"""What must be in a cluster at a moment: by pg_waldump's order of commits, and by what each
transaction wrote down of itself in the table `log`.

    line = log_line(primary, 1)                   # every commit and named point, in log order
    line = log_line(promoted, 2, parents=line)    # the same on timeline 2, across its fork
    state_after(line[:7], ledger([primary]))      # what is there after the seventh of them
"""
import collections
import datetime
import json
import os
import re
import subprocess

from harness import check
from postgres import program

SEGMENT, PAGE = 1 << 20, 8192
EPOCH = 946_684_800_000_000  # 2000-01-01, in us
# A place at which the cluster can be had: `lsn` of its record, `time` in us since 1970.
Point = collections.namedtuple("Point", "timeline lsn time xid name")

RECORD = re.compile(r"tx: +(\d+), lsn: ([0-9A-F]+/[0-9A-F]+),.* desc: (.*)")
STAMP = r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d+)?) UTC"


def number_of(lsn):
    """`0/3000060` as a number."""
    high, low = lsn.split("/")
    return int(high, 16) << 32 | int(low, 16)


def lsn_name(number):
    """As moments write it."""
    return f"{number >> 32:X}-{number & 0xffffffff:X}"


def time_name(time):
    """As moments write it."""
    stamp = datetime.datetime.fromtimestamp(time // 1_000_000, datetime.timezone.utc)
    return f"{stamp:%Y-%m-%dT%H-%M-%S}.{time % 1_000_000:06}Z"


def micros(text):
    stamp = datetime.datetime.fromisoformat(text).replace(tzinfo=datetime.timezone.utc)
    whole = stamp.replace(microsecond=0)
    return int(whole.timestamp()) * 1_000_000 + stamp.microsecond


def wal_path(server, timeline, lsn):
    number = lsn // SEGMENT
    per_log = (1 << 32) // SEGMENT
    return (f"{server.data}/pg_wal/{timeline:08X}{number // per_log:08X}"
            f"{number % per_log:08X}")


def time_of_named(server, timeline, lsn):
    """pg_waldump does not tell it: behind the record's header, and one of two bytes."""
    record = b""
    with open(wal_path(server, timeline, lsn), "rb") as file:
        place = lsn % SEGMENT
        while len(record) < 34:
            file.seek(place)
            record += file.read(PAGE - place % PAGE)
            place += PAGE - place % PAGE + 24  # the next page's header
    return int.from_bytes(record[26:34], "little") + EPOCH


def point_of(server, timeline, line):
    record = RECORD.search(line)
    if not record:
        return None
    xid, lsn, text = int(record[1]), number_of(record[2]), record[3]
    if plain := re.match("COMMIT " + STAMP, text):
        return Point(timeline, lsn, micros(plain[1]), xid, None)
    if prepared := re.match(r"COMMIT_PREPARED (\d+): " + STAMP, text):
        return Point(timeline, lsn, micros(prepared[2]), int(prepared[1]), None)
    if named := re.match("RESTORE_POINT (.*)", text):
        return Point(timeline, lsn, time_of_named(server, timeline, lsn), 0, named[1])
    return None


def fork_of(server, timeline):
    with open(f"{server.data}/pg_wal/{timeline:08X}.history", encoding="ascii") as file:
        return number_of(file.read().split("\t")[1])


def log_line(server, timeline, parents=()):
    """`parents`: the points of the timeline that it forked off."""
    segments = [name for name in sorted(os.listdir(f"{server.data}/pg_wal"))
                if re.fullmatch(f"{timeline:08X}[0-9A-F]{{16}}", name)]
    done = subprocess.run([program("pg_waldump", server.major), "-p", f"{server.data}/pg_wal",
                           "-t", str(timeline), segments[0], segments[-1]],
                          env={"TZ": "UTC"}, capture_output=True, text=True, check=False)
    points = [point for line in done.stdout.splitlines()
              if (point := point_of(server, timeline, line))]
    check(points, f"pg_waldump reads the log: {done.stderr[-500:]}")
    if not parents:
        return points
    fork = fork_of(server, timeline)
    return ([point for point in parents if point.lsn < fork]
            + [point for point in points if point.lsn >= fork])


def place_at(line, time):
    """Where a time leads: behind the last point before the first that is later; their count."""
    return next((place for place, point in enumerate(line) if point.time > time), len(line))


def ledger(servers):
    """xid -> what its transaction did, in order."""
    known = {}
    for server in servers:
        mine = collections.defaultdict(list)
        for row in server.psql("select json_build_array(txid, does) from log "
                               "order by txid, id").splitlines():
            xid, does = json.loads(row)
            mine[xid].append(does)
        known.update(mine)
    return known


def state_after(points, known):
    """As `state_of` reads it from a server."""
    xids = [point.xid for point in points if point.xid in known]
    tables, recent, large = set(), set(), set()
    for xid in xids:
        for does in known[xid]:
            verb, _, name = does.partition(" ")
            if verb == "create":
                tables.add(name)
            elif verb == "drop":
                tables.remove(name)
            elif verb == "fill":
                recent.add(xid)
            elif verb == "truncate":
                recent.clear()
            elif verb == "large":
                large.add(int(name))
            elif verb == "unlink":
                large.remove(int(name))
    rows = sorted((xid, len(known[xid])) for xid in xids)
    return {"rows": rows, "tables": sorted(tables), "recent": sorted(recent),
            "large": sorted(large)}


def state_of(server):
    answer = json.loads(server.psql("""
        select json_build_object(
            'rows', (select coalesce(json_agg(json_build_array(txid, n) order by txid), '[]')
                     from (select txid, count(*) n from log group by txid) each),
            'tables', (select coalesce(json_agg(relname order by relname), '[]')
                       from pg_class where relname ~ '^(made|quick)_' and relkind = 'r'),
            'recent', (select coalesce(json_agg(txid order by txid), '[]') from recent),
            'large', (select coalesce(json_agg(oid::int order by oid), '[]')
                      from pg_largeobject_metadata
                      where convert_from(lo_get(oid), 'UTF8') = repeat(oid::text, 700)))"""))
    answer["rows"] = [tuple(row) for row in answer["rows"]]
    return answer


def difference(there, wanted):
    """For messages: of each kind what is too much, and what is not there."""
    found = {}
    for kind, values in wanted.items():
        too_much = [value for value in there[kind] if value not in values]
        missing = [value for value in values if value not in there[kind]]
        if too_much or missing:
            found[kind] = f"{too_much[:10]} too much, {missing[:10]} not there"
    return str(found)
