# SPDX-License-Identifier: Apache-2.0
"""The owner of a repository and its clients, when either is killed and when there are many."""
import json
import os
import signal
import subprocess
import time

from harness import BINARY, FAILED, OK, Scratch, calls_at_owner, check, main


def wait_until(holds, text):
    deadline = time.monotonic() + 20
    while not holds():
        check(time.monotonic() < deadline, text)
        time.sleep(0.02)


def mounted_by(scratch, repo):
    """Mounts in the foreground; the process and the directory."""
    directory = scratch.path("mnt")
    os.makedirs(directory)
    scratch.mounts.append((repo, directory))
    process = repo.start("mount", directory, "--foreground")
    wait_until(lambda: os.path.ismount(directory), "mounted")
    return process, directory


def stream_into(scratch, repo):
    """A `snapshot --stdin` whose input does not end yet; it runs at the owner when this returns."""
    client = subprocess.Popen([BINARY, "snapshot", "db", "--stdin", "--as", "dump"],
                              env=repo.environment, stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              start_new_session=True)
    scratch.processes.append(client)
    client.stdin.write(b"the beginning")
    client.stdin.flush()
    wait_until(lambda: "snapshot" in calls_at_owner(repo), "the owner runs it")
    return client


def repository(scratch):
    repo = scratch.repository(encryption="none", init=False)
    repo.environment["YORE_RUNTIME_DIR"] = scratch.path("run")
    repo.yore("init", "--encryption", "none")
    return repo


def snapshots(repo, source):
    result = repo.run("snapshots", source, "--json")
    return result.json()[-1]["count"] if result.code == OK else 0


def owner_is_killed():
    with Scratch() as scratch:
        repo = repository(scratch)
        owner, directory = mounted_by(scratch, repo)
        client = stream_into(scratch, repo)
        owner.send_signal(signal.SIGKILL)
        owner.wait()
        _, message = client.communicate(timeout=20)
        subprocess.run(["umount", "-l", directory], check=False, stderr=subprocess.DEVNULL)
        check(client.returncode == FAILED, f"the client ends with {client.returncode}")
        check(message.startswith(b"yore: ") and b"went away" in message, f"it says why: {message}")
        check(snapshots(repo, "db") == 0, "half a stream is no snapshot")
        repo.yore("verify")


def client_is_killed():
    with Scratch() as scratch:
        repo = repository(scratch)
        _, directory = mounted_by(scratch, repo)
        client = stream_into(scratch, repo)
        client.send_signal(signal.SIGKILL)
        client.communicate()
        wait_until(lambda: "snapshot" not in calls_at_owner(repo), "its command is cancelled")
        check(snapshots(repo, "db") == 0, "half a stream is no snapshot")
        check(os.path.exists(os.path.join(directory, "README.txt")), "the owner lives on")
        repo.umount(directory)


def fifty_clients():
    with Scratch() as scratch:
        home = scratch.path("home")
        os.makedirs(home)
        repo = repository(scratch)
        repo.yore("source", "add", "home", "--directory", home)
        _, directory = mounted_by(scratch, repo)
        clients = [repo.start("snapshot", "home") for _ in range(50)]
        for client in clients:
            _, message = client.communicate(timeout=120)
            check(client.returncode == OK, f"exit {client.returncode}: {message}")
        check(snapshots(repo, "home") == 50, "each took its snapshot")
        check(len(os.listdir(os.path.join(directory, "home/snapshots"))) == 51, "and latest")
        repo.umount(directory)


if __name__ == "__main__":
    main(owner_is_killed, client_is_killed, fifty_clients)
