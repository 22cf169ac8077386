# SPDX-License-Identifier: Apache-2.0
"""Snapshots of clusters from files: finished pg_basebackups, and clusters that were shut down."""
import os
import shutil
import subprocess

from harness import check, FAILED, main, PARTIAL, Scratch
from postgres import give_to_user, Server


class Readable(Scratch):
    """Servers run in it as another user."""
    def __enter__(self):
        os.chmod(self.root, 0o755)
        return super().__enter__()


def source(scratch, server):
    repo = scratch.repository(encryption="none")
    repo.yore("source", "add", "db", "--postgresql", server.conninfo)
    return repo


def from_directory(repo, directory):
    return repo.yore("--json", "snapshot", "db", "--from-directory", directory).json()[-1]


def basebackup(server, *options):
    """Where pg_basebackup made one, as the server's user may."""
    target = os.path.join(server.place, f"base{len(os.listdir(server.place))}")
    server.run_as_user("pg_basebackup", "-d", server.conninfo, "-D", target, "-c", "fast",
                       "--no-sync", *options)
    return target


def fill(server):
    place = os.path.join(server.place, "space")
    os.makedirs(place)
    give_to_user(place)
    server.psql(f"create tablespace space location '{place}'")
    server.psql("create table here as select i, repeat('x', i % 90) t "
                "from generate_series(1, 20000) i;"
                "create table there tablespace space as select * from here")


def sums(server):
    return server.psql("select (select sum(length(t) + i) from here), "
                       "(select count(*) from there)")


def latest(scratch, repo, name):
    """A server on a restored copy."""
    directory = scratch.path(name)
    repo.yore("restore", "db@latest", "--to", directory)
    return Server(data=directory)


def a_finished_base_backup():
    with Readable() as scratch, Server() as server:
        server.initdb()
        server.start()
        fill(server)
        before = sums(server)
        repo = source(scratch, server)
        mapped = os.path.join(server.place, "mapped")
        # -R writes settings and a signal file that its manifest does not know.
        files = basebackup(server, "-R", "-T", f"{server.place}/space={mapped}")
        server.psql("delete from here where i > 10000")
        taken = from_directory(repo, files)
        facts = taken["base_backup"]
        check(taken["outcome"] == "complete" and facts["timeline"] == 1, str(taken))
        check(facts["server_version"] == 150000 and facts["start"] < facts["stop"], str(facts))
        check(taken["path"] == files, "where it was read from")
        with latest(scratch, repo, "copy") as copy:
            link = os.listdir(f"{copy.data}/pg_tblspc")[0]
            check(os.readlink(f"{copy.data}/pg_tblspc/{link}") == f"../tablespaces/{link}",
                  "the tablespace is in the copy")
            server.run_as_user("pg_verifybackup", "-e", "-i", "tablespaces", copy.data)
            copy.start()
            check(sums(copy) == before, "all is as it was then")
            check(copy.psql("show primary_conninfo") == "", "it follows nobody")
        streamed = repo.yore("--json", "snapshot", "db").json()[-1]
        check(streamed["counts"]["bytes_stored"] < taken["counts"]["bytes_stored"],
              "a streamed one has most of it already")
        said = repo.yore("snapshot", "db", "--from-directory", files, expect=FAILED)
        check("later than" in said.err, said.err)


def a_cluster_that_was_shut_down():
    with Readable() as scratch, Server() as server:
        server.initdb()
        server.start()
        fill(server)
        before = sums(server)
        repo = source(scratch, server)
        said = repo.yore("snapshot", "db", "--from-directory", server.data, expect=FAILED)
        check("a server runs on it" in said.err and "hint" in said.err, said.err)
        server.stop()
        taken = from_directory(repo, server.data)
        check(taken["outcome"] == "complete", str(taken))
        with latest(scratch, repo, "copy") as copy:
            copy.start()
            check(sums(copy) == before, "all is as when it stopped")
            # The checkpoint of a promotion may come later than its first answer.
            check(copy.psql("select left(pg_walfile_name(pg_current_wal_lsn()), 8)") == "00000002",
                  "on a timeline of its own")
            copy.psql("create table written as select 1 a")
        server.start()
        check(sums(server) == before, "the original has its tablespace")
        server.psql("delete from there where i > 5")
        server.psql("create table moved tablespace space as select 1 a; select pg_switch_wal()")
        current = server.psql("select pg_walfile_name(pg_current_wal_insert_lsn())")
        for path in server.wal_files():
            if taken_segment(taken) <= os.path.basename(path) < current:
                repo.yore("log", "push", "db", path)
        with latest(scratch, repo, "later") as copy:
            copy.start()
            check(copy.psql("select count(*) from there") == "5", "the log leads on from it")
            check(copy.psql("select count(*) from moved") == "1", "to its end")


