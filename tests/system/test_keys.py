# SPDX-License-Identifier: Apache-2.0
"""Keys and sources as a user, a careless user and a crash treat them."""
import os
import random
import signal
import time

from harness import FAILED, OK, USAGE, Scratch, check, main

FIRST = "correct horse battery staple"


def secret_file(scratch, name, secret):
    path = scratch.path(name)
    with open(path, "w") as out:
        out.write(secret)
    return path


def opens(repo, *options, passphrase=None):
    """Whether the keys open it; anything but yes and `does not open` is a failure."""
    environment = dict(repo.environment)
    repo.environment = {key: value for key, value in environment.items()
                        if key != "YORE_PASSPHRASE"}
    if passphrase is not None:
        repo.environment["YORE_PASSPHRASE"] = passphrase
    try:
        result = repo.run("snapshots", *options)
    finally:
        repo.environment = environment
    check(result.code in (OK, FAILED), f"exit {result.code}: {result.err}")
    if result.code == FAILED:
        check("passphrase" in result.err or "key" in result.err, f"says why: {result.err}")
    return result.code == OK


def slots(repo):
    return [event for event in repo.yore("key", "list", "--json").json()
            if event.get("event") == "key"]


def refused(repo, *arguments, code=FAILED, says=""):
    result = repo.yore(*arguments, expect=code)
    check(result.err.strip(), f"{arguments}: a refusal has a message")
    check(says in result.err, f"{arguments}: {says!r} in {result.err!r}")
    return result


def several_slots():
    with Scratch() as scratch:
        repo = scratch.repository()
        second = secret_file(scratch, "second", "another one\n")
        key = scratch.path("door.key")
        repo.yore("key", "add", "--label", "laptop", "--new-passphrase-file", second)
        repo.yore("key", "add", "--label", "door", "--new-key-file", key)
        check(os.stat(key).st_mode & 0o777 == 0o600, "a new key file is its user's alone")
        check(opens(repo, passphrase=FIRST), "the first passphrase")
        check(opens(repo, passphrase="another one"), "the second, without its newline")
        check(opens(repo, "--key-file", key), "the key file")
        check(not opens(repo, passphrase="another one\n\n"), "a wrong passphrase")
        check(not opens(repo, "--key-file", second), "a file that is no key")
        listed = slots(repo)
        check([slot["label"] for slot in listed][1:] == ["laptop", "door"], f"labels: {listed}")
        check([slot["kind"] for slot in listed] == ["passphrase", "passphrase", "keyfile"], "kinds")
        for slot in listed[:2]:
            repo.yore("key", "remove", slot["id"], "--key-file", key)
        check(not opens(repo, passphrase=FIRST), "removed")
        check(opens(repo, "--key-file", key), "the last slot opens")
        refused(repo, "key", "remove", listed[2]["id"], "--key-file", key, says="last")
        check(opens(repo, "--key-file", key), "the last slot is still there")


def a_list_tells_no_secret():
    with Scratch() as scratch:
        repo = scratch.repository()
        key = scratch.path("door.key")
        repo.yore("key", "add", "--new-key-file", key)
        with open(key, "rb") as file:
            content = file.read()
        with open(os.path.join(repo.path, "repository"), "rb") as file:
            stored = file.read()
        text = repo.yore("key", "list").out + repo.yore("key", "list", "--json").out
        for secret in (FIRST, content.hex(), content.decode(errors="replace").strip()):
            check(secret not in text, "a secret is listed")
        check(FIRST.encode() not in stored and content not in stored, "a secret is stored as it is")
        known = {"event", "id", "kind", "created", "label", "scrypt"}
        for slot in slots(repo):
            check(set(slot) <= known, f"only {known}: {slot}")


def rotated():
    with Scratch() as scratch:
        repo = scratch.repository()
        fresh = secret_file(scratch, "fresh", "a new one")
        before = slots(repo)
        repo.yore("key", "rotate", "--new-passphrase-file", fresh)
        check(not opens(repo, passphrase=FIRST), "the old passphrase is refused")
        check(opens(repo, passphrase="a new one"), "the new one opens")
        repo.environment["YORE_PASSPHRASE"] = "a new one"
        check(len(slots(repo)) == len(before), "no slot came or went")
        refused(repo, "key", "rotate", "0123456789", "--new-passphrase-file", fresh,
                says="no key slot")


