# SPDX-License-Identifier: Apache-2.0
"""A repository on a small file system that fills up: nothing acknowledged is lost, reading goes
on, and with room again so does writing."""
import os
import random
import subprocess
import sys
from contextlib import contextmanager

from harness import FAILED, Scratch, check, difference, fingerprint, main, make_tree

DISK_MEGABYTES = 200
MEGABYTE = 1 << 20


@contextmanager
def small_disk(scratch):
    """An ext4 of its own under a loop device."""
    image, directory = scratch.path("disk.img"), scratch.path("disk")
    os.makedirs(directory)
    with open(image, "wb") as out:
        out.truncate(DISK_MEGABYTES * MEGABYTE)
    subprocess.run(["mkfs.ext4", "-q", "-m", "0", image], check=True)
    subprocess.run(["mount", "-o", "loop", image, directory], check=True)
    try:
        yield directory
    finally:
        subprocess.run(["umount", directory], check=False)


def free_bytes(path):
    info = os.statvfs(path)
    return info.f_bavail * info.f_frsize


def write_random(path, megabytes, seed):
    rng = random.Random(seed)
    with open(path, "wb") as out:
        for _ in range(megabytes):
            out.write(rng.randbytes(MEGABYTE))


def is_intact(repo, scratch, expected, snapshots):
    listed = repo.yore("snapshots", "home", "--json").json()
    check(len([row for row in listed if "name" in row]) == snapshots, f"{snapshots} snapshots")
    repo.yore("verify", "--level", "2")
    target = scratch.path(f"restored{len(os.listdir(scratch.root))}")
    repo.yore("restore", "home@latest", "--to", target)
    check(not difference(expected, fingerprint(target)), "the newest snapshot is what was stored")


def make_repository(scratch, disk):
    repo = scratch.repository(os.path.relpath(os.path.join(disk, "repository"), scratch.root))
    home = scratch.path("home")
    os.makedirs(home)
    make_tree(home)
    repo.yore("source", "add", "home", "--directory", home)
    repo.yore("snapshot", "home")
    return repo, home


def snapshot_larger_than_the_disk():
    with Scratch() as scratch, small_disk(scratch) as disk:
        repo, home = make_repository(scratch, disk)
        before, expected = free_bytes(disk), fingerprint(home)
        write_random(os.path.join(home, "huge"), DISK_MEGABYTES + 50, seed=1)
        for _ in range(2):
            failed = repo.yore("snapshot", "home", expect=FAILED)
            check("space" in failed.err, f"it says what is missing: {failed.err}")
            is_intact(repo, scratch, expected, snapshots=1)
            check(free_bytes(disk) > 0, "the last blocks were left")
        os.unlink(os.path.join(home, "huge"))
        with open(os.path.join(home, "small"), "wb") as out:
            out.write(b"small")
        # What the failed runs stored is kept for the next; there is room for a small one.
        repo.yore("snapshot", "home")
        is_intact(repo, scratch, fingerprint(home), snapshots=2)
        repo.yore("collect")
        check(free_bytes(disk) > before - 8 * MEGABYTE,
              f"the space came back: {before} free before, {free_bytes(disk)} now")
        is_intact(repo, scratch, fingerprint(home), snapshots=2)


def disk_filled_by_others():
    with Scratch() as scratch, small_disk(scratch) as disk:
        repo, home = make_repository(scratch, disk)
        expected = fingerprint(home)
        filler = os.path.join(disk, "filler")
        for left in (20 * MEGABYTE, 3 * MEGABYTE, 0):
            subprocess.run(["fallocate", "-l", str(free_bytes(disk) - left), filler + str(left)],
                           check=False)
            write_random(os.path.join(home, "more"), 30, seed=left)
            failed = repo.yore("snapshot", "home", expect=FAILED)
            check("space" in failed.err, f"it says what is missing: {failed.err}")
            mounted = repo.mount()
            seen = os.path.join(mounted, "home", "snapshots", "latest") + "/."
            check(not difference(expected, fingerprint(seen)), "the mount shows it all")
            repo.umount(mounted)
            os.rmdir(mounted)
        for left in (20 * MEGABYTE, 3 * MEGABYTE, 0):
            if os.path.exists(filler + str(left)):
                os.unlink(filler + str(left))
        is_intact(repo, scratch, expected, snapshots=1)
        repo.yore("snapshot", "home")
        is_intact(repo, scratch, fingerprint(home), snapshots=2)


if __name__ == "__main__":
    if os.geteuid() != 0:
        sys.exit(77)  # needs a loop device
    main(snapshot_larger_than_the_disk, disk_filled_by_others)
