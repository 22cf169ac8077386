# SPDX-License-Identifier: Apache-2.0
"""The proof: a cluster that lives through all that clusters live through, restored at random
moments on the host on which it runs, or cloned, has exactly what had committed by then, and is not
touched.

YORE_LIMITS=full takes 34 moments, YORE_SEED repeats a run.
"""
import datetime
import json
import os
import random
import shutil
import signal
import subprocess
import threading
import time

import postgres_history as history
from harness import check, device_for_everybody, enter_own_mounts, main
from postgres import as_user, give_to_user, Server
from postgres_clones import check_clone, check_killed
from test_postgresql_log import Archive, archived

SEED = int(os.environ.get("YORE_SEED", random.SystemRandom().randrange(1 << 32)))
FULL = os.environ.get("YORE_LIMITS") == "full"
MOMENTS, ROUNDS = (34, 60) if FULL else (4, 25)
SOURCE, OTHER = "db", "holed"  # the log of the other one lacks segments


class Script:
    """What one client does: transactions that note in `log` what they do."""
    def __init__(self, client, choice):
        self.client, self.choice = client, choice
        self.made, self.large, self.count = [], [], 0

    def row(self, does="insert"):
        return (f"insert into log (client, does, filler) values ({self.client}, '{does}', "
                f"repeat('{self.choice.randrange(1 << 60)}', {self.choice.randrange(60)}))")

    def number(self):
        self.count += 1
        return 100_000 + self.client * 10_000 + self.count

    def ordinary(self):
        number = self.number()
        return self.choice.choice([
            self.row(),
            f"begin; {self.row()}; savepoint a; {self.row()}; release a; savepoint b; "
            f"{self.row('never')}; rollback to b; savepoint c; {self.row()}; commit",
            f"begin; {self.row('never')}; rollback",
            f"begin; {self.row()}; prepare transaction 'p{number}'; select pg_sleep(0.005); "
            f"commit prepared 'p{number}'",
            f"begin; {self.row('never')}; prepare transaction 'p{number}'; "
            f"rollback prepared 'p{number}'",
            f"begin; {self.row('fill')}; insert into recent values (txid_current()); commit"])

    def rare(self, space):
        """Of one client alone: else they would wait for each other."""
        number = self.number()
        kinds = [
            f"begin; {self.row('truncate')}; truncate recent; commit",
            "vacuum full log", "checkpoint", "select pg_switch_wal()",
            f"select pg_create_restore_point('named {number}')",
            f"begin; {self.row(f'create quick_{number}')}; "
            f"create unlogged table quick_{number} as select 1 a; commit",
            f"begin; {self.row(f'create made_{number}')}; create table made_{number} {space} as "
            "select i, md5(i::text) from generate_series(1, 500) i; commit",
            f"begin; {self.row(f'large {number}')}; "
            f"select lo_from_bytea({number}, repeat('{number}', 700)::bytea); commit"]
        if self.made:
            name = self.made.pop(self.choice.randrange(len(self.made)))
            kinds = [f"begin; {self.row(f'drop {name}')}; drop table {name}; commit"]
        elif self.large:
            oid = self.large.pop()
            kinds = [f"begin; {self.row(f'unlink {oid}')}; select lo_unlink({oid}); commit"]
        done = self.choice.choice(kinds)
        for word in done.replace("'", " ").split():
            if word in (f"made_{number}", f"quick_{number}") and self.choice.random() < 0.4:
                self.made = [word]
        if "lo_from_bytea" in done and self.choice.random() < 0.5:
            self.large.append(number)
        return done

    def text(self, rounds, space):
        lines = []
        for _ in range(rounds):
            lines.append(self.ordinary())
            if self.client == 0:
                lines += [self.rare(space), self.rare(space)]
        return ";\n".join(lines) + ";\n"


