# SPDX-License-Identifier: Apache-2.0
"""Power cuts under a clone's changes: what was synced is there, and the tree is one that was.

    test_clone_power_loss.py             runs the tests; block_image/power_cut.py cuts the power
    test_clone_power_loss.py prepare     makes the clone; its changes lie on the disk to be cut
    test_clone_power_loss.py workload    changes it, until a change fails
    test_clone_power_loss.py checker     looks at what the cut left

The repository's disk keeps its power. YORE_POWER_CUTS: how many; YORE_SEED repeats a run.
"""
import contextlib
import ctypes
import os
import random
import shlex
import shutil
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "block_image"))
from change_history import DIRECTORY, FILE, LINK, TAG, History, Node
from harness import BINARY, Scratch, check, enter_own_mounts, libc, main
from power_cut import Setup, run_cuts, unusable_because

CUTS = int(os.environ.get("YORE_POWER_CUTS", "6"))
SEED = int(os.environ.get("YORE_SEED", random.SystemRandom().randrange(1 << 32)))
CHANGES = 250
THIS = f"{sys.executable} {os.path.abspath(__file__)}"


def start():
    """What is below the clone."""
    choice, nodes = random.Random(1), {}
    for i in range(10):
        nodes.setdefault(f"d{i % 3}", Node(DIRECTORY, 0o755))
        size = choice.choice((0, 10, 5000, 40_000, 120_000))
        nodes[f"d{i % 3}/f{i}"] = Node(FILE, 0o644, content=choice.randbytes(size))
    nodes["hard"] = nodes["d0/f0"]
    nodes["link"] = Node(LINK, 0o777, "d0/f0")
    nodes["sparse"] = Node(FILE, 0o644, content=bytes(70_000) + b"end")
    return nodes


def build(home):
    made = {}
    for path, node in start().items():
        whole = f"{home}/{path}"
        os.makedirs(os.path.dirname(whole), exist_ok=True)
        if node in made:
            os.link(made[node], whole)
        elif node.kind == LINK:
            os.symlink(node.target, whole)
        elif node.kind == FILE:
            with open(whole, "wb") as out:
                out.seek(len(node.content) - len(node.content.lstrip(b"\0")))
                out.write(node.content.lstrip(b"\0"))
            os.chmod(whole, node.mode)
        made[node] = whole


class Applied:
    """Changes, in a directory."""
    def __init__(self, directory):
        self.directory = directory

    def apply(self, change):
        getattr(self, change[0])(*change[1:])

    @contextlib.contextmanager
    def opened(self, path, flags):
        fd = os.open(f"{self.directory}/{path}", flags)
        try:
            yield fd
        finally:
            os.close(fd)

    def write(self, path, offset, content):
        with self.opened(path, os.O_WRONLY) as fd:
            check(os.pwrite(fd, content, offset) == len(content), "all of it is written")

    def truncate(self, path, size):
        os.truncate(f"{self.directory}/{path}", size)

    def punch(self, path, offset, length):
        with self.opened(path, os.O_WRONLY) as fd:  # FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE
            libc("fallocate", fd, 3, ctypes.c_long(offset), ctypes.c_long(length))

    def zero(self, path, offset, length):
        with self.opened(path, os.O_WRONLY) as fd:  # FALLOC_FL_ZERO_RANGE
            libc("fallocate", fd, 16, ctypes.c_long(offset), ctypes.c_long(length))

    def empty(self, path):
        os.close(os.open(f"{self.directory}/{path}", os.O_WRONLY | os.O_TRUNC))

    def exchange(self, path, to):
        libc("renameat2", -100, f"{self.directory}/{path}".encode(), -100,
             f"{self.directory}/{to}".encode(), 2)

    def create(self, path, mode):
        os.close(os.open(f"{self.directory}/{path}", os.O_CREAT | os.O_EXCL | os.O_WRONLY, mode))

    def mkdir(self, path, mode):
        os.mkdir(f"{self.directory}/{path}", mode)

    def rmdir(self, path):
        os.rmdir(f"{self.directory}/{path}")

    def unlink(self, path):
        os.unlink(f"{self.directory}/{path}")

    def rename(self, path, to):
        os.rename(f"{self.directory}/{path}", f"{self.directory}/{to}")

    def link(self, path, to):
        os.link(f"{self.directory}/{path}", f"{self.directory}/{to}")

    def symlink(self, target, path):
        os.symlink(target, f"{self.directory}/{path}")

    def chmod(self, path, mode):
        os.chmod(f"{self.directory}/{path}", mode)

    def tag(self, path, value):
        os.setxattr(f"{self.directory}/{path}", TAG, value.encode())

    def touch(self, path, modified):
        os.utime(f"{self.directory}/{path}", (modified, modified))

    def fsync(self, path):
        with self.opened(path, os.O_RDONLY) as fd:
            os.fsync(fd)

    def fdatasync(self, path):
        with self.opened(path, os.O_RDONLY) as fd:
            os.fdatasync(fd)

    sync_directory = fsync

    def syncfs(self):
        with self.opened(".", os.O_RDONLY) as fd:
            libc("syncfs", fd)


def history():
    return History(int(os.environ["CLONE_SEED"]), CHANGES, start())


def server_before():
    return shlex.split(os.environ.get("CLONE_SERVER_BEFORE", ""))


