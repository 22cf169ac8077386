# SPDX-License-Identifier: Apache-2.0
"""The server: its file, its service manager, its mounts across reloads, crashes and successors."""
import configparser
import errno
import json
import os
import shutil
import signal
import socket
import subprocess
import time

from harness import BINARY, FAILED, OK, Scratch, calls_at_owner, check, errno_of, main, make_tree

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
SOONER_THAN = 20  # seconds: a machine may be slow


def until(holds, text):
    deadline = time.monotonic() + SOONER_THAN
    while not holds():
        check(time.monotonic() < deadline, text)
        time.sleep(0.01)
    check(True, text)


class Served:
    """A repository, its configuration, and what the service manager hears of its server."""

    def __init__(self, scratch, repository="repository"):
        self.scratch = scratch
        self.home, self.point = scratch.path("home"), scratch.path("mnt")
        make_tree(self.home, files=10)
        os.makedirs(self.point)
        self.repo = scratch.repository(repository, encryption="keyfile")
        self.repo.environment["YORE_RUNTIME_DIR"] = scratch.path("run")
        self.config = scratch.path("serve.toml")
        self.write()
        address = "\0yore-test-serve-" + os.path.basename(scratch.root)
        self.ear = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.ear.bind(address)
        self.ear.settimeout(SOONER_THAN)
        self.notify = address.replace("\0", "@")
        self.started = 0

    def write(self, mounts=None, more=""):
        directories = [self.point] if mounts is None else mounts
        with open(self.config, "w", encoding="utf-8") as out:
            out.write(f'repository = "{self.repo.path}"\nkey_file = "{self.repo.path}.key"\n'
                      f'[[source]]\nname = "home"\ndirectory = "{self.home}"\nkeep_last = 3\n')
            for directory in directories:
                self.scratch.mounts += [(self.repo, directory)] * (
                    (self.repo, directory) not in self.scratch.mounts)
                out.write(f'[[mount]]\ndirectory = "{directory}"\n')
            out.write(more)

    def start(self, *options, watchdog="60000000"):
        """Returns at once; its log goes to a file of its own."""
        self.started += 1
        environment = self.repo.environment | {"NOTIFY_SOCKET": self.notify,
                                               "WATCHDOG_USEC": watchdog}
        environment.pop("YORE_REPO")  # both are in the file
        environment.pop("YORE_KEY_FILE")
        with open(self.scratch.path(f"log{self.started}"), "wb") as log:
            process = subprocess.Popen([BINARY, "serve", "--config", self.config, *options],
                                       env=environment, stdin=subprocess.DEVNULL, stderr=log,
                                       start_new_session=True)
        self.scratch.processes.append(process)
        return process

    def started_up(self, *options, **environment):
        process = self.start(*options, **environment)
        self.hear("READY=1")
        return process

    def hear(self, wanted):
        """Waits until the service manager hears it; what it heard before."""
        before = []
        while True:
            heard = self.ear.recv(512).decode()
            if heard.startswith(wanted):
                return before
            before.append(heard)

    def log(self, number=None):
        """Each line is a JSON object: that is asked of a log that is no terminal."""
        with open(self.scratch.path(f"log{number or self.started}"), encoding="utf-8") as lines:
            return [json.loads(line) for line in lines]

    def logged(self, *words, level=None, number=None):
        return any(all(word in line["message"] for word in words) and
                   level in (None, line["level"]) for line in self.log(number))

    def inodes(self):
        return {os.path.join(directory, name): os.lstat(os.path.join(directory, name)).st_ino
                for directory, names, files in os.walk(os.path.join(self.point, "home/snapshots"))
                for name in names + files}

    def end(self, process):
        process.send_signal(signal.SIGTERM)
        check(process.wait(timeout=SOONER_THAN) == OK, "it ends as one that was asked to")
        check(not os.path.ismount(self.point), "and unmounts")


