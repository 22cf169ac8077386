# SPDX-License-Identifier: Apache-2.0
"""Each byte of a small repository flipped in turn: an error that names the object, or no effect;
never a crash, a hang or a wrong byte. YORE_FLIP_STEP takes every n-th byte."""
import os
import shutil

from harness import FAILED, OK, PARTIAL, DAMAGED, Scratch, check, fingerprint, main, make_tree

STEP = int(os.environ.get("YORE_FLIP_STEP", "997"))


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


if __name__ == "__main__":
    main(flips_unencrypted, flips_encrypted, half_a_repository)
