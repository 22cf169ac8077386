# SPDX-License-Identifier: Apache-2.0
"""Tablespaces that are made while a base backup runs: what is stored starts beside the original,
whose tablespaces it leaves alone."""
import os
import shutil
import subprocess
import time

from harness import check, FAILED, main, Scratch
from postgres import give_to_user, Server

RATE = 8192  # KiB/s: a cluster of initdb's takes some seconds


class Readable(Scratch):
    """Servers run in it as another user."""
    def __enter__(self):
        os.chmod(self.root, 0o755)
        return super().__enter__()


def make_tablespace(server, name):
    place = os.path.join(server.place, name)
    os.makedirs(place)
    give_to_user(place)
    server.psql(f"create tablespace {name} location '{place}'")
    server.psql(f"create table in_{name} tablespace {name} as "
                "select i, 'of the original' t from generate_series(1, 1000) i; checkpoint")
    return place


def files_below(path):
    """What is there, and when it was changed."""
    return sorted((os.path.join(directory, name),
                   os.stat(os.path.join(directory, name)).st_size,
                   os.stat(os.path.join(directory, name)).st_mtime_ns)
                  for directory, below, names in os.walk(path) for name in names + below)


def wait_for(condition, what, seconds=20):
    deadline = time.monotonic() + seconds
    while not condition():
        check(time.monotonic() < deadline, what)
        time.sleep(0.02)


def wait_until_it_sends(server):
    wait_for(lambda: server.psql("select phase from pg_stat_progress_basebackup").startswith(
        "streaming"), "the base backup runs")


def copy_of_latest(scratch, mount, source):
    """As a user makes it."""
    target = scratch.path("copy")
    os.makedirs(target)
    subprocess.run(["cp", "-a", f"{mount}/{source}/snapshots/latest/.", target], check=True)
    return target


def made_while_a_backup_runs():
    """One that stays, and one that is dropped again: the second attempt has the first one."""
    with Readable() as scratch, Server() as server:
        server.initdb()
        server.start()
        repo = scratch.repository(encryption="none")
        repo.yore("source", "add", "db", "--postgresql", server.conninfo)
        running = repo.start("snapshot", "db", "--max-rate", str(RATE))
        wait_until_it_sends(server)
        space = make_tablespace(server, "stays")
        gone = make_tablespace(server, "goes")
        server.psql("drop table in_goes; drop tablespace goes")
        err = running.communicate(timeout=60)[1].decode()
        check(running.returncode == 0, err)
        check("made while the base backup ran" in err and "begun again" in err, err)
        check(repo.yore("--json", "snapshots", "db").json()[-1]["count"] == 1,
              "one was taken")

        mount = repo.mount()
        before = files_below(space)
        with Server(data=copy_of_latest(scratch, mount, "db")) as copy:
            copy.start()
            check(copy.psql("select count(*) from in_stays") == "1000", "it has the tablespace")
            copy.psql("update in_stays set t = 'of the copy'; checkpoint")
            check(os.listdir(f"{copy.data}/tablespaces") == os.listdir(f"{copy.data}/pg_tblspc"),
                  "as a directory of its own")
        check(files_below(space) == before, "the original's was not touched")
        check(os.listdir(gone) == [], "nor was the place of the one that was dropped")
        check(server.psql("select count(*) from in_stays where t = 'of the original'") == "1000",
              "the original has its rows")


def made_while_pg_basebackup_runs():
    """There is no second attempt: it is refused, as is one whose log is damaged."""
    with Readable() as scratch, Server() as server:
        server.initdb()
        server.start()
        repo = scratch.repository(encryption="none")
        repo.yore("source", "add", "db", "--postgresql", server.conninfo)
        target = os.path.join(server.place, "base")
        command = ["pg_basebackup", "-d", server.conninfo, "-D", target, "-c", "fast", "--no-sync"]
        with subprocess.Popen([*command, "-r", str(RATE)]) as running:
            wait_until_it_sends(server)
            make_tablespace(server, "space")
            check(running.wait(60) == 0, "pg_basebackup takes no notice")
        said = repo.yore("snapshot", "db", "--from-directory", target, expect=FAILED)
        check("made while the base backup ran" in said.err and "hint" in said.err, said.err)
        shutil.rmtree(target)
        mapped = f"{server.place}/space={server.place}/mapped"
        subprocess.run([*command, "-T", mapped], check=True)
        damage_log(target)
        said = repo.yore("snapshot", "db", "--from-directory", target, expect=FAILED)
        check("log is not whole" in said.err and "hint" in said.err, said.err)
        check(repo.yore("snapshots").out == "", "nothing was stored")


def damage_log(directory):
    """In the first record that recovery reads."""
    with open(f"{directory}/backup_label", encoding="utf-8") as label:
        words = label.readline().split()
    start, name = int(words[3].split("/")[1], 16) % (16 << 20), words[5].rstrip(")")
    with open(f"{directory}/pg_wal/{name}", "r+b") as segment:
        segment.seek(start + 24)
        byte = segment.read(1)
        segment.seek(start + 24)
        segment.write(bytes([byte[0] ^ 1]))


def made_since_the_checkpoint_that_a_standby_knows():
    """A base backup from there begins at that checkpoint, whenever it is taken. And one of an idle
    standby starts by itself, though no log follows on it."""
    with Readable() as scratch, Server() as primary, Server() as standby:
        primary.initdb()
        primary.start()
        primary.run_as_user("pg_basebackup", "-d", primary.conninfo, "-D", standby.data, "-R",
                            "-c", "fast", "--no-sync")
        standby.start()
        repo = scratch.repository(encryption="none")
        repo.yore("source", "add", "db", "--postgresql", standby.conninfo)
        place = os.path.join(primary.place, "space")
        os.makedirs(place)
        give_to_user(place)
        primary.psql(f"create tablespace space location '{place}'")
        wait_until_replayed(primary, standby)
        said = repo.yore("snapshot", "db", expect=FAILED)
        check("tablespace" in said.err and "`CHECKPOINT` there" in said.err, said.err)
        primary.psql("checkpoint")
        wait_until_replayed(primary, standby)
        repo.yore("snapshot", "db")
        before = files_below(place)
        with Server(data=copy_of_latest(scratch, repo.mount(), "db")) as copy:
            copy.start()
            copy.psql("create table far tablespace space as select 1 a; checkpoint")
        check(files_below(place) == before, "the original's was not touched")


def wait_until_replayed(primary, standby):
    end = primary.psql("select pg_current_wal_flush_lsn()")
    wait_for(lambda: standby.psql(f"select pg_last_wal_replay_lsn() >= '{end}'") == "t",
             "the standby has all")


if __name__ == "__main__":
    main(made_while_a_backup_runs, made_while_pg_basebackup_runs,
         made_since_the_checkpoint_that_a_standby_knows)