def a_file_is_checked_whole():
    with Scratch() as scratch:
        served = Served(scratch)
        run = served.repo.run
        good = run("serve", "--config", served.config, "--check")
        check(good.code == OK and "keeps last 3" in good.out and served.point in good.out, good.out)
        told = run("serve", "--config", served.config, "--check", "--json").json()[-1]
        check(told["sources"][0]["directory"] == served.home, f"{told}")
        check(told["mounts"] == [{"directory": served.point, "allow_other": False}], f"{told}")

        served.write(more='[[mount]]\ndirectry = "/x"\n[[source]]\nname = "a/b"\n')
        for option in ("--check", "--quiet"):
            bad = run("serve", "--config", served.config, option)
            for place, word in ((9, "directory: it is missing"), (10, "is directory meant?"),
                                (12, "a/b"), (11, "source.directory")):
                check(any(f"{place}: " in line and word in line
                          for line in (bad.out + bad.err).splitlines()),
                      f"{option}, {place}: {bad.out}{bad.err}")
            check(bad.code == FAILED and "4 mistakes" in bad.err, f"{bad.code}: {bad.err}")
        events = run("serve", "--config", served.config, "--check", "--json").json()
        check([event["line"] for event in events[:-1]] == [9, 10, 11, 12], f"{events}")
        check(events[-1]["error"]["code"] == "invalid", f"{events}")
        check(served.repo.yore("source", "list", "--json").json()[-1].get("name") is None,
              "nothing was begun")
        missing = run("serve", "--config", scratch.path("none"), "--check")
        check(missing.code == FAILED and "no such file" in missing.err, missing.err)
        shipped = os.path.join(ROOT, "tools/systemd/serve.toml")
        example = run("serve", "--config", shipped, "--check")
        check(example.code == OK, f"the example that is shipped: {example.out}{example.err}")


def it_serves_and_follows_its_file():
    with Scratch() as scratch:
        served = Served(scratch)
        yore, other = served.repo.yore, scratch.path("other")
        process = served.started_up(watchdog="400000")
        check(os.path.ismount(served.point), "mounted when it says that it is ready")
        yore("snapshot", "home")
        check(os.path.isdir(f"{served.point}/home/snapshots/latest/d0"), "it runs commands")
        check(all(heard == "WATCHDOG=1" for heard in served.hear("WATCHDOG=1")), "it is alive")
        source = yore("source", "show", "home", "--json").json()[-1]
        check(source["policy"] == {"keep_last": 3}, f"{source}")

        served.write(mounts=[], more='[[sorce]]\n')
        process.send_signal(signal.SIGHUP)
        served.hear("RELOADING=1\nMONOTONIC_USEC=")
        served.hear("READY=1")
        check(served.logged("line 7: sorce", "is source meant?", level="error"), f"{served.log()}")
        check(served.logged("goes on as before", level="error"), f"{served.log()}")
        check(os.path.ismount(served.point), "a wrong file changes nothing")

        os.makedirs(other)
        served.write(mounts=[other], more=f'[[source]]\nname = "b"\ndirectory = "{other}"\n')
        process.send_signal(signal.SIGHUP)
        served.hear("RELOADING=1")
        served.hear("READY=1")
        until(lambda: os.path.ismount(other), "a mount that is new in the file is made")
        check(not os.path.ismount(served.point), "one that is gone from it ends")
        check(served.logged("source b: added"), f"{served.log()}")

        yore("umount", other)
        check(process.poll() is None, "it stays without a mount")
        info = yore("info", "--json").json()[-1]
        check(info["owner"]["pid"] == process.pid and info["mounts"] == [], f"{info}")
        process.send_signal(signal.SIGHUP)
        until(lambda: os.path.ismount(other), "read again, the file counts again")
        process.send_signal(signal.SIGTERM)
        served.hear("STOPPING=1")
        check(process.wait(timeout=SOONER_THAN) == OK, "it ends")
        check(not os.path.ismount(other), "and unmounts")


