#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A copy of a base backup is prepared, started beside the original, and keeps away from it, though
each setting of the original would lead there. YORE_LIMITS=full: with any one entry left out of the
lists of what is set or removed, it does not."""
import os
import shutil
import subprocess
import time

from harness import Scratch, check, main
from postgres import Server, as_user, give_to_user, program

PREPARE = os.environ["PREPARE_DIRECTORY"]
FULL = os.environ.get("YORE_LIMITS") == "full"

# What a copy says when it keeps away, for settings that do nothing which could be seen within a
# test.
KEPT_AWAY = {"archive_mode": "off", "archive_command": "", "archive_library": "",
             "archive_cleanup_command": "", "recovery_end_command": "", "restore_command": "false",
             "primary_conninfo": "", "primary_slot_name": "", "promote_trigger_file": "",
             "synchronous_standby_names": "", "recovery_min_apply_delay": "0",
             "max_logical_replication_workers": "0", "hot_standby": "off"}
SAID = ("select distinct on (name) name, setting from pg_file_settings "
        "order by name, seqno desc")
# Entries that are tried in each run.
FEW = ("data_directory", "external_pid_file")
# PostgreSQL 15 does not know it any more.
UNKNOWN = {"stats_temp_directory"}
# Settings of which the original can have just one, or none while it archives by a command: into
# the copy's own file, before it is prepared.
LEFT_OVER = {"recovery_target": "immediate", "recovery_target_name": "gone",
             "recovery_target_time": "2020-01-01 00:00:00+00", "recovery_target_xid": "3",
             "recovery_target_lsn": "0/1", "archive_library": "basic_archive"}


class Original(Server):
    """All in its files leads to itself. Its own commits wait for nobody by its command line."""

    def __init__(self):
        super().__init__(settings={"synchronous_commit": "local"})
        self.settings["log_min_messages"] = "log"

    def near(self, *parts):
        return os.path.join(self.place, *parts)

    def set_up(self):
        self.initdb("--wal-segsize=1")
        for directory in ("archive", "logs", "conf.d"):
            os.mkdir(self.near(directory))
            give_to_user(self.near(directory))
        self.write("pg_hba.conf", "local all all trust\nlocal replication all trust\n")
        self.write("pg_ident.conf", "")
        for include in ("include", "include_if_exists", "include_dir"):
            self.write("conf.d/dir.conf" if include == "include_dir" else include + ".conf",
                       f"original.{include} = 'was read'\n")
        with open(os.path.join(self.data, "postgresql.conf"), "a", encoding="utf-8") as conf:
            conf.write(f"include '{self.near('include.conf')}'\n"
                       f"INCLUDE_IF_EXISTS = '{self.near('include_if_exists.conf')}'\n"
                       f"include_dir '{self.near('conf.d')}'\n")
        self.configure(
            data_directory=self.data, hba_file=self.near("pg_hba.conf"),
            ident_file=self.near("pg_ident.conf"), log_directory=self.near("logs"),
            log_filename="server.log", logging_collector="on", wal_level="logical",
            max_connections=120, max_prepared_transactions=5,
            archive_mode="on", restore_command=f"cp {self.near('archive')}/%f %p",
            archive_cleanup_command=f"touch {self.near('cleaned')}",
            recovery_end_command=f"touch {self.near('ended')}",
            primary_conninfo=self.conninfo.replace("'", "''"), primary_slot_name="standby",
            promote_trigger_file=self.near("promote"), recovery_min_apply_delay="1d",
            recovery_target_inclusive="off", recovery_target_timeline="7",
            recovery_target_action="shutdown")
        self.start()
        for name, value in (("archive_command", f"cp %p {self.near('archive')}/%f"),
                            ("synchronous_standby_names", "nobody"),
                            ("external_pid_file", self.near("pid"))):
            self.psql(f"alter system set {name} = '{value}'")
        self.restart()

    def write(self, name, text):
        with open(self.near(name), "w", encoding="utf-8") as file:
            file.write(text)
        give_to_user(self.near(name))

    def subscribe(self):
        """To itself, from another database; the slot exists but once."""
        self.psql("create table published (i int); create publication p for table published")
        self.psql("create database other")
        self.psql("select pg_create_logical_replication_slot('sub', 'pgoutput')")
        self.psql("create table published (i int)", database="other")
        self.psql(f"create subscription s connection '{self.conninfo}' publication p with "
                  "(create_slot = false, slot_name = 'sub', copy_data = false)", database="other")

    def base_backup(self, directory):
        self.run_as_user("pg_basebackup", "-D", directory, "-d", self.conninfo, "-X", "stream",
                         "-c", "fast", "--no-sync")

    def commit_of(self, statement):
        """The start of the commit record of a statement."""
        start = self.psql("select pg_current_wal_lsn()")
        xid = self.psql(f"with done as ({statement} returning 1) "
                        "select pg_current_xact_id() from done")
        records = self.run("pg_waldump", "-p", os.path.join(self.data, "pg_wal"), "-s", start,
                           "-e", self.psql("select pg_current_wal_insert_lsn()"))
        for line in records.splitlines():
            if f"tx: {xid:>10}," in line and "desc: COMMIT" in line:
                return line.split("lsn: ")[1].split(",")[0]
        raise AssertionError(f"no commit of {xid}:\n{records}")

    def state(self):
        """What no copy may change."""
        return {"archive": sorted(os.listdir(self.near("archive"))),
                "log": text_of(self.near("logs/server.log")).count("starting PostgreSQL"),
                "external pid": text_of(self.near("pid")),
                "files": sorted(os.listdir(self.place))}


def text_of(path):
    """Of no file: nothing."""
    if not os.path.exists(path):
        return ""
    with open(path, encoding="utf-8") as file:
        return file.read()


def prepared(directory, *arguments):
    done = subprocess.run([PREPARE, "prepare", directory, "1", *arguments], capture_output=True,
                          text=True, check=False)
    check(done.returncode == 0, f"prepared: {done.stderr}")
    if as_user():
        subprocess.run(["chown", "-R", "postgres:", directory], check=True)
    return done.stdout


def ask(server, sql, seconds=10):
    """As the server's own user, as a generated pg_hba.conf wants it. No answer in time: None."""
    try:
        done = subprocess.run([*as_user(), program("psql"), "-XAtq", "-d", server.conninfo, "-c",
                               sql], capture_output=True, text=True, check=False, timeout=seconds,
                              cwd="/")
    except subprocess.TimeoutExpired:
        return None
    return done.stdout.strip() if done.returncode == 0 else f"failed: {done.stderr}"