class Proof:
    """A cluster that archives into a repository whose owner shows it in a mount: one user's."""
    def __init__(self, place, primary, choice):
        self.place, self.repo, self.primary = place, place.repo, primary
        self.scripts = [Script(client, choice) for client in range(3)]
        self.bases = {SOURCE: [], OTHER: []}
        self.before_space = None  # where the log is when the tablespace is made
        self.mount, self.owner = place.path("mount"), None
        subprocess.run([*as_user(), "mkdir", self.mount], check=True)

    def begin(self, standby):
        """Either server, as `host=one,other`: the one that runs sends base backups."""
        servers = (self.primary, standby)
        conninfo = (f"host={','.join(server.place for server in servers)} "
                    f"port={','.join(str(server.port) for server in servers)} "
                    f"user={self.primary.user} dbname=postgres")
        for source in (SOURCE, OTHER):
            self.repo.yore("source", "add", source, "--postgresql", conninfo)
        self.serve()
        self.primary.initdb("--wal-segsize=1")
        self.primary.configure(
            archive_mode="on", archive_command=self.place.command("log", "push", SOURCE, "%p"),
            max_prepared_transactions="10", wal_keep_size="1GB", max_wal_size="500MB",
            autovacuum="off")
        self.primary.start()
        self.primary.psql("""
            create table log (id bigserial primary key, txid bigint default txid_current(),
                              wall timestamptz default clock_timestamp(), client int, does text,
                              filler text);
            create index on log (txid);
            create table recent (txid bigint primary key)""")

    def serve(self):
        """Again where a segment that was just being archived had the repository open."""
        config, deadline = self.place.path("proof.toml"), time.monotonic() + 30
        with open(config, "w", encoding="utf-8") as file:
            file.write(f'repository = "{self.repo.path}"\n[[mount]]\n'
                       f'directory = "{self.mount}"\n')
        while self.owner is None or self.owner.poll() is not None:
            self.owner = self.repo.start("serve", "--config", config)
            while self.owner.poll() is None and not self.exists(SOURCE):
                check(time.monotonic() < deadline, "the mount came up")
                time.sleep(0.05)
        self.place.mounts = [(self.repo, self.mount)]

    def stop(self, how=signal.SIGTERM):
        self.owner.send_signal(how)
        self.owner.wait(30)

    def restart_yore(self, how):
        self.stop(how)
        self.serve()

    def check_kills(self, clone):
        def serve():
            self.owner.wait(30)
            self.serve()
        check_killed(self.repo, clone, lambda: self.owner.pid, serve)

    def snapshot(self, source=SOURCE):
        self.bases[source].append(self.repo.yore("--json", "snapshot", source).json()[-1])

    def write(self, server, space="", meanwhile=lambda: None):
        """All clients at once."""
        failed = []

        def run(text):
            try:
                server.psql(text)
            except AssertionError as error:
                failed.append(error)
        texts = [script.text(ROUNDS, space) for script in self.scripts]
        writers = [threading.Thread(target=run, args=(text,)) for text in texts]
        for writer in writers:
            writer.start()
        meanwhile()
        for writer in writers:
            writer.join()
        check(not failed, str(failed[:1]))

    def copy(self, path, name="copy"):
        """As its user does it."""
        target = self.place.path(name)
        shutil.rmtree(target, ignore_errors=True)
        subprocess.run([*as_user(), "mkdir", "-m", "700", target], check=True)
        subprocess.run([*as_user(), "cp", "-a", f"{self.mount}/{path}/.", target], check=True)
        return Server(data=target)

    def exists(self, path):
        return subprocess.run([*as_user(), "test", "-e", f"{self.mount}/{path}"],
                              check=False).returncode == 0

    def plan(self, path):
        told = subprocess.run([*as_user(), "cat", f"{self.mount}/{path}.json"], check=False,
                              capture_output=True, text=True)
        return told.stdout or told.stderr

    def check_copy(self, path, wanted):
        with self.copy(path) as copy:
            copy.start()
            there = history.state_of(copy)
            check(there == wanted, f"{path}: {history.difference(there, wanted)}\n"
                  f"{self.plan(path)}")
            for table in there["tables"]:
                rows = copy.psql(f"select count(*) from {table}")
                check(rows == ("0" if table.startswith("quick") else "500"),
                      f"{path}: {table} has {rows} rows")
            copy.psql("insert into log (client, does) values (99, 'written'); checkpoint")
            copy.run("pg_amcheck", "-h", copy.place, "-p", str(copy.port), "-U", copy.user,
                     "--install-missing", "--heapallindexed", "postgres")
            copy.stop()
            copy.run_as_user("pg_checksums", "--check", "-D", copy.data)


def new_tablespace(proof, server):
    space = f"{proof.primary.place}/space"
    os.makedirs(space)
    give_to_user(space)
    proof.before_space = history.number_of(server.psql("select pg_current_wal_insert_lsn()"))
    server.psql(f"create tablespace space location '{space}'")


def promoted(proof, standby):
    """The standby takes over while the primary goes on for a while."""
    proof.primary.run_as_user("pg_basebackup", "-d", proof.primary.conninfo, "-D", standby.data,
                              "-R", "-c", "fast", f"-T{proof.primary.place}/space="
                              f"{standby.place}/space")
    standby.start()

    def promote():
        time.sleep(0.1)
        standby.run_as_user("pg_ctl", "promote", "-D", standby.data)
    proof.write(proof.primary, "tablespace space", promote)
    proof.primary.psql(";".join(script.row() for script in proof.scripts))
    archived(proof.primary)
    for script in proof.scripts:
        script.made, script.large = [], []  # perhaps those that only the primary has
    # What was prepared before the fork, and decided behind it, holds its locks.
    for name in standby.psql("select gid from pg_prepared_xacts").split():
        standby.psql(f"rollback prepared '{name}'")


