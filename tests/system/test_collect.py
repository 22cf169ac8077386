# SPDX-License-Identifier: Apache-2.0
"""prune and collect: the space comes back to the file system, beside mounts and backups, though the
process is killed in between."""
import hashlib
import os
import random
import signal
import subprocess
import threading
import time

from harness import OK, Scratch, check, difference, fingerprint, main

ROUNDS = int(os.environ.get("YORE_KILL_ROUNDS", "8"))
MIB = 1 << 20


def disk_usage(path):
    return int(subprocess.run(["du", "-s", "-B1", path], capture_output=True, check=True,
                              text=True).stdout.split()[0])


def fill(path, rng, size):
    with open(path, "wb") as out:
        out.write(rng.randbytes(size))


def repository_with(scratch, sizes, rng):
    """A source with one more large file in each snapshot, the one before it gone, and small ones
    that stay. Returns the repository and the snapshots' names."""
    home = scratch.path("home")
    os.makedirs(os.path.join(home, "small"))
    for i in range(300):
        fill(os.path.join(home, "small", f"s{i}"), rng, rng.choice([0, 100, 5000, 60_000]))
    repo = scratch.repository(encryption="none")
    repo.yore("source", "add", "home", "--directory", home)
    names = []
    for i, size in enumerate(sizes):
        fill(os.path.join(home, f"large{i}"), rng, size)
        if i > 0:
            os.unlink(os.path.join(home, f"large{i - 1}"))
        fill(os.path.join(home, "small", f"s{i}"), rng, 10_000)
        names.append(repo.yore("snapshot", "home", "--json").json()[-1]["name"])
    return repo, home, names


def is_sound(repo):
    said = repo.yore("verify", "--level", "2").out
    check("no damage" in said, said)


def space_comes_back():
    with Scratch() as scratch:
        repo, home, _ = repository_with(scratch, [40 * MIB] * 6, random.Random(1))
        before = disk_usage(repo.path)
        repo.yore("prune", "home", "--keep-last", "2")
        said = repo.yore("collect", "--json").json()[-1]
        after = disk_usage(repo.path)
        check(abs(before - after - 160 * MIB) < 8 * MIB,
              f"160 MiB were pruned, {(before - after) / MIB:.1f} came back: {said}")
        is_sound(repo)
        target = scratch.path("restored")
        repo.yore("restore", "home@latest", "--to", target)
        check(not difference(fingerprint(home), fingerprint(target)), "the restored tree differs")
        again = repo.yore("collect", "--json").json()[-1]
        check(again["packs_dropped"] == 0, f"a second collect found more: {again}")


def an_open_file_is_read_to_its_end():
    with Scratch() as scratch:
        repo, _, names = repository_with(scratch, [64 * MIB] * 4, random.Random(2))
        point = repo.mount()
        snapshots = os.path.join(point, "home", "snapshots")
        path = os.path.join(snapshots, names[0], "large0")
        expected = hashlib.sha256(random_of(scratch, repo, names[0], "large0")).digest()
        with open(path, "rb", buffering=0) as file:
            seen = hashlib.sha256(file.read(MIB))
            repo.yore("prune", "home", "--keep-last", "1")
            check(not os.path.exists(os.path.join(snapshots, names[0])), "it is pruned")
            before = disk_usage(repo.path)
            repo.yore("collect")
            gone = before - disk_usage(repo.path)
            check(gone > 100 * MIB, f"two of three files went: {gone / MIB:.1f} MiB")
            drop_caches()
            while block := file.read(MIB):
                seen.update(block)
            check(seen.digest() == expected, "the open file has other bytes")
        is_sound(repo)
        os.listdir(os.path.join(snapshots, names[-1]))
        # A mount cannot tell what is open from what the kernel has only cached.
        repo.umount(point)
        before = disk_usage(repo.path)
        repo.yore("collect")
        gone = before - disk_usage(repo.path)
        check(gone > 60 * MIB, f"the closed file's space came back: {gone / MIB:.1f} MiB")
        is_sound(repo)


def random_of(scratch, repo, name, path):
    target = scratch.path("copy-of-" + name)
    repo.yore("restore", f"home@{name}", path, "--to", target)
    with open(os.path.join(target, path), "rb") as file:
        return file.read()


def drop_caches():
    """As root the kernel lets go of what it has read."""
    if os.geteuid() == 0:
        with open("/proc/sys/vm/drop_caches", "w", encoding="ascii") as caches:
            caches.write("1")


def backups_go_on_beside_it():
    rng = random.Random(3)
    with Scratch() as scratch:
        repo, home, _ = repository_with(scratch, [10 * MIB] * 3, rng)
        point = repo.mount()  # one process owns the repository: all of it runs in there
        failures, done = [], threading.Event()

        def keep_reading():
            while not done.is_set():
                latest = os.path.join(point, "home", "snapshots", "latest/.")
                for directory, _, files in os.walk(latest):
                    for name in files:
                        try:
                            with open(os.path.join(directory, name), "rb") as file:
                                file.read()
                        except FileNotFoundError:
                            pass  # `latest` moved on, and what it was is pruned
                        except OSError as error:
                            failures.append(str(error))

        def keep_collecting():
            while not done.is_set():
                for verb in (["prune", "home", "--keep-last", "2"], ["collect"]):
                    result = repo.run(*verb)
                    if result.code != OK:
                        failures.append(result.err)

        threads = [threading.Thread(target=keep_reading),
                   threading.Thread(target=keep_collecting)]
        for thread in threads:
            thread.start()
        for i in range(12):
            fill(os.path.join(home, f"large{i % 3}"), rng, 8 * MIB)
            fill(os.path.join(home, "small", f"s{rng.randrange(300)}"), rng, 20_000)
            repo.yore("snapshot", "home")
        done.set()
        for thread in threads:
            thread.join()
        check(not failures, f"{len(failures)} failures, such as {failures[:2]}")
        is_sound(repo)
        target = scratch.path("restored")
        repo.yore("restore", "home@latest", "--to", target)
        check(not difference(fingerprint(home), fingerprint(target)), "the restored tree differs")


def killed_collects_lose_nothing():
    rng = random.Random(int(os.environ.get("YORE_SEED", "4")))
    with Scratch() as scratch:
        repo, home, _ = repository_with(scratch, [12 * MIB] * 3, rng)
        for round_ in range(ROUNDS):
            fill(os.path.join(home, f"large{round_ % 4}"), rng, 12 * MIB)
            fill(os.path.join(home, "small", f"s{rng.randrange(300)}"), rng, 30_000)
            repo.yore("snapshot", "home")
            repo.yore("prune", "home", "--keep-last", "2")
            process = repo.start("collect")
            time.sleep(rng.random() * 0.15)
            process.send_signal(signal.SIGKILL)
            process.wait()
            is_sound(repo)
        repo.yore("collect")
        target = scratch.path("restored")
        repo.yore("restore", "home@latest", "--to", target)
        check(not difference(fingerprint(home), fingerprint(target)), "the restored tree differs")
        is_sound(repo)
        live = repo.yore("collect", "--dry-run", "--json").json()[-1]["live_bytes"]
        check(disk_usage(repo.path) < live + 8 * MIB,
              f"{live / MIB:.1f} MiB are live, {disk_usage(repo.path) / MIB:.1f} are taken")


if __name__ == "__main__":
    main(space_comes_back, an_open_file_is_read_to_its_end, backups_go_on_beside_it,
         killed_collects_lose_nothing)
