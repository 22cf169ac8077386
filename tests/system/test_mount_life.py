# SPDX-License-Identifier: Apache-2.0
"""A mount begins, ends and is killed; what cannot be mounted says why; others' mounts stay."""
import errno
import os
import signal
import subprocess
import threading
import time

from harness import (AS_OTHER, BINARY, FAILED, OK, OTHER_USER, Scratch, check, command,
                     device_for_everybody, difference,
                     enter_own_mounts, errno_of, fingerprint, main, make_tree, mounted)


def refused(repo, directory, *words, options=()):
    result = repo.run("mount", directory, *options)
    check(result.code == FAILED, f"{directory}: exit {result.code}: {result.out}{result.err}")
    for word in words:
        check(word in result.err, f"{directory}: no '{word}' in: {result.err}")


def ended(point):
    deadline = time.monotonic() + 10
    while os.path.ismount(point) and time.monotonic() < deadline:
        time.sleep(0.02)
    return not os.path.ismount(point)


def signals_end_it():
    with mounted(make_tree) as m:
        m.repo.umount(m.point)
        for sent in (signal.SIGTERM, signal.SIGINT):
            for in_use in (False, True):
                process = m.repo.start_mount(m.point)
                descriptor = os.open(f"{m.latest}/sparse" if in_use else os.devnull, os.O_RDONLY)
                os.read(descriptor, 1)
                process.send_signal(sent)
                code = process.wait(timeout=20)
                if in_use:
                    check(errno_of(os.pread, descriptor, 1, 1 << 20) != 0, "readers get an error")
                errno_of(os.close, descriptor)
                m.scratch.mounts.pop()
                check(code in (OK, 128 + sent), f"{sent}: exit {code}")
                check(ended(m.point), f"{sent}: nothing is left mounted, in use: {in_use}")
                check(os.listdir(m.point) == [], "the directory is as it was")


def files_in_use_keep_it():
    with mounted(make_tree) as m:
        with open(f"{m.latest}/sparse", "rb") as file:
            result = m.repo.run("umount", m.point)
            check(result.code == FAILED and "in use" in result.err, f"{result.err}")
            check("fuser -vm" in result.err, "a hint how to find out by whom")
            check(file.read(4) == bytes(4), "its reader goes on")
            check(os.path.isdir(m.latest), "and the mount is still there")
        m.repo.umount(m.point)
        check(not os.path.ismount(m.point), "unmounted when it is idle")
        again = m.repo.run("umount", m.point)
        check(again.code == FAILED and "no repository is mounted" in again.err, again.err)


