# SPDX-License-Identifier: Apache-2.0
"""What came and went in a followed directory between two stored trees is found, and when."""
import os

from following import begin, end, home_of, log_of, wait_for
from harness import Scratch, check, main


def rows(repo, *arguments):
    return [row for row in repo.yore(*arguments, "--json").json() if row.get("event") == "entry"]


class Change:
    """Each change is a moment of its own: it is waited for until it is stored."""

    def __init__(self, repo):
        self.repo = repo

    def points(self):
        return sum(row["restore_points"] for row in log_of(self.repo)
                   if row.get("event") == "segment")

    def __enter__(self):
        self.before = self.points()

    def __exit__(self, kind, error, trace):
        wait_for(lambda: self.points() > self.before, "the change is stored")
        return False


def write(path, text):
    with open(path, "w", encoding="utf-8") as out:
        out.write(text)


def come_and_gone():
    with Scratch() as scratch, home_of(scratch) as (home, repo):
        os.mkdir(f"{home}/d")
        write(f"{home}/d/stays", "x")
        process, change = begin(repo), Change(repo)
        with change:
            write(f"{home}/d/brief", "one")
        with change:
            os.unlink(f"{home}/d/brief")
        with change:
            write(f"{home}/d/stays", "changed")
        with change:
            write(f"{home}/d/brief", "second")
        with change:
            os.rename(f"{home}/d/brief", f"{home}/d/moved")
        with change:
            os.makedirs(f"{home}/d/below")
            write(f"{home}/d/below/deep", "deep")
        with change:
            os.unlink(f"{home}/d/moved")
            os.unlink(f"{home}/d/below/deep")
            os.rmdir(f"{home}/d/below")
        end(process)

        span = "home@earliest..latest"
        found = rows(repo, "find", span, "d")
        check([row["path"] for row in found if row["path"] != "d/stays"] ==
              ["d/brief", "d/brief", "d/moved", "d/below", "d/below/deep"], found)
        briefs = [row for row in found if row["path"] == "d/brief"]
        texts = [repo.yore("cat", f"home@{row['state']}", row["path"]).out for row in briefs]
        check(texts == ["one", "second"], texts)
        check(rows(repo, "find", span, "--name", "deep")[0]["kind"] == "file", "by its name")
        until_first = rows(repo, "find", f"home@earliest..{briefs[0]['state']}", "--name", "brief")
        check([row["state"] for row in until_first] == [briefs[0]["state"]], until_first)
        check(not rows(repo, "find", f"home@{found[-1]['state']}..latest", "--name", "brief"),
              "the span begins later")

        gone = rows(repo, "ls", "--deleted", "home@latest", "d")
        check([row["path"] for row in gone] == ["d/below", "d/brief", "d/moved"], gone)
        texts = [repo.yore("cat", f"home@{row['state']}", row["path"]).out
                 for row in gone if row["kind"] == "file"]
        check(texts == ["second", "second"], "each as it was last")
        check(not rows(repo, "ls", "--deleted", f"home@{briefs[0]['state']}", "d"),
              "before it went, it is not gone")


main(come_and_gone)
