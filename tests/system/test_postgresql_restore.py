# SPDX-License-Identifier: Apache-2.0
"""`yore restore` of clusters at a moment, with a server started on the copy beside the original."""
import os
import pwd
import shlex
import subprocess

from harness import check, FAILED, main
from postgres import as_user, free_port, give_to_user, program, Server, USER
from test_postgresql_log import Archive, archived, SEGMENTS


def query(server, sql):
    """By the command that was told; peer authentication lets in the server's own user."""
    done = subprocess.run([*as_user(), "psql", "-XAtq", "-h", server["socket_directory"],
                           "-p", str(server["port"]), "-c", sql, "postgres"],
                          capture_output=True, text=True, check=False, cwd="/")
    return done.stdout.strip() or done.stderr


def started(place, moment, *options):
    """What the command tells at its end."""
    target = place.path("copy" + moment)
    said = place.repo.yore("--json", "restore", f"orders@{moment}", "--to", target,
                           "--start", str(free_port()), *options).json()[-1]
    check(said["files"] > 900, str(said))
    check(said["server"]["warnings"] == [], str(said))
    return said


def stopped(server):
    command = server["stop"].replace("sudo -u postgres ", "")
    subprocess.run([*as_user(), *shlex.split(command), "-m", "fast"], check=True, cwd="/",
                   stdout=subprocess.DEVNULL)


def a_life(place, primary):
    """With settings raised after the base backup, and more prepared than they were before."""
    primary.initdb(*SEGMENTS)
    primary.configure(archive_mode="on", max_prepared_transactions="1",
                      archive_command=place.command("log", "push", "orders", "%p"))
    primary.start()
    place.repo.yore("source", "add", "orders", "--postgresql", primary.conninfo)
    primary.psql("create table t (i int)")
    place.repo.yore("snapshot", "orders")
    primary.psql("alter system set max_prepared_transactions = 4")
    primary.restart()
    for number in range(4):
        primary.psql(f"begin; insert into t values ({number}); prepare transaction '{number}'")
    xid = primary.psql("with done as (insert into t values (100) returning 1) "
                       "select pg_current_xact_id() from done")
    space = f"{primary.place}/space"
    os.makedirs(space)
    give_to_user(space)
    primary.psql("insert into t values (101)")
    primary.psql(f"create tablespace space location '{space}'")
    later = primary.psql("with done as (insert into t values (102) returning 1) "
                         "select pg_current_xact_id() from done")
    archived(primary)
    return xid, later, space


def servers_are_started_on_moments():
    with Archive() as place, Server() as primary:
        xid, later, space = a_life(place, primary)
        said = started(place, f"xid-{xid}")
        server, plan = said["server"], said["plan"]
        check(plan["commit"]["xid"] == int(xid) and plan["warnings"] == [], str(plan))
        check(plan["log"][0]["segments"]["first"].startswith("00000001"), str(plan))
        check(query(server, "select string_agg(i::text, ' ') from t") == "100", "the moment")
        check(query(server, "select count(*) from pg_prepared_xacts") == "4", "all are prepared")
        check(query(server, "insert into t values (5) returning i") == "5", "it takes writes")
        stopped(server)
        told = place.repo.yore("restore", "orders@earliest", "--to", server["socket_directory"],
                               "--replace", expect=FAILED)
        check("has run" in told.err, told.err)
        refused(place, later, space)
        with_a_tablespace_elsewhere(place, primary)
        check(primary.psql("select count(*) from t") == "3", "the original is as it was")
        if as_user():
            of_root(place, xid)


def with_a_tablespace_elsewhere(place, primary):
    primary.psql("create table far tablespace space as select generate_series(1, 1000) i")
    place.repo.yore("snapshot", "orders")
    oid = primary.psql("select oid from pg_tablespace where spcname = 'space'")
    far = place.path("far")
    option = ("--tablespace", f"{oid}={far}")
    server = started(place, "latest", *option)["server"]
    check(query(server, f"select pg_tablespace_location({oid})") == far, "it is where it was put")
    check(query(server, "select count(*) from far") == "1000", "with all that was in it")
    stopped(server)
    check(not os.path.exists(server["socket_directory"] + f"/tablespaces/{oid}"), "only there")
    told = place.repo.yore("restore", "orders@latest", "--to", place.path("again"), *option,
                           expect=FAILED)
    check("not empty" in told.err, told.err)


def what_is_not_here_is_named():
    """As on another host: a library that a function names is none that this one has."""
    with Archive() as place, Server() as primary:
        primary.initdb("--locale-provider=icu", "--icu-locale=de")
        primary.start()
        place.repo.yore("source", "add", "orders", "--postgresql", primary.conninfo)
        primary.psql("create extension ltree; "
                     "update pg_proc set probin = '$libdir/gone' where probin = '$libdir/ltree'")
        place.repo.yore("snapshot", "orders")
        target = place.path("lacking")
        told = place.repo.yore("restore", "orders@latest", "--to", target, "--start",
                               str(free_port()))
        check("warning: library $libdir/gone is not here" in told.out, told.out)
        check(told.out.count("warning:") == 1, told.out)
        subprocess.run([*as_user(), program("pg_ctl"), "-D", target, "-m", "fast", "stop"],
                       check=True, cwd="/", stdout=subprocess.DEVNULL)


def refused(place, later, space):
    """A tablespace that would be the original's; programs that are not there, or fail."""
    moment, target = f"orders@xid-{later}", place.path("refused")
    told = place.repo.yore("restore", moment, "--to", target, "--start", "5432", expect=FAILED)
    check(space in told.err and not os.path.exists(target), told.err)
    told = place.repo.yore("restore", moment, "--to", target)
    check("warning: recovery makes tablespace" in told.out and space in told.out, told.out)
    check("recovers to transaction" in told.out and "archiving is off" in told.out, told.out)
    for directory, script, words in (("gone", None, "there is no server"),
                                     ("bad", "#!/bin/sh\necho no luck\nexit 1\n", "no luck")):
        programs = place.path(directory)
        os.makedirs(programs)
        if script:
            with open(f"{programs}/postgres", "w", encoding="utf-8") as file:
                file.write(script)
            os.chmod(f"{programs}/postgres", 0o755)
        told = place.repo.yore("restore", "orders@earliest", "--to", place.path("copy" + directory),
                               "--start", "5432", "--bindir", programs, expect=FAILED)
        check(words in told.err, told.err)
    told = place.repo.yore("restore", "orders@earliest", "--to", place.path("x" * 90), "--start",
                           "5432", expect=FAILED)
    check("too long for a socket" in told.err, told.err)


def of_root(place, xid):
    """The server belongs to whom the directory belongs."""
    place.repo.prefix = []
    place.repo.environment["YORE_RUNTIME_DIR"] = place.path("runtime-of-root")
    server = started(place, f"tl1-xid-{xid}")["server"]
    check(f"sudo -u {USER}" in server["connect"], str(server))
    with open(server["socket_directory"] + "/postmaster.pid", encoding="ascii") as file:
        pid = int(file.readline())
    check(os.stat(f"/proc/{pid}").st_uid == os.stat(server["socket_directory"]).st_uid != 0,
          "it does not run as root")
    check(os.stat(f"/proc/{pid}").st_gid == pwd.getpwnam(USER).pw_gid, "but as its user does")
    with open(f"/proc/{pid}/environ", "rb") as file:
        check(b"YORE_" not in file.read(), "and learns nothing of where it was started")
    stopped(server)


if __name__ == "__main__":
    main(servers_are_started_on_moments, what_is_not_here_is_named)
