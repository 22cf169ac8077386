# SPDX-License-Identifier: Apache-2.0
"""`yore log push` as archive_command and `yore log fetch` as restore_command of real servers."""
import filecmp
import glob
import os
import shlex
import shutil
import time

from harness import BINARY, check, FAILED, main, Scratch
from postgres import as_user, give_to_user, Server

UNAVAILABLE = 200
SEGMENTS = ("--wal-segsize=1",)


class Archive(Scratch):
    """A repository of the user that servers run as, since archive_command is run by them."""
    def __init__(self, encryption="none"):
        super().__init__()
        os.chmod(self.root, 0o755)
        give_to_user(self.root)
        self.repo = self.repository(encryption=encryption, init=False)
        self.repo.prefix = as_user()
        self.repo.environment["YORE_RUNTIME_DIR"] = self.path("runtime")
        self.repo.yore("init", "--encryption", encryption)

    def serve(self):
        """An owner that the commands of servers find."""
        with open(self.path("serve.toml"), "w", encoding="utf-8") as file:
            file.write(f'repository = "{self.repo.path}"\n')
        process = self.repo.start("serve", "--config", self.path("serve.toml"))
        deadline = time.monotonic() + 20
        while not glob.glob(self.path("runtime/*/socket")):
            check(process.poll() is None and time.monotonic() < deadline, "the owner came up")
            time.sleep(0.02)
        return process

    def command(self, *arguments):
        """For archive_command and restore_command."""
        given = {name: value for name, value in self.repo.environment.items()
                 if name.startswith("YORE_")}
        words = ["env", *(f"{name}={value}" for name, value in given.items()), BINARY, *arguments]
        return " ".join(shlex.quote(word) if "%" not in word else word for word in words)

    def copy(self, path, name):
        """Of a file, for the user of the repository."""
        target = self.path(name)
        os.makedirs(os.path.dirname(target), exist_ok=True)
        shutil.copy(path, target)
        give_to_user(target)
        return target

    def fetch(self, name, expect=0, source="orders"):
        self.repo.yore("log", "fetch", source, name, self.path("fetched"), expect=expect)
        return self.path("fetched")

    def segments(self, source="orders"):
        rows = self.repo.yore("--json", "log", "list", source).json()
        return [row for row in rows if row.get("event") == "segment"]

    def windows(self, source="orders"):
        rows = self.repo.yore("--json", "windows", source).json()
        return [row for row in rows if row.get("event") == "window"]


def archived(server):
    """All segments up to now are with the archive; the name of the last one. Which one the server
    says it archived last may be another: the history file of a base backup is older by name. A
    server whose archive command failed three times waits a minute, as while Yore is restarted."""
    last = server.psql("select pg_walfile_name(pg_switch_wal())")
    deadline = time.monotonic() + 100
    while server.psql("select count(*) from pg_ls_archive_statusdir() where name ~ '[.]ready$' "
                      f"and left(name, 24) <= '{last}'") != "0":
        check(time.monotonic() < deadline, f"{last} was archived:\n{server.log_text()[-2000:]}")
        time.sleep(0.05)
    return last


def recovered(server):
    """It answers while it recovers, too."""
    deadline = time.monotonic() + 30
    while server.psql("select pg_is_in_recovery()") == "t":
        check(time.monotonic() < deadline, f"it recovered:\n{server.log_text()[-2000:]}")
        time.sleep(0.05)


def rows_of(server):
    return server.psql("select count(*), sum(delta) from pgbench_history")


def goes_on_after_a_recovery():
    """Archived, lost, recovered from the archive alone, promoted, archived on."""
    with Archive() as place, Server() as primary:
        repo = place.repo
        repo.yore("source", "add", "orders", "--postgresql", primary.conninfo)
        owner = place.serve()
        primary.initdb(*SEGMENTS)
        primary.configure(archive_mode="on",
                          archive_command=place.command("log", "push", "orders", "%p"))
        primary.start()
        primary.pgbench("-i", "-q", "-s", "1")
        taken = repo.yore("--json", "snapshot", "orders").json()[-1]
        primary.pgbench("-n", "-c", "2", "-t", "150")
        primary.psql("select pg_create_restore_point('before the loss')")
        last = archived(primary)
        before = rows_of(primary)

        stored = place.segments()
        check(stored[-1]["name"] == last and len(stored) >= 10, str(stored[-1]))
        for one, next_one in zip(stored, stored[1:]):
            check(one["end"] == next_one["begin"], "no segment is missing")
        check(sum(row["restore_points"] for row in stored) > 300, "commits are restore points")
        window = place.windows()[-1]
        check(window["kind"] == "log" and window["first"]["reason"] == "first base", str(window))
        accepts_what_is_right(place, primary)

        primary.stop("immediate")
        repo.yore("restore", f"orders@{taken['name']}", "--to", place.path("copy"))
        settings = {"restore_command": place.command("log", "fetch", "orders", "%f", "%p"),
                    "recovery_target": "", "recovery_target_action": "promote",
                    "recovery_target_timeline": "latest", "archive_mode": "on",
                    "archive_command": place.command("log", "push", "orders", "%p")}
        with Server(data=place.path("copy"), settings=settings) as copy:
            copy.start()
            recovered(copy)
            check(rows_of(copy) == before, "all that had been archived is there")
            copy.pgbench("-n", "-t", "50")
            archived(copy)
            after = rows_of(copy)
        second = [row for row in place.segments() if row["incarnation"] == "00000002"]
        check(second and second[0]["name"].startswith("00000002"), "it went on on timeline 2")
        last_window = place.windows()[-1]
        check(last_window["first"]["reason"] == "goes on from its parent's window",
              str(place.windows()))
        history = open(place.fetch("00000002.history"), encoding="ascii").read()
        check(history.startswith("1\t0/"), history)
        place.fetch("00000003.history", expect=FAILED)
        repo.yore("verify", "--level", "2")
        with_both_timelines(place, taken, settings, after)
        owner.terminate()
        check(owner.wait(30) == 0, "the owner ended")
        in_the_mount(place, primary)


