# SPDX-License-Identifier: Apache-2.0
"""Snapshots and sources appear in a mount as they are made; moments resolve however written."""
import ctypes
import datetime
import errno
import json
import os
import threading
import time

from harness import check, command, difference, errno_of, fingerprint, main, make_tree, mounted

MANY = 20_000


def newest_in(m):
    return os.readlink(f"{m.source}/snapshots/latest")


def new_snapshots_appear():
    with mounted(make_tree) as m:
        snapshots = f"{m.source}/snapshots"
        before = os.listdir(snapshots)
        future = f"{snapshots}/2999-01-01T00-00-00Z"
        check(errno_of(os.stat, future) == errno.ENOENT, "absent, and the kernel may know it")
        check(command("cat", f"{m.source}/info.json").count(b'"snapshots": 1') == 1, "info.json")
        listing = os.open(snapshots, os.O_RDONLY)
        for count in (2, 3, 4):
            with open(f"{m.home}/number", "w") as out:
                out.write(str(count))
            fresh = m.snapshot()
            check(os.path.basename(fresh) in os.listdir(snapshots), f"{fresh} is listed")
            check(os.path.basename(fresh) in os.listdir(listing), "in an open directory, too")
            check(newest_in(m) == os.path.basename(fresh), "latest leads to it")
            check(os.readlink(f"{m.source}/at/latest") == f"../snapshots/{os.path.basename(fresh)}",
                  "at/latest")
            check(not difference(fingerprint(m.home), fingerprint(fresh)), "its tree")
            check(not difference(fingerprint(m.home), fingerprint(f"{snapshots}/latest/")), "link")
            info = command("cat", f"{m.source}/info.json")
            check(b'"snapshots": %d' % count in info, f"info.json counts {count}: {info}")
        os.close(listing)
        check(len(os.listdir(snapshots)) == len(before) + 3, "all of them are listed")
        check(os.readlink(f"{m.source}/at/earliest").endswith(os.path.basename(m.latest)),
              "at/earliest stays")


def new_source_appears():
    with mounted(make_tree) as m:
        check(errno_of(os.stat, f"{m.point}/other") == errno.ENOENT, "not there yet")
        check("other" not in os.listdir(m.point), "not listed yet")
        os.makedirs(m.scratch.path("other"))
        make_tree(m.scratch.path("other"), files=3)
        m.repo.yore("source", "add", "other", "--directory", m.scratch.path("other"))
        check("other" in os.listdir(m.point), "listed")
        check(errno_of(os.readlink, f"{m.point}/other/snapshots/latest") == errno.ENOENT, "empty")
        check(os.listdir(f"{m.point}/other/snapshots") == [], "no snapshot")
        m.repo.yore("snapshot", "other")
        check(not difference(fingerprint(m.scratch.path("other")),
                             fingerprint(f"{m.point}/other/snapshots/latest/")), "its tree")
        check(sorted(os.listdir(f"{m.point}/at/now")) == ["home", "other"], "at/now has both")


def is_date(name):
    return len(name) == len("2026-11-21") and name.count("-") == 2


def written(moment):
    """A UTC time in every form that a name may have."""
    zone = datetime.timezone(datetime.timedelta(hours=5, minutes=30))
    there = moment.astimezone(zone)
    return [moment.strftime("%Y-%m-%dT%H:%M:%SZ"), moment.strftime("%Y-%m-%dT%H-%M-%SZ"),
            moment.strftime("%Y-%m-%d %H:%M:%S"), moment.strftime("%Y-%m-%dT%H:%M:%S"),
            moment.strftime("%Y-%m-%dT%H:%M:%S.000Z"), moment.strftime("%Y-%m-%dT%H-%M-%S.0Z"),
            moment.strftime("%Y-%m-%dT%H:%M:%S+00:00"), there.strftime("%Y-%m-%dT%H:%M:%S+05:30"),
            there.strftime("%Y-%m-%dT%H-%M-%S+0530")]


def moments_resolve():
    with mounted(make_tree) as m:
        time.sleep(1.1)
        between = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)
        time.sleep(1.1)
        os.unlink(f"{m.home}/hard")
        second = m.snapshot()
        first_name, second_name = os.path.basename(m.latest), os.path.basename(second)
        for name in written(between):
            at = f"{m.source}/at/{name}"
            check(os.getxattr(at, "user.yore.snapshot").decode() == first_name, name)
            check(os.path.exists(f"{at}/hard"), f"{name}: its tree")
            link = f"{m.point}/at/{name}/home"
            check(os.path.islink(link) and os.path.exists(f"{link}/hard"), f"at/{name} of all")
        for name in (first_name, second_name):
            check(os.getxattr(f"{m.source}/at/{name}", "user.yore.snapshot").decode() == name, name)
        for name in ("now", "now-0s", "latest"):
            check(os.readlink(f"{m.source}/at/{name}") == f"../snapshots/{second_name}", name)
        check([name for name in sorted(os.listdir(f"{m.source}/at")) if not is_date(name)] ==
              ["earliest", "latest"], "moments: not listed")
        check(os.listdir(f"{m.point}/at") == [], "nor those of all sources")
        for name in ("now-1d", "2001-01-01T00:00:00Z", "2999-01-01T00:00:00Z", "yesterday", "now-",
                     "now-5x", "2026-13-01T00:00Z", "2026-02-30T00:00Z", "2026-11-21T25:00Z", "x" *
                     200, "1999-11-21", "2026-11-21T10:00:60Z", "now+1h"):
            for place in (f"{m.source}/at", f"{m.point}/at"):
                check(errno_of(os.stat, f"{place}/{name}") == errno.ENOENT, f"{place}/{name}")


