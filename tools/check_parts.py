#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Builds three trees and runs the tests of each; tools/check starts it.

release   g++ -Werror, all suites: house (style, layers), unit, system (real mounts, power cuts)
asan      clang with address and undefined sanitizers: the unit tests, and the fuzz targets
tsan      clang with the thread sanitizer: the unit tests of the modules that have threads

Only what a chosen part needs is built. Logs are below build/check/.
"""
from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BUILD = ROOT / "build" / "check"
SANITIZERS = ROOT / "tests" / "sanitizers"
TAIL_LINES = 40
THREADED_MODULES = ["store", "view", "mount", "ingest", "clone", "mounted_clone", "restore",
                    "upkeep", "server"]


@dataclass(frozen=True)
class Tree:
    name: str
    compiler: str
    options: tuple[str, ...]
    environment: dict[str, str] = field(default_factory=dict)
    slowness: int = 1  # how much longer tests may take


@dataclass(frozen=True)
class Part:
    """One run of tests: a suite in a tree, perhaps only some tests of it."""
    tree: Tree
    suite: str
    only: tuple[str, ...] = ()


@dataclass
class Counts:
    passed: int = 0
    failed: int = 0
    skipped: int = 0

    def add(self, other: Counts) -> None:
        self.passed += other.passed
        self.failed += other.failed
        self.skipped += other.skipped

    def __str__(self) -> str:
        skipped = f", {self.skipped} skipped" if self.skipped else ""
        return f"{self.passed} passed, {self.failed} failed{skipped}"


RELEASE = Tree("release", "g++", ("-Dwerror=true", "-Doptimization=2", "-Ddebug=false"))
# What templates make of the common headers is made once, with them: half of the time to compile.
# A compiler's cache takes precompiled headers for the same only without their time.
PRECOMPILED = "'-fpch-instantiate-templates', '-Xclang', '-fno-pch-timestamp'"
# Not vptr, null and object-size: half of the time to compile; few classes here are derived from
# others, and what the others find the address sanitizer does.
ASAN = Tree(
    "asan", "clang++-19",
    ("-Db_sanitize=address,undefined", "-Doptimization=1", "-Ddebug=false",
     f"-Dcpp_args=['-g1', '-fno-sanitize=vptr,null,object-size', {PRECOMPILED}]", "-Dfuzzers=true"),
    {"ASAN_OPTIONS": "detect_stack_use_after_return=1:strict_string_checks=1:handle_abort=1",
     "UBSAN_OPTIONS": "print_stacktrace=1:halt_on_error=1:"
                      f"suppressions={SANITIZERS / 'ubsan.txt'}",
     "LSAN_OPTIONS": f"suppressions={SANITIZERS / 'lsan.txt'}:print_suppressions=0"},
    slowness=4)
TSAN = Tree(
    "tsan", "clang++-19",
    ("-Db_sanitize=thread", "-Doptimization=1", "-Ddebug=false",
     f"-Dcpp_args=['-g1', {PRECOMPILED}]"),
    {"TSAN_OPTIONS": "halt_on_error=1:second_deadlock_stack=1:history_size=4:"
                     f"suppressions={SANITIZERS / 'tsan.txt'}"},
    slowness=8)

PARTS = {
    "house": Part(RELEASE, "house"),
    "unit": Part(RELEASE, "unit"),
    "system": Part(RELEASE, "system"),
    "asan": Part(ASAN, "unit"),
    "fuzz": Part(ASAN, "fuzz"),
    "tsan": Part(TSAN, "unit", tuple(THREADED_MODULES)),
}


def main() -> int:
    arguments = parse_arguments()
    started = time.monotonic()
    total = Counts()
    for name in arguments.only or list(PARTS):
        part_started = time.monotonic()
        counts = run_part(PARTS[name], arguments.jobs)
        total.add(counts)
        print(f"{name:8} {counts}, {time.monotonic() - part_started:.0f} s", flush=True)
    print(f"in {time.monotonic() - started:.0f} s")
    print(total)
    return 1 if total.failed else 0


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="tools/check", description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--only", action="append", choices=list(PARTS),
                        help="run this part alone; may be given several times")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="compile with this many")
    parser.add_argument("--no-install", action="store_true", help="install no packages")
    return parser.parse_args()


def run_part(part: Part, jobs: int) -> Counts:
    configured = configure(part.tree)
    if not configured:
        return Counts(failed=1)
    tests = chosen_tests(part)
    if not tests:
        print(f"{part.tree.name}: the suite {part.suite} has no tests")
        return Counts(failed=1)
    if not build(part.tree, tests, jobs):
        return Counts(failed=1)
    return run_tests(part, tests)


def configure(tree: Tree) -> bool:
    """Configures a tree that is new, or whose options are not those of last time."""
    directory, stamp = BUILD / tree.name, BUILD / f"{tree.name}.options"
    wanted = " ".join([tree.compiler, *tree.options])
    log = BUILD / f"{tree.name}.setup.log"
    if (directory / "build.ninja").exists() and stamp.exists() and stamp.read_text() == wanted:
        return run_logged(f"{tree.name}: configure", ["ninja", "-C", directory, "build.ninja"],
                          log, {})
    shutil.rmtree(directory, ignore_errors=True)
    BUILD.mkdir(parents=True, exist_ok=True)
    environment = {"CXX": tree.compiler}
    if shutil.which("ccache"):
        environment["CXX"] = f"ccache {tree.compiler}"
    if shutil.which("mold"):
        environment["CXX_LD"] = "mold"
    command = ["meson", "setup", directory, ROOT, "-Dtests=true", *tree.options]
    if not run_logged(f"{tree.name}: configure", command, log, environment):
        return False
    stamp.write_text(wanted)
    return True


def chosen_tests(part: Part) -> list[dict]:
    """The tests of a part, as meson describes them."""
    described = introspect("--tests", BUILD / part.tree.name)
    tests = [test for test in described if suite_of(test) == part.suite]
    return [test for test in tests if not part.only or test["name"] in part.only]


def suite_of(test: dict) -> str:
    return test["suite"][0].rpartition(":")[2]


def build(tree: Tree, tests: list[dict], jobs: int) -> bool:
    """Builds what the tests need; for the release tree's programs everything, to see -Werror."""
    directory = BUILD / tree.name
    targets = targets_of(tests, directory)
    if not targets:
        return True
    command = ["ninja", "-C", directory, f"-j{jobs}", *(targets if tree is not RELEASE else [])]
    return run_logged(f"{tree.name}: build", command, BUILD / f"{tree.name}.build.log",
                      {"CCACHE_SLOPPINESS": "pch_defines,time_macros"})


