# SPDX-License-Identifier: Apache-2.0
"""Level 3 of verify with the commands of sources: run in clones, ended, as other users, kept."""
import os
import pwd
import signal

from clones import cloned, runs, until, write
from exposition import Exposition
from harness import DAMAGED, FAILED, OK, check, difference, errno_of, fingerprint, main

SERIES = (("source", "home"),)


def declare(c, command, *options):
    c.repo.yore("source", "set", "home", "--verify-command", command, *options)


def verify(c, *arguments, expect=OK):
    """The result, and what a person is told."""
    told = c.repo.yore("verify", "--level", "3", *arguments, expect=expect)
    shown = c.repo.yore("source", "show", "home", "--json").json()[-1]["proof"]
    return shown, told.out


def nothing_is_left(c):
    check(c.names() == [] and c.holds() == [], "no clone is left, and no hold")
    clones = c.repo.path + "/clones"
    check(not os.path.isdir(clones) or os.listdir(clones) == [], "no changes of one are left")


def metrics(c):
    return Exposition(c.repo.yore("metrics").out).samples


def processes_with(word):
    """Those that have the word in their command line, but for this one."""
    found = []
    for name in os.listdir("/proc"):
        if name.isdigit() and int(name) != os.getpid():
            try:
                with open(f"/proc/{name}/cmdline", "rb") as file:
                    if word.encode() in file.read():
                        found.append(int(name))
            except OSError:
                pass
    return found


def a_check_that_passes():
    with cloned() as c:
        before = fingerprint(c.home)
        declare(c, 'cmp hard d0/e0/f0 && test "$(pwd)" = "$PWD" && echo "of $YORE_SOURCE"')
        proof, told = verify(c)
        check(f"home@{c.snapshot}: passed" in told and "1 passed" in told, told)
        check(proof["outcome"] == "passed" and proof["state"] == c.snapshot, f"{proof}")
        check(proof["snapshot"] == c.snapshot and proof["reason"] is None, f"{proof}")
        check(proof["last_passed"]["ended"] == proof["ended"], f"{proof}")
        check("of home" in c.repo.yore("jobs", "show", str(proof["job"])).out, "its output")
        check("passed" in c.repo.yore("stats").out, "it is in the figures of the repository")
        check("last check" in c.repo.yore("source", "show", "home").out, "and of the source")
        nothing_is_left(c)
        check(not difference(before, fingerprint(c.home)), "the source is as it was")


def a_check_that_fails():
    with cloned() as c:
        declare(c, "true")
        passed, _ = verify(c)
        declare(c, "echo first; echo second >&2; exit 3")
        proof, told = verify(c, "home", expect=DAMAGED)
        check("failed" in told and "status 3" in told and "    second" in told, told)
        check(proof["outcome"] == "failed" and "status 3" in proof["reason"], f"{proof}")
        check(proof["last_passed"]["ended"] == passed["ended"], "when one last passed")
        shown = c.repo.yore("jobs", "show", str(proof["job"])).out
        check("status 3" in shown and "    first\n    second\n" in shown, shown)
        check(f"jobs show {proof['job']}" in c.repo.yore("source", "show", "home").out, "where")
        samples = metrics(c)
        check(samples[("yore_source_proof_failed", SERIES)] == 1, "the figures tell")
        check(samples[("yore_source_proof_passed", SERIES)] == 0, "both ways")
        nothing_is_left(c)


def a_check_that_hangs():
    with cloned() as c:
        word = "987654.25"  # seconds that nobody else sleeps
        declare(c, f"echo begun; sleep {word} & setsid sleep {word} & sleep {word}",
                "--verify-timeout", "2s")
        proof, told = verify(c, expect=DAMAGED)
        check("did not end within 2s" in told and "begun" in told, told)
        check(proof["outcome"] == "failed", f"{proof}")
        until(lambda: not processes_with(word), "all that it started is ended")
        nothing_is_left(c)


def a_check_that_leaves_something_behind():
    with cloned() as c:
        word = "987654.75"
        declare(c, f"sleep {word} & setsid sleep {word} & exec 3<hard; setsid sleep {word} <&3 &")
        verify(c)
        until(lambda: not processes_with(word), "it ends with the command")
        nothing_is_left(c)


def a_check_that_writes():
    with cloned() as c:
        before = fingerprint(c.home)
        declare(c, "echo changed > hard && rm -r d1 && echo new > new && sync && test -s new")
        verify(c)
        mount = c.repo.mount()
        check(not difference(before, fingerprint(f"{mount}/home/snapshots/{c.snapshot}")),
              "the moment is as it was")
        verify(c)  # by the process that has the mount
        check(not difference(before, fingerprint(f"{mount}/home/snapshots/{c.snapshot}")),
              "again")
        check(c.names() == [], "no clone is left")
        c.repo.umount(mount)