def it_comes_back_after_a_crash():
    with Scratch() as scratch:
        served = Served(scratch)
        process = served.started_up()
        served.repo.yore("snapshot", "home")
        before = served.inodes()
        check(len(before) > 10, f"{before}")
        for _ in range(2):
            os.kill(process.pid, signal.SIGKILL)
            process.wait()
            check(errno_of(os.statvfs, served.point) == errno.ENOTCONN, "a dead mount is left")
            began = time.monotonic()
            process = served.started_up()
            took = time.monotonic() - began
            print(f"there again after {took:.2f} s")
            check(os.path.ismount(served.point), "its mount is there again")
            check(served.inodes() == before, "with the same inode numbers")
            check(served.logged(served.point, "dead mount"), f"{served.log()}")
        served.end(process)


def a_mount_that_cannot_be_made_is_tried_again():
    with Scratch() as scratch:
        served = Served(scratch)
        late, full = scratch.path("late"), scratch.path("full")
        os.makedirs(os.path.join(full, "something"))
        served.write(mounts=[late, full, served.point])
        process = served.started_up()
        check(os.path.ismount(served.point), "the others are made")
        check(served.logged(late, "no such file", level="warning"), f"{served.log()}")
        check(served.logged(full, "not empty", level="warning"), f"{served.log()}")
        os.makedirs(late)
        os.rmdir(os.path.join(full, "something"))
        for directory in (late, full):
            until(lambda at=directory: os.path.ismount(at), f"{directory}: mounted once it can be")
        with open(os.path.join(late, "README.txt"), "rb") as in_use:
            served.write()
            process.send_signal(signal.SIGHUP)
            until(lambda: served.logged(late, "in use", level="warning"), "files in use are told")
            check(in_use.read(1) != b"", "and stay readable")
        until(lambda: not os.path.ismount(late), "it is taken away when it can be")
        served.end(process)


def there_is_one_owner():
    with Scratch() as scratch:
        served = Served(scratch)
        first = served.started_up()
        second = served.start()
        check(second.wait(timeout=SOONER_THAN) == FAILED, "a second one is refused")
        check(served.logged(f"pid {first.pid}", "yore serve", "--replace", level="error"),
              f"{served.log()}")
        check(first.poll() is None and os.path.ismount(served.point), "the first goes on")

        stream = subprocess.Popen([BINARY, "snapshot", "db", "--stdin", "--as", "db.sql", "--json"],
                                  env=served.repo.environment, stdin=subprocess.PIPE,
                                  stdout=subprocess.PIPE, start_new_session=True)
        scratch.processes.append(stream)
        stream.stdin.write(b"first half, ")
        stream.stdin.flush()
        until(lambda: "snapshot" in calls_at_owner(served.repo), "it has begun")
        successor = served.start("--replace")
        until(lambda: served.logged("waiting for", f"pid {first.pid}"), "the successor waits")
        check(first.poll() is None and os.path.ismount(served.point), "while something runs")
        stream.stdin.write(b"second half")
        stream.stdin.close()
        check(json.loads(stream.stdout.read().splitlines()[-1])["counts"]["bytes"] == 23,
              "what ran has ended well")
        check(stream.wait(timeout=SOONER_THAN) == OK, "and says so")
        check(first.wait(timeout=SOONER_THAN) == OK, "the first one ends")
        check(served.logged("successor", number=1), f"{served.log(1)}")
        served.hear("STOPPING=1")
        served.hear("READY=1")
        check(os.path.ismount(served.point), "its mount is the successor's")
        info = served.repo.yore("info", "--json").json()[-1]
        check(info["owner"]["pid"] == successor.pid, f"{info}")
        served.end(successor)