def primary_lives(proof, standby):
    """All that belongs to such a life, up to the end of its timeline."""
    primary = proof.primary
    proof.snapshot()
    proof.write(primary, meanwhile=lambda: proof.snapshot(OTHER))
    proof.write(primary, meanwhile=lambda: proof.restart_yore(signal.SIGKILL))
    primary.restart("immediate")
    new_tablespace(proof, primary)
    proof.snapshot()
    proof.write(primary, "tablespace space")
    proof.snapshot(OTHER)
    primary.restart()
    proof.restart_yore(signal.SIGTERM)
    promoted(proof, standby)


class Moments:
    """Which there are, and what must be in them."""
    def __init__(self, proof, standby, choice):
        self.choice, self.standby, self.bases = choice, standby, proof.bases
        self.fork = history.fork_of(standby, 2)
        self.lines = {1: history.log_line(proof.primary, 1)}
        self.known = {1: history.ledger([proof.primary])}

    def take_second_line(self):
        self.lines[2] = history.log_line(self.standby, 2, self.lines[1])
        self.known[2] = history.ledger([self.standby])

    def stop_of(self, base, source=SOURCE):
        return history.number_of(self.bases[source][base]["base_backup"]["stop"])

    def first(self, base, source=SOURCE):
        """Points before it are behind the base backup's end."""
        stop = self.stop_of(base, source)
        return next(place for place, point in enumerate(self.lines[1]) if point.lsn >= stop)

    def state(self, timeline, count):
        """Behind so many points of the line."""
        return history.state_after(self.lines[timeline][:count], self.known[timeline])

    def at_time(self, moment):
        return history.time_name(moment), self.state(2, history.place_at(self.lines[2], moment))

    def at_lsn(self, timeline, at, offset=0):
        lsn = history.lsn_name(self.lines[timeline][at].lsn + offset)
        return f"tl{timeline}-lsn-{lsn}", self.state(timeline, at + 1)

    def around_the_fork(self):
        """The first commit behind it, the instant before, and what the other one did instead."""
        at = next(place for place, point in enumerate(self.lines[2]) if point.lsn >= self.fork)
        first = self.lines[2][at]
        yield self.at_time(first.time)
        yield self.at_time(first.time - 1)
        lost = [place for place, point in enumerate(self.lines[1])
                if point.lsn >= self.fork and point.xid in self.known[1]]
        check(lost, "the primary went on behind the fork")
        at = self.choice.choice(lost)
        yield f"tl1-xid-{self.lines[1][at].xid}", self.state(1, at + 1)

    def any(self):
        """Of a random kind, at a random place behind the second base backup."""
        timeline, first = self.choice.choice((1, 2)), self.first(1)
        line = self.lines[timeline]
        at = self.choice.randrange(first, len(line))
        named = [place for place in range(first, len(self.lines[2])) if self.lines[2][place].name]
        kind = self.choice.choice(("time", "lsn", "behind", "xid", "named"))
        if kind == "time":
            return self.at_time(self.choice.randrange(self.lines[2][first].time,
                                                      self.lines[2][-1].time))
        if kind == "named" and named:
            at = self.choice.choice(named)
            return f"point-{self.lines[2][at].name}", self.state(2, at + 1)
        if kind == "xid" and line[at].xid:
            word = "tl1-" if timeline == 1 else ""
            return f"{word}xid-{line[at].xid}", self.state(timeline, at + 1)
        return self.at_lsn(timeline, at, self.choice.randrange(8) if kind == "behind" else 0)


def facts_of(server):
    """What a copy of it must not touch."""
    rest = server.psql("select (select json_agg(slot_name) from pg_replication_slots), "
                       "(select failed_count from pg_stat_archiver), "
                       "left(pg_walfile_name(pg_current_wal_lsn()), 8)")
    return rest, history.state_of(server)


def no_log_is_needed(proof, moments):
    """A base backup, taken while clients wrote, of a source of which no log was ever stored."""
    base = proof.bases[OTHER][0]
    state = moments.state(1, moments.first(0, OTHER))
    proof.check_copy(f"{OTHER}/snapshots/{base['name']}", state)


