#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Fails when an include points upward, or when a library's header is included outside its home.

src/layers.txt lists each module, lowest first, and the modules that it may include;
src/third-party.txt lists the homes of libraries. Usage: check_layers.py [ROOT]
"""
from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')
SOURCE_SUFFIXES = {".h", ".cc", ".cpp", ".hpp", ".c"}


@dataclass(frozen=True)
class Include:
    file: Path  # relative to the root
    line: int
    quoted: bool
    target: str

    def complaint(self, text: str) -> str:
        return f"{self.file}:{self.line}: {text}"


@dataclass(frozen=True)
class Rules:
    layers: dict[str, set[str]]  # module -> what it may include, itself among it
    homes: list[tuple[list[str], list[str]]]  # header patterns -> modules and paths


def read_table(path: Path) -> list[tuple[str, list[str]]]:
    rows = []
    for line in path.read_text(encoding="utf-8").splitlines():
        line = line.split("#", 1)[0].strip()
        if line:
            left, _, right = line.partition(":")
            rows.append((left.strip(), right.split()))
    return rows


def read_rules(root: Path) -> tuple[Rules, list[str]]:
    """The rules, and what is wrong with them: a module may only name modules listed before it."""
    layers: dict[str, set[str]] = {}
    wrong = []
    for module, allowed in read_table(root / "src/layers.txt"):
        for other in allowed:
            if other not in layers:
                wrong.append(f"src/layers.txt: {module} may include {other}, which is not below it")
        layers[module] = {module, *allowed}
    homes_file = root / "src/third-party.txt"
    homes = read_table(homes_file) if homes_file.exists() else []
    patterns = [([p + "*" if p.endswith("/") else p for p in left.split()], right)
                for left, right in homes]
    return Rules(layers, patterns), wrong


def includes_in(root: Path, file: Path) -> list[Include]:
    found = []
    text = (root / file).read_text(encoding="utf-8", errors="replace")
    for number, line in enumerate(text.splitlines(), start=1):
        match = INCLUDE.match(line)
        if match:
            found.append(Include(file, number, match[1] == '"', match[2]))
    return found


def sources_below(root: Path, folder: str) -> list[Path]:
    below = (root / folder).rglob("*")
    return sorted(f.relative_to(root) for f in below if f.suffix in SOURCE_SUFFIXES)


def module_of(file: Path) -> str | None:
    """The module that a file belongs to; None for what lies in no module's folder."""
    parts = file.parts
    if parts[0] in ("src", "tests") and len(parts) > 2:
        return parts[1]
    if parts[:2] == ("include", "yore") and len(parts) > 3:
        return parts[2]
    return None


def target_module(include: Include, rules: Rules, root: Path) -> tuple[str | None, str | None]:
    """The module that is included (None: not ours), and what is wrong with the form."""
    first, slash, rest = include.target.partition("/")
    if not include.quoted:
        if first != "yore":
            return None, None
        module, _, _ = rest.partition("/")
        known = module in rules.layers
        return (module, None) if known else (None, f"<{include.target}> is of no module")
    if not slash or first not in rules.layers:
        return None, f'"{include.target}" does not start with a module: write "module/file.h"'
    return first, None


def check_module_include(include: Include, rules: Rules, root: Path) -> str | None:
    own = module_of(include.file)
    module, wrong_form = target_module(include, rules, root)
    if wrong_form:
        return wrong_form
    if module is None:
        return None
    if module not in rules.layers[own]:
        return f"{own} may not include {module} ({include.target}); see src/layers.txt"
    if not include.quoted or include.target.endswith("_generated.h"):
        return None
    if module != own:
        return f'"{include.target}" is private to {module}: move it to include/yore/{module}/'
    if include.file.parts[0] == "include":
        return f'a public header includes "{include.target}", which is private'
    return None


def check_home(include: Include, rules: Rules) -> str | None:
    for patterns, homes in rules.homes:
        if not any(fnmatchcase(include.target, pattern) for pattern in patterns):
            continue
        place = include.file.as_posix()
        if module_of(include.file) in homes or any(place.startswith(h + "/") for h in homes):
            return None
        return f"<{include.target}> has its home in {', '.join(homes)}; see src/third-party.txt"
    return None


def check_modules_listed(root: Path, rules: Rules) -> list[str]:
    wrong = []
    for folder in ("src", "include/yore"):
        for path in sorted((root / folder).glob("*/")):
            if path.is_dir() and path.name not in rules.layers:
                wrong.append(f"{folder}/{path.name}: the module is missing from src/layers.txt")
    for module in rules.layers:
        if not (root / "src" / module).is_dir():
            wrong.append(f"src/layers.txt: {module} has no folder src/{module}")
    return wrong


def check_tree(root: Path) -> list[str]:
    rules, wrong = read_rules(root)
    wrong += check_modules_listed(root, rules)
    for folder in ("src", "include", "tests"):
        for file in sources_below(root, folder):
            in_layers = folder != "tests" and module_of(file) in rules.layers
            for include in includes_in(root, file):
                complaint = check_home(include, rules)
                if complaint is None and in_layers:
                    complaint = check_module_include(include, rules, root)
                if complaint:
                    wrong.append(include.complaint(complaint))
    return wrong


def main() -> int:
    root = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parents[2])
    wrong = check_tree(root)
    for complaint in wrong:
        print(complaint, file=sys.stderr)
    if not sources_below(root, "src"):
        print(f"{root}: no sources found", file=sys.stderr)
        return 2
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
