# SPDX-License-Identifier: Apache-2.0
"""tools/quickstart, twice, and what it prints: each command that it suggests, and the way back."""
import os
import subprocess
from pathlib import Path

from harness import BINARY, check, main, make_tree, Scratch

ROOT = Path(__file__).resolve().parents[2]
BUILD = Path(BINARY).resolve().parents[2]


def run(command, environment, directory):
    done = subprocess.run(command, shell=isinstance(command, str), executable="/bin/bash" if
                          isinstance(command, str) else None, env=environment, cwd=directory,
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120)
    check(done.returncode == 0, f"{command}: {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def as_printed():
    with Scratch() as scratch:
        home, demo = scratch.path("home"), scratch.path("demo")
        os.makedirs(home)
        make_tree(home)
        environment = {**os.environ, "YORE_DEMO": demo, "YORE_BUILD": str(BUILD)}
        command = [str(ROOT / "tools/quickstart"), home]
        run(command, environment, "/")
        said = run(command, environment, "/")
        snapshots = sorted(os.listdir(f"{demo}/mnt/home/snapshots"))
        check(len(snapshots) == 3, f"two runs, two snapshots and `latest`: {snapshots}")
        check("./home/windows.json" in said and "/versions/" not in said, f"the tree: {said}")
        suggested, undo = said.split("Try:\n")[1].split("Undo it all:\n")
        # One shell for all of them, as a user would have; restored beside the test's own files.
        suggested = suggested.replace("/tmp/restored", scratch.path("restored"))
        check(suggested.count("\n") >= 7, suggested)
        run("set -e\n" + suggested, environment, "/")
        check(os.path.exists(scratch.path("restored/sparse")), "it was restored")
        run(undo, environment, "/")
        check(not os.path.exists(demo), "all of it is gone")


main(as_printed)
