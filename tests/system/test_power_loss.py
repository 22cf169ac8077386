# SPDX-License-Identifier: Apache-2.0
"""Power cuts under `yore snapshot`: what was acknowledged is there, and verify is clean.

    test_power_loss.py             runs the tests; block_image/power_cut.py cuts the power
    test_power_loss.py workload    takes snapshots of a tree that changes, until one fails
    test_power_loss.py checker     looks at what the cut left
"""
import json
import os
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "block_image"))
from harness import BINARY, Scratch, check, fingerprint, main, make_tree
from power_cut import Setup, run_cuts, unusable_because

STEPS = 4
CUTS = int(os.environ.get("YORE_POWER_CUTS", "10"))
SEED = int(os.environ.get("YORE_SEED", "1"))
THIS = f"{sys.executable} {os.path.abspath(__file__)}"


def yore(*arguments):
    environment = {**os.environ, "YORE_REPO": os.path.join(os.environ["POWER_CUT_DIR"], "repo")}
    return subprocess.run([BINARY, *arguments], env=environment, stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, check=False)


def change(home, step):
    """Some files stay, some change, some are new: a few MB a step, on a disk that keeps power."""
    if step == 0:
        shutil.rmtree(home)
        os.makedirs(home)
    make_tree(os.path.join(home, f"step{step}"), files=20, seed=step)
    with open(os.path.join(home, "log"), "ab") as out:
        out.write(f"step {step}\n".encode() * 50_000)


def note(name, content):
    with open(os.path.join(os.environ["POWER_CUT_ACKS"], name), "w", encoding="utf-8") as out:
        json.dump(content, out)


def noted(name):
    path = os.path.join(os.environ["POWER_CUT_ACKS"], name)
    if not os.path.exists(path):
        return None
    with open(path, encoding="utf-8") as content:
        return json.load(content)


def workload():
    home = os.environ["POWER_LOSS_HOME"]
    for step in range(STEPS):
        change(home, step)
        note(f"tree{step}", fingerprint(home))
        if yore("snapshot", "home").returncode != 0:
            sys.exit(1)
        note(f"acknowledged{step}", True)


def checker():
    """A snapshot that was committed and not acknowledged may be there; none may be missing."""
    acknowledged = sum(noted(f"acknowledged{step}") is not None for step in range(STEPS))
    listed = yore("snapshots", "home", "--json")
    names = [row for row in map(json.loads, listed.stdout.splitlines()) if "name" in row]
    if listed.returncode != 0 or not acknowledged <= len(names) <= acknowledged + 1:
        sys.exit(f"{acknowledged} acknowledged, {len(names)} there: {listed.stderr}")
    verified = yore("verify", "--level", "2")
    if verified.returncode != 0:
        sys.exit(f"verify: exit {verified.returncode}: {verified.stdout}{verified.stderr}")
    if names:
        check_newest(noted(f"tree{len(names) - 1}"))


def check_newest(expected):
    target = os.path.join(os.environ["POWER_CUT_ACKS"], "restored")
    restored = yore("restore", "home@latest", "--to", target)
    if restored.returncode != 0:
        sys.exit(f"restore: exit {restored.returncode}: {restored.stderr}")
    if json.loads(json.dumps(fingerprint(target))) != expected:
        sys.exit("the newest snapshot holds another tree")


def cuts(scratch, cut_count, before_workload="", keeps=("none", "half")):
    home = scratch.path("home")
    os.makedirs(home, exist_ok=True)
    key = scratch.path("key")
    repo = "YORE_REPO=$POWER_CUT_DIR/repo"
    prepare = (f"rm -f {key}; {repo} {BINARY} init --encryption keyfile && "
               f"{repo} {BINARY} source add home --directory {home}")
    return run_cuts(Setup(
        os.environ["BLOCK_IMAGE"], f"{before_workload} {THIS} workload", f"{THIS} checker",
        prepare=prepare, size_mib=192, cuts=cut_count, seed=SEED, keeps=keeps,
        environment={"YORE_KEY_FILE": key, "POWER_LOSS_HOME": home}))


def no_cut_loses_what_was_acknowledged():
    with Scratch() as scratch:
        for outcome in cuts(scratch, CUTS):
            check(outcome.kept_its_word, f"seed {SEED}: {outcome}")


def without_syncs_the_loss_is_seen():
    """The negative control: the same, with fsync and its like doing nothing."""
    check(shutil.which("eatmydata"), "eatmydata is not installed")
    with Scratch() as scratch:
        outcome = cuts(scratch, 0, "eatmydata")[0]
        check(not outcome.kept_its_word, "the missing syncs were not seen")


if __name__ == "__main__":
    if sys.argv[1:] == ["workload"]:
        workload()
    elif sys.argv[1:] == ["checker"]:
        checker()
    elif unusable_because():
        print(f"power cuts cannot be made here: {unusable_because()}")
        sys.exit(77)
    else:
        main(no_cut_loses_what_was_acknowledged, without_syncs_the_loss_is_seen)
