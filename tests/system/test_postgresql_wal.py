# SPDX-License-Identifier: Apache-2.0
"""The reader of PostgreSQL's log says of every record what pg_waldump says of it."""
import datetime
import os
import random
import re
import subprocess

from harness import check, main
from postgres import Server, as_user, program, versions

READ_WAL = os.environ["READ_WAL"]
# src/include/access/rmgrlist.h; pg_waldump prints names.
RESOURCE_MANAGERS = [
    "XLOG", "Transaction", "Storage", "CLOG", "Database", "Tablespace", "MultiXact", "RelMap",
    "Standby", "Heap2", "Heap", "Btree", "Hash", "Gin", "Gist", "Sequence", "SPGist", "BRIN",
    "CommitTs", "ReplicationOrigin", "Generic", "LogicalMessage"]
SETTINGS = {"wal_keep_size": "1GB", "max_prepared_transactions": "4",
            "track_commit_timestamp": "on"}
DUMPED = re.compile(r"rmgr: (\S+) +len \(rec/tot\): *\d+/ *(\d+), tx: +(\d+), lsn: (\S+), "
                    r"prev (\S+), desc: (.*)")
TIME = re.compile(r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}) UTC")


def lsn(text):
    upper, lower = text.split("/")
    return int(upper, 16) << 32 | int(lower, 16)


def nanoseconds(text):
    since = datetime.datetime.fromisoformat(text) - datetime.datetime(1970, 1, 1)
    return since // datetime.timedelta(microseconds=1) * 1000


def transaction_of(kind, text, xid):
    """`COMMIT_PREPARED 739: TIME; rels: A B; subxacts: 1 2; ...` as the reader says it."""
    lists = {name: words.split() for name, words in
             (part.split(":", 1) for part in text.split("; ")[1:] if ":" in part)}
    prepared = re.match(r"\S+ (\d+): ", text)
    return [kind, prepared[1] if prepared else str(xid), str(nanoseconds(TIME.search(text)[1])),
            str(len(lists.get("subxacts", []))), str(len(lists.get("rels", [])))]


def checkpoint_of(kind, text):
    redo, timeline, previous, full_page, epoch, xid = re.search(
        r"redo (\S+); tli (\d+); prev tli (\d+); fpw (\w+); (?:wal_level \w+; )?xid (\d+):(\d+);",
        text).groups()
    return [kind, f"{lsn(redo) >> 32:X}/{lsn(redo) & 0xFFFFFFFF:X}", timeline, previous, full_page,
            str(int(epoch) << 32 | int(xid))]


def parameters_of(kind, text):
    values = dict(part.split("=") for part in text.split()[1:])
    return [kind, *(values[name] for name in (
        "max_connections", "max_worker_processes", "max_wal_senders", "max_prepared_xacts",
        "max_locks_per_xact")), str(["minimal", "replica", "logical"].index(values["wal_level"])),
        *({"on": "true", "off": "false"}[values[name]]
          for name in ("wal_log_hints", "track_commit_timestamp"))]


def fact_of(manager, xid, text):
    """The words of the fact that the reader should tell; none: an empty list."""
    kind = text.split()[0] if text else ""
    if manager == "Transaction" and kind in ("COMMIT", "ABORT", "COMMIT_PREPARED",
                                             "ABORT_PREPARED"):
        return transaction_of(kind, text, xid)
    if manager == "Tablespace":
        return text.replace('"', "").split()
    if manager != "XLOG":
        return []
    if kind in ("CHECKPOINT_ONLINE", "CHECKPOINT_SHUTDOWN"):
        return checkpoint_of(kind, text)
    if kind == "PARAMETER_CHANGE":
        return parameters_of(kind, text)
    if kind == "END_OF_RECOVERY":
        words = re.search(r"tli (\d+); prev tli (\d+); time (.*)", text)
        return [kind, words[1], words[2], str(nanoseconds(TIME.search(words[3])[1]))]
    if kind in ("RESTORE_POINT", "SWITCH", "FPW_CHANGE"):
        return text.split()
    return []


def dumped(server, *arguments):
    """What pg_waldump sees: its records, and what it said when it could not go on."""
    done = subprocess.run([program("pg_waldump", server.major), *arguments],
                          capture_output=True, check=False, timeout=120,
                          env=os.environ | {"TZ": "UTC"})
    records = []
    for line in done.stdout.decode(errors="replace").splitlines():
        match = DUMPED.fullmatch(line)
        check(match, f"a line of pg_waldump: {line}")
        manager, length, xid, at, previous, text = match.groups()
        records.append((lsn(at), lsn(previous), RESOURCE_MANAGERS.index(manager), int(length),
                        int(xid), fact_of(manager, int(xid), text)))
    return records, done.stderr.decode(errors="replace")


