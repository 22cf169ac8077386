# SPDX-License-Identifier: Apache-2.0
"""`yore check` of real PostgreSQL servers: what is wrong is found, and told with what to do."""
import os
import subprocess
import threading
import time

from harness import check, FAILED, main, OK, Scratch
from postgres import Server


class Readable(Scratch):
    """Servers run in it as another user."""
    def __enter__(self):
        os.chmod(self.root, 0o755)
        return super().__enter__()


def findings(repo, source, expect=OK):
    """By what was looked at: the worst finding's level, text and hint."""
    rows = repo.yore("--json", "check", source, expect=expect).json()
    order = ["ok", "warning", "problem"]
    found = {}
    for row in rows[:-1]:
        known = found.get(row["check"])
        if known is None or order.index(row["level"]) > order.index(known["level"]):
            found[row["check"]] = row
    counts = {level: sum(row["level"] == level for row in rows[:-1]) for level in order}
    check([rows[-1]["ok"], rows[-1]["warnings"], rows[-1]["problems"]] == list(counts.values()),
          str(rows[-1]))
    return found


def has(found, name, level, text=""):
    check(found[name]["level"] == level and text in found[name]["text"], str(found[name]))
    check(("hint" in found[name]) == (level != "ok"), str(found[name]))


def as_role(server, role):
    """A conninfo without a database."""
    return f"host={server.place} port={server.port} user={role}"


def roles_see_what_they_may():
    with Readable() as scratch, Server() as server:
        server.initdb()
        server.configure(shared_preload_libraries="pg_stat_statements", max_wal_senders="3",
                         max_slot_wal_keep_size="1GB")
        server.start()
        server.psql("create role yore login replication; create role reader login")
        repo = scratch.repository(encryption="none")
        for role in ("yore", "reader", server.user):
            repo.yore("source", "add", role, "--postgresql", as_role(server, role))

        found = findings(repo, "yore")
        has(found, "server", "ok", "PostgreSQL 15.")
        has(found, "role", "ok", "yore")
        has(found, "wal_senders", "ok", "3 of 3")
        has(found, "slot_limit", "ok", "1GB")
        has(found, "checksums", "ok")
        has(found, "libraries", "warning", "shared_preload_libraries: not seen")
        check("pg_read_all_settings to yore" in found["libraries"]["hint"], str(found))
        has(found, "backup", "warning", "no base backup")
        server.psql("grant pg_read_all_settings to yore")
        has(findings(repo, "yore"), "libraries", "ok", "pg_stat_statements")

        found = findings(repo, "reader", expect=FAILED)
        has(found, "role", "problem")
        check(found["role"]["hint"] == "alter role reader replication;", str(found["role"]))

        # The replication protocol alone: an ordinary connection is not let in.
        with open(os.path.join(server.data, "pg_hba.conf"), "w", encoding="utf-8") as rules:
            rules.write("local replication yore trust\nlocal all postgres trust\n"
                        f"local all {server.user} trust\n")
        server.psql("select pg_reload_conf()")
        found = findings(repo, "yore")
        has(found, "query", "warning", "no ordinary connection")
        has(found, "wal_level", "ok", "replica")
        has(found, "slots", "warning", "not seen")
        found = findings(repo, server.user, expect=FAILED)
        has(found, "role", "problem")
        check("pg_hba.conf" in found["role"]["hint"], str(found["role"]))
        server.stop()
        found = findings(repo, "yore", expect=FAILED)
        has(found, "server", "problem")


def settings_and_slots_are_judged():
    with Readable() as scratch, Server() as server:
        server.initdb()
        server.configure(wal_level="minimal", max_wal_senders="0", full_page_writes="off")
        server.start()
        repo = scratch.repository(encryption="none")
        repo.yore("source", "add", "db", "--postgresql", server.conninfo)
        found = findings(repo, "db", expect=FAILED)
        has(found, "wal_level", "problem", "minimal")
        has(found, "role", "problem")
        has(found, "full_page_writes", "warning")
        server.configure(wal_level="replica", max_wal_senders="2", full_page_writes="on")
        server.restart()
        server.psql("select pg_create_physical_replication_slot('left', true);"
                    "select pg_switch_wal()")
        server.psql("create table t as select 1 a")
        found = findings(repo, "db")
        has(found, "wal_senders", "ok", "2 of 2")
        has(found, "slot_limit", "warning", "-1")
        has(found, "slots", "warning", "slot left: nobody reads it, and it keeps ")
        text = repo.yore("check", "db")
        check("hint: if nobody will: select pg_drop_replication_slot('left');" in text.out,
              text.out)
        server.psql("select pg_drop_replication_slot('left')")
        has(findings(repo, "db"), "slots", "ok", "no slots")


