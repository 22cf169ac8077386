# SPDX-License-Identifier: Apache-2.0
"""A real PostgreSQL server of a test's own: made, started, talked to, and gone with the test.

    with Server() as server:
        server.initdb()
        server.start()
        server.psql("create table t (i int)")

    with Server(data=restored_directory) as server:    # a server on a directory that is there
        server.start()

The data directory, the socket and the log lie in one directory below /tmp. As root, the server
and initdb run as the user postgres. Port, socket and no TCP are given on the command line, so they
hold whatever the files of the data directory say: any number of servers run side by side.
"""
import contextlib
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time

from harness import check

USER = "postgres"
SERVER_SETTINGS = {"listen_addresses": "", "fsync": "off", "timezone": "UTC",
                   "log_timezone": "UTC", "lc_messages": "C"}


DEBIAN = 15  # the version that is always there; others where the environment says


def program(name, major=DEBIAN):
    """A program of one major version: below YORE_POSTGRESQL_18, in Debian's place for it, or (of
    clients, which packages of servers lack) Debian's version."""
    for directory in (os.environ.get(f"YORE_POSTGRESQL_{major}"),
                      f"/usr/lib/postgresql/{major}/bin"):
        path = os.path.join(directory or "", name)
        if directory and os.path.exists(path):
            return path
    return f"/usr/lib/postgresql/{DEBIAN}/bin/{name}"


def versions():
    """Those whose server is here."""
    return [major for major in range(13, 19)
            if major == DEBIAN or program("postgres", major) != program("postgres")]


def free_port():
    """Only names the socket, but may be wanted for TCP too."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def as_user():
    """Before a command that must not run as root: run it as postgres."""
    if os.geteuid() != 0:
        return []
    return ["setpriv", f"--reuid={USER}", f"--regid={USER}", "--init-groups"]


def give_to_user(path):
    if os.geteuid() == 0:
        shutil.chown(path, USER, USER)


class Server:
    """`settings` go on the command line of each start: they win over every file."""

    def __init__(self, data=None, major=DEBIAN, settings=None):
        self.major, self.port, self.process = major, free_port(), None
        self.settings = SERVER_SETTINGS | (settings or {})
        self.place = tempfile.mkdtemp(prefix="yore-test-pg-")
        give_to_user(self.place)
        self.data = data or os.path.join(self.place, "data")
        self.log = os.path.join(self.place, "log")

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        try:
            self.stop("immediate" if kind else "fast")
        finally:
            shutil.rmtree(self.place, ignore_errors=True)
        return False

    @property
    def conninfo(self):
        return f"host={self.place} port={self.port} user={self.user} dbname=postgres"

    @property
    def user(self):
        return USER if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name

    def initdb(self, *options):
        """A cluster whose superuser is `user`, with checksums of pages, trusting all."""
        self.run_as_user("initdb", "-D", self.data, "-U", self.user, "-k", "-A", "trust",
                         "--locale=C", "-E", "UTF8", "--no-sync", *options)

    def configure(self, **settings):
        """Into postgresql.conf. A server that runs reads it again at once."""
        with open(os.path.join(self.data, "postgresql.conf"), "a", encoding="utf-8") as file:
            for name, value in settings.items():
                file.write(f"{name} = '{value}'\n")
        if self.process:
            self.psql("select pg_reload_conf()")

    def start(self, seconds=30):
        """Returns when queries are answered. It dies with the thread that called this."""
        check(self.process is None, "the server is not running yet")
        settings = [part for name, value in self.settings.items()
                    for part in ("-c", f"{name}={value}")]
        with open(self.log, "ab") as log:
            # pylint: disable=consider-using-with
            self.process = subprocess.Popen(
                ["setpriv", "--pdeathsig=QUIT", *as_user()[1:], program("postgres", self.major),
                 "-D", self.data, "-k", self.place, "-p", str(self.port), *settings],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.place,
                start_new_session=True)
        deadline = time.monotonic() + seconds
        while not self.answers():
            check(self.process.poll() is None and time.monotonic() < deadline,
                  f"the server came up:\n{self.log_text()[-3000:]}")
            time.sleep(0.05)

    def answers(self):
        return subprocess.run([program("pg_isready", self.major), "-q", "-d", self.conninfo],
                              check=False).returncode == 0

    def stop(self, mode="fast"):
        """fast: a checkpoint at the end; immediate: as after a crash."""
        if self.process is None:
            return
        process, self.process = self.process, None
        try:
            if process.poll() is None:
                process.send_signal({"fast": signal.SIGINT, "immediate": signal.SIGQUIT}[mode])
            process.wait(60)
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()

    def restart(self, mode="fast"):
        self.stop(mode)
        self.start()

    def psql(self, sql, database="postgres"):
        """Each statement by itself; what the last one answers, unaligned. Any error ends it."""
        return self.run("psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-f", "-",
                        "-d", f"{self.conninfo} dbname={database}", stdin=sql).strip()

    @contextlib.contextmanager
    def holding(self, sql, database="postgres"):
        """A transaction that did this, open meanwhile."""
        with subprocess.Popen(["psql", "-X", "-q", "-A", "-t", "-d",
                               f"{self.conninfo} dbname={database}"], text=True,
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE) as session:
            session.stdin.write(f"begin; {sql}; select 'done';\n")
            session.stdin.flush()
            check(session.stdout.readline().strip() == "done", sql)
            try:
                yield
            finally:
                session.stdin.close()

    def pgbench(self, *options):
        """As `pgbench("-i", "-s", "5")`, then `pgbench("-c", "4", "-T", "5")`."""
        return self.run("pgbench", "-h", self.place, "-p", str(self.port), "-U", self.user,
                        *options, "postgres")

    def run(self, name, *arguments, stdin=None):
        """A program of this version, with the test's own rights; its standard output."""
        return self._run([], name, arguments, stdin)

    def run_as_user(self, name, *arguments):
        """The same for programs that refuse root."""
        return self._run(as_user(), name, arguments, None)

    def _run(self, prefix, name, arguments, stdin):
        done = subprocess.run([*prefix, program(name, self.major), *arguments], input=stdin,
                              capture_output=True, text=True, check=False, timeout=300,
                              cwd=self.place)
        check(done.returncode == 0, f"{name} {' '.join(arguments)}: exit {done.returncode}\n"
              f"{done.stdout[-1000:]}{done.stderr[-2000:]}")
        return done.stdout

    def log_text(self):
        with open(self.log, encoding="utf-8", errors="replace") as file:
            return file.read()

    def wal_files(self):
        """The paths of the segments in pg_wal, in order of their names."""
        directory = os.path.join(self.data, "pg_wal")
        return [os.path.join(directory, name) for name in sorted(os.listdir(directory))
                if len(name) == 24]
