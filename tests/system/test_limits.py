# SPDX-License-Identifier: Apache-2.0
"""Large counts and sizes. YORE_LIMITS=full: 10,000 snapshots, 1,000,000 names."""
import os
import subprocess

from harness import Scratch, check, main, make_tree

FULL = os.environ.get("YORE_LIMITS") == "full"


def huge_sparse_file():
    with Scratch() as scratch:
        home = scratch.path("home")
        os.makedirs(home)
        path = os.path.join(home, "sparse")
        with open(path, "wb") as out:
            out.truncate(1 << 40)
            out.seek(1 << 39)
            out.write(b"in the middle")
        repo = scratch.repository(encryption="none")
        repo.yore("source", "add", "home", "--directory", home)
        repo.yore("snapshot", "home")
        mountpoint = repo.mount()
        kept = os.path.join(mountpoint, "home/snapshots/latest/sparse")
        check(os.stat(kept).st_size == 1 << 40, "size")
        with open(kept, "rb") as file:
            first = os.lseek(file.fileno(), 0, os.SEEK_DATA)
            check(first <= 1 << 39 and first + (1 << 20) > 1 << 39, f"data starts at {first}")
            file.seek(1 << 39)
            check(file.read(13) == b"in the middle", "content")
        repo.umount(mountpoint)
        target = scratch.path("restored")
        repo.yore("restore", "home@latest", "--to", target)
        check(os.stat(os.path.join(target, "sparse")).st_blocks < 2048, "restored with its holes")


def many_names():
    count = 1_000_000 if FULL else 20_000
    with Scratch() as scratch:
        home = scratch.path("home")
        os.makedirs(os.path.join(home, "many"))
        for i in range(count):
            os.close(os.open(os.path.join(home, "many", f"name-{i * 7919 % count:07d}"),
                             os.O_CREAT | os.O_WRONLY))
        repo = scratch.repository(encryption="none")
        repo.yore("source", "add", "home", "--directory", home)
        first = repo.yore("snapshot", "home", "--json").json()[-1]
        os.unlink(os.path.join(home, "many", f"name-{count // 2:07d}"))
        second = repo.yore("snapshot", "home", "--json").json()[-1]
        stored = second["counts"]["bytes_stored"]
        check(second["counts"]["files"] == first["counts"]["files"] - 1, "one name less")
        check(stored < 400_000, f"one name less stored {stored} bytes")
        mountpoint = repo.mount()
        many = os.path.join(mountpoint, "home/snapshots/latest/many")
        check(len(os.listdir(many)) == count - 1, "all names are listed")
        check(os.path.exists(os.path.join(many, f"name-{count - 1:07d}")), "lookup")
        check(not os.path.exists(os.path.join(many, f"name-{count // 2:07d}")), "absence")
        repo.umount(mountpoint)


def many_snapshots():
    count = 10_000 if FULL else 150
    with Scratch() as scratch:
        home = scratch.path("home")
        make_tree(home, files=5)
        repo = scratch.repository(encryption="none")
        repo.yore("source", "add", "home", "--directory", home)
        mountpoint = repo.mount()  # one owner serves all the commands
        for i in range(count):
            with open(os.path.join(home, "counter"), "w") as out:
                out.write(str(i))
            repo.yore("snapshot", "home")
        snapshots = os.path.join(mountpoint, "home/snapshots")
        listed = sorted(name for name in os.listdir(snapshots) if name != "latest")
        check(len(listed) == count, f"{len(listed)} of {count} snapshots are listed")
        for i in (0, count // 2, count - 1):
            with open(os.path.join(snapshots, listed[i], "counter")) as file:
                check(file.read() == str(i), f"names sort as the snapshots were taken: {i}")
        check(os.readlink(os.path.join(snapshots, "latest")) == listed[-1], "latest")
        repo.umount(mountpoint)
        files = int(subprocess.run(f"find '{repo.path}' -type f | wc -l", shell=True,
                                   capture_output=True, check=True).stdout)
        check(files < 200, f"{files} files in the repository")


if __name__ == "__main__":
    main(huge_sparse_file, many_names, many_snapshots)
