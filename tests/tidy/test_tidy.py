#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Shows that tidy can fail: small trees, each with one fault, and one without any."""
from __future__ import annotations

import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from cpp_text import functions  # noqa: E402
from tidy import check_tree  # noqa: E402

SPDX = "// SPDX-License-Identifier: Apache-2.0\n"
SCRIPT = "#!/bin/bash\n# SPDX-License-Identifier: Apache-2.0\n"
SOUND = {
    "README.md": "# It\n[architecture](docs/architecture.md) [why](docs/decisions/)\n",
    "docs/architecture.md": "[format](format.md)\n",
    "docs/format.md": "bytes\n",
    "docs/decisions/2026-01-01-a.md": "because\n",
    "src/store/a.cc": SPDX + "int f() { return '\"' + 1'000; }  // a fork (of a road)\n",
    "src/cli/main.cc": SPDX + "int main() { std::cout << 1; }\n",
    "src/base/time.cc": SPDX + "auto now() { return system_clock::now(); }\n",
    "include/yore/store/a.h": SPDX + "#pragma once\nclass Implementation {};\n",
    "tools/run": SCRIPT + "true\n",
    "tests/a.py": "# SPDX-License-Identifier: Apache-2.0\nprint(1)\n",
}


def complaints(changed: dict[str, str]) -> list[str]:
    with tempfile.TemporaryDirectory(prefix="yore-tidy-") as folder:
        for name, text in {**SOUND, **changed}.items():
            path = Path(folder, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return check_tree(Path(folder))


class Tidy(unittest.TestCase):
    def assert_fault(self, name: str, text: str, expected: str) -> None:
        found = complaints({name: text})
        self.assertEqual(len(found), 1, found)
        self.assertIn(expected, found[0])
        self.assertIn(name, found[0])

    def assert_code_fault(self, code: str, expected: str) -> None:
        self.assert_fault("src/store/b.cc", SPDX + code, expected)

    def test_a_sound_tree_passes(self):
        self.assertEqual(complaints({}), [])

    def test_a_missing_licence_is_found(self):
        self.assert_fault("src/store/b.cc", "int x;\n", "the first line")
        self.assert_fault("tools/other", "#!/bin/bash\ntrue\n", "the first line")

    def test_long_files_are_found(self):
        self.assert_code_fault("int x;\n" * 500, "501 lines; at most 500")
        self.assert_fault("include/yore/store/b.h", SPDX + "#pragma once\n" + "int x();\n" * 149,
                          "151 lines; at most 150")

    def test_long_functions_are_found(self):
        body = "    g();\n" * 69
        self.assert_code_fault("int f() {\n" + body + "}\n", "f has 71 lines; at most 70")
        self.assert_code_fault("class A {\n  public:\n    int f() {\n" + body + "}\n};\n",
                               "f has 71 lines")
        self.assert_code_fault('TEST_CASE("a") {\n' + body + "}\n", "TEST_CASE has 71 lines")
        just_short = "int f() {\n" + body[9:] + "}\n"
        self.assertEqual(complaints({"src/store/b.cc": SPDX + just_short}), [])

    def test_long_lines_are_found(self):
        self.assert_code_fault("int " + "x" * 96 + ";\n", "101 columns")
        self.assert_fault("tools/other", SCRIPT + "# " + "x" * 99 + "\n", "101 columns")

    def test_a_header_without_its_guard_is_found(self):
        self.assert_fault("include/yore/store/b.h", SPDX + "int x();\n", "#pragma once")

    def test_names_that_say_nothing_are_found(self):
        self.assert_code_fault("class PackManager {};\n", "'manager' in PackManager")
        self.assert_code_fault("namespace yore::util {}\n", "'util'")
        self.assert_code_fault("using StoreImpl = int;\n", "'impl'")
        self.assert_fault("src/store/string_utils.cc", SPDX, "'utils' in a file's name")
        self.assert_fault("src/store/TestHelper.cc", SPDX, "'helper' in a file's name")

    def test_leftovers_are_found(self):
        self.assert_code_fault("// TO" "DO later\n", "leftover")
        self.assert_code_fault("# if 0\n#endif\n", "leftover")
        self.assert_fault("tools/other", SCRIPT + "# FIX" "ME\n", "leftover")

    def test_calls_with_one_door_are_found(self):
        for call in ("std::cout << 1", 'printf("x")', "std::fputs(x, stderr)", "std::rand()",
                     "std::chrono::system_clock::now()", "::time(nullptr)", "fork()",
                     "std::random_device device"):
            with self.subTest(call):
                self.assert_code_fault("void f() { " + call + "; }\n", "is not for store")
        self.assertEqual(complaints({"tests/store/test_b.cc": SPDX + "auto x = fork();\n"}), [])

    def test_members_and_other_names_are_not_taken_for_calls(self):
        code = "auto x = row.time() + p->rand() + birth_time() + snprintf(b, 1, c);\n"
        self.assertEqual(complaints({"src/store/b.cc": SPDX + code}), [])

    def test_workplace_paths_are_found(self):
        self.assert_fault("docs/format.md", "see /" "work/notes\n", "absolute path")

    def test_broken_scripts_are_found(self):
        self.assert_fault("tools/other", SCRIPT + "if true\n", "bash -n")
        self.assert_fault("tests/a.py", SOUND["tests/a.py"] + "def\n", "python")

    def test_unlinked_pages_and_broken_links_are_found(self):
        self.assert_fault("docs/lost.md", "here\n", "no link")
        self.assert_fault("docs/format.md", "[x](nowhere.md)\n", "broken link")

    def test_a_long_readme_is_found(self):
        self.assert_fault("README.md", SOUND["README.md"] + "\n" * 149, "151 lines")


class Functions(unittest.TestCase):
    def assert_functions(self, code: str, expected: list[tuple[str, int]]) -> None:
        self.assertEqual([(f.name, f.line_count) for f in functions(code)], expected)

    def test_members_initialised_with_braces_are_part_of_the_constructor(self):
        self.assert_functions("A::A()\n    : a_{1},\n      b_(2) {\n    c();\n}\n", [("A::A", 5)])

    def test_lambdas_and_blocks_are_part_of_their_function(self):
        code = "auto f(int x) -> int {\n  auto g = [&] { return 1; };\n  if (x) { y(); }\n}\n"
        self.assert_functions(code, [("f", 4)])

    def test_tables_and_types_are_not_functions(self):
        code = "struct S {\n  int a = g({1});\n};\nconst int t[] = {1, 2};\nenum class E { a };\n"
        self.assert_functions(code, [])

    def test_braces_in_literals_and_macros_do_not_count(self):
        code = '#define M() {\nint f() {\n  return "{{{"[0] + \'}\' + R"x({)x"[0];\n}\n'
        self.assert_functions(code, [("f", 3)])


if __name__ == "__main__":
    unittest.main()