def until(condition, seconds=10):
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def logs_of(copy):
    return os.path.join(copy.data, "log/server.log")


def started(copy, seconds):
    try:
        copy.start(seconds)
        return True
    except AssertionError:
        return False


def promoted(copy, patience):
    return until(lambda: ask(copy, "select pg_is_in_recovery()") == "f", patience)


def violations(original, directory, patience=20):
    """All that is wrong with a copy, or that it did to the original."""
    before = original.state()
    with Server(data=directory) as copy:
        if not started(copy, patience):
            return ["does not start", copy.log_text()[-1000:], text_of(logs_of(copy))[-1000:]]
        if not promoted(copy, patience):
            return ["stays in recovery"]
        found = []
        rows = ask(copy, "select string_agg(what, ' ' order by what) from t")
        if rows != "first wanted":
            found.append(f"rows: {rows}")
        said = dict(line.split("|", 1) for line in ask(copy, SAID).splitlines())
        found += [name for name, good in KEPT_AWAY.items() if said.get(name) != good]
        for name in ("data_directory", "hba_file", "ident_file", "log_directory"):
            if ask(copy, f"show {name}").startswith(original.place + "/"):
                found.append(name)
        for name in ("include", "include_if_exists", "include_dir"):
            if ask(copy, f"select current_setting('original.{name}', true)") != "":
                found.append(name)
        if ask(copy, "insert into t values ('new')", seconds=3) is None:
            found.append("a commit hangs")
        found += activity(original, copy)
    after = original.state()
    return found + [what for what in before if before[what] != after[what]]


def activity(original, copy):
    """What a copy's background processes do to the original within some time; if it has them."""
    found = []
    processes = ask(copy, "select string_agg(backend_type, ',') from pg_stat_activity")
    if "archiver" in processes:
        ask(copy, "select pg_switch_wal()")
        found.append("archiver")
        until(lambda: ask(copy, "select archived_count > 0 from pg_stat_archiver") == "t", 3)
    if "logical replication launcher" in processes and until(
            lambda: original.psql("select active from pg_replication_slots") == "t"):
        found.append("the original's slot is taken")
    if not text_of(logs_of(copy)):
        found.append("it logs elsewhere")
    return found


class Backup:
    """A base backup of an original, and the commit to which its copies recover."""

    def __init__(self, scratch):
        os.chmod(scratch.root, 0o755)
        self.scratch, self.copies, self.original = scratch, 0, Original()
        self.directory = scratch.path("base")

    def __enter__(self):
        original = self.original
        try:
            original.set_up()
            original.psql("create table t (what text); insert into t values ('first')")
            original.subscribe()
            os.mkdir(self.directory, 0o700)
            give_to_user(self.directory)
            original.base_backup(self.directory)
            self.commit = original.commit_of("insert into t values ('wanted')")
            original.psql("insert into t values ('unwanted')")
            original.psql("alter subscription s disable", database="other")
            until(lambda: original.psql("select active from pg_replication_slots") == "f")
        except BaseException:
            original.stop("immediate")
            raise
        return self

    def __exit__(self, *how):
        return self.original.__exit__(*how)

    def copy(self):
        self.copies += 1
        directory = self.scratch.path(f"copy{self.copies}")
        subprocess.run(["cp", "-a", self.directory, directory], check=True)
        for path in self.original.wal_files():
            give_to_user(shutil.copy(path, os.path.join(directory, "pg_wal")))
        return directory

    def entries(self):
        listed = subprocess.run([PREPARE, "entries", self.directory], capture_output=True,
                                text=True, check=True)
        return listed.stdout.split()

    def violations_without(self, *entries):
        directory = self.copy()
        for entry in set(entries) & set(LEFT_OVER):
            with open(os.path.join(directory, "postgresql.conf"), "a", encoding="utf-8") as conf:
                conf.write(f"{entry} = '{LEFT_OVER[entry]}'\n")
        prepared(directory, f"lsn={self.commit}", *(f"without={entry}" for entry in entries))
        found = violations(self.original, directory, patience=3)
        shutil.rmtree(directory)
        return found


