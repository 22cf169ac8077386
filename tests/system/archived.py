# SPDX-License-Identifier: Apache-2.0
"""A primary whose log is handed over by hand."""
import os
import time

from harness import check


class Archived:
    """Makes a cluster of small segments that archives into a directory, and starts it. `db` in the
    repository is to be added by who wants it."""

    def __init__(self, scratch, server, checksums=True, **settings):
        os.chmod(scratch.root, 0o755)
        self.scratch, self.server = scratch, server
        self.repo = scratch.repository(encryption="none")
        self.repo.environment["YORE_RUNTIME_DIR"] = scratch.path("run")
        self.archive = server.place + "/archived"
        os.makedirs(self.archive)
        os.chmod(self.archive, 0o777)
        server.initdb("--wal-segsize=1")
        if not checksums:
            server.run_as_user("pg_checksums", "--disable", "-D", server.data)
        server.configure(archive_mode="on", archive_command=f"cp %p {self.archive}/%f", **settings)
        server.start()

    def push(self):
        """All log up to now."""
        last = self.server.psql("select pg_walfile_name(pg_switch_wal())")
        deadline = time.monotonic() + 30
        while not os.path.exists(f"{self.archive}/{last}"):
            check(time.monotonic() < deadline, "the log is archived")
            time.sleep(0.05)
        for name in sorted(os.listdir(self.archive)):
            if not name.endswith(".backup"):
                self.repo.yore("log", "push", "db", f"{self.archive}/{name}")

    def snapshots(self):
        rows = self.repo.yore("snapshots", "db", "--json").json()
        return [row for row in rows if row.get("event") == "snapshot"]