def the_log_is_compared_with_the_servers():
    with Readable() as scratch, Server() as server:
        server.initdb()
        repo = scratch.repository(encryption="none")
        # Files are handed over by the test's own user, not by the server's.
        server.configure(archive_mode="on", archive_command="false")
        server.start()
        repo.yore("source", "add", "db", "--postgresql", server.conninfo)
        repo.yore("snapshot", "db")  # which does not wait for what is not archived
        wait_until(server, "failed_count > 0")
        found = findings(repo, "db", expect=FAILED)
        has(found, "archiving", "problem", "archiving fails")
        has(found, "backup", "ok")
        has(found, "log", "warning", "no log is stored")
        check("yore log push db %p" in found["log"]["hint"], found["log"]["hint"])

        server.psql("create table t as select 1 a; select pg_switch_wal()")
        for path in whole_segments(server):
            repo.yore("log", "push", "db", path)
        found = findings(repo, "db", expect=FAILED)
        has(found, "log", "ok", "behind the server")
        has(found, "window", "ok", "every commit from")

        server.configure(archive_command="true")
        for _ in range(3):
            server.psql("insert into t select 1; select pg_switch_wal()")
        wait_until(server, "last_archived_time > last_failed_time")
        found = findings(repo, "db")
        has(found, "log", "warning", "behind the server")
        has(found, "archiving", "ok", "tries failed before")
        repo.yore("log", "push", "db", whole_segments(server)[-1])  # one that does not follow
        has(findings(repo, "db"), "window", "warning", "but not what is stored of the log behind")


def whole_segments(server):
    current = server.psql("select pg_walfile_name(pg_current_wal_insert_lsn())")
    return [path for path in server.wal_files() if os.path.basename(path) < current]


def what_is_not_answered_is_not_seen():
    """A query that waits for a lock, and is cancelled, as statement_timeout does it."""
    with Readable() as scratch, Server() as server:
        server.initdb()
        server.start()
        repo = scratch.repository(encryption="none")
        repo.yore("source", "add", "db", "--postgresql", server.conninfo)
        answers = []
        # pylint: disable=consider-using-with
        locked = subprocess.Popen(
            ["psql", "-X", "-q", "-d", server.conninfo], text=True, stdin=subprocess.PIPE)
        locked.stdin.write("begin; lock pg_collation in access exclusive mode;\n")
        locked.stdin.flush()
        wait_until(server, "count(*) = 1", "pg_locks where mode = 'AccessExclusiveLock'")
        seen = threading.Thread(target=lambda: answers.append(findings(repo, "db")))
        seen.start()
        wait_until(server, "count(pg_cancel_backend(pid)) > 0",
                   "pg_stat_activity where wait_event_type = 'Lock'")
        seen.join()
        locked.communicate("rollback;\n")
        has(answers[0], "slot_limit", "warning", "-1")
        has(answers[0], "locale", "warning", "pg_collation: not seen")


def wait_until(server, holds, of="pg_stat_archiver"):
    deadline = time.monotonic() + 60
    while server.psql(f"select {holds} from {of}") != "t":
        check(time.monotonic() < deadline, holds)
        time.sleep(0.05)


def others_and_by_schedule():
    with Readable() as scratch:
        home = scratch.path("home")
        os.makedirs(home)
        repo = scratch.repository(encryption="none")
        repo.yore("source", "add", "home", "--directory", home)
        has(findings(repo, "home"), "directory", "ok", home)
        os.rmdir(home)
        has(findings(repo, "home", expect=FAILED), "directory", "problem", "no such file")
        repo.yore("snapshot", "dump", "--stdin", "--as", "d.sql", stdin=b"select 1")
        has(findings(repo, "dump"), "stream", "ok")
        check(repo.run("check", "none").code == FAILED, "there is no such source")
        repo.yore("schedule", "set", "home", "--task", "check", "--cron", "@daily")
        check("check home" in repo.yore("schedule", "list").out, "it is scheduled")
        text = repo.yore("jobs", "list").out
        check("check home" in text and "no such file" in text, text)
        metrics = repo.yore("metrics").out
        check('yore_job_last_succeeded{command="check",source="home"} 0' in metrics, metrics)


if __name__ == "__main__":
    main(roles_see_what_they_may, settings_and_slots_are_judged,
         the_log_is_compared_with_the_servers, what_is_not_answered_is_not_seen,
         others_and_by_schedule)
