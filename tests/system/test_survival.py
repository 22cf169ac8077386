# SPDX-License-Identifier: Apache-2.0
"""A server that follows a directory, whatever happens to it: what is kept is right afterwards, and
what was missed is said. YORE_LIMITS=full: 100 kills, and mounts on the directory."""
import contextlib
import datetime
import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time

from harness import FAILED, Scratch, check, command, main, same_trees
from test_disk_full import free_bytes, small_disk
from test_serve import SOONER_THAN, Served, until

FULL = os.environ.get("YORE_LIMITS") == "full"
KILLS = 100 if FULL else 3
FOLLOW = "follow = true\n"
HOURLY = '[[schedule]]\nsource = "home"\ncron = "@hourly"\n'


class Following(Served):
    """Served, with a source that is followed and has a schedule."""

    def write(self, mounts=None, more="", follow=FOLLOW + HOURLY):
        super().write(mounts, more)
        with open(self.config, encoding="utf-8") as file:
            text = file.read()
        with open(self.config, "w", encoding="utf-8") as file:
            file.write(text.replace("keep_last = 3\n", "keep_last = 3\n" + follow))

    def forget_heard(self):
        """What a server that was killed had said."""
        self.ear.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            while self.ear.recv(512):
                pass
        self.ear.settimeout(SOONER_THAN)

    def status(self):
        rows = self.repo.yore("log", "status", "home", "--json").json()
        return next((row for row in rows if row.get("event") == "follower"), {})

    def is_followed(self, known_since="", starts=1):
        status = self.status()
        return (status.get("state") == "following" and status["starts"] >= starts and
                (status["known_until"] or "") > known_since)

    def waits_for(self, word):
        return word in (self.status().get("failure") or "")

    def rows(self, kind):
        """Of the log: `segment`, `span`."""
        rows = self.repo.yore("log", "list", "home", "--json").json()
        return [row for row in rows if row.get("event") == kind]

    def live(self):
        return f"{self.point}/home/at/latest/."

    def is_stored(self):
        """Nothing changes now: soon the latest moment is what is there, and stays so."""
        since = now()
        with open(os.path.join(self.home, "mark"), "w", encoding="utf-8") as out:
            out.write(since)
        until(lambda: self.is_followed(since) and same(self.home, self.live()), "it is stored")
        same_trees(self.home, self.live())


def same(live, stored):
    try:
        same_trees(live, stored)
        return True
    except AssertionError:
        return False


def now():
    return datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


class Writer:
    """Changes a tree, as fast as it can, until it is stopped."""

    def __init__(self, home, seed):
        self.home, self.rng, self.stopped = home, random.Random(seed), False
        self.thread = threading.Thread(target=self.run)

    def change(self):
        rng, name = self.rng, os.path.join(self.home, f"w{self.rng.randrange(6)}")
        os.makedirs(name, exist_ok=True)
        file = os.path.join(name, f"f{rng.randrange(30)}")
        kind = rng.randrange(8)
        if kind < 4:
            with open(file, "ab") as out:
                out.write(rng.randbytes(rng.randrange(20_000)))
        elif kind == 4 and os.path.exists(file):
            os.unlink(file)
        elif kind == 5 and os.path.exists(file):
            os.rename(file, os.path.join(self.home, f"w{rng.randrange(6)}") + ".moved")
        elif kind == 6 and os.path.exists(file):
            os.chmod(file, rng.choice([0o600, 0o644, 0o755]))
        elif kind == 7 and rng.randrange(20) == 0:
            shutil.rmtree(name)

    def run(self):
        while not self.stopped:
            self.change()
            time.sleep(0.002)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, kind, error, trace):
        self.stopped = True
        self.thread.join()


def it_follows_as_its_file_says():
    with Scratch() as scratch:
        served = Following(scratch)
        process = served.started_up()
        until(served.is_followed, "it is followed")
        served.is_stored()
        told = served.repo.yore("log", "status").out
        check("home  following since" in told and "as the settings say" in told, told)
        listed = served.repo.yore("schedule", "list", "--json").json()[0]
        check(listed["schedule"] == "home" and listed["configured"], f"{listed}")
        refused = served.repo.yore("log", "follow", "home", expect=FAILED)
        check("is followed already" in refused.err, refused.err)

        served.write(follow="")
        process.send_signal(signal.SIGHUP)
        until(lambda: served.status().get("state") == "not followed", "no longer")
        check(served.rows("segment")[-1]["tree"], "its last segment is closed")
        check(not served.repo.yore("schedule", "list", "--json").json()[:-1], "no schedule")
        served.write()
        process.send_signal(signal.SIGHUP)
        until(served.is_followed, "again")
        successor = served.start("--replace")
        check(process.wait(timeout=20) == 0, "a follower does not keep it from ending")
        served.hear("STOPPING=1")
        served.hear("READY=1")
        until(served.is_followed, "the successor follows")
        served.is_stored()
        served.end(successor)
        segments = served.rows("segment")
        check(all(segment["tree"] for segment in segments), f"all are closed: {segments}")


