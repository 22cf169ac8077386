# SPDX-License-Identifier: Apache-2.0
"""A clone answers each call of a table as a plain directory does: for root and for others, for
what was in its moment and for what is made in it."""
import os

from clones import cloned
from exposition import Exposition
from harness import check, main
from posix_cases import cases, run_in

ROWS = cases()
MUST_BE_SEEN = {"EACCES", "EEXIST", "EINVAL", "EISDIR", "ELOOP", "ENAMETOOLONG", "ENOENT",
                "ENOTDIR", "ENOTEMPTY", "ENXIO", "EPERM"}


def prepare(top):
    os.chmod(top, 0o755)
    told = []
    for number, (first, _) in enumerate(ROWS):
        os.mkdir(f"{top}/{number}")
        os.chmod(f"{top}/{number}", 0o755)
        told.append(run_in(f"{top}/{number}", first))
    return told


def tried(top):
    """What each row gives, and leaves."""
    found = []
    for number, (_, calls) in enumerate(ROWS):
        directory = f"{top}/{number}"
        found.append(run_in(directory, calls) + run_in(directory, left_in(directory)))
    return found


def left_in(directory):
    return ";".join(f"stat {os.path.relpath(os.path.join(where, name), directory)}"
                    for where, directories, files in sorted(os.walk(directory))
                    for name in sorted(directories + files) if len(name) < 256)


def each_call_gives_what_it_gives_in_a_plain_directory():
    with cloned(prepare) as c:
        plain = c.scratch.path("plain")
        os.mkdir(plain)
        prepared, wanted = prepare(plain), tried(plain)
        seen = {told.split()[-1] for row in wanted for told in row}
        check(MUST_BE_SEEN <= seen, f"never seen: {MUST_BE_SEEN - seen}")
        below = c.create("below", "--at", c.scratch.path("below"), "--allow-other")
        made = c.create("made", "--at", c.scratch.path("made"), "--allow-other") + "/new"
        os.mkdir(made)
        check(prepare(made) == prepared, "what prepares the rows goes the same way")
        wrong = [f"{what}, row {row[0].strip()}|: {there} instead of {here}"
                 for what, top in (("of the moment", below), ("made in the clone", made))
                 for row, gave, want in zip(ROWS, tried(top), wanted)
                 for there, here in zip(gave, want) if there != here]
        check(not wrong, f"{len(wrong)} calls:\n" + "\n".join(wrong[:30]))


def asked(c, mount, operation):
    """How often, of a mount."""
    name = "yore_fuse_operation_duration_seconds_count"
    return Exposition(c.repo.yore("metrics").out).samples.get(
        (name, (("mount", mount), ("operation", operation))), 0)


def a_write_is_one_request():
    """The kernel leaves it to Yore what a write takes from a file, and need not ask before each."""
    with cloned() as c:
        mount = c.create("one")
        with open(mount + "/new", "wb", 0) as file:
            for number in range(200):
                file.write(b"%d" % number)
        written, looked = asked(c, mount, "write"), asked(c, mount, "getxattr")
        check(written == 200 and looked < 20, f"{written} writes, {looked} looks at attributes")


if __name__ == "__main__":
    main(each_call_gives_what_it_gives_in_a_plain_directory, a_write_is_one_request)
