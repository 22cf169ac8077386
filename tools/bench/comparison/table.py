# SPDX-License-Identifier: Apache-2.0
"""Results as JSON lines, the Markdown table made from them, and what must be reached."""
from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from statistics import median

BEGIN, END = "<!-- compare: begin -->", "<!-- compare: end -->"
TOOLS = ("yore", "restic", "borg", "squashfuse_ll", "native")


@dataclass(frozen=True)
class Row:
    name: str  # as figures.py returns it
    title: str
    unit: str


@dataclass(frozen=True)
class Target:
    """What Yore's value must be, against another value of the same data set or a plain number."""
    row: str
    data: str
    sign: str  # "<=" or ">="
    factor: float
    tool: str = ""  # "": the factor is the value itself
    other_row: str = ""  # of yore itself, when it is compared with another of its rows


ROWS = [
    Row("first-backup", "first backup", "s"),
    Row("repository-size", "repository after it", "MB"),
    Row("changed-backup", "backup of the changed cluster", "s"),
    Row("bytes-added", "bytes it added", "MB"),
    Row("unchanged-backup", "second backup, nothing changed (native: warm `find -ls`)", "s"),
    Row("backup-memory", "resident memory of a backup", "MiB"),
    Row("mount-time", "mount, to the first `ls`", "ms"),
    Row("find-ls", "`find -ls`, cold", "s"),
    Row("copy-out", "`cp -a` out of the mount, cold", "s"),
    Row("restore", "restore command", "s"),
    Row("read-cold", "largest file, sequential, cold", "MiB/s"),
    Row("read-cold-4", "the same, 4 readers", "MiB/s"),
    Row("read-warm", "the same, again", "MiB/s"),
    Row("random-cold", "the same, random 4 KiB, cold", "1/s"),
    Row("deltas-read-first", "first snapshot, sequential, cold", "MiB/s"),
    Row("deltas-read-second", "second snapshot (deltas), sequential, cold", "MiB/s"),
    Row("deltas-random-first", "first snapshot, random 4 KiB, cold", "1/s"),
    Row("deltas-random-second", "second snapshot (deltas), random 4 KiB, cold", "1/s"),
    Row("other-snapshot", "file read before through another snapshot", "MiB/s"),
    Row("mount-memory", "resident memory of a mount", "MiB"),
]

TARGETS = [
    *[Target("first-backup", d, "<=", f, "restic")
      for d, f in (("a", 0.5), ("b", 0.4), ("c", 0.4), ("d", 0.6))],
    *[Target("repository-size", d, "<=", f, "restic")
      for d, f in (("a", 1.0), ("b", 0.9), ("c", 0.9), ("d", 0.3))],
    Target("bytes-added", "a", "<=", 0.15, "restic"),
    Target("unchanged-backup", "d", "<=", 0.15, "restic"),
    Target("unchanged-backup", "d", "<=", 2.0, "native"),
    Target("mount-time", "d", "<=", 100),
    Target("mount-time", "1000 snapshots", "<=", 100),
    Target("deltas-read-second", "a", ">=", 0.6, other_row="deltas-read-first"),
    Target("deltas-random-second", "a", ">=", 0.6, other_row="deltas-random-first"),
    *[Target("find-ls", d, "<=", f, tool) for d in ("b", "d")
      for f, tool in ((1.2, "native"), (0.3, "squashfuse_ll"))],
    Target("copy-out", "b", "<=", 1.0, "native"),
    Target("copy-out", "b", "<=", 0.15, "restic"),
    *[Target("restore", d, "<=", 0.5, "restic") for d in ("a", "b")],
    Target("read-cold", "c", ">=", 1e9 / 2**20),
    Target("read-cold", "c", ">=", 3.0, "restic"),
    Target("read-warm", "c", ">=", 0.8, "native"),
    *[Target(row, "a", ">=", f, tool) for row in ("read-cold", "read-cold-4")
      for f, tool in ((0.9, "squashfuse_ll"), (4.0, "restic"))],
    Target("random-cold", "a", ">=", 1.0, "squashfuse_ll"),
    Target("random-cold", "a", ">=", 10.0, "restic"),
    Target("other-snapshot", "c", ">=", 0.8, "native"),
]

Medians = dict[tuple[str, str, str], float]  # row, data, tool


def append(results: Path, lines: list[dict]) -> None:
    with open(results, "a", encoding="utf-8") as file:
        for line in lines:
            file.write(json.dumps(line) + "\n")


def read_medians(results: Path) -> Medians:
    """Of each row, data set and tool the run that was started last counts."""
    batches: dict[tuple[str, str, str], dict[str, list[float]]] = defaultdict(
        lambda: defaultdict(list))
    for line in results.read_text(encoding="utf-8").splitlines():
        entry = json.loads(line)
        batches[entry["row"], entry["data"], entry["tool"]][entry["started"]].append(entry["value"])
    medians = {}
    for key, by_start in batches.items():
        values = by_start[max(by_start)]
        medians[key] = max(values) if key[0].endswith("-memory") else median(values)
    return medians


def number(value: float | None) -> str:
    if value is None:
        return "–"
    digits = 0 if value >= 100 else 1 if value >= 10 else 2
    return f"{value:,.{digits}f}"


def judge(target: Target, medians: Medians) -> str | None:
    """`0.41 × restic (≤ 0.5): reached`; None when one of the values is missing."""
    ours = medians.get((target.row, target.data, "yore"))
    base_key = (target.other_row or target.row, target.data, target.tool or "yore")
    base = medians.get(base_key) if target.tool or target.other_row else 1.0
    if ours is None or not base:
        return None
    ratio = ours / base
    reached = ratio <= target.factor if target.sign == "<=" else ratio >= target.factor
    sign = "≤" if target.sign == "<=" else "≥"
    verdict = "reached" if reached else "**missed**"
    if not target.tool and not target.other_row:
        return f"{sign} {number(target.factor)}: {verdict}"
    against = target.tool or "first"
    return f"{number(ratio)} × {against} ({sign} {target.factor:g}): {verdict}"


def markdown(medians: Medians) -> str:
    tools = [tool for tool in TOOLS if any(key[2] == tool for key in medians)]
    lines = ["| figure | data | unit | " + " | ".join(tools) + " | must reach |",
             "|---|---|---|" + "---:|" * len(tools) + "---|"]
    for row in ROWS:
        for data in sorted({key[1] for key in medians if key[0] == row.name}):
            cells = [number(medians.get((row.name, data, tool))) for tool in tools]
            judged = [judge(t, medians) for t in TARGETS if (t.row, t.data) == (row.name, data)]
            verdict = "; ".join(text for text in judged if text)
            lines.append(f"| {row.title} | {data} | {row.unit} | {' | '.join(cells)} | {verdict} |")
    return "\n".join(lines)


def summary(medians: Medians) -> str:
    judged = [text for text in (judge(target, medians) for target in TARGETS) if text]
    missed = sum("missed" in text for text in judged)
    return f"{len(judged) - missed} of {len(judged)} measured targets reached, {missed} missed"


def update_page(page: Path, text: str) -> None:
    """Replaces what stands between the markers."""
    old = page.read_text(encoding="utf-8")
    if BEGIN not in old or END not in old:
        raise SystemExit(f"{page}: no lines {BEGIN} and {END}")
    head, _, rest = old.partition(BEGIN)
    page.write_text(f"{head}{BEGIN}\n{text}\n{END}{rest.partition(END)[2]}", encoding="utf-8")