def read(*segments):
    """What Yore's reader sees: its records, and what stopped it."""
    done = subprocess.run([READ_WAL, *segments], capture_output=True, check=False, timeout=120)
    check(done.returncode == 0, f"read_wal: {done.stderr.decode()[-1000:]}")
    lines = done.stdout.decode(errors="replace").splitlines()
    stop = lines.pop() if lines and lines[-1].startswith("stop ") else None
    records = []
    for line in lines:
        at, previous, manager, length, xid, *fact = line.split()
        records.append((lsn(at), lsn(previous), int(manager), int(length), int(xid), fact))
    return records, stop


def same_records(ours, theirs, what):
    for place, (mine, other) in enumerate(zip(ours, theirs)):
        check(mine == other, f"{what}: record {place}: {mine}, pg_waldump: {other}")
    check(len(ours) == len(theirs), f"{what}: {len(ours)} records, pg_waldump: {len(theirs)}")


def work(server):
    """Something of everything that the reader tells apart."""
    server.pgbench("-i", "-q", "-s", "3")
    server.psql("""
        select pg_create_restore_point('before the work');
        create table t (i int); insert into t select generate_series(1, 1000); drop table t;
        begin; insert into pgbench_history (tid) values (1); savepoint a;
        insert into pgbench_history (tid) values (2); rollback to a; savepoint b;
        insert into pgbench_history (tid) values (3); release b; commit;
        begin; insert into pgbench_history (tid) values (4); rollback;
        do $$ begin for i in 1..300 loop begin insert into pgbench_history (tid) values (i);
            exception when others then null; end; end loop; end $$;
        begin; create table kept (i int primary key, t text); savepoint a;
        insert into kept values (1, 'x'); prepare transaction 'kept'; commit prepared 'kept';
        begin; create table lost (i int); prepare transaction 'lost'; rollback prepared 'lost';
        select pg_logical_emit_message(true, 'test', repeat('x', 3000000));""")
    space = os.path.join(server.place, "space")
    subprocess.run([*as_user(), "mkdir", space], check=True)
    server.psql(f"create tablespace s location '{space}'")
    server.psql("create table far (i int) tablespace s; insert into far values (1); checkpoint")
    server.psql("drop table far")
    server.psql("drop tablespace s")
    server.psql("select pg_switch_wal()")
    server.pgbench("-n", "-c", "4", "-j", "2", "-t", "2000", "-M", "prepared")
    server.configure(full_page_writes="off")
    server.psql("checkpoint; select pg_create_restore_point('after')")


def records_are_those_of_pg_waldump():
    with Server(settings=SETTINGS) as server:
        server.initdb()
        server.start()
        work(server)
        server.stop()
        segments = server.wal_files()
        whole = os.path.dirname(segments[0])
        theirs, said = dumped(server, "-p", whole, "-s", f"0/{lsn_of(segments[0]) + 40:X}")
        ours, stop = read(*segments)
        same_records(ours, theirs, f"the whole log ({stop}; {said})")
        count = {}
        for record in ours:
            for kind in record[5][:1]:
                count[kind] = count.get(kind, 0) + 1
        check(len(ours) > 50_000 and ours[-1][0] - ours[0][0] > 64 << 20, f"{len(ours)} records")
        check(set(count) >= {"COMMIT", "ABORT", "COMMIT_PREPARED", "ABORT_PREPARED", "CREATE",
                             "DROP", "SWITCH", "RESTORE_POINT", "PARAMETER_CHANGE", "FPW_CHANGE",
                             "CHECKPOINT_ONLINE", "CHECKPOINT_SHUTDOWN"}, f"all kinds: {count}")
        end = re.search(r"(?:invalid record length|unexpected pageaddr|invalid magic).* at (\S+):",
                        said)
        check(end and stop and lsn(stop.split()[1]) == lsn(end[1]),
              f"they end at the same place: {stop}, pg_waldump: {said}")
        damage(server, segments[2])
        promotion(server)


def lsn_of(segment):
    name = os.path.basename(segment)
    return int(name[8:16], 16) << 32 | int(name[16:24], 16) << 24