def targets_of(tests: list[dict], directory: Path) -> list[str]:
    described = introspect("--targets", directory)
    built = {name for target in described for name in target["filename"]}
    named = {os.path.normpath(word) for test in tests for word in test["cmd"]}
    return sorted(str(Path(name).relative_to(directory)) for name in built & named)


def introspect(what: str, directory: Path) -> list[dict]:
    described = subprocess.run(["meson", "introspect", what, directory], check=True, text=True,
                               stdin=subprocess.DEVNULL, capture_output=True)
    return json.loads(described.stdout)


def run_logged(what: str, command: list, log: Path, environment: dict[str, str]) -> bool:
    with open(log, "w", encoding="utf-8") as out:
        ended = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=out, check=False,
                               stderr=subprocess.STDOUT, env={**os.environ, **environment})
    if ended.returncode != 0:
        print(f"{what} failed; {log}:")
        show_tail(log.read_text(encoding="utf-8", errors="replace"))
    return ended.returncode == 0


def run_tests(part: Part, tests: list[dict]) -> Counts:
    directory = BUILD / part.tree.name
    log = directory / "meson-logs" / f"testlog-{part.suite}.json"
    log.unlink(missing_ok=True)
    subprocess.run(
        ["meson", "test", "-C", directory, "--no-rebuild", "--logbase", f"testlog-{part.suite}",
         "--timeout-multiplier", str(part.tree.slowness), "--suite", part.suite,
         *[t["name"] for t in tests]],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        env={**os.environ, **part.tree.environment}, check=False)
    results = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()] \
        if log.exists() else []
    total = Counts(failed=len(tests) - len(results))  # one that left no result did not pass
    for result in results:
        counts = count(result)
        total.add(counts)
        if counts.failed:
            print(f"{part.tree.name}: {result['name']}: {result['result']}")
            show_tail(result.get("stderr", ""))  # of Catch2's programs: the log
            show_tail(result.get("stdout", ""))  # last, since here they say what failed
    return total


def count(result: dict) -> Counts:
    """The cases of one test program; one case where its output does not tell."""
    if result["result"] == "SKIP":
        return Counts(skipped=1)
    counts = count_cases(result.get("stdout", "") + "\n" + result.get("stderr", ""))
    if result["result"] in ("OK", "EXPECTEDFAIL"):
        return counts if counts.passed or counts.skipped else Counts(passed=1)
    counts.failed = max(counts.failed, 1)
    return counts


def count_cases(output: str) -> Counts:
    counts = Counts()
    for cases in re.findall(r"^All tests passed \(\d+ assertions? in (\d+) test cases?\)", output,
                            re.MULTILINE):
        counts.passed += int(cases)
    for verdicts in re.findall(r"^test cases:[^\n]*", output, re.MULTILINE):
        counts.passed += sum(map(int, re.findall(r"(\d+) passed", verdicts)))
        counts.failed += sum(map(int, re.findall(r"(\d+) failed", verdicts)))
    unittest = r"^Ran (\d+) tests? in [^\n]*\n\n([^\n]*)"
    for ran, verdict in re.findall(unittest, output, re.MULTILINE):
        bad = sum(map(int, re.findall(r"(?:failures|errors)=(\d+)", verdict)))
        skipped = sum(map(int, re.findall(r"skipped=(\d+)", verdict)))
        counts.add(Counts(int(ran) - bad - skipped, bad, skipped))
    if re.search(r"^\d+ checks held, \d+ tests failed$", output, re.MULTILINE):
        counts.passed += len(re.findall(r"^ok \w+ \(", output, re.MULTILINE))
        counts.failed += len(re.findall(r"^FAILED \w+:", output, re.MULTILINE))
    return counts


def show_tail(text: str) -> None:
    if not text:
        return
    lines = text.rstrip().splitlines()
    errors = [line for line in lines[:-TAIL_LINES] if re.search(r"\berror:|^FAILED:", line)]
    for line in errors[:10] + lines[-TAIL_LINES:]:
        print("    " + line)


if __name__ == "__main__":
    sys.exit(main())
