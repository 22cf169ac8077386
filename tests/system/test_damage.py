# SPDX-License-Identifier: Apache-2.0
"""Each byte of a small repository flipped in turn: an error that names the object, or no effect;
never a crash, a hang or a wrong byte. YORE_FLIP_STEP takes every n-th byte."""
import os
import shutil
import time

from harness import FAILED, OK, PARTIAL, DAMAGED, Scratch, check, fingerprint, main, make_tree

STEP = int(os.environ.get("YORE_FLIP_STEP", "3989"))


def files_of(repository):
    for directory, _, names in os.walk(repository):
        for name in sorted(names):
            path = os.path.join(directory, name)
            if os.path.getsize(path) and not name.startswith("LOG"):
                yield path


def flip(path, offset):
    with open(path, "r+b") as file:
        file.seek(offset)
        byte = file.read(1)[0]
        file.seek(offset)
        file.write(bytes([byte ^ (1 << (offset % 8))]))


def one_flip(scratch, repo, pristine, relative, offset, wanted):
    shutil.rmtree(repo.path)
    shutil.copytree(pristine, repo.path)
    flip(os.path.join(repo.path, relative), offset)
    target = scratch.path("restored")
    shutil.rmtree(target, ignore_errors=True)
    where = f"{relative}, byte {offset}"
    result = repo.run("restore", "home@latest", "--to", target, timeout=60)
    check(result.code in (OK, FAILED, PARTIAL), f"{where}: exit {result.code}: {result.err}")
    if result.code != OK:
        check("yore" in result.err or "problem" in result.err, f"{where}: no message")
        check("std::" not in result.err and "terminate" not in result.err, f"{where}: {result.err}")
    restored = fingerprint(target) if os.path.isdir(target) else {}
    for path, entry in restored.items():
        if entry[0] == 0o100000:  # regular: bytes are right, or the file is not there
            check(entry[-1] == wanted[path][-1], f"{where}: wrong bytes in {path}")
    if result.code == OK:
        check(restored.keys() == wanted.keys(), f"{where}: names are missing in silence")
    verified = repo.run("verify", "--level", "2", timeout=60)
    check(verified.code in (OK, FAILED, DAMAGED), f"{where}: verify: exit {verified.code}")
    check(result.code == OK or verified.code != OK, f"{where}: verify sees nothing")


def flips(encryption):
    with Scratch() as scratch:
        home = scratch.path("home")
        make_tree(home, files=6)
        repo = scratch.repository(encryption=encryption)
        repo.yore("source", "add", "home", "--directory", home)
        repo.yore("snapshot", "home")
        wanted = fingerprint(home)
        pristine = scratch.path("pristine")
        shutil.copytree(repo.path, pristine)
        count = 0
        for path in list(files_of(pristine)):
            relative = os.path.relpath(path, pristine)
            size = os.path.getsize(path)
            for offset in range(count % min(STEP, size), size, STEP):
                one_flip(scratch, repo, pristine, relative, offset, wanted)
                count += 1
        check(count > 20, f"only {count} flips")


def flips_encrypted():
    flips("keyfile")


def flips_unencrypted():
    flips("none")


def half_a_repository():
    with Scratch() as scratch:
        home = scratch.path("home")
        make_tree(home, files=4)
        repo = scratch.repository(encryption="none")
        repo.yore("source", "add", "home", "--directory", home)
        repo.yore("snapshot", "home")
        pristine = scratch.path("pristine")
        shutil.copytree(repo.path, pristine)
        for path in list(files_of(pristine)):
            relative = os.path.relpath(path, pristine)
            for cut in ("gone", "empty", "half"):
                shutil.rmtree(repo.path)
                shutil.copytree(pristine, repo.path)
                victim = os.path.join(repo.path, relative)
                if cut == "gone":
                    os.unlink(victim)
                else:
                    os.truncate(victim, 0 if cut == "empty" else os.path.getsize(victim) // 2)
                result = repo.run("snapshots", "home", timeout=60)
                check(result.code in (OK, FAILED), f"{relative} {cut}: exit {result.code}")
                check("terminate" not in result.err, f"{relative} {cut}: {result.err}")


def place_of(repository, content):
    for path in files_of(repository):
        with open(path, "rb") as file:
            if (offset := file.read().find(content)) >= 0:
                return path, offset
    raise AssertionError("the content is not stored as it is")


def events(result, kind):
    return [line for line in result.json() if line.get("event") == kind]


def damage_is_stored_anew():
    with Scratch() as scratch:
        home = scratch.path("home")
        make_tree(home, files=4)
        kept = os.urandom(3 << 20)
        for name, content in (("kept", kept), ("gone", os.urandom(9 << 20))):
            with open(os.path.join(home, name), "wb") as file:
                file.write(content)
        time.sleep(0.1)  # so that unchanged files are taken over unread
        repo = scratch.repository(encryption="none")
        repo.yore("source", "add", "home", "--directory", home)
        repo.yore("snapshot", "home")
        os.unlink(os.path.join(home, "gone"))
        wanted = fingerprint(home)
        repo.yore("snapshot", "home")
        name = repo.yore("snapshots", "home", "--json").json()[1]["name"]
        flip(*place_of(repo.path, kept[1 << 20:(1 << 20) + 64]))

        repo.yore("prune", "home", "--keep-last", "1")
        for _ in range(2):  # its pack stays, however often
            said = repo.yore("collect", "--json", expect=DAMAGED).json()[-1]
            check(said["packs_damaged"] == 1, f"collect says {said}")
        for level in ("1", "2"):
            said = repo.yore("verify", "--level", level, "--json", expect=DAMAGED)
            needs = [(need["path"], need["first"], need["snapshots"])
                     for need in events(said, "needed")]
            check(("/kept", name, 1) in needs, f"level {level} says {said.out}")

        repo.yore("snapshot", "home")
        verified = repo.yore("verify", "--level", "2", "--json")
        check(any(one["stored_anew"] for one in events(verified, "mended")), verified.out)
        check(not events(repo.yore("verify", "--level", "2", "--json"), "mended"), "told once")
        check(repo.yore("collect", "--json").json()[-1]["packs_dropped"] > 0, "the pack goes")
        target = scratch.path("restored")
        repo.yore("restore", f"home@{name}", "--to", target)
        check(fingerprint(target) == wanted, "the old snapshot is whole again")


if __name__ == "__main__":
    main(damage_is_stored_anew, flips_unencrypted, flips_encrypted, half_a_repository)
