# SPDX-License-Identifier: Apache-2.0
"""What the system tests share: a scratch directory, the real binary, and cleaning up after both.

    with Scratch() as scratch:
        repo = scratch.repository()
        repo.yore("source", "add", "home", "--directory", scratch.path("home"))

Processes are ended and mounts undone by the ids and paths that a test made, never by name.
"""
import contextlib
import ctypes
import glob
import hashlib
import json
import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import time

BINARY = os.environ.get("YORE_BINARY", "yore")
OK, FAILED, USAGE, PARTIAL, DAMAGED, ATTENTION, INTERRUPTED = 0, 1, 2, 3, 4, 5, 130
_passed = 0


def check(condition, text):
    """Counts what held; ends the test where something did not."""
    global _passed
    if not condition:
        raise AssertionError(text)
    _passed += 1


class Result:
    def __init__(self, code, out, err):
        self.code, self.out, self.err = code, out, err

    def json(self):
        return [json.loads(line) for line in self.out.splitlines() if line.strip()]


class Repository:
    def __init__(self, scratch, path, environment):
        self.scratch, self.path, self.environment = scratch, path, environment
        self.prefix = []  # a command that runs ours, such as AS_OTHER

    def run(self, *arguments, stdin=None, timeout=300):
        done = subprocess.run([*self.prefix, BINARY, *arguments], env=self.environment, input=stdin,
                              capture_output=True, timeout=timeout)
        return Result(done.returncode, done.stdout.decode(errors="surrogateescape"),
                      done.stderr.decode(errors="surrogateescape"))

    def yore(self, *arguments, expect=OK, **options):
        result = self.run(*arguments, **options)
        check(result.code == expect,
              f"yore {' '.join(arguments)}: exit {result.code}, not {expect}\n"
              f"{result.out[-2000:]}{result.err[-2000:]}")
        return result

    def start(self, *arguments):
        process = subprocess.Popen([*self.prefix, BINARY, *arguments], env=self.environment,
                                   stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                   stderr=subprocess.PIPE, start_new_session=True)
        self.scratch.processes.append(process)
        return process

    def mount(self, *options):
        directory = self.scratch.path(f"mnt{len(self.scratch.mounts)}")
        os.makedirs(directory)
        self.scratch.mounts.append((self, directory))
        self.yore("mount", directory, *options)
        return directory

    def start_mount(self, directory, *options):
        """In the foreground: it logs to its standard error. Returns when it is mounted."""
        process = self.start("mount", "--foreground", directory, *options)
        self.scratch.mounts.append((self, directory))
        deadline = time.monotonic() + 20
        while not os.path.ismount(directory):
            check(process.poll() is None and time.monotonic() < deadline, "the mount came up")
            time.sleep(0.02)
        return process

    def umount(self, directory):
        self.yore("umount", directory)
        self.scratch.mounts.remove((self, directory))