def damage(server, segment):
    """Both stop at the same record when a bit of it flips."""
    intact = open(segment, "rb").read()
    rng = random.Random(7)
    for _ in range(6):
        at = rng.randrange(8192, len(intact) - 2 * 8192)
        at += 64 if at % 8192 < 24 else 0  # not in a page's header: not all of its bits matter
        damaged = bytearray(intact)
        damaged[at] ^= 1 << rng.randrange(8)
        path = os.path.join(server.place, os.path.basename(segment))
        with open(path, "wb") as out:
            out.write(damaged)
        theirs, _ = dumped(server, path)
        ours, _ = read(path)
        same_records(ours, theirs, f"a bit flips at {at}")


def promotion(server):
    """The segments of a new timeline, whose first pages are of the old one."""
    subprocess.run([*as_user(), "touch", os.path.join(server.data, "standby.signal")], check=True)
    server.start()
    server.psql("select pg_promote()")
    server.psql("create table after_promotion (i int); select pg_create_restore_point('on 2')")
    server.pgbench("-n", "-c", "2", "-t", "100")
    server.stop("immediate")
    segments = [path for path in server.wal_files() if "/00000002" in path]
    start = f"{lsn_of(segments[0]) >> 32:X}/{lsn_of(segments[0]) & 0xFFFFFFFF:08X}"
    theirs, _ = dumped(server, "-p", os.path.dirname(segments[0]), "-t", "2", "-s", start)
    ours, _ = read(*segments)
    same_records(ours, theirs, "timeline 2")
    switch = next(record for record in ours if record[5][:1] == ["END_OF_RECOVERY"])
    check(switch[5][1:3] == ["2", "1"], f"the promotion is told: {switch}")
    history = subprocess.run([READ_WAL, os.path.join(server.data, "pg_wal/00000002.history")],
                             capture_output=True, text=True, check=True).stdout.split(maxsplit=2)
    check(history[0] == "1" and lsn(history[1]) == switch[0], f"the history says where: {history}")


def commits_are_those_of_the_server():
    """By every version that is here: what it says of each transaction is what its log says."""
    for major in versions():
        with Server(major=major, settings=SETTINGS | {"autovacuum": "off"}) as server:
            server.initdb()
            server.start()
            first = int(server.psql("select txid_current()"))
            work_of_a_version(server)
            checkpoint = server.psql("""checkpoint; select redo_lsn, timeline_id,
                prev_timeline_id, full_page_writes, replace(next_xid, '0:', '')
                from pg_control_checkpoint()""").replace("|t|", "|true|")
            server.psql("select pg_create_restore_point('a point')")
            last, end = server.psql("select txid_current(), pg_switch_wal()").split("|")
            known = server.psql(f"""
                select i, (extract(epoch from pg_xact_commit_timestamp(i::text::xid)) * 1000000)
                ::bigint from generate_series({first}, {last}) i
                where pg_xact_status(i::text::xid8) = 'committed'""")
            ours, _ = read(*server.wal_files())
            check(any(record[0] <= lsn(end) <= record[0] + 48 for record in ours
                      if record[5] == ["SWITCH"]), f"{major}: read up to the last switch {end}")
            facts = [record[5] for record in ours if record[5]]
            check(["CHECKPOINT_ONLINE", *checkpoint.split("|")] in facts, f"{major}: {checkpoint}")
            check(["RESTORE_POINT", "a", "point"] in facts, f"{major}: the named point")
            ends = [words for words in facts if words[0] in ("COMMIT", "COMMIT_PREPARED")
                    and int(words[1]) >= first]
            subtransactions = sum(int(words[3]) for words in ends)
            check(len(known.splitlines()) == len(ends) + subtransactions,
                  f"{major}: {len(known.splitlines())} commits, by the server, from {first} to "
                  f"{last}; {len(ends)} and {subtransactions} below them in the log")
            known = dict(line.split("|") for line in known.splitlines())
            for _, xid, time, *_ in ends:
                check(known.get(xid) == str(int(time) // 1000), f"{major}: the time of {xid}")
            check({words[3] for words in ends} >= {"0", "1", "2"}, "subtransactions are counted")


def work_of_a_version(server):
    server.pgbench("-i", "-q", "-s", "1")
    server.pgbench("-n", "-c", "2", "-t", "200")
    server.psql("""
        begin; insert into pgbench_history (tid) values (1); savepoint a;
        insert into pgbench_history (tid) values (2); savepoint b;
        insert into pgbench_history (tid) values (3); commit;
        create table a (i int primary key, t text); create table b (i int primary key, t text);
        begin; drop table a, b; savepoint a; create table kept (t text);
        prepare transaction 'kept'; commit prepared 'kept'""")


main(records_are_those_of_pg_waldump, commits_are_those_of_the_server)
