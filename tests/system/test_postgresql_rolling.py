# SPDX-License-Identifier: Apache-2.0
"""A server that rolls base backups forward by itself: when so much log has come, not before, not
while another backup runs, and not again at once. Each look takes up to a minute: with
YORE_LIMITS=full, also that too little log and a failure are seen."""
import os
import time

from archived import Archived
from harness import FAILED, Scratch, check, main
from postgres import Server

LIMIT = 4 << 20
IS_LONG = os.environ.get("YORE_LIMITS") == "full"


class Rolling(Archived):
    """With a server of ours that has a schedule."""
    def __init__(self, scratch, server):
        super().__init__(scratch, server, autovacuum="off", checkpoint_timeout="1h",
                         full_page_writes="on")
        self.owner = None
        server.psql("create table log (filler text)")

    def serve(self):
        config = self.scratch.path("yore.toml")
        with open(config, "w", encoding="utf-8") as file:
            file.write(f'repository = "{self.repo.path}"\n[[source]]\nname = "db"\n'
                       f'postgresql = "{self.server.conninfo}"\n[[schedule]]\n'
                       f'task = "roll-forward"\nsource = "db"\nlog = "{LIMIT >> 20}M"\n')
        self.owner = self.repo.start("serve", "--config", config)
        until(lambda: self.repo.run("schedule", "list").out, "it serves")

    def stop(self):
        self.owner.terminate()
        self.owner.wait(60)

    def write(self, megabytes):
        """So much log, of which the last is a commit."""
        for _ in range(megabytes):
            self.server.psql("insert into log select string_agg(md5(i::text || random()), '') "
                             "from generate_series(1, 8) j, generate_series(1, 400) i group by j,"
                             " i / 50; select pg_logical_emit_message(false, '', "
                             "repeat('x', 800000))")

    def backups(self):
        return [row["base_backup"] for row in self.snapshots()]

    def schedule(self):
        return self.repo.yore("schedule", "show", "db", "--task", "roll-forward",
                              "--json").json()[-1]

    def wait_for_look(self):
        """Whether there is enough is looked for at each minute."""
        before = self.schedule()["next"]
        until(lambda: self.schedule()["next"] not in (before, None), "it is looked for", 90)

    def rolls(self):
        return [job for job in self.repo.yore("jobs", "list", "--json").json()
                if job.get("command") == "roll-forward"]


def until(condition, text, seconds=30):
    deadline = time.monotonic() + seconds
    while not condition():
        check(time.monotonic() < deadline, text)
        time.sleep(0.2)


def rolls_when_due_and_only_then():
    with Scratch() as scratch, Server() as server:
        rolling = Rolling(scratch, server)
        rolling.serve()
        try:
            repo = rolling.repo
            told = repo.yore("schedule", "list").out
            check("after 4.00 MiB of log" in told, told)
            repo.yore("snapshot", "db")
            time.sleep(1.1)  # moments are behind its end, as clocks tell
            rolling.write(1)
            server.psql("checkpoint")
            rolling.push()
            if IS_LONG:
                rolling.wait_for_look()
                check(len(rolling.backups()) == 1 and not rolling.rolls(), "that is too little")
            while_a_backup_runs(rolling)
            until(lambda: len(rolling.backups()) == 2, "it is rolled forward", 120)
            until(lambda: not rolling.schedule()["running"], "the run ends")
            check(rolling.backups()[1]["rolled_from"], "by a server of ours")
            check(rolling.schedule()["failures"] == 0, "that went well")
            job, = rolling.rolls()
            check(job["scheduled"] and job["state"] == "done", f"as a job: {job}")
            rolling.wait_for_look()
            check(len(rolling.rolls()) == 1, "and not again without more log")
            if IS_LONG:
                failure_is_seen(rolling)
        finally:
            rolling.stop()


def while_a_backup_runs(rolling):
    """Log enough, and a slow base backup: nothing is rolled forward before that has ended."""
    slow = rolling.repo.start("snapshot", "db", "--max-rate", "32")
    try:
        until(lambda: [job for job in rolling.repo.yore("jobs", "list", "--json").json()
                       if job.get("command") == "snapshot" and job["state"] == "running"],
              "the backup runs")
        rolling.write(6)
        rolling.server.psql("checkpoint; insert into log values ('last')")
        rolling.push()
        rolling.wait_for_look()
        check(not rolling.rolls(), "the backup runs still")
    finally:
        slow.terminate()
        slow.wait(30)


def failure_is_seen(rolling):
    """Without a checkpoint behind the base backup nothing would be gained."""
    rolling.write(6)
    rolling.push()
    until(lambda: rolling.schedule()["failures"] > 0, "it failed", 120)
    job = rolling.rolls()[-1]
    check(job["state"] == "failed" and "checkpoint" in str(job["answer"]), f"{job}")
    check("failed 1 times" in rolling.repo.yore("schedule", "list").out, "it is told")


def wrong_schedules_are_refused():
    with Scratch() as scratch:
        repo = scratch.repository(encryption="none")
        repo.yore("source", "add", "home", "--directory", scratch.root)
        told = repo.yore("schedule", "set", "home", "--task", "roll-forward", "--log", "1G",
                         expect=FAILED).err
        check("is a directory" in told, told)
        repo.yore("source", "add", "db", "--postgresql", "host=/nowhere")
        told = repo.yore("schedule", "set", "db", "--task", "roll-forward", expect=FAILED).err
        check("an amount of log or times" in told, told)
        told = repo.yore("schedule", "set", "db", "--cron", "@daily", "--log", "1G",
                         expect=FAILED).err
        check("has no amount of log" in told, told)
        told = repo.yore("schedule", "set", "db", "--task", "roll-forward", "--log", "16G").out
        check("after 16.0 GiB of log" in told, told)


if __name__ == "__main__":
    main(rolls_when_due_and_only_then, wrong_schedules_are_refused)