def a_check_as_another_user():
    with cloned() as c:
        nobody = pwd.getpwnam("nobody")
        os.chown(f"{c.home}/hard", nobody.pw_uid, nobody.pw_gid)
        write(f"{c.home}/secret", b"of root")
        os.chmod(f"{c.home}/secret", 0o600)
        os.chmod(c.home, 0o755)
        c.take()
        declare(c, 'id -un && ls -d "$PWD/hard" && echo own > hard && ! cat secret && '
                '! touch new && test "$HOME" != /root', "--verify-user", "nobody")
        proof, told = verify(c)
        check(proof["outcome"] == "passed", told)
        shown = c.repo.yore("jobs", "show", str(proof["job"])).out
        check("    nobody" in shown, shown)
        check(not [name for name in os.listdir("/tmp") if name.startswith("yore-verify")],
              "its directory is gone")
        nothing_is_left(c)
        c.repo.yore("source", "set", "home", "--verify-user", "no-such-user")
        told = c.repo.yore("verify", "--level", "3", expect=FAILED)
        check("no user no-such-user" in told.err, told.err)


def a_check_knows_no_secret_and_has_its_own_processes():
    with cloned() as c:
        c.repo.environment["PGPASSWORD"] = "very secret"
        declare(c, 'cat; env; echo "processes: $(ls /proc | grep -c "^[0-9]")"; '
                "mount -t tmpfs none d1 && touch d1/mounted")
        proof, _ = verify(c)
        shown = c.repo.yore("jobs", "show", str(proof["job"])).out
        check("secret" not in shown and f"YORE_MOMENT=home@{c.snapshot}" in shown, shown)
        count = int(shown.split("processes: ")[1].split()[0])
        check(count < 10, f"it sees its own processes alone: {count}")
        check(errno_of(os.stat, c.home + "/d1/mounted") != 0, "and its own mounts")
        nothing_is_left(c)


def moments_that_are_named_or_random():
    with cloned() as c:
        write(f"{c.home}/version", b"two")
        second = c.take()
        declare(c, "cat version")
        check(verify(c)[0]["state"] == second, "the newest")
        proof, _ = verify(c, f"home@{c.snapshot}", expect=DAMAGED)
        check(proof["state"] == c.snapshot, "one that is named")
        for _ in range(4):
            told = c.repo.run("verify", "--random")
            passed = f"home@{second}: passed" in told.out and told.code == OK
            failed = f"home@{c.snapshot}: failed" in told.out and told.code == DAMAGED
            check(passed or failed, told.out)
        told = c.repo.yore("verify", "--level", "3", "home@2001-01-01T00:00Z", expect=FAILED)
        check("not tried" in told.out and "1 not tried" in told.out, told.out)
        check(metrics(c)[("yore_source_proof_failed", SERIES)] == 0, "which is no failure")


def killed_meanwhile():
    with cloned() as c:
        word = "987654.5"
        declare(c, f"exec sleep {word}")
        process = c.repo.start("verify", "--level", "3")
        until(lambda: processes_with(f"sleep\0{word}"), "it runs")
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        until(lambda: not [one for one in processes_with(word) if runs(one)], "it ends, too")
        mount = c.repo.mount()
        until(lambda: c.names() == [] and c.holds() == [], "the next owner removes its clone")
        c.repo.umount(mount)
        check(c.repo.yore("source", "show", "home", "--json").json()[-1]["proof"] is None,
              "no outcome is recorded")


class Served:
    """A server that has the source and its check from its file."""

    def __init__(self, c, command):
        self.c, self.config = c, c.scratch.path("serve.toml")
        with open(self.config, "w", encoding="utf-8") as out:
            out.write(f"repository = '{c.repo.path}'\n[[source]]\nname = 'home'\n"
                      f"directory = '{c.home}'\nverify.command = '''{command}'''\n"
                      f"verify.timeout = '5m'\n"
                      "[[schedule]]\ntask = 'verify'\nlevel = 3\ncron = '@yearly'\n")
        self.process = None

    def start(self):
        self.process = self.c.repo.start("serve", "--config", self.config)
        until(lambda: self.c.repo.run("schedule", "show", "--task", "verify").code == OK
              and self.c.owner() == self.process.pid, "it serves")

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        check(self.process.wait(timeout=60) == OK, "it stops")


def by_schedule_and_over_restarts():
    with cloned() as c:
        server = Served(c, "echo checked; false")
        server.start()
        check(c.repo.yore("source", "show", "home", "--json").json()[-1][
            "verify"] == {"command": "echo checked; false", "timeout": "5m"}, "from the file")
        c.repo.yore("schedule", "run-now", "--task", "verify")
        proof = {}

        def has_proof():
            proof.update(c.repo.yore("source", "show", "home", "--json").json()[-1]["proof"] or {})
            return proof
        until(has_proof, "it is run")
        check(proof["outcome"] == "failed", f"{proof}")
        job = c.repo.yore("jobs", "show", str(proof["job"]), "--json").json()[-1]
        check(job["scheduled"], "by the schedule")
        server.stop()
        server.start()
        check(c.repo.yore("source", "show", "home", "--json").json()[-1]["proof"] == proof,
              "it is there after a restart")
        samples = metrics(c)
        check(samples[("yore_source_proof_failed", SERIES)] == 1, "also in the figures")
        check("checked" in c.repo.yore("jobs", "show", str(proof["job"])).out, "and its output")
        server.stop()


if __name__ == "__main__":
    main(a_check_that_passes, a_check_that_fails, a_check_that_hangs,
         a_check_that_leaves_something_behind, a_check_that_writes, a_check_as_another_user,
         a_check_knows_no_secret_and_has_its_own_processes, moments_that_are_named_or_random,
         killed_meanwhile, by_schedule_and_over_restarts)