def calendar_leads_to_moments():
    with mounted(make_tree) as m:
        second = m.snapshot()
        found = command("find", f"{m.source}/at", "-mindepth", "4").decode().split()
        check(len(found) == len({os.readlink(link) for link in found}) >= 1, f"{found}")
        for link in found:
            check(os.path.islink(link) and os.path.isdir(link), link)
            check(not difference(fingerprint(m.home), fingerprint(f"{link}/")), f"{link}: its tree")
        last = os.getxattr(sorted(found)[-1], "user.yore.snapshot").decode()
        check(last == os.path.basename(second), "the last second has the newest snapshot")
        plan = json.loads(command("cat", f"{m.source}/at/latest.json"))
        check(plan["snapshot"] == last, f"{plan}")
        windows = json.loads(command("cat", f"{m.source}/windows.json"))["windows"]
        check(len(windows) == 1 and windows[0]["first"]["reason"] == "first snapshot", f"{windows}")


class Listing:
    """A directory read with libc, so that telldir and seekdir can be used."""

    def __init__(self, path):
        self.libc = ctypes.CDLL(None, use_errno=True)
        for name, result in (("opendir", ctypes.c_void_p), ("readdir", ctypes.c_void_p),
                             ("telldir", ctypes.c_long)):
            getattr(self.libc, name).restype = result
        self.stream = ctypes.c_void_p(self.libc.opendir(os.fsencode(path)))

    def tell(self):
        return self.libc.telldir(self.stream)

    def seek(self, place):
        self.libc.seekdir(self.stream, ctypes.c_long(place))

    def read(self):
        entry = self.libc.readdir(self.stream)
        return ctypes.string_at(entry + 19) if entry else None  # d_name of x86-64 and arm64

    def close(self):
        self.libc.closedir(self.stream)


def make_many(home):
    os.makedirs(f"{home}/many")
    for i in range(MANY):
        os.close(os.open(f"{home}/many/name-{i * 7919 % MANY:05d}", os.O_CREAT | os.O_WRONLY))


def getdents(path, after_some=None):
    """All names, asked for with a buffer of 300 bytes: some ten names at a time. Calls
    `after_some` once, when the first of them are there."""
    number = {"x86_64": 217, "aarch64": 61}[os.uname().machine]
    descriptor, buffer, names = os.open(path, os.O_RDONLY), ctypes.create_string_buffer(300), []
    while (got := ctypes.CDLL(None).syscall(number, descriptor, buffer, 300)) > 0:
        at = 0
        while at < got:
            length = int.from_bytes(buffer.raw[at + 16:at + 18], "little")
            names.append(buffer.raw[at + 19:at + length].split(b"\0")[0])
            at += length
        if after_some:
            after_some()
            after_some = None
    os.close(descriptor)
    check(got == 0, f"getdents: {got}")
    return names


def large_directories_are_read_in_part():
    with mounted(make_many) as m:
        many = f"{m.latest}/many"
        taking = threading.Thread(target=m.snapshot)
        taking.start()
        wanted = sorted([b".", b".."] + [b"name-%05d" % i for i in range(MANY)])
        check(sorted(getdents(many)) == wanted, "each name once, with a small buffer")
        listing = Listing(many)
        places = []
        while True:
            place, name = listing.tell(), listing.read()
            if name is None:
                break
            places.append((place, name))
        check(sorted(name for _, name in places) == wanted, "each name once, with readdir")
        taking.join()
        for place, name in places[::997] + places[::-1013]:
            listing.seek(place)
            check(listing.read() == name, f"seekdir to {name}")
        listing.close()
        check(len(os.listdir(f"{m.source}/snapshots")) == 3, "the snapshot is there")


def snapshots_come_while_they_are_listed():
    with mounted(lambda home: None) as m:
        before = {os.path.basename(m.latest)} | {os.path.basename(m.snapshot()) for _ in range(30)}
        fresh = []

        def take():
            fresh.append(os.path.basename(m.snapshot()))

        for _ in range(3):
            names = [name.decode() for name in getdents(f"{m.source}/snapshots", take)]
            check(len(names) == len(set(names)), f"a name came twice: {names}")
            missing = before - set(names)
            check(not missing, f"names that were there all the time are missing: {missing}")
            before |= set(fresh)
        check(before < set(os.listdir(f"{m.source}/snapshots")), "the next listing has them all")


if __name__ == "__main__":
    main(new_snapshots_appear, new_source_appears, moments_resolve,
         calendar_leads_to_moments, large_directories_are_read_in_part,
         snapshots_come_while_they_are_listed)
