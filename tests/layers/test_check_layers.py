#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Shows that check_layers can fail: small trees, each with one fault, and one without any."""
from __future__ import annotations

import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from check_layers import check_tree  # noqa: E402

SOUND = {
    "src/layers.txt": "# a comment\nbase:\nstore: base\nview: base store\n",
    "src/third-party.txt":
        "rocksdb/: store\nfuse_*: view tests/system/block_image\ncatch2/: tests\n",
    "src/base/a.cc": "#include <yore/base/a.h>\n\n#include <vector>\n",
    "include/yore/base/a.h": "#pragma once\n",
    "src/store/b.cc": '#include <yore/base/a.h>\n#include <rocksdb/db.h>\n#include "store/b.h"\n',
    "src/store/b.h": "#pragma once\n",
    "src/view/c.cc": '#include <yore/store/b.h>\n#include "store/rows_generated.h"\n',
    "tests/store/test_b.cc": "#include <catch2/catch.hpp>\n#include <rocksdb/db.h>\n",
    "tests/system/block_image/main.cc": "#include <fuse_lowlevel.h>\n",
}


def complaints(changed: dict[str, str]) -> list[str]:
    with tempfile.TemporaryDirectory(prefix="yore-layers-") as folder:
        for name, text in {**SOUND, **changed}.items():
            path = Path(folder, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return check_tree(Path(folder))


class CheckLayers(unittest.TestCase):
    def assert_fault(self, name: str, text: str, expected: str) -> None:
        found = complaints({name: text})
        self.assertEqual(len(found), 1, found)
        self.assertIn(expected, found[0])
        self.assertIn(name, found[0])

    def test_a_sound_tree_passes(self):
        self.assertEqual(complaints({}), [])

    def test_an_upward_include_by_public_name_is_found(self):
        self.assert_fault("src/base/a.cc", "#include <yore/store/b.h>\n",
                          "base may not include store")

    def test_an_upward_include_by_private_name_is_found(self):
        self.assert_fault("src/base/a.cc", '#include "store/b.h"\n', "base may not include store")

    def test_an_upward_include_in_a_public_header_is_found(self):
        self.assert_fault("include/yore/store/b.h", "# include <yore/view/c.h>\n",
                          "store may not include view")

    def test_another_modules_private_header_is_found(self):
        self.assert_fault("src/view/d.cc", '#include "store/b.h"\n', "private to store")

    def test_a_private_header_in_a_public_one_is_found(self):
        self.assert_fault("include/yore/store/b.h", '#include "store/b.h"\n', "which is private")

    def test_an_include_without_its_module_is_found(self):
        self.assert_fault("src/store/d.cc", '#include "b.h"\n', "does not start with a module")

    def test_an_unknown_module_is_found(self):
        self.assert_fault("src/view/d.cc", "#include <yore/nowhere/d.h>\n", "of no module")

    def test_a_library_outside_its_home_is_found(self):
        self.assert_fault("src/view/d.cc", "#include <rocksdb/db.h>\n", "has its home in store")
        self.assert_fault("include/yore/base/d.h", '#include "rocksdb/db.h"\n',
                          "has its home in store")

    def test_a_library_in_a_test_of_another_module_is_found(self):
        self.assert_fault("tests/view/test_c.cc", "#include <rocksdb/db.h>\n",
                          "has its home in store")

    def test_a_test_library_in_the_product_is_found(self):
        self.assert_fault("src/store/d.cc", "#include <catch2/catch.hpp>\n",
                          "has its home in tests")

    def test_an_unlisted_module_is_found(self):
        found = complaints({"src/extra/a.cc": "#include <vector>\n"})
        self.assertEqual(found, ["src/extra: the module is missing from src/layers.txt"])

    def test_a_listed_module_without_a_folder_is_found(self):
        found = complaints({"src/layers.txt": SOUND["src/layers.txt"] + "ghost: base\n"})
        self.assertEqual(found, ["src/layers.txt: ghost has no folder src/ghost"])

    def test_a_cycle_in_the_layers_is_found(self):
        found = complaints({"src/layers.txt": "base: store\nstore: base\nview: base store\n"})
        self.assertEqual(len(found), 1, found)
        self.assertIn("base may include store, which is not below it", found[0])


if __name__ == "__main__":
    unittest.main()
