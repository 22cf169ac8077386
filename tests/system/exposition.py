# SPDX-License-Identifier: Apache-2.0
"""Reads Prometheus' text format 0.0.4 and checks what a scraper relies on."""
import re
import shutil
import subprocess

from harness import check

NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
SAMPLE = re.compile(rf"({NAME})(?:\{{(.*)\}})? (\S+)")
LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\"n])*)"(?:,|$)')
OF_HISTOGRAM = ("_bucket", "_sum", "_count")


def labels_in(text):
    labels, at = [], 0
    while at < len(text):
        found = LABEL.match(text, at)
        check(found, f"labels: {text!r}")
        labels.append((found[1], found[2]))
        at = found.end()
    check(len(dict(labels)) == len(labels), f"a label twice: {text!r}")
    return tuple(labels)


class Exposition:
    """`kinds`: metric -> counter, gauge or histogram; `samples`: (series, labels) -> value."""

    def __init__(self, text):
        check(text.endswith("\n"), "the last line ends")
        self.kinds, self.helps, self.samples = {}, {}, {}
        self.metric = None
        for line in text[:-1].split("\n"):
            self.take(line)
        for metric, kind in self.kinds.items():
            check(metric in self.helps, f"{metric} has no help")
            check(kind != "counter" or metric.endswith("_total"), f"{metric}: a counter's name")
            check(kind == "counter" or not metric.endswith("_total"), f"{metric}: no counter")
            if kind == "histogram":
                self.check_histogram(metric)

    def take(self, line):
        if line.startswith("# HELP "):
            _, _, self.metric, text = line.split(" ", 3)
            check(self.metric not in self.helps and text, line)
            self.helps[self.metric] = text
        elif line.startswith("# TYPE "):
            _, _, metric, kind = line.split(" ")
            check(metric == self.metric and kind in ("counter", "gauge", "histogram"), line)
            self.kinds[metric] = kind
        else:
            found = SAMPLE.fullmatch(line)
            check(found, f"no sample: {line!r}")
            key = (found[1], labels_in(found[2] or ""))
            check(self.family(found[1]) == self.metric, f"{line!r} is among {self.metric}")
            check(key not in self.samples, f"twice: {line!r}")
            self.samples[key] = float(found[3])

    def family(self, series):
        for suffix in OF_HISTOGRAM:
            base = series.removesuffix(suffix)
            if base != series and self.kinds.get(base) == "histogram":
                return base
        return series if series in self.kinds else None

    def check_histogram(self, metric):
        buckets = {}
        for (series, labels), value in self.samples.items():
            if series == metric + "_bucket":
                others = tuple(label for label in labels if label[0] != "le")
                buckets.setdefault(others, []).append((float(dict(labels)["le"]), value))
        for labels, pairs in buckets.items():
            check(pairs == sorted(pairs) and [v for _, v in pairs] == sorted(v for _, v in pairs),
                  f"{metric}{labels}: buckets grow")
            check(pairs[-1][0] == float("inf") and
                  pairs[-1][1] == self.samples[metric + "_count", labels], f"{metric}: all of them")
            check((metric + "_sum", labels) in self.samples, f"{metric}: its sum")

    def value(self, series, **labels):
        """Of the one series with these labels among its own; none: None."""
        values = [value for (name, own), value in self.samples.items()
                  if name == series and labels.items() <= dict(own).items()]
        check(len(values) < 2, f"{series} {labels}: {values}")
        return values[0] if values else None


def promtool(*arguments, text=None):
    """What the tool of Prometheus says, where it is installed; it is too large to be asked for."""
    tool = shutil.which("promtool")
    if not tool:
        return
    done = subprocess.run([tool, *arguments], input=text, capture_output=True, text=True,
                          check=False, timeout=60)
    check(done.returncode == 0, f"promtool {arguments}: {done.stdout}{done.stderr}")