def taken_segment(taken):
    high, low = (int(part, 16) for part in taken["base_backup"]["start"].split("/"))
    return f"{1:08X}{high:08X}{low >> 24:08X}"


def settings_that_lie_elsewhere():
    with Readable() as scratch, Server() as server:
        server.initdb()
        server.start()
        settings = scratch.path("etc")
        os.makedirs(f"{settings}/conf.d")
        for name, text in (("postgresql.conf", "port = 1\n"), ("conf.d/a.conf", "work_mem = 4MB\n"),
                           ("server.key", "secret")):
            with open(f"{settings}/{name}", "w", encoding="utf-8") as file:
                file.write(text)
        repo = scratch.repository(encryption="none")
        repo.yore("source", "add", "db", "--postgresql", "host=/nowhere", "--config-dir", settings)
        repo.yore("snapshot", "db", expect=FAILED)
        repo.yore("source", "set", "db", "--postgresql", server.conninfo)
        shown = repo.yore("--json", "source", "show", "db").json()[-1]
        check(shown["conninfo"] == server.conninfo and shown["config_directory"] == settings
              and shown["policy"] == {}, str(shown))
        taken = repo.yore("--json", "snapshot", "db").json()[-1]
        check(taken["outcome"] == "complete", str(taken))
        with latest(scratch, repo, "copy") as copy:
            found = subprocess.run(["find", ".", "-type", "f"], cwd=f"{copy.data}/yore_config",
                                   capture_output=True, text=True, check=True).stdout.split()
            check(sorted(found) == ["./conf.d/a.conf", "./postgresql.conf"], str(found))
            server.run_as_user("pg_verifybackup", "-e", copy.data)
            copy.start()
            check(copy.psql("show work_mem") == "4MB", "as is the default")
        shutil.rmtree(settings)
        said = repo.yore("snapshot", "db", expect=PARTIAL)
        check(settings in said.err and "no such file" in said.err, said.err)
        check("config" in repo.yore("check", "db", expect=FAILED).out, "a check tells it")
        repo.yore("source", "set", "db", "--config-dir", "")
        repo.yore("snapshot", "db")
        repo.yore("source", "set", "db", expect=FAILED)


def what_is_no_backup_is_refused():
    with Readable() as scratch, Server() as server:
        server.initdb()
        server.start()
        server.psql("create table t as select i from generate_series(1, 1000) i")
        repo = source(scratch, server)
        refused = [(basebackup(server, "--no-manifest"), "without backup_manifest"),
                   (basebackup(server, "-X", "none"), "pg_wal/"),
                   (basebackup(server, "--manifest-checksums=SHA256"), "CRC-32C"),
                   (scratch.path("nothing"), "no data directory")]
        os.makedirs(refused[-1][0])
        damaged = basebackup(server)
        with open(f"{damaged}/{server.psql('select pg_relation_filepath(%s)' % quoted('t'))}",
                  "r+b") as file:
            file.seek(100)
            file.write(b"damage")
        refused.append((damaged, "another checksum"))
        crashed = os.path.join(server.place, "crashed")
        server.stop("immediate")
        shutil.copytree(server.data, crashed)
        refused.append((crashed, "in production"))
        for directory, said in refused:
            result = repo.yore("snapshot", "db", "--from-directory", directory, expect=FAILED)
            check(said in result.err and "hint" in result.err, result.err)
        check(repo.yore("snapshots").out == "", "nothing was stored")
        plain = repo.yore("source", "add", "home", "--directory", scratch.root)
        check(plain.code == 0, "a directory")
        repo.yore("snapshot", "home", "--from-directory", crashed, expect=FAILED)


def quoted(text):
    return f"'{text}'"


if __name__ == "__main__":
    main(a_finished_base_backup, a_cluster_that_was_shut_down, settings_that_lie_elsewhere,
         what_is_no_backup_is_refused)