def secrets_that_do_not_do():
    with Scratch() as scratch:
        repo = scratch.repository()
        good = secret_file(scratch, "good", "good")
        empty = secret_file(scratch, "empty", "")
        line = secret_file(scratch, "line", "\n")
        long = secret_file(scratch, "long", "x" * 70_000)
        refused(repo, "snapshots", "--passphrase-file", good, "--passphrase-command", "echo x")
        refused(repo, "key", "add", "--new-passphrase-file", good, "--new-key-file", good)
        refused(repo, "key", "add", "--new-passphrase-file", empty, says="empty")
        refused(repo, "key", "add", "--new-passphrase-file", line, says="empty")
        refused(repo, "key", "add", "--new-passphrase-file", long, says="64 KiB")
        refused(repo, "key", "add", "--new-passphrase-command", "echo x; false", says="failed")
        refused(repo, "key", "rotate", "--new-passphrase-file", empty, says="empty")
        refused(repo, "snapshots", "--key-file", scratch.path("nowhere"), says="nowhere")
        refused(repo, "snapshots", "--key-file", scratch.root, says=scratch.root)
        refused(repo, "snapshots", "--passphrase-file", scratch.path("nowhere"), says="nowhere")
        refused(repo, "key", "remove", "", says="no key slot")
        refused(repo, "key", "add", "--label", "x" * 300, "--new-passphrase-file", good,
                says="label")
        check(len(slots(repo)) == 1, "nothing of it was added")
        check(opens(repo, passphrase=FIRST), "and it opens as before")


def keys_of_a_mounted_repository():
    with Scratch() as scratch:
        repo = scratch.repository()
        fresh = secret_file(scratch, "fresh", "a new one")
        mountpoint = repo.mount()
        repo.yore("key", "add", "--label", "laptop", "--new-passphrase-file", fresh)
        added = [slot for slot in slots(repo) if slot["label"] == "laptop"]
        check(len(added) == 1, "the owner took the new key in")
        first = next(slot for slot in slots(repo) if slot["label"] != "laptop")
        repo.yore("key", "remove", first["id"])
        refused(repo, "key", "remove", added[0]["id"], says="last")
        repo.umount(mountpoint)
        check(not opens(repo, passphrase=FIRST), "removed for good")
        check(opens(repo, passphrase="a new one"), "added for good")


def rotation_killed():
    """At any moment one of the two passphrases opens, and what a crash left is swept away."""
    rng = random.Random(7)
    with Scratch() as scratch:
        repo = scratch.repository()
        current, other = FIRST, "a new one"
        started = time.monotonic()
        repo.yore("key", "list")
        whole = (time.monotonic() - started) * 2.5  # a rotation derives two keys
        for _ in range(12):
            fresh = secret_file(scratch, "fresh", other)
            repo.environment["YORE_PASSPHRASE"] = current
            process = repo.start("key", "rotate", "--new-passphrase-file", fresh)
            time.sleep(rng.uniform(0, whole))
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            old, new = opens(repo, passphrase=current), opens(repo, passphrase=other)
            check(old != new, f"exactly one opens: old {old}, new {new}")
            if new:
                current, other = other, current
        left = os.path.join(repo.path, ".yore-aB3dE9")
        for path in (left, os.path.join(repo.path, ".yore-not-ours")):
            with open(path, "w") as out:
                out.write("half a key file")
        repo.environment["YORE_PASSPHRASE"] = current
        repo.yore("key", "list")
        names = [name for name in os.listdir(repo.path) if name.startswith(".yore-")]
        check(names == [".yore-not-ours"], f"left over: {names}")


def odd_sources():
    with Scratch() as scratch:
        repo = scratch.repository(encryption="none")
        home = scratch.path("home")
        os.makedirs(os.path.join(home, "inner"))
        add = ("source", "add")
        for name in ("", ".", "..", "a/b", "at", "README.txt", "a@b", "x" * 300, "-x", "a\nb"):
            result = repo.run(*add, "--directory", home, "--", name)
            check(result.code in (FAILED, USAGE) and result.err.strip(), f"{name!r}: {result.err}")
        for name in ("home", "h-0_9.x"):
            repo.yore(*add, name, "--directory", home)
        refused(repo, *add, "home", "--directory", home, says="home")
        refused(repo, *add, "none", "--directory", scratch.path("nowhere"), says="nowhere")
        refused(repo, "source", "show", "nobody", says="nobody")
        refused(repo, "source", "remove", "nobody", says="nobody")
        relative = os.path.relpath(os.path.join(home, "inner"))
        added = repo.yore(*add, "inner", "--directory", relative, "--json").json()[-1]
        check(added["directory"] == os.path.join(home, "inner"), f"made absolute: {added}")
        listed = repo.yore("source", "list", "--json").json()
        names = [event["name"] for event in listed if event.get("event") == "source"]
        check(sorted(names) == sorted(["home", "h-0_9.x", "inner"]), f"listed: {names}")
        os.rmdir(os.path.join(home, "inner"))
        refused(repo, "snapshot", "inner", says="inner")
        check(repo.yore("source", "show", "inner", "--json").json()[-1]["snapshots"] == 0,
              "a directory that vanished has no snapshot")
        repo.yore("source", "remove", "inner")
        repo.yore("snapshot", "home")
        repo.yore("source", "remove", "home")
        check(repo.yore("snapshots", "home", "--json").json()[-1]["count"] == 1,
              "the snapshots of a removed source are kept")
        refused(repo, "snapshot", "home", says="home")


if __name__ == "__main__":
    main(several_slots, a_list_tells_no_secret, rotated, secrets_that_do_not_do,
         keys_of_a_mounted_repository, rotation_killed, odd_sources)
