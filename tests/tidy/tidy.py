#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Holds the written style: sizes, names, leftovers, calls that have one door, docs.

Usage: tidy.py [ROOT]

Each rule is a function from a file (or the tree) to complaints; RULES at the end lists them.
"""
from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from cpp_text import blanked, functions  # noqa: E402

LICENCE = "SPDX-License-Identifier: Apache-2.0"
SOURCE_LINES_MAX, HEADER_LINES_MAX, FUNCTION_LINES_MAX, COLUMNS_MAX = 500, 150, 70, 100
README_LINES_MAX = 150
BANNED_WORDS = {"util", "utils", "manager", "helper", "helpers", "impl"}

LEFTOVER = re.compile(r"\b(" + "|".join(["TO" "DO", "FIX" "ME", "X" "XX"]) + r")\b"
                      r"|^\s*#\s*if\s+0\b")
WORKPLACE_PATH = re.compile(r"(?<![\w./$}])/" + r"work/")
DECLARED_NAME = re.compile(
    r"\b(?:class|struct|union|enum(?:\s+class|\s+struct)?|using|namespace|concept)\s+([\w:]+)")

# pattern -> (the modules of src and include that may do it, what to do instead)
BANNED_CALLS = {
    r"\bstd::(?:cout|cerr|clog)\b": ({"cli"}, "log through base/log, or return the text"),
    r"(?<![\w:])(?:std::)?(?:printf|fprintf|puts|fputs|perror)\s*\(":
        ({"cli", "base"}, "log through base/log"),
    r"\b(?:system_clock|utc_clock)::now\b": ({"base"}, "take a Clock"),
    r"(?<![\w.>])(?:std::)?(?:time|gettimeofday|clock_gettime)\s*\(": ({"base"}, "take a Clock"),
    r"(?<![\w.>])(?:std::)?s?rand\s*\(|\bstd::random_device\b":
        ({"base"}, "take a Random"),
    r"(?<![\w.>])v?fork\s*\(":
        ({"base", "cluster", "server", "mount"}, "processes start in base, cluster, server, mount"),
}


@dataclass(frozen=True)
class File:
    root: Path
    path: Path  # relative

    @cached_property
    def bytes(self) -> bytes:
        return (self.root / self.path).read_bytes()

    @cached_property
    def text(self) -> str:
        return self.bytes.decode("utf-8", errors="replace")

    @cached_property
    def lines(self) -> list[str]:
        return self.text.splitlines()

    @property
    def is_cpp(self) -> bool:
        return self.path.suffix in (".cc", ".h")

    @property
    def is_script(self) -> bool:
        return self.path.suffix in (".py", ".sh") or self.bytes.startswith(b"#!")

    @property
    def is_text(self) -> bool:
        return b"\0" not in self.bytes[:8192]

    @property
    def is_code(self) -> bool:
        return self.is_cpp or self.is_script or self.path.suffix == ".fbs" \
            or self.path.name == "meson.build"

    @property
    def module(self) -> str | None:
        """The module whose product code this is; None for tests, tools, docs."""
        parts = self.path.parts
        if parts[0] == "src" and len(parts) > 2:
            return parts[1]
        return parts[2] if parts[:2] == ("include", "yore") and len(parts) > 3 else None

    def at(self, line: int, text: str) -> str:
        return f"{self.path}:{line}: {text}"


Complaints = Iterator[str]


def first_line_is_licence(file: File) -> Complaints:
    if file.is_cpp or file.path.suffix == ".fbs":
        if file.lines[:1] != [f"// {LICENCE}"]:
            yield file.at(1, f"the first line must be: // {LICENCE}")
    elif file.is_script and f"# {LICENCE}" not in file.lines[:2]:
        yield file.at(1, f"the first line after #! must be: # {LICENCE}")


def sizes(file: File) -> Complaints:
    if file.is_cpp:
        most = HEADER_LINES_MAX if file.path.suffix == ".h" else SOURCE_LINES_MAX
        if len(file.lines) > most:
            yield file.at(most, f"{len(file.lines)} lines; at most {most}")
        for function in functions(file.text):
            if function.line_count > FUNCTION_LINES_MAX:
                yield file.at(function.first_line, f"{function.name} has {function.line_count} "
                              f"lines; at most {FUNCTION_LINES_MAX}")
    if file.is_cpp or file.is_script or file.path.suffix == ".fbs":
        for number, line in enumerate(file.lines, start=1):
            if len(line) > COLUMNS_MAX:
                yield file.at(number, f"{len(line)} columns; at most {COLUMNS_MAX}")


def pragma_once(file: File) -> Complaints:
    if file.path.suffix == ".h" and "#pragma once" not in file.lines:
        yield file.at(1, "no #pragma once")


def words_of(name: str) -> set[str]:
    return {w.lower() for w in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", name)}


def names(file: File) -> Complaints:
    for part in file.path.parts:
        for word in words_of(part) & BANNED_WORDS:
            yield file.at(1, f"'{word}' in a file's name says nothing: name the concept")
    if not file.is_cpp:
        return
    for number, line in enumerate(blanked(file.text).splitlines(), start=1):
        for declared in DECLARED_NAME.finditer(line):
            for word in words_of(declared[1]) & BANNED_WORDS:
                yield file.at(number, f"'{word}' in {declared[1]} says nothing: name the concept")


def leftovers(file: File) -> Complaints:
    if not file.is_code:
        return
    for number, line in enumerate(file.lines, start=1):
        found = LEFTOVER.search(line)
        if found:
            yield file.at(number, f"leftover: {found[0].strip()}")


def calls_with_one_door(file: File) -> Complaints:
    if not file.is_cpp or file.module is None:
        return
    for number, line in enumerate(blanked(file.text).splitlines(), start=1):
        for pattern, (allowed, advice) in BANNED_CALLS.items():
            found = re.search(pattern, line)
            if found and file.module not in allowed:
                yield file.at(number, f"{found[0].strip()} is not for {file.module}: {advice}")


def workplace_paths(file: File) -> Complaints:
    for number, line in enumerate(file.lines, start=1):
        if WORKPLACE_PATH.search(line):
            yield file.at(number, "an absolute path of somebody's machine")


def scripts_parse(file: File) -> Complaints:
    if not file.is_script:
        return
    if "python" in file.lines[0] or file.path.suffix == ".py":
        try:
            ast.parse(file.bytes)
        except SyntaxError as error:
            yield file.at(error.lineno or 1, f"python: {error.msg}")
    elif "sh" in file.lines[0]:
        parsed = subprocess.run(["bash", "-n", file.root / file.path], capture_output=True,
                                text=True, check=False)
        if parsed.returncode != 0:
            yield file.at(1, f"bash -n: {parsed.stderr.strip()}")


def docs_are_reachable(root: Path, files: list[File]) -> Complaints:
    entry = [f for f in files if f.path.as_posix() in ("README.md", "docs/architecture.md")]
    linked = {target for page in entry for target in links(root, page)}
    for file in files:
        if file.path.parts[0] != "docs" or file.path.suffix != ".md":
            continue
        path = (root / file.path).resolve()
        if file not in entry and path not in linked and path.parent not in linked:
            yield file.at(1, "no link from README.md or docs/architecture.md leads here")


def links(root: Path, page: File) -> Iterator[Path]:
    for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.text):
        if "://" not in target:
            yield (root / page.path.parent / target).resolve()


def links_lead_somewhere(root: Path, files: list[File]) -> Complaints:
    for file in files:
        if file.path.suffix == ".md":
            for target in links(root, file):
                if not target.exists():
                    yield file.at(1, f"broken link: {target.relative_to(root.resolve())}")


def readme_is_short(_: Path, files: list[File]) -> Complaints:
    for file in files:
        if file.path.as_posix() == "README.md" and len(file.lines) > README_LINES_MAX:
            yield file.at(README_LINES_MAX, f"{len(file.lines)} lines; at most {README_LINES_MAX}")


FILE_RULES = [first_line_is_licence, sizes, pragma_once, names, leftovers, calls_with_one_door,
              workplace_paths, scripts_parse]
TREE_RULES = [docs_are_reachable, links_lead_somewhere, readme_is_short]


def tracked_files(root: Path) -> list[File]:
    """What git would commit; without git, every file."""
    if (root / ".git").exists():
        listed = subprocess.run(
            ["git", "-C", root, "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            capture_output=True, check=True).stdout.decode().split("\0")
        paths = [Path(name) for name in listed if name]
    else:
        paths = [path.relative_to(root) for path in root.rglob("*")]
    existing = [path for path in sorted(set(paths))
                if (root / path).is_file() and not (root / path).is_symlink()]
    return [File(root, path) for path in existing]


def check_tree(root: Path) -> list[str]:
    files = [file for file in tracked_files(root) if file.is_text]
    wrong = [complaint for file in files if file.lines for rule in FILE_RULES
             for complaint in rule(file)]
    return wrong + [complaint for rule in TREE_RULES for complaint in rule(root, files)]


def main() -> int:
    root = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parents[2]).resolve()
    wrong = check_tree(root)
    for complaint in wrong:
        print(complaint, file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