def in_the_mount(place, primary):
    """By root, whom nobody keeps from looking: segments under their names."""
    place.repo.prefix = []
    place.repo.environment["YORE_RUNTIME_DIR"] = place.path("runtime-of-root")
    log = f"{place.repo.mount()}/orders/log"
    listed = [f"{timeline}/{name}" for timeline in sorted(os.listdir(log))
              for name in sorted(os.listdir(f"{log}/{timeline}"))]
    check(listed == [f"{row['incarnation']}/{row['name']}" for row in place.segments()],
          str(listed))
    path = primary.wal_files()[0]
    check(filecmp.cmp(f"{log}/00000001/{os.path.basename(path)}", path, shallow=False),
          "a segment is as it was")


def accepts_what_is_right(place, primary):
    """Once more, altered, of another cluster: what a wrong archive_command hands over."""
    path = primary.wal_files()[0]
    name = os.path.basename(path)
    check(filecmp.cmp(place.fetch(name), path, shallow=False), "a segment comes back as it was")
    again = place.copy(path, f"again/{name}")
    check(place.repo.yore("--json", "log", "push", "orders", again).json()[-1]["outcome"]
          == "already", "the same once more")
    with open(again, "r+b") as file:
        file.seek(300000)
        byte = file.read(1)[0]
        file.seek(300000)
        file.write(bytes([byte ^ 1]))
    told = place.repo.yore("log", "push", "orders", again, expect=FAILED)
    check("other bytes" in told.err and name in told.err, told.err)
    misnamed = place.copy(path, f"again/{name[:-3]}FF0")
    told = place.repo.yore("log", "push", "orders", misnamed, expect=FAILED)
    check("recycled" in told.err, told.err)


def with_both_timelines(place, taken, settings, after):
    """A recovery follows the timelines; what must not look like the end of the log does not."""
    place.repo.yore("restore", f"orders@{taken['name']}", "--to", place.path("next"))
    settings = dict(settings, archive_mode="off")
    with Server(data=place.path("next"), settings=settings) as copy:
        copy.start()
        recovered(copy)
        check(rows_of(copy) == after, "both timelines were replayed")
        check(copy.psql("select left(pg_walfile_name(pg_current_wal_lsn()), 8)") >= "00000002",
              "on a new timeline")


def gaps_are_no_end():
    with Archive(encryption="passphrase") as place, Server() as server, Server() as other:
        repo = place.repo
        server.initdb(*SEGMENTS)
        server.configure(archive_mode="on", archive_command=f"cp %p {server.place}/%f",
                         max_wal_size="100MB")
        server.start()
        repo.yore("source", "add", "orders", "--postgresql", server.conninfo)
        place.fetch("000000010000000000000001", expect=UNAVAILABLE)
        taken = repo.yore("--json", "snapshot", "orders").json()[-1]
        check(repo.yore("ls", f"orders@{taken['ended']}").out.count("\n") > 10,
              "a snapshot without any log is a moment")
        for _ in range(2):
            server.psql("create table t as select generate_series(1, 20000) i; drop table t")
            archived(server)
        repo.yore("snapshot", "orders")
        server.psql("create table t as select generate_series(1, 20000) i")
        archived(server)
        names = sorted(name for name in os.listdir(server.place) if len(name) == 24)
        start = int(taken["base_backup"]["start"].split("/")[1], 16) >> 20
        names = [name for name in names if int(name[8:16] + name[-3:], 16) >= start]
        missing = names[1]
        for name in names:
            if name != missing:
                repo.yore("log", "push", "orders", place.copy(f"{server.place}/{name}", name))
        windows = place.windows()
        check(len(windows) == 2 and "gap" in windows[0]["last"]["reason"], str(windows))
        check("after a gap" in windows[1]["first"]["reason"], str(windows))
        place.fetch(missing, expect=UNAVAILABLE)
        beyond = f"00000001{int(names[-1][8:], 16) + 1:016X}"
        place.fetch(beyond, expect=FAILED)
        place.fetch(names[0], expect=UNAVAILABLE, source="nothing")
        place.fetch("nonsense", expect=UNAVAILABLE)
        repo.yore("log", "fetch", "orders", expect=UNAVAILABLE)
        repo.environment["YORE_REPO"] += "-gone"
        place.fetch(names[0], expect=UNAVAILABLE)
        repo.environment["YORE_REPO"] = repo.path
        repo.yore("log", "push", "orders", place.copy(f"{server.place}/{missing}", missing))
        check(len(place.windows()) == 1, "what was missing closes the gap")

        other.initdb(*SEGMENTS)
        path = other.wal_files()[0]
        foreign = place.copy(path, f"other/{os.path.basename(path)}")
        told = repo.yore("log", "push", "orders", foreign, expect=FAILED)
        check("another cluster" in told.err, told.err)


if __name__ == "__main__":
    main(goes_on_after_a_recovery, gaps_are_no_end)