def a_hole_has_no_moments(proof, moments):
    """The log of the other source lacks a segment between its two base backups."""
    bases = [history.number_of(base["base_backup"]["start"]) for base in proof.bases[OTHER]]
    first = history.wal_path(proof.primary, 1, bases[0])
    archived_names = {row["name"] for row in proof.place.segments(SOURCE)}
    segments = [path for path in proof.primary.wal_files()
                if path >= first and os.path.basename(path) in archived_names]
    stop = segments.index(history.wal_path(proof.primary, 1, moments.stop_of(0, OTHER)))
    last = segments.index(history.wal_path(proof.primary, 1, bases[1]))
    missing = segments.pop(moments.choice.randrange(stop + 1, last))
    for path in segments:
        proof.repo.yore("log", "push", OTHER, path)

    def path_of(point):
        return history.wal_path(proof.primary, 1, point.lsn)
    line, first = moments.lines[1], moments.first(0, OTHER)
    inside = [at for at in range(first, len(line)) if path_of(line[at]) == missing]
    behind = [at for at in range(first, len(line))
              if path_of(line[at]) > missing and line[at].lsn < bases[1]]
    for at in inside[:1] + inside[-1:] + behind[:1] + behind[-1:]:
        point = line[at]
        names = [moments.at_lsn(1, at)[0]]
        if point.xid:
            names.append(f"xid-{point.xid}")
        for name in names:
            check(not proof.exists(f"{OTHER}/at/{name}"), f"{name} is in a gap")
    # The last one's record may cross into the segment that is not there; and from this base
    # backup, nothing starts behind the tablespace that was made after it.
    before = [at for at in range(first, len(line)) if path_of(line[at]) < missing][:-1]
    before = [at for at in before if line[at].lsn < proof.before_space]
    for places in (before, range(moments.first(1, OTHER), len(line))):
        if places:
            name, state = moments.at_lsn(1, moments.choice.choice(places))
            proof.check_copy(f"{OTHER}/at/{name}", state)


def files_below(path):
    """Their names, sizes and times, and those of the directories."""
    return sorted((name, os.stat(os.path.join(directory, name)).st_size,
                   os.stat(os.path.join(directory, name)).st_mtime_ns)
                  for directory, below, names in os.walk(path) for name in names + below)


def a_tablespace_is_not_taken(proof, moments):
    """Replay of its creation would lead the copy to the original's files."""
    line = moments.lines[1]
    at = next(at for at, point in enumerate(line) if point.lsn > proof.before_space)
    check(line[at].lsn < moments.stop_of(1), "it was made before the second base backup")
    moment = f"{SOURCE}/at/{moments.at_lsn(1, at)[0]}"
    space = f"{proof.primary.place}/space"
    before = files_below(space)
    told = proof.plan(moment)
    check(before and space in told, f"{moment}: {told}")
    check(json.loads(told)["commit"]["timeline"] == 1, told)
    with proof.copy(moment) as copy:
        try:
            copy.start(20)
            check(False, "it does not start")
        except AssertionError as error:
            check("pg_tblspc" in str(error), str(error))
    check(files_below(space) == before, "the original's tablespace is as it was")


def pruned_within_the_window(proof, moments):
    ended = datetime.datetime.fromisoformat(proof.bases[SOURCE][1]["ended"])
    window = int(time.time() - ended.timestamp() - 1)
    gone = moments.at_lsn(1, moments.first(0))[0]
    check(proof.exists(f"{SOURCE}/at/{gone}"), f"{gone} is there")
    proof.repo.yore("prune", SOURCE, "--window", f"{window}s")
    proof.repo.yore("collect")
    proof.restart_yore(signal.SIGTERM)
    check(not proof.exists(f"{SOURCE}/at/{gone}"), f"{gone} went")
    name, state = moments.any()
    proof.check_copy(f"{SOURCE}/at/{name}", state)


def any_moment_is_what_had_committed():
    print("seed", SEED)
    choice = random.Random(SEED)
    with (Archive() as place, device_for_everybody(place), Server() as primary,
          Server() as standby):
        proof = Proof(place, primary, choice)
        proof.begin(standby)
        primary_lives(proof, standby)
        moments = Moments(proof, standby, choice)
        primary.stop()
        proof.write(standby, "tablespace space", proof.snapshot)
        archived(standby)
        moments.take_second_line()
        before = facts_of(standby)
        check(before[1] == moments.state(2, len(moments.lines[2])), "the log tells all that is")
        wanted = [*moments.around_the_fork()]
        wanted += [moments.any() for _ in range(MOMENTS - len(wanted))]
        for name, state in wanted:
            proof.check_copy(f"{SOURCE}/at/{name}", state)
            check_clone(proof.repo, f"{SOURCE}@{name}", state)
        check_clone(proof.repo, f"{SOURCE}@{name}", state, proof.check_kills)
        a_tablespace_is_not_taken(proof, moments)
        no_log_is_needed(proof, moments)
        a_hole_has_no_moments(proof, moments)
        pruned_within_the_window(proof, moments)
        after = facts_of(standby)
        check(after == before, f"the primary is as it was: {after[0]}, not {before[0]}; "
              f"{history.difference(after[1], before[1])}")
        check({row["incarnation"] for row in place.segments(SOURCE)} == {"00000001", "00000002"},
              "no copy archived its timeline")
        proof.repo.yore("verify", "--level", "2")
        proof.stop()


if __name__ == "__main__":
    enter_own_mounts()
    main(any_moment_is_what_had_committed)
