# SPDX-License-Identifier: Apache-2.0
"""Log tails under kill -9 and power cuts: every piece that was acknowledged is there, and right."""
import os
import random
import shutil
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "block_image"))
from harness import Scratch, check, main
from power_cut import Setup, run_cuts, unusable_because

APPENDER = os.environ["TAIL_APPENDER"]
KILLS = int(os.environ.get("YORE_KILLS", "8"))
CUTS = int(os.environ.get("YORE_POWER_CUTS", "6"))
SEED = int(os.environ.get("YORE_SEED", "1"))


def run(*arguments):
    return subprocess.run([APPENDER, *arguments], capture_output=True, text=True, check=False)


def kill_9_loses_nothing_acknowledged():
    chosen = random.Random(SEED)
    with Scratch() as scratch:
        repo, acks = scratch.path("repo"), scratch.path("acks")
        check(run("init", repo).returncode == 0, "it was not made")
        for kill in range(KILLS):
            before = os.path.getsize(acks) if os.path.exists(acks) else 0
            with subprocess.Popen([APPENDER, "append", repo, acks, "4000"]) as appending:
                while not os.path.exists(acks) or os.path.getsize(acks) == before:
                    check(appending.poll() is None, f"kill {kill}: it ended by itself")
                    time.sleep(0.005)
                time.sleep(chosen.random() * 0.4)
                appending.kill()
            checked = run("check", repo, acks)
            check(checked.returncode == 0, f"seed {SEED}, kill {kill}: {checked.stderr}")


def cuts(cut_count, before_workload=""):
    return run_cuts(Setup(
        os.environ["BLOCK_IMAGE"],
        f"{before_workload} {APPENDER} append $POWER_CUT_DIR/repo $POWER_CUT_ACKS/acks 3",
        f"{APPENDER} check $POWER_CUT_DIR/repo $POWER_CUT_ACKS/acks",
        prepare=f"{APPENDER} init $POWER_CUT_DIR/repo", size_mib=96, cuts=cut_count, seed=SEED,
        keeps=("none", "half")))


def no_power_cut_loses_what_was_acknowledged():
    for outcome in cuts(CUTS):
        check(outcome.kept_its_word, f"seed {SEED}: {outcome}")


def without_syncs_the_loss_is_seen():
    """The negative control: the same, with fsync and its like doing nothing."""
    check(shutil.which("eatmydata"), "eatmydata is not installed")
    check(not cuts(0, "eatmydata")[0].kept_its_word, "the missing syncs were not seen")


if __name__ == "__main__":
    if unusable_because():
        print(f"power cuts cannot be made here: {unusable_because()}")
        main(kill_9_loses_nothing_acknowledged)
    else:
        main(kill_9_loses_nothing_acknowledged, no_power_cut_loses_what_was_acknowledged,
             without_syncs_the_loss_is_seen)