def a_copy_keeps_away(backup):
    directory = backup.copy()
    notes = prepared(directory, f"lsn={backup.commit}")
    backup.original.run("pg_verifybackup", directory)
    check("hba_file" in notes and "external_pid_file" in notes, f"it is told: {notes}")
    found = violations(backup.original, directory)
    check(found == [], f"a copy keeps away: {found}")
    again = prepared(directory, f"lsn={backup.commit}")
    check(again == "", f"what was prepared is fit already: {again}")
    found = backup.violations_without("archive_mode", "archive_command")
    check("archive" in found, f"a copy that archives is seen: {found}")
    for entry in sorted(set(backup.entries()) - UNKNOWN) if FULL else FEW:
        found = backup.violations_without(entry)
        check(found != [], f"without {entry} this is seen")


def recovery_gets_the_limits_that_it_needs(backup):
    original = backup.original
    original.psql("alter system set max_prepared_transactions = 6")
    original.restart()
    for number in range(6):  # at the moment, more than the base backup's files allow
        original.psql(f"begin; insert into t values ('prepared'); prepare transaction '{number}'")
    backup.commit = original.commit_of("insert into t values ('later')")
    original.psql("insert into t values ('unwanted')")
    for limits, patience in ((), 2), (("prepared=6",), 20):
        directory = backup.copy()
        prepared(directory, f"lsn={backup.commit}", *limits)
        with Server(data=directory) as copy:
            works = started(copy, patience) and promoted(copy, patience)
            check(works == bool(limits), f"with {limits}: {works}")


def configuration_that_lies_elsewhere_is_made_up(backup):
    """As in Debian, where it is in /etc."""
    directory = backup.copy()
    for name in ("postgresql.conf", "pg_hba.conf", "pg_ident.conf", "postgresql.auto.conf"):
        os.remove(os.path.join(directory, name))
    notes = prepared(directory)
    check(notes.count("made up") == 3, f"it is told: {notes}")
    backup.original.run("pg_verifybackup", directory)
    with Server(data=directory) as copy:
        copy.start()
        check(promoted(copy, 20), "it is promoted")
        check(ask(copy, "select count(*) from t where what = 'first'") == "1", "it has rows")
        check(ask(copy, "show max_connections") == "120", "it has the original's limits")
        rules = ask(copy, "select type, auth_method from pg_hba_file_rules")
        check(rules == "local|peer", f"it lets in by name: {rules}")


def control_files_say_what_pg_controldata_says(backup):
    original, standby = backup.original, backup.copy()
    same_control(original, original.data, "in production")
    original.stop("immediate")
    same_control(original, original.data, "in production")
    with open(os.path.join(standby, "postgresql.conf"), "w", encoding="utf-8") as conf:
        conf.write("max_connections = 150\nmax_prepared_transactions = 5\n")
    with open(os.path.join(standby, "standby.signal"), "w", encoding="utf-8"):
        pass
    with open(os.path.join(standby, "postgresql.auto.conf"), "w", encoding="utf-8"):
        pass
    with Server(data=standby) as server:
        server.start()
        same_control(server, standby, "in archive recovery")
        server.stop()
        same_control(server, standby, "shut down in recovery")


def same_control(server, directory, state):
    theirs = dict(line.split(":", 1)
                  for line in server.run("pg_controldata", directory).splitlines() if ":" in line)
    ours = subprocess.run([PREPARE, "control", directory], capture_output=True, text=True,
                          check=True).stdout.splitlines()
    check(len(ours) > 20, f"it says all: {ours}")
    for line in ours:
        name, value = line.split(": ", 1)
        check(theirs[name].strip() == value, f"{state}: {line}, theirs: {theirs[name]}")
    check(theirs["Database cluster state"].strip() == state, f"it is {state}")


def copies_of_one_base_backup():
    with Scratch() as scratch, Backup(scratch) as backup:
        a_copy_keeps_away(backup)
        configuration_that_lies_elsewhere_is_made_up(backup)
        recovery_gets_the_limits_that_it_needs(backup)
        control_files_say_what_pg_controldata_says(backup)


if __name__ == "__main__":
    main(copies_of_one_base_backup)