def calls_at_owner(repo):
    """What the owner says that it is doing, over its socket; its environment has the place."""
    with socket.socket(socket.AF_UNIX) as peer:
        peer.connect(glob.glob(os.path.join(repo.environment["YORE_RUNTIME_DIR"], "*/socket"))[0])
        peer.sendall(b"GET /v1/owner HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        answer = b"".join(iter(lambda: peer.recv(4096), b""))
    return json.loads(answer.split(b"\r\n\r\n", 1)[1])["calls"]


class Scratch:
    def __init__(self, base=None):
        self.root = tempfile.mkdtemp(prefix="yore-test-", dir=base)
        self.processes, self.mounts = [], []

    def path(self, *parts):
        return os.path.join(self.root, *parts)

    def repository(self, name="repository", encryption="passphrase", init=True):
        environment = {key: value for key, value in os.environ.items()
                       if not key.startswith("YORE_") or key == "YORE_BINARY"}
        environment["YORE_REPO"] = self.path(name)
        if encryption == "passphrase":
            environment["YORE_PASSPHRASE"] = "correct horse battery staple"
        if encryption == "keyfile":
            environment["YORE_KEY_FILE"] = self.path(name + ".key")
        repository = Repository(self, self.path(name), environment)
        if init:
            repository.yore("init", "--encryption", encryption)
        return repository

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        for repository, directory in list(self.mounts):
            repository.run("umount", directory)
            if os.path.ismount(directory):
                subprocess.run(["umount", "-l", directory], check=False)
        for process in self.processes:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        shutil.rmtree(self.root, ignore_errors=True)
        return False


class Mounted:
    """A tree, a repository with one snapshot of it, and the mount."""

    def __init__(self, scratch, repo, home, point):
        self.scratch, self.repo, self.home, self.point = scratch, repo, home, point
        self.source = os.path.join(point, "home")
        self.latest = os.path.join(self.source, "snapshots", os.readlink(
            os.path.join(self.source, "snapshots/latest")))

    def snapshot(self):
        """Takes one more; its directory in the mount."""
        name = self.repo.yore("snapshot", "home", "--json").json()[-1]["name"]
        return os.path.join(self.source, "snapshots", name)


@contextlib.contextmanager
def mounted(build, *options, encryption="none"):
    """`build` fills the tree whose path it is given."""
    with Scratch() as scratch:
        os.chmod(scratch.root, 0o755)
        home = scratch.path("home")
        os.makedirs(home)
        build(home)
        repo = scratch.repository(encryption=encryption)
        repo.yore("source", "add", "home", "--directory", home)
        repo.yore("snapshot", "home")
        yield Mounted(scratch, repo, home, repo.mount(*options))


def make_tree(root, files=40, seed=1):
    """A small tree with what matters: nested directories, small and large files, links, holes."""
    import random
    rng = random.Random(seed)
    for i in range(files):
        directory = os.path.join(root, f"d{i % 5}", f"e{i % 3}")
        os.makedirs(directory, exist_ok=True)
        with open(os.path.join(directory, f"f{i}"), "wb") as out:
            out.write(rng.randbytes(rng.choice([0, 10, 1000, 20_000, 300_000])))
    os.symlink("d0/e0/f0", os.path.join(root, "link"))
    os.link(os.path.join(root, "d0/e0/f0"), os.path.join(root, "hard"))
    with open(os.path.join(root, "sparse"), "wb") as out:
        out.seek(1 << 20)
        out.write(b"end")


def fingerprint(root):
    """Path -> what must be the same after a restore: kind, mode, owner, time, content, links."""
    seen = {}
    for directory, names, files in os.walk(root):
        for name in names + files:
            path = os.path.join(directory, name)
            info = os.lstat(path)
            entry = [stat.S_IFMT(info.st_mode), stat.S_IMODE(info.st_mode), info.st_uid,
                     info.st_gid, info.st_mtime_ns]
            if stat.S_ISLNK(info.st_mode):
                entry.append(os.readlink(path))
            if stat.S_ISREG(info.st_mode):
                with open(path, "rb") as content:
                    entry += [info.st_size, info.st_nlink,
                              hashlib.sha256(content.read()).hexdigest()]
            seen[os.path.relpath(path, root)] = entry
    return seen


def difference(a, b):
    return [f"{path}: {a.get(path)} / {b.get(path)}"
            for path in sorted(a.keys() | b.keys()) if a.get(path) != b.get(path)][:10]


def command(*arguments, expect=0, **options):
    """Runs a tool of the system; what it wrote to standard output."""
    done = subprocess.run(arguments, capture_output=True, check=False, timeout=120, **options)
    check(done.returncode == expect, f"{arguments}: exit {done.returncode}, not {expect}: "
          f"{done.stderr.decode(errors='replace')[-1000:]}")
    return done.stdout


OTHER_USER = 65534
AS_OTHER = ["setpriv", f"--reuid={OTHER_USER}", f"--regid={OTHER_USER}", "--clear-groups"]


def same_trees(a, b, *options):
    """Equal in all that rsync compares: contents, links, owners, times in ns, ACLs, xattrs."""
    told = command("rsync", "-nciaHAX", "--delete", "--modify-window=-1", *options, a + "/",
                   b + "/")
    check(not told, f"{a} and {b} differ:\n{told.decode(errors='replace')[:2000]}")


def errno_of(call, *arguments, **options):
    """0 when the call goes through."""
    try:
        call(*arguments, **options)
    except OSError as error:
        return error.errno
    return 0


LIBC = ctypes.CDLL(None, use_errno=True)


def libc(name, *arguments):
    """A function of the C library that Python lacks; -1 is an OSError."""
    ctypes.set_errno(0)
    result = getattr(LIBC, name)(*arguments)
    if result == -1:
        raise OSError(ctypes.get_errno(), f"{name}: {os.strerror(ctypes.get_errno())}")
    return result


def enter_own_mounts():
    """What this process and its children mount from now on, nobody else sees."""
    libc("unshare", 0x00020000)  # CLONE_NEWNS
    command("mount", "--make-rprivate", "/")


@contextlib.contextmanager
def device_for_everybody(scratch):
    """/dev/fuse as most systems have it, for who is in this mount namespace."""
    device = scratch.path("fuse")
    command("mknod", "-m", "666", device, "c", "10", "229")
    command("mount", "--bind", device, "/dev/fuse")
    try:
        yield
    finally:
        command("umount", "--lazy", "/dev/fuse")


def main(*tests):
    """Runs each test; the last line has the counts."""
    failed = 0
    for test in tests:
        started = time.monotonic()
        try:
            test()
            print(f"ok {test.__name__} ({time.monotonic() - started:.1f} s)")
        except Exception as error:  # the test's own failure, or the tool's
            failed += 1
            print(f"FAILED {test.__name__}: {error}", file=sys.stderr)
    print(f"{_passed} checks held, {failed} tests failed")
    sys.exit(1 if failed else 0)