def it_is_paused():
    """Over a restart too; what was changed meanwhile is stored afterwards, and uncertain."""
    with Scratch() as scratch:
        served = Following(scratch)
        process = served.started_up()
        until(served.is_followed, "it is followed")
        served.is_stored()
        begun = now()
        check(served.repo.yore("log", "pause", "home").out == "home  paused\n", "it says so")
        rested = now()
        with open(os.path.join(served.home, "unseen"), "w", encoding="utf-8") as out:
            out.write("changed while it is paused")
        check(served.rows("segment")[-1]["tree"], "what it had read is whole")
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        served.forget_heard()
        process = served.started_up()
        until(lambda: served.status().get("state") == "paused", "it is paused still")
        since = served.status()["since"]
        check(begun <= since <= rested and served.status()["configured"], f"{served.status()}")
        for line in ('yore_log_paused{source="home"} 1', 'yore_log_following{source="home"} 0'):
            check(line + "\n" in served.repo.yore("metrics").out, line)
        check(not os.path.exists(os.path.join(served.live(), "unseen")), "nothing is read")
        process.send_signal(signal.SIGHUP)
        served.hear("RELOADING=1")
        served.hear("READY=1")
        check(served.status()["state"] == "paused", "whatever the file of settings says")
        again = served.repo.yore("log", "resume", "home").out
        check(again == "home  starting\n", again)
        until(served.is_followed, "it is followed again")
        served.is_stored()
        missed = served.rows("span")[-1]
        check(missed["reason"] == "it was not followed" and
              missed["from_time"] <= rested <= missed["to_time"], f"{missed}, at rest by {rested}")
        refused = served.repo.yore("log", "resume", "home", expect=FAILED)
        check("not paused" in refused.err, refused.err)
        served.end(process)


def it_is_killed_at_any_time():
    seed = random.randrange(1 << 32)
    print(f"seed {seed}", flush=True)
    rng = random.Random(seed)
    with Scratch() as scratch:
        served = Following(scratch)
        process = served.started_up()
        until(served.is_followed, "it is followed")
        for turn in range(KILLS):
            with Writer(served.home, rng.random()):
                if rng.randrange(3) == 0:
                    served.repo.start("schedule", "run-now", "home")
                if rng.randrange(3) == 0:
                    served.repo.start("prune", "home", "--window", "3s")
                time.sleep(rng.uniform(0, 1.5))
                os.kill(process.pid, signal.SIGKILL)
                process.wait()
                killed = now()
            served.forget_heard()
            process = served.started_up()
            check(os.path.ismount(served.point), "its mount is there again")
            until(lambda: served.is_followed(killed), f"turn {turn}: it follows again")
            served.is_stored()
            missed = served.rows("span")[-1]
            check(missed["reason"] == "it was not followed" and
                  missed["from_time"] <= killed <= missed["to_time"],
                  f"turn {turn}: what was missed is said: {missed}, killed at {killed}")
            windows = served.repo.yore("windows", "home", "--json").json()
            check(windows[-2]["uncertain"][-1]["from"] == missed["from_time"],
                  f"turn {turn}: in the windows, too: {windows}")
            served.repo.yore("verify")
            if turn % 5 == 4:  # sometimes it does not come so far
                os.kill(process.pid, signal.SIGKILL)
                process.wait()
                process = served.start()
                time.sleep(rng.uniform(0, 0.3))
        served.repo.yore("verify", "--level", "2")
        served.end(process)


def its_directory_goes_and_comes():
    with Scratch() as scratch:
        served = Following(scratch)
        process = served.started_up()
        until(served.is_followed, "it is followed")
        away = served.home + ".away"

        os.rename(served.home, away)
        until(lambda: served.waits_for("no such file"), "it waits for its directory")
        check(os.path.isdir(served.live()), "what was stored can be read")
        os.rename(away, served.home)
        process.send_signal(signal.SIGHUP)
        until(lambda: served.is_followed(starts=2), "it is there again, and followed")
        served.is_stored()

        os.rename(served.home, away)
        os.makedirs(os.path.join(served.home, "other"))
        until(lambda: served.is_followed(starts=3), "another is there")
        served.is_stored()
        check(served.logged("another directory is there now"), f"{served.log()}")
        if FULL:
            mounts_come_and_go(served)
        spans = served.rows("span")
        check(len(spans) == (4 if FULL else 2), f"each time it is said: {spans}")
        served.repo.yore("verify")
        served.end(process)


def mounts_come_and_go(served):
    """They raise no event."""
    starts = served.status()["starts"]
    command("mount", "-t", "tmpfs", "none", served.home)
    try:
        until(lambda: served.is_followed(starts=starts + 1), "what is mounted there")
        served.is_stored()
    finally:
        command("umount", "-l", served.home)
    until(lambda: served.is_followed(starts=starts + 2), "what is below it")
    served.is_stored()


def its_disk_is_full():
    with Scratch() as scratch, small_disk(scratch) as disk:
        served = Following(scratch, "disk/repository")
        process = served.started_up()
        until(served.is_followed, "it is followed")
        served.is_stored()
        filler = os.path.join(disk, "filler")
        command("fallocate", "-l", str(free_bytes(disk) - (3 << 20)), filler)
        with open(os.path.join(served.home, "large"), "wb") as out:
            out.write(random.randbytes(20 << 20))
        until(lambda: served.waits_for("the disk is full"), "it says what is missing")
        check(os.path.isdir(served.live()), "what was stored can be read")
        os.unlink(filler)
        process.send_signal(signal.SIGHUP)
        until(lambda: served.is_followed(starts=2), "with room again it goes on")
        served.is_stored()
        served.repo.yore("verify", "--level", "2")
        served.end(process)


if __name__ == "__main__":
    if os.geteuid() != 0:
        sys.exit(77)  # needs fanotify, and a loop device
    main(it_follows_as_its_file_says, it_is_paused, it_is_killed_at_any_time,
         its_directory_goes_and_comes, its_disk_is_full)
