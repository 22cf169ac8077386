# SPDX-License-Identifier: Apache-2.0
"""Runs the cases of posix_cases.txt, which says what they are, in any directory."""
import contextlib
import errno
import mmap
import os
import re
import stat
import time

from harness import libc

USERS = {"u": 65534, "v": 65533}
CAPABILITY = "security.capability"
COARSE = 5  # CLOCK_REALTIME_COARSE
PATHS = {"link": 2, "rename": 2, "exchange": 2, "rename_new": 2,
         "copy": 2}  # of others the first argument


def cases():
    """(What prepares it, what is tried) of each."""
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "posix_cases.txt"),
              encoding="ascii") as file:
        text = "".join(line for line in file if not line.startswith("#"))
    return [case.split("|") for case in text.replace("\n    ", " ").splitlines()]


FLAGS = {name: getattr(os, "O_" + name.upper()) for name in (
    "rdonly wronly rdwr creat excl trunc append nofollow directory nonblock".split())}


class Calls:
    """In one directory, which is the process' own while they run."""

    def create(self, path, mode):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, int(mode, 8)))

    def open(self, path, flags, mode="0"):
        wanted = sum(FLAGS[flag] for flag in flags.split(","))
        os.close(os.open(path, wanted, int(mode, 8)))

    def write(self, path, text):
        with open(path, "wb", 0) as out:
            out.write(text.encode())

    def append(self, path, text):
        fd = os.open(path, os.O_WRONLY | os.O_APPEND)
        try:
            os.write(fd, text.encode())
        finally:
            os.close(fd)

    def punch(self, path, offset, length):
        fd = os.open(path, os.O_WRONLY)
        try:  # FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE
            libc("fallocate64", fd, 3, int(offset), int(length))
        finally:
            os.close(fd)

    def reserve(self, path, offset, length):
        fd = os.open(path, os.O_WRONLY)
        try:
            libc("fallocate64", fd, 0, int(offset), int(length))
        finally:
            os.close(fd)

    def copy(self, path, to):
        """copy_file_range(2) of its first bytes."""
        with open(path, "rb") as source, open(to, "r+b", 0) as target:
            os.copy_file_range(source.fileno(), target.fileno(), 3)

    def store(self, path, text):
        """Into mapped memory."""
        with open(path, "r+b") as file, mmap.mmap(file.fileno(), 0) as mapped:
            mapped[:len(text)] = text.encode()
            mapped.flush()

    def setcap(self, path):
        """cap_net_raw=p"""
        os.setxattr(path, CAPABILITY, bytes.fromhex("00000002" "00200000" + "00" * 12))

    def cap(self, path):
        return os.getxattr(path, CAPABILITY).hex()

    def held(self, path, *call):
        """Done while it is open: what is then told of the open one."""
        fd = os.open(path, os.O_RDONLY)
        try:
            getattr(self, call[0])(*call[1:])
            return told_of(os.fstat(fd))
        finally:
            os.close(fd)

    def held_create(self, path):
        """In a directory that is gone."""
        fd = os.open(path, os.O_RDONLY)
        os.rmdir(path)
        try:
            os.close(os.open("f", os.O_CREAT | os.O_WRONLY, dir_fd=fd))
        finally:
            os.close(fd)

    def mkdir(self, path, mode):
        os.mkdir(path, int(mode, 8) & 0o777)
        if int(mode, 8) & 0o7000:
            os.chmod(path, int(mode, 8))

    def chmod(self, path, mode):
        os.chmod(path, int(mode, 8))

    def chown(self, path, user, group):
        os.chown(path, int(user), int(group))

    def lchown(self, path, user, group):
        os.lchown(path, int(user), int(group))

    def truncate(self, path, size):
        os.truncate(path, int(size))

    def mkfifo(self, path, mode):
        os.mkfifo(path, int(mode, 8))

    def mknod(self, path, mode):
        os.mknod(path, stat.S_IFBLK | int(mode, 8), os.makedev(240, 1))

    def socket(self, path):
        os.mknod(path, stat.S_IFSOCK | 0o600)

    def link(self, path, to):
        os.link(path, to, follow_symlinks=False)

    def exchange(self, path, to):
        libc("renameat2", -100, path.encode(), -100, to.encode(), 2)

    def rename_new(self, path, to):
        libc("renameat2", -100, path.encode(), -100, to.encode(), 1)

    def utimens(self, path, accessed, modified):
        times = (ctypes_time(accessed), ctypes_time(modified))
        libc("utimensat", -100, path.encode(), as_timespecs(times), 0)

    def access(self, path, mode):
        return os.access(path, int(mode), effective_ids=True)

    def stat(self, path):
        return told_of(os.lstat(path))

    def list(self, path):
        return sorted(os.listdir(path))

    def readlink(self, path):
        return os.readlink(path)

    def umask(self, mask):
        os.umask(int(mask, 8))

    unlink, rmdir, rename, symlink = map(staticmethod, (os.unlink, os.rmdir, os.rename, os.symlink))


def ctypes_time(text):
    return {"now": (0, (1 << 30) - 1), "omit": (0, (1 << 30) - 2)}.get(text) or (int(text), 7)


def as_timespecs(times):
    return b"".join(part.to_bytes(8, "little") for time_ in times for part in time_)


def told_of(info):
    """The size of directories is each file system's own, and whether a reader is noted. Times are
    told if they were given."""
    is_directory = stat.S_ISDIR(info.st_mode)
    size = "-" if is_directory else info.st_size
    times = [info.st_mtime_ns] if is_directory else [info.st_atime_ns, info.st_mtime_ns]
    times = [time_ for time_ in times if time_ < 10**12]
    return f"{info.st_mode:o} {info.st_nlink} {info.st_uid}:{info.st_gid} {size} {times}"


@contextlib.contextmanager
def being(user):
    if user:
        os.setgroups([])
        os.setegid(user)
        os.seteuid(user)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(0)


def wait_for_ticks():
    """Until the clock by which files get their times has gone on."""
    for _ in range(2):
        began = time.clock_gettime_ns(COARSE)
        while time.clock_gettime_ns(COARSE) == began:
            pass


def times_of(paths):
    found = {}
    for path in paths:
        with contextlib.suppress(OSError):
            info = os.lstat(path)
            found[path, info.st_ino] = (info.st_mtime_ns, info.st_ctime_ns)
    return found


def run(text):
    """One call: what came of it."""
    words = re.sub(r"\{(\d+)\}", lambda found: "n" * int(found[1]), text).split()
    prefix, _, verb = words[0].rpartition(":")
    paths = words[1:1 + PATHS.get(verb, 1)] if verb != "symlink" else words[2:3]
    paths += [os.path.dirname(path) or "." for path in paths]
    if prefix == "t":
        before = times_of(paths)
        wait_for_ticks()
    with being(USERS.get(prefix)):
        try:
            outcome = str(getattr(Calls(), verb)(*words[1:]))
        except OSError as error:
            outcome = errno.errorcode[error.errno]
    if prefix == "t":
        after = times_of(paths)
        outcome += "".join(f" {path}: {'m' * (then[0] != now[0])}{'c' * (then[1] != now[1])}"
                           for (path, number), then in sorted(before.items())
                           if (now := after.get((path, number))) and then != now)
    return f"{text.strip()[:60]}: {outcome}"


def run_in(directory, calls):
    """The outcome of each."""
    before, mask = os.getcwd(), os.umask(0)
    os.chdir(directory)
    try:
        return [run(call) for call in calls.split(";") if call.strip()]
    finally:
        os.chdir(before)
        os.umask(mask)