@contextlib.contextmanager
def served():
    """The clone's directory, while its server runs; which is killed."""
    directory = os.environ["CLONE_DIRECTORY"]
    server = subprocess.Popen([*server_before(), BINARY, "serve", "--config",
                               os.environ["CLONE_CONFIG"]],
                              stdin=subprocess.DEVNULL, stderr=subprocess.PIPE)
    try:
        deadline = time.monotonic() + 20
        while not usable(directory):
            if server.poll() is not None or time.monotonic() > deadline:
                server.kill()
                sys.exit(f"the clone is not served: {server.stderr.read().decode()}")
            time.sleep(0.02)
        yield directory
    finally:
        server.kill()
        server.wait()
        subprocess.run(["umount", "-l", directory], check=False)


def usable(directory):
    try:
        return os.path.ismount(directory) and os.statvfs(directory) is not None
    except OSError:
        return False


def prepare():
    with open(f"{os.environ['POWER_CUT_ACKS']}/done", "wb"):
        pass  # a cut may come before the clone is served
    yore = [BINARY, "clone", "create", "home@latest", "test", "--at", os.environ["CLONE_DIRECTORY"],
            "--scratch", os.environ["POWER_CUT_DIR"]]
    with subprocess.Popen([BINARY, "serve", "--config", os.environ["CLONE_CONFIG"]]) as server:
        time.sleep(0.5)
        done = subprocess.run(yore, check=False)
        server.terminate()
    sys.exit(done.returncode)


def workload():
    """With syncs of somebody else's file between: they take along what ext4 has in its journal, as
    the passing of time does, but not the bytes that are still in memory."""
    os.umask(0)
    choice = random.Random(int(os.environ["CLONE_SEED"]))
    with served() as directory, open(f"{os.environ['POWER_CUT_ACKS']}/done", "ab", 0) as done, \
            open(f"{os.environ['POWER_CUT_DIR']}/other", "wb", 0) as other:
        applied = Applied(directory)
        for change in history().changes:
            applied.apply(change)
            done.write(b".")
            if choice.random() < 0.3 and not server_before():
                other.write(b"other")
                os.fsync(other.fileno())


def checker():
    done = os.path.getsize(f"{os.environ['POWER_CUT_ACKS']}/done")
    with served() as directory:
        if wrong := history().wrong_in(directory, done):
            sys.exit(wrong)
        with open(f"{directory}/usable", "wb") as out:
            out.write(b"yes")
            os.fsync(out.fileno())
        told = subprocess.run([BINARY, "clone", "show", "test", "--json"], check=False,
                              capture_output=True, text=True)
        if '"mounted"' not in told.stdout:
            sys.exit(f"clone show: {told.stdout}{told.stderr}")


def cuts(scratch, seed, cut_count, keeps=("none", "half"), server_before=""):
    home, config = scratch.path("home"), scratch.path("serve.toml")
    os.makedirs(home)
    build(home)
    repo = scratch.repository(encryption="none")
    repo.yore("source", "add", "home", "--directory", home)
    repo.yore("snapshot", "home")
    with open(config, "w", encoding="utf-8") as out:
        out.write(f"repository = '{repo.path}'\n")
    return run_cuts(Setup(
        os.environ["BLOCK_IMAGE"], f"{THIS} workload", f"{THIS} checker",
        prepare=f"{THIS} prepare", size_mib=96, cuts=cut_count, seed=seed, keeps=keeps,
        environment={"YORE_REPO": repo.path, "YORE_RUNTIME_DIR": scratch.path("run"),
                     "CLONE_SEED": str(seed), "CLONE_CONFIG": config,
                     "CLONE_DIRECTORY": scratch.path("clone"),
                     "CLONE_SERVER_BEFORE": server_before}))


def no_cut_loses_what_was_synced():
    print("seed", SEED)
    with Scratch() as scratch:
        for outcome in cuts(scratch, SEED, CUTS):
            print(outcome)
            check(outcome.kept_its_word, f"seed {SEED}: {outcome}")


def what_is_wrong_is_seen():
    """In a plain directory, with nothing lost."""
    with Scratch() as scratch:
        build(scratch.root)
        told = History(SEED, CHANGES, start())
        applied, before = Applied(scratch.root), os.umask(0)
        for change in (*told.changes, ("syncfs",)):
            applied.apply(change)
        os.umask(before)
        told.add(("syncfs",))
        check(told.wrong_in(scratch.root, CHANGES + 1) == "", "all is there")
        path, content = next((path, node.content) for path, node in told.names.items()
                             if node.kind == FILE and node.content and not node.touched)
        applied.write(path, 0, bytes([content[0] ^ 1]))
        check(path in told.wrong_in(scratch.root, CHANGES + 1), "a byte")
        applied.write(path, 0, content[:1])
        check(told.wrong_in(scratch.root, CHANGES + 1) == "", "all is there again")
        applied.unlink(path)
        check(path in told.wrong_in(scratch.root, CHANGES + 1), "a name")


def without_syncs_the_loss_is_seen():
    """The negative control: the same, with fsync and its like doing nothing in the server."""
    check(shutil.which("eatmydata"), "eatmydata is not installed")
    with Scratch() as scratch:
        outcome = cuts(scratch, SEED, 0, server_before="eatmydata")[0]
        check(not outcome.kept_its_word, "the missing syncs were not seen")


if __name__ == "__main__":
    if sys.argv[1:]:
        {"prepare": prepare, "workload": workload, "checker": checker}[sys.argv[1]]()
    elif unusable_because():
        print(f"power cuts cannot be made here: {unusable_because()}")
        sys.exit(77)
    else:
        enter_own_mounts()  # nobody's copy of them keeps a disk in use
        main(no_cut_loses_what_was_synced, what_is_wrong_is_seen, without_syncs_the_loss_is_seen)
