# SPDX-License-Identifier: Apache-2.0
"""Directories of dated copies become snapshots: what is taken, what not, and again after a stop."""
import os
import shutil
import signal
import subprocess
import time

from harness import (FAILED, INTERRUPTED, OK, PARTIAL, Scratch, check, difference, fingerprint,
                     main, make_tree)


def link_copy(before, after):
    subprocess.run(["cp", "-al", before, after], check=True)


def replace(path, text):
    """As rsync does: a file is never written to, since other copies share it."""
    if os.path.exists(path):
        os.unlink(path)
    with open(path, "w", encoding="utf-8") as out:
        out.write(text)


def make_copies(directory, names, files=60):
    """Each shares with the one before it all but one file."""
    make_tree(os.path.join(directory, names[0]), files=files)
    for before, after in zip(names, names[1:]):
        link_copy(os.path.join(directory, before), os.path.join(directory, after))
        replace(os.path.join(directory, after, "note"), after)


def events(result, kind):
    return [line for line in result.json() if line.get("event") == kind]


def snapshots(repo, source):
    """Their names; of a source that is not there yet, none."""
    listed = repo.run("snapshots", source, "--json")
    return [row["name"] for row in listed.json() if "name" in row] if listed.code == OK else []


def links_to_other_copies(tree):
    """A fingerprint knows how many links a file has: a copy of a copy has none to others."""
    alone = tree + ".alone"
    subprocess.run(["cp", "-a", tree, alone], check=True)
    return alone


def dated_copies_become_snapshots():
    with Scratch() as scratch:
        copies, names = scratch.path("copies"), ["2026-11-01", "2026-11-02T02-00-00", "20261103"]
        make_copies(copies, names)
        os.makedirs(os.path.join(copies, "2026-11-04.partial"))
        os.symlink(names[-1], os.path.join(copies, "latest"))
        live = scratch.path("home")
        subprocess.run(["cp", "-a", os.path.join(copies, names[-1]), live], check=True)
        repo = scratch.repository(encryption="none")
        order = ("source", "import", "home", "--directory", copies, "--path", live)

        planned = events(repo.yore(*order, "--dry-run", "--json"), "copy")
        check({row["name"]: row["verdict"] for row in planned} ==
              {**dict.fromkeys(names, "take"), "2026-11-04.partial": "leave", "latest": "leave"},
              planned)
        check("home" not in repo.yore("source", "list").out, "a dry run makes no source")

        taken = repo.yore(*order, "--zone", "UTC", "--json")
        rows = events(taken, "imported")
        check([row["name"] for row in rows] ==
              ["2026-11-01T00-00-00Z", "2026-11-02T02-00-00Z", "2026-11-03T00-00-00Z"], rows)
        check(all(row["counts"]["bytes_read"] < 200 for row in rows[1:]),
              "what copies share is read once")
        check(rows[1]["path"] == os.path.join(copies, names[1]), rows[1])

        again = repo.yore(*order, "--json").json()[-1]
        check((again["copies"], again["present"], again["taken"]) == (0, 3, 0), again)

        for name, row in zip(names, rows):
            target = scratch.path("back-" + name)
            repo.yore("restore", f"home@{row['name']}", "--to", target)
            wanted = fingerprint(links_to_other_copies(os.path.join(copies, name)))
            check(not difference(wanted, fingerprint(target)), difference(wanted,
                                                                          fingerprint(target)))
        live_one = repo.yore("snapshot", "home", "--json").json()[-1]
        check(live_one["path"] == live and live_one["counts"]["bytes_new"] == 0,
              "snapshots go on from the last import")
        check("no damage" in repo.yore("verify", "--level", "2").out, "verify")

        make_tree(os.path.join(copies, "2026-10-01"), files=2)
        late = repo.yore(*order, "--json", expect=PARTIAL)
        check(late.json()[-1]["left_out"] == 1, late.out)
        check(len(snapshots(repo, "home")) == 4, "a copy from before was not put behind")


def rotated_copies_have_their_directories_times():
    with Scratch() as scratch:
        root = scratch.path("rsnapshot")
        for name, day, text in (("weekly.0", 1, "old"), ("daily.1", 9, "mid"),
                                ("daily.0", 10, "new")):
            part = os.path.join(root, name, "localhost/home")
            os.makedirs(part)
            with open(os.path.join(part, "f"), "w", encoding="utf-8") as out:
                out.write(text)
            when = 1_793_500_000 + day * 86_400  # in November 2026
            os.utime(os.path.join(root, name), (when, when))
        repo = scratch.repository(encryption="none")
        order = ("source", "import", "home", "--directory", root, "--subdirectory",
                 "localhost/home")
        repo.yore(*order)
        stored = snapshots(repo, "home")
        check(len(stored) == 3 and all(name.startswith("2026-11-") for name in stored), stored)
        texts = [repo.yore("cat", f"home@{name}", "f").out for name in stored]
        check(texts == ["old", "mid", "new"], texts)
        shown = repo.yore("source", "show", "home", "--json").json()[-1]
        check(shown["directory"] == os.path.join(root, "daily.0/localhost/home"), shown)
        # It rotates: the times go along with the directories.
        os.rename(os.path.join(root, "daily.1"), os.path.join(root, "daily.2"))
        os.rename(os.path.join(root, "daily.0"), os.path.join(root, "daily.1"))
        check(repo.yore(*order, "--json").json()[-1]["present"] == 3, "known by their times")
        none = repo.yore(*order, "--time", "name", expect=FAILED)
        check("no dated copies" in none.err, none.err)


def an_interrupted_import_goes_on():
    with Scratch() as scratch:
        copies, names = scratch.path("copies"), [f"2026-11-{day:02}" for day in range(1, 6)]
        make_copies(copies, names[:1], files=30)
        for before, after in zip(names, names[1:]):
            link_copy(os.path.join(copies, before), os.path.join(copies, after))
            with open(os.path.join(copies, after, after), "wb") as out:
                out.write(os.urandom(30_000_000))
        repo = scratch.repository(encryption="none")
        order = ("source", "import", "home", "--directory", copies)
        process = repo.start(*order)
        while process.poll() is None and len(snapshots(repo, "home")) < 2:
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        check(process.wait(timeout=30) in (INTERRUPTED, OK), "it ends")
        done = snapshots(repo, "home")
        shutil.rmtree(os.path.join(copies, names[0]))  # times of change of what it shared move
        finished = repo.yore(*order, "--json").json()
        check(snapshots(repo, "home") == [name + "T00-00-00Z" for name in names], "all are there")
        check(finished[-1]["taken"] == len(names) - len(done), finished[-1])
        repo.yore("verify", "--level", "2")


main(dated_copies_become_snapshots, rotated_copies_have_their_directories_times,
     an_interrupted_import_goes_on)
