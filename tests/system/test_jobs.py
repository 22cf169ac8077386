# SPDX-License-Identifier: Apache-2.0
"""Jobs and schedules of a mounted owner: listed, paused, resumed, cancelled, killed, run again."""
import os
import signal
import subprocess
import time

from harness import FAILED, INTERRUPTED, OK, Scratch, check, main
from test_owner import mounted_by, repository, stream_into, wait_until

BLOCK = 1 << 20


def jobs(repo):
    return [row for row in repo.yore("jobs", "list", "--json").json() if row.get("event") == "job"]


def job(repo, number):
    return repo.yore("jobs", "show", str(number), "--json").json()[-1]


def schedule(repo, source):
    return repo.yore("schedule", "show", source, "--json").json()[-1]


def write_big_tree(directory):
    """Takes a second or more to store: not the same twice, but worth compressing."""
    os.makedirs(directory)
    for number in range(12):
        with open(os.path.join(directory, str(number)), "wb") as file:
            for _ in range(24):
                file.write(os.urandom(BLOCK // 2).hex().encode())


def declare(scratch, repo, name, fill):
    fill(scratch.path(name))
    repo.yore("source", "add", name, "--directory", scratch.path(name))


def write_small_tree(directory):
    os.makedirs(directory)
    with open(os.path.join(directory, "f"), "w", encoding="utf-8") as file:
        file.write("content")


def paused_and_resumed():
    with Scratch() as scratch:
        repo = repository(scratch)
        declare(scratch, repo, "big", write_big_tree)
        declare(scratch, repo, "small", write_small_tree)
        _, directory = mounted_by(scratch, repo)
        client = repo.start("snapshot", "big")
        wait_until(lambda: repo.run("jobs", "pause", "1").code == OK, "the snapshot is paused")
        check([row["state"] for row in jobs(repo)] == ["paused"], f"it is listed: {jobs(repo)}")
        time.sleep(0.5)  # longer than progress is behind
        before = job(repo, 1)["progress"]["bytes_read"]
        repo.yore("snapshot", "small")
        repo.yore("verify")
        check(job(repo, 1)["progress"]["bytes_read"] == before, "it does nothing meanwhile")
        check(before < 12 * 24 * BLOCK, "it was not through")
        repo.yore("jobs", "resume", "1")
        repo.yore("jobs", "follow", "1")
        client.communicate(timeout=60)
        check(client.returncode == OK, f"the snapshot ends with {client.returncode}")
        check(job(repo, 1)["state"] == "done", "it is done")
        stored = os.path.join(directory, "big/snapshots/latest/.")
        check(subprocess.run(["diff", "-r", scratch.path("big"), stored],
                             check=False).returncode == 0, "and whole")
        repo.umount(directory)


def cancelled_and_killed():
    with Scratch() as scratch:
        repo = repository(scratch)
        declare(scratch, repo, "small", write_small_tree)
        owner, directory = mounted_by(scratch, repo)
        client = stream_into(scratch, repo)
        follower = repo.start("jobs", "follow", "1")
        repo.yore("jobs", "cancel", "1")
        client.communicate(timeout=20)
        follower.communicate(timeout=20)
        check(client.returncode == INTERRUPTED, f"its client ends with {client.returncode}")
        check(follower.returncode == INTERRUPTED, f"who follows with {follower.returncode}")
        check(job(repo, 1)["state"] == "cancelled", "it was cancelled")
        repo.yore("jobs", "cancel", "1", expect=FAILED)

        stream_into(scratch, repo)
        owner.send_signal(signal.SIGKILL)
        owner.wait()
        subprocess.run(["umount", "-l", directory], check=False, stderr=subprocess.DEVNULL)
        check([row["state"] for row in jobs(repo)] == ["cancelled", "interrupted"],
              f"the next one knows: {jobs(repo)}")
        check(repo.run("jobs", "follow", "2").code == INTERRUPTED, "it never ended well")
        check(repo.yore("snapshot", "small", "--json").json()[-1]["job"] == 3, "numbers go on")
        repo.yore("verify")


def runs_by_schedule():
    with Scratch() as scratch:
        repo = repository(scratch)
        declare(scratch, repo, "small", write_small_tree)
        repo.yore("schedule", "set", "small", "--cron", "30 2 1 1 *", "--zone", "Europe/Berlin")
        repo.yore("schedule", "run-now", "small", expect=FAILED)  # nobody stays to run it
        owner, directory = mounted_by(scratch, repo)
        repo.yore("schedule", "run-now", "small")
        wait_until(lambda: schedule(repo, "small")["last_success"], "it has run")
        check(len(repo.yore("snapshots", "small", "--json").json()) == 2, "and took a snapshot")
        check(jobs(repo)[0]["scheduled"], "as a job")
        check(len(os.listdir(os.path.join(directory, "small/snapshots"))) == 2, "which is mounted")
        ran = schedule(repo, "small")["last_success"]
        owner.send_signal(signal.SIGKILL)
        owner.wait()
        subprocess.run(["umount", "-l", directory], check=False, stderr=subprocess.DEVNULL)
        check(schedule(repo, "small")["last_success"] == ran, "which is known after a crash")
        repo.yore("schedule", "remove", "small")
        repo.yore("schedule", "show", "small", expect=FAILED)


if __name__ == "__main__":
    main(paused_and_resumed, cancelled_and_killed, runs_by_schedule)
