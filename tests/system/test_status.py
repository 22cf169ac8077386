# SPDX-License-Identifier: Apache-2.0
"""`yore status`: how things stand, by its exit status, for people and for scripts."""
import os
import shutil

from clones import cloned
from following import begin, end, home_of, wait_for
from harness import ATTENTION, DAMAGED, FAILED, OK, Scratch, check, main


def status(repo, *arguments, expect=OK):
    """(Rows of sources, alerts, the result), and what a person is told."""
    rows = repo.yore("status", *arguments, "--json", expect=expect).json()
    told = repo.yore("status", *arguments, expect=expect).out
    sources = {row["source"]: row for row in rows if row.get("event") == "source"}
    alerts = [(row["alert"], row["source"]) for row in rows if row.get("event") == "attention"]
    check(rows[-1]["sources"] == len(sources) and rows[-1]["attention"] == len(alerts), f"{rows}")
    check(("all is well" in told) == (not alerts), told)
    return sources, alerts, rows[-1], told


def a_source_that_is_stored_is_well():
    with cloned() as c:
        sources, alerts, result, told = status(c.repo)
        home = sources["home"]
        check(not alerts and "exit_code" not in result, f"{alerts}")
        check(home["newest"]["name"] == c.snapshot and home["newest"]["age_seconds"] < 60, told)
        check(home["recovery"]["windows"] == 1 and home["recovery"]["gaps"] == 0, f"{home}")
        check(home["log"] is None and home["proof"] is None and home["clones"] == [], f"{home}")
        check(result["verifies"] == [] and result["disk_bytes"] > 0, f"{result}")
        check("home  directory\n" in told and "level 2    never" in told, told)
        c.create("test")  # from now on an owner answers
        for level in ("1", "2"):
            c.repo.yore("verify", "--level", level)
        sources, _, result, told = status(c.repo, "home")
        check(sources["home"]["clones"] == [{"clone": "test", "state": "mounted"}], f"{sources}")
        levels = [(row["level"], row["passed"]) for row in result["verifies"]]
        check(levels == [(1, True), (2, True)], f"{result}")
        check("clones     test (mounted)" in told and "level 2    passed" in told, told)
        c.repo.yore("status", "nobody", expect=FAILED)


def one_that_was_never_stored_is_not():
    with cloned() as c:
        c.repo.yore("source", "add", "new", "--directory", c.home)
        sources, alerts, result, told = status(c.repo, expect=ATTENTION)
        check(alerts == [("YoreNothingStored", "new")] and result["exit_code"] == 5, f"{alerts}")
        check(sources["new"]["newest"] is None and sources["new"]["recovery"] is None, told)
        check("nothing of new can be restored" in told, told)
        check("hint: `yore snapshot new`" in told, told)
        status(c.repo, "new", expect=ATTENTION)
        status(c.repo, "home")
        c.repo.yore("source", "remove", "new")
        check("new" not in status(c.repo)[0], "what nobody feeds is no news")


def a_job_that_failed_and_was_mended():
    with cloned() as c:
        away = c.home + ".away"
        os.rename(c.home, away)
        c.repo.yore("snapshot", "home", expect=FAILED)
        sources, alerts, _, told = status(c.repo, expect=ATTENTION)
        check(alerts == [("YoreJobFailed", "home")], f"{alerts}")
        failed = sources["home"]["failed_job"]
        check(not failed["mended"] and failed["why"], f"{failed}")
        check(failed["command"] == "snapshot", f"{failed}")
        check(f"`yore jobs show {failed['job']}`" in told, told)
        os.rename(away, c.home)
        c.repo.yore("snapshot", "home")
        sources, _, _, told = status(c.repo)
        check(sources["home"]["failed_job"]["mended"] and "succeeded since" in told, told)


def a_check_that_failed():
    with cloned() as c:
        c.repo.yore("source", "set", "home", "--verify-command", "exit 3")
        c.repo.yore("verify", "--level", "3", expect=DAMAGED)
        sources, alerts, _, told = status(c.repo, "home", expect=ATTENTION)
        check(("YoreProofFailed", "home") in alerts, f"{alerts}")
        proof = sources["home"]["proof"]
        check(proof["outcome"] == "failed" and proof["age_seconds"] < 60, f"{proof}")
        check(f"critical  home@{c.snapshot} did not pass its check" in told, told)
        c.repo.yore("source", "set", "home", "--verify-command", "true")
        c.repo.yore("verify", "--level", "3")
        told = status(c.repo)[3]
        check(f"home@{c.snapshot}: passed" in told, told)


def a_log_that_is_followed_and_not():
    with Scratch() as scratch, home_of(scratch) as (home, repo):
        follower = begin(repo)
        sources, _, _, told = status(repo)
        check(sources["home"]["log"]["state"] == "following", f"{sources}")
        check("log        following, " in told and " s behind" in told, told)
        end(follower)
        alerts, told = status(repo, expect=ATTENTION)[1::2]
        check(alerts == [("YoreFollowStopped", "home")], f"{alerts}")
        check("nobody follows home any more" in told, told)
        repo.yore("log", "pause", "home")
        check("log        paused" in status(repo)[3], "a pause is meant")
        repo.yore("log", "resume", "home")
        follower = begin(repo)
        shutil.rmtree(home)
        wait_for(lambda: follower.poll() is not None, "it ends without its directory")
        alerts = status(repo, expect=ATTENTION)[1]
        check(("YoreFollowStopped", "home") in alerts, f"{alerts}")


if __name__ == "__main__":
    main(a_source_that_is_stored_is_well, one_that_was_never_stored_is_not,
         a_job_that_failed_and_was_mended, a_check_that_failed, a_log_that_is_followed_and_not)
