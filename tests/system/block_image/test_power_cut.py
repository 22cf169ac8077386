#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Shows that power cuts see what they should: an honest writer loses nothing, a liar is caught.

Usage: test_power_cut.py BLOCK_IMAGE
"""
from __future__ import annotations

import shutil
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from power_cut import Outcome, Setup, run_cuts, unusable_because  # noqa: E402

RECORDS = f"{sys.executable} {Path(__file__).parent / 'records.py'}"
BLOCK_IMAGE = sys.argv.pop(1) if len(sys.argv) > 1 else ""


def outcomes(workload: str, **options: object) -> list[Outcome]:
    return run_cuts(Setup(BLOCK_IMAGE, workload, f"{RECORDS} check", size_mib=32, **options))


class PowerCuts(unittest.TestCase):
    def test_a_writer_that_syncs_loses_nothing_that_it_acknowledged(self):
        found = outcomes(f"{RECORDS} append 60", cuts=6)
        self.assertEqual([str(o) for o in found if not o.kept_its_word], [])
        self.assertGreater(found[0].flushes, 60)
        self.assertEqual(found[0].workload_code, 0)
        for outcome in found[1:]:
            self.assertEqual(outcome.writes, outcome.at_write - 1, str(outcome))
            self.assertNotEqual(outcome.workload_code, 0, "it went on without power")

    def test_a_writer_that_does_not_sync_is_caught(self):
        found = outcomes(f"{RECORDS} append 60 --unsynced", cuts=0)
        self.assertFalse(found[0].kept_its_word, str(found[0]))

    @unittest.skipUnless(shutil.which("eatmydata"), "no eatmydata")
    def test_a_writer_whose_syncs_do_nothing_is_caught(self):
        found = outcomes(f"eatmydata {RECORDS} append 60", cuts=0)
        self.assertFalse(found[0].kept_its_word, str(found[0]))

    def test_what_prepare_left_survives_every_cut(self):
        found = outcomes("true", prepare=f"{RECORDS} append 20 --unsynced", cuts=0)
        self.assertTrue(found[0].kept_its_word, str(found[0]))


if __name__ == "__main__":
    reason = unusable_because()
    if reason:
        print(f"power cuts cannot be made here: {reason}")
        sys.exit(77)
    unittest.main()