def a_follower_started_by_hand_gives_way():
    with Scratch() as scratch:
        served = Served(scratch)
        served.write(mounts=[])
        follow = ("log", "follow", "home")

        def is_followed():
            return served.repo.yore("log", "status", "--json").json()[0].get("state") == "following"

        def ended(process):
            return process.wait(timeout=SOONER_THAN), process.stderr.read().decode()

        first = served.started_up()
        for stop in (signal.SIGINT, signal.SIGTERM):
            follower = served.repo.start(*follow)
            until(is_followed, "it is followed at the owner")
            follower.send_signal(stop)
            check(ended(follower) == (OK, ""), "a stop is its end")
        check(first.poll() is None, "and not the owner's")
        follower = served.repo.start(*follow)
        until(is_followed, "it is followed again")
        second = served.started_up("--replace")
        code, said = ended(follower)
        check(code == FAILED and "serve --replace" in said and "hint:" in said, said)
        check(first.wait(timeout=SOONER_THAN) == OK, "the first one was not kept waiting")
        served.end(second)

        for stop in (signal.SIGINT, signal.SIGTERM):
            follower = served.repo.start(*follow)
            until(is_followed, "its own process owns the repository")
            follower.send_signal(stop)
            check(ended(follower) == (OK, ""), "a stop is its end there, too")
        follower = served.repo.start(*follow)
        until(is_followed, "it is followed once more")
        refused = served.start()
        check(refused.wait(timeout=SOONER_THAN) == FAILED, "nobody waits for what does not end")
        check(served.logged("yore log follow", "--replace", level="error"), f"{served.log()}")
        third = served.started_up("--replace")
        code, said = ended(follower)
        check(code == FAILED and "serve --replace" in said, said)
        served.end(third)


# What makes systemd give a service mounts of its own (exec_needs_mount_namespace there).
OWN_MOUNTS = {
    "PrivateMounts", "PrivateTmp", "PrivateDevices", "PrivateIPC", "ProtectSystem", "ProtectHome",
    "ProtectKernelTunables", "ProtectKernelModules", "ProtectKernelLogs", "ProtectControlGroups",
    "ProtectProc", "ProcSubset", "ProtectHostname", "ReadOnlyPaths", "ReadWritePaths",
    "InaccessiblePaths", "ExecPaths", "NoExecPaths", "BindPaths", "BindReadOnlyPaths",
    "TemporaryFileSystem", "RootDirectory", "RootImage", "MountFlags", "MountImages",
    "ExtensionImages", "DynamicUser", "ProtectClock", "DeviceAllow", "DevicePolicy"}


def the_unit_leaves_it_in_the_mounts_of_the_host():
    with open(os.path.join(ROOT, "tools/systemd/yore.service.in"), encoding="utf-8") as file:
        text = file.read()
    unit = configparser.ConfigParser(delimiters="=", comment_prefixes="#", interpolation=None)
    unit.optionxform = str
    unit.read_string(text)
    service = unit["Service"]
    check(service["Type"] == "notify" and int(service["WatchdogSec"]) > 0, "it is watched")
    check(not OWN_MOUNTS & set(service), f"these hide mounts: {OWN_MOUNTS & set(service)}")
    check("CAP_SYS_ADMIN" in service["CapabilityBoundingSet"], "it may mount")
    check("@mount" in service["SystemCallFilter"], "it may mount")
    verify = shutil.which("systemd-analyze")
    if not verify:
        return
    with Scratch() as scratch:
        path = scratch.path("yore.service")
        with open(path, "w", encoding="utf-8") as out:
            out.write(text.replace("@bindir@/yore", BINARY))
        told = subprocess.run([verify, "verify", "--man=no", path], capture_output=True, text=True,
                              check=False, timeout=60)
        lines = [line for line in told.stderr.splitlines() if "yore.service" in line]
        check(not lines, f"systemd-analyze: {lines}")


if __name__ == "__main__":
    main(a_file_is_checked_whole, it_serves_and_follows_its_file, it_comes_back_after_a_crash,
         a_mount_that_cannot_be_made_is_tried_again, there_is_one_owner,
         a_follower_started_by_hand_gives_way,
         the_unit_leaves_it_in_the_mounts_of_the_host)