def runs(process):
    """Not ended, whether or not its parent took note already."""
    try:
        with open(f"/proc/{process}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def unmounted_by_others():
    """By umount(8) instead of the command: its process ends."""
    with mounted(make_tree) as m:
        owner = m.repo.yore("info", "--json").json()[-1]["owner"]["pid"]
        command("umount", m.point)
        deadline = time.monotonic() + 10
        while runs(owner) and time.monotonic() < deadline:
            time.sleep(0.02)
        check(not runs(owner), "its process ended")
        m.repo.yore("mount", m.point)


def killed_while_read():
    with mounted(make_tree) as m:
        outcomes = []

        def read_on():
            try:
                while True:
                    with open(f"{m.latest}/sparse", "rb", buffering=0) as file:
                        file.read(1 << 20)
                    os.listdir(f"{m.source}/snapshots")
            except OSError as error:
                outcomes.append(error.errno)

        readers = [threading.Thread(target=read_on) for _ in range(3)]
        for reader in readers:
            reader.start()
        os.kill(m.repo.yore("info", "--json").json()[-1]["owner"]["pid"], signal.SIGKILL)
        for reader in readers:
            reader.join(timeout=20)
        check(len(outcomes) == 3, f"all readers got an error: {outcomes}")
        check(set(outcomes) <= {errno.ENOTCONN, errno.ECONNABORTED, errno.EIO}, f"{outcomes}")
        m.repo.yore("umount", m.point)
        check(not os.path.ismount(m.point), "umount takes a dead mount away")
        m.repo.yore("mount", m.point)
        check(not difference(fingerprint(m.home), fingerprint(m.latest)), "and it is mounted again")


def mountpoints_refused():
    with mounted(make_tree) as m:
        repo, scratch = m.repo, m.scratch
        refused(repo, m.point, "mounted", "hint:")
        refused(repo, scratch.path("missing"), "missing", "no such file")
        refused(repo, f"{m.home}/sparse", "not a directory")
        refused(repo, f"{m.home}/d0", "not empty", "hint:")
        os.makedirs(f"{repo.path}/inside")
        refused(repo, f"{repo.path}/inside", "inside itself", "hint:")
        os.symlink(f"{repo.path}/inside", scratch.path("link-inside"))
        refused(repo, scratch.path("link-inside"), "inside itself")
        refused(repo, scratch.root, "hide the repository", "hint:")
        refused(repo, f"{m.latest}/d0", "not empty")
        check(os.path.isdir(m.latest), "the mount that was there still is")
        os.makedirs(scratch.path("target"))
        os.symlink("target", scratch.path("link"))
        repo.yore("mount", scratch.path("link"))
        check(os.path.ismount(scratch.path("target")), "through a link, at its target")
        repo.yore("umount", scratch.path("link"))
        check(not os.path.ismount(scratch.path("target")), "and away")


def several_mounts_of_one_owner():
    with mounted(make_tree) as m:
        second = m.repo.mount()
        check(os.path.isdir(f"{second}/home/snapshots"), "two mounts")
        fresh = os.path.basename(m.snapshot())
        for point in (m.point, second):
            check(os.readlink(f"{point}/home/snapshots/latest") == fresh, f"{point} shows it")
        m.repo.umount(m.point)
        check(os.path.isdir(f"{second}/home/snapshots/{fresh}"), "the other one stays")


def device_is_missing():
    with mounted(make_tree) as m:
        m.repo.umount(m.point)
        hidden = 'mount -t tmpfs none /dev && mknod -m 666 /dev/null c 1 3 && exec "$0" mount "$1"'
        result = subprocess.run(["unshare", "-m", "sh", "-c", hidden, BINARY, m.point],
                                env=m.repo.environment, capture_output=True, check=False)
        told = result.stderr.decode()
        check(result.returncode == FAILED, f"exit {result.returncode}: {told}")
        check("/dev/fuse is missing" in told and "hint:" in told, told)
        m.repo.yore("snapshot", "home")


def snapshots_skip_mount_and_repository():
    with Scratch() as scratch:
        home = scratch.path("home")
        make_tree(home)
        repo = scratch.repository("home/repository", encryption="none")
        os.makedirs(f"{home}/point")
        repo.yore("source", "add", "home", "--directory", home)
        repo.yore("mount", f"{home}/point")
        scratch.mounts.append((repo, f"{home}/point"))
        for _ in range(2):
            counts = repo.yore("snapshot", "home", "--json").json()[-1]["counts"]
            kept = f"{home}/point/home/snapshots/latest"
            check(counts["files"] < 60, f"{counts['files']} files")
            check(not os.path.exists(f"{kept}/repository") or
                  os.listdir(f"{kept}/repository") == [], "the repository is not in itself")
            check(os.listdir(f"{kept}/point") == [], "nor is the mount")
            check(os.path.exists(f"{kept}/hard"), "the rest is")


def read_only_repository():
    with mounted(make_tree) as m:
        m.repo.umount(m.point)
        command("mount", "--bind", m.repo.path, m.repo.path)
        try:
            command("mount", "-o", "remount,ro,bind", m.repo.path)
            check(errno_of(os.mkdir, f"{m.repo.path}/x") == errno.EROFS, "it is read-only")
            m.repo.yore("mount", m.point)
            check(not difference(fingerprint(m.home), fingerprint(m.latest)), "all is readable")
            result = m.repo.run("snapshot", "home")
            check(result.code == FAILED and "read-only" in result.err, f"{result.err}")
            check(os.path.isdir(m.latest), "the mount stays")
            m.repo.yore("umount", m.point)
        finally:
            command("umount", m.repo.path)
        m.repo.yore("snapshot", "home")


def free_space_is_the_repository_s():
    with mounted(make_tree) as m:
        for path in (m.point, m.latest):
            shown, lies_in = os.statvfs(path), os.statvfs(m.repo.path)
            check(shown.f_blocks * shown.f_frsize == lies_in.f_blocks * lies_in.f_frsize, "total")
            check(shown.f_namemax == 255, "the longest name")
            differ = abs(shown.f_bavail * shown.f_frsize - lies_in.f_bavail * lies_in.f_frsize)
            check(differ < 1 << 30, f"free: {differ} bytes apart")  # others write there, too
        line = command("df", "--output=fstype,avail", m.point).split()
        check(line[2] == b"fuse.yore" and int(line[3]) > 0, f"df: {line}")


def unprivileged_user():
    with Scratch() as scratch, device_for_everybody(scratch):
        os.chmod(scratch.root, 0o777)
        home, point = scratch.path("home"), scratch.path("point")
        make_tree(home)
        os.makedirs(point)
        for directory, names, files in os.walk(home):
            for path in [directory, *(os.path.join(directory, name) for name in names + files)]:
                os.chown(path, OTHER_USER, OTHER_USER, follow_symlinks=False)
        os.chown(point, OTHER_USER, OTHER_USER)
        repo = scratch.repository(init=False, encryption="none")
        repo.environment["XDG_RUNTIME_DIR"] = scratch.root
        repo.prefix = AS_OTHER
        repo.yore("init", "--encryption", "none")
        repo.yore("source", "add", "home", "--directory", home)
        repo.yore("snapshot", "home")
        refused(repo, point, "user_allow_other", options=["--allow-other"])
        repo.yore("mount", point)
        scratch.mounts.append((repo, point))
        kept = f"{point}/home/snapshots/latest/"
        command(*AS_OTHER, "diff", "-r", "--no-dereference", home, kept)
        check(subprocess.run(["ls", point], capture_output=True, check=False).returncode != 0,
              "not even root may look")
        told = subprocess.run([*AS_OTHER, "touch", kept + "new"], capture_output=True, check=False)
        check(b"Read-only file system" in told.stderr, f"{told.stderr}")
        repo.umount(point)


if __name__ == "__main__":
    enter_own_mounts()
    main(signals_end_it, files_in_use_keep_it, unmounted_by_others, killed_while_read,
         mountpoints_refused, several_mounts_of_one_owner, device_is_missing,
         snapshots_skip_mount_and_repository, read_only_repository, free_space_is_the_repository_s,
         unprivileged_user)
