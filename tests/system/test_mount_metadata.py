# SPDX-License-Identifier: Apache-2.0
"""What a mount shows of a tree is what was there: links, holes, attributes, ACLs, names, times."""
import collections
import errno
import os
import socket
import stat
import struct
import subprocess

from harness import (AS_OTHER, OTHER_USER, check, command, errno_of, main, make_tree, mounted,
                     same_trees)

TIMES_NS = (0, 1, 999_999_999, 1_700_000_000_123_456_789, -1, -1_500_000_000, 4_500_000_000 * 10**9)


def make_links(home):
    """Links within a directory, across directories, between special files; one unlinked apart."""
    make_tree(home, files=12)
    for i in range(3):
        os.makedirs(f"{home}/links{i}")
    with open(f"{home}/links0/a", "wb") as out:
        out.write(b"linked" * 40_000)
    for name in ("links0/b", "links1/a", "links2/zz"):
        os.link(f"{home}/links0/a", f"{home}/{name}")
    os.mkfifo(f"{home}/links0/fifo")
    os.link(f"{home}/links0/fifo", f"{home}/links2/fifo")
    os.symlink("nowhere", f"{home}/links0/dangling")
    os.link(f"{home}/links0/dangling", f"{home}/links1/dangling", follow_symlinks=False)
    with open(f"{home}/links1/same-content", "wb") as out:
        out.write(b"linked" * 40_000)


def make_special(home):
    for kind, mode, device in (("char", stat.S_IFCHR, (1, 3)), ("fifo", stat.S_IFIFO, (0, 0)),
                               ("block", stat.S_IFBLK, (259, 70_000))):
        os.mknod(f"{home}/{kind}", mode | 0o640, os.makedev(*device))
        os.chown(f"{home}/{kind}", 12, 34)
    with socket.socket(socket.AF_UNIX) as bound:
        here = os.getcwd()
        os.chdir(home)  # the name of a socket is short
        bound.bind("socket")
        os.chdir(here)
    os.symlink("t" * 4095, f"{home}/long-target")
    os.symlink("\udcff/\udcfe", f"{home}/bytes-target")
    for number, mode in enumerate((0, 0o1777, 0o2755, 0o4755, 0o6711)):
        path = f"{home}/mode{number}"
        open(path, "w").close()
        os.chown(path, 1000 + number, 4_000_000_000)
        os.chmod(path, mode)
    os.makedirs(f"{home}/sticky")
    os.chmod(f"{home}/sticky", 0o3770)


def make_names(home):
    for name in (b"\xff\xfe", b"a\nb", b" ", b"-rf", b"\\", b"n" * 255, "\u00e4".encode() * 127,
                 b"caf\xe9", b"caf\xc3\xa9", b"cafe\xcc\x81"):
        path = os.path.join(os.fsencode(home), name)
        with open(path, "wb") as out:
            out.write(name)
    deep = os.open(home, os.O_RDONLY)
    for _ in range(20):  # 20 * 251 > PATH_MAX
        os.mkdir("d" * 250, dir_fd=deep)
        below = os.open("d" * 250, os.O_RDONLY, dir_fd=deep)
        os.close(deep)
        deep = below
    with os.fdopen(os.open("bottom", os.O_CREAT | os.O_WRONLY, dir_fd=deep), "wb") as out:
        out.write(b"deep")
    os.close(deep)


def make_times(home):
    for number, ns in enumerate(TIMES_NS):
        os.makedirs(f"{home}/d{number}")
        open(f"{home}/f{number}", "w").close()
        os.symlink("x", f"{home}/l{number}")
        for kind in "dfl":
            os.utime(f"{home}/{kind}{number}", ns=(ns, ns), follow_symlinks=False)


def make_attributes(home):
    make_tree(home, files=3)
    path = f"{home}/file"
    open(path, "w").close()
    os.setxattr(path, "user.text", b"value")
    os.setxattr(path, "user.empty", b"")
    os.setxattr(path, "user.bytes", bytes(range(256)))
    os.setxattr(path, "user.large", b"x" * 3000)
    os.setxattr(path, "trusted.kept", b"root's")
    # vfs_cap_data, revision 2, effective: cap_net_raw permitted.
    os.setxattr(path, "security.capability", struct.pack("<5I", 0x02000001, 1 << 13, 0, 0, 0))
    os.setxattr(f"{home}/d0", "user.of-directory", b"d")
    os.setxattr(f"{home}/link", "trusted.of-link", b"l", follow_symlinks=False)
    command("setfacl", "-m", f"u:{OTHER_USER}:r--,g:7:rw-,m::r--", path)
    command("setfacl", "-m", "u:1:rwx,d:u:1:rwx,d:g:2:r-x,d:m::rwx", f"{home}/d0")


def identities(root):
    """(dev, ino) -> the sorted paths that have it, with the counts of links."""
    found = collections.defaultdict(list)
    for directory, names, files in os.walk(root):
        for name in names + files:
            path = os.path.join(directory, name)
            info = os.lstat(path)
            if not stat.S_ISDIR(info.st_mode):
                found[info.st_dev, info.st_ino].append((os.path.relpath(path, root),
                                                        info.st_nlink))
    return found


def groups(root):
    return sorted(sorted(paths) for paths in identities(root).values())


def copied(m, way, root):
    copy = m.scratch.path(f"{way} of {os.path.basename(root)}")
    os.makedirs(copy)
    command(*{
        "cp": ["cp", "-a", root + "/.", copy],
        "rsync": ["rsync", "-aHAX", "--modify-window=-1", root + "/", copy + "/"],
        "tar": ["bash", "-c", 'set -o pipefail; tar -C "$0" -c . | tar -C "$1" -xp', root, copy],
    }[way])
    return copy


def hard_links_are_exact():
    with mounted(make_links) as m:
        check(groups(m.latest) == groups(m.home), "the same names are links of each other")
        numbers = {path: key[1] for key, paths in identities(m.latest).items() for path, _ in paths}
        for way in ("cp", "rsync"):
            copy = copied(m, way, m.latest)
            check(groups(copy) == groups(m.home), f"{way} sees the links")
            same_trees(m.home, copy)
        # tar keeps whole seconds, and no links between FIFOs: from the source, neither.
        tars = [groups(copied(m, "tar", root)) for root in (m.latest, m.home)]
        check(tars[0] == tars[1], "tar sees the links")
        # Directories have other sizes on each file system.
        apart, together = [command("du", "-cb", *flag, *(f"{m.latest}/links{i}/a" for i in (0, 1)))
                           for flag in (["-l"], [])]
        check(apart.split()[-2] == b"480000" and together.split()[-2] == b"240000",
              f"du counts a linked file once: {together}, {apart}")
        m.repo.umount(m.point)
        m.repo.yore("mount", m.point)
        m.scratch.mounts.append((m.repo, m.point))
        again = {path: key[1] for key, paths in identities(m.latest).items() for path, _ in paths}
        check(again == numbers, "inode numbers are the same after a remount")


def special_files():
    with mounted(make_special) as m:
        same_trees(m.home, m.latest)
        for name in ("char", "block", "fifo", "socket"):
            kept, was = os.lstat(f"{m.latest}/{name}"), os.lstat(f"{m.home}/{name}")
            check((kept.st_mode, kept.st_rdev, kept.st_uid, kept.st_gid) ==
                  (was.st_mode, was.st_rdev, was.st_uid, was.st_gid), f"{name}: {kept}, was {was}")
        check(errno_of(os.open, f"{m.latest}/char", os.O_RDONLY) == errno.EACCES,
              "nodev: a device that was backed up is no device")
        for name in ("long-target", "bytes-target"):
            check(os.readlink(f"{m.latest}/{name}") == os.readlink(f"{m.home}/{name}"), name)
            check(os.lstat(f"{m.latest}/{name}").st_size == os.lstat(f"{m.home}/{name}").st_size,
                  f"{name}: size")


def bottom_of(root):
    descriptor = os.open(root, os.O_RDONLY)
    depth = 0
    while (names := os.listdir(descriptor)) != ["bottom"]:
        deeper = [name for name in names if name == "d" * 250]
        below = os.open(deeper[0], os.O_RDONLY, dir_fd=descriptor)
        os.close(descriptor)
        descriptor, depth = below, depth + 1
    with os.fdopen(os.open("bottom", os.O_RDONLY, dir_fd=descriptor), "rb") as file:
        content = file.read()
    os.close(descriptor)
    return depth, content


def names_of_any_bytes():
    with mounted(make_names) as m:
        kept, was = os.fsencode(m.latest), os.fsencode(m.home)
        check(sorted(os.listdir(kept)) == sorted(os.listdir(was)), "names are the same bytes")
        for name in os.listdir(was):
            if not name.startswith(b"dddd"):
                with open(os.path.join(kept, name), "rb") as file:
                    check(file.read() == name, f"content of {name}")
        check(errno_of(os.stat, f"{m.latest}/{'n' * 256}") == errno.ENAMETOOLONG,
              "256 bytes are no name")
        check(bottom_of(m.latest) == (20, b"deep"), "a path longer than PATH_MAX")
        check(command("find", m.latest, "-name", "bottom").count(b"\n") == 1, "find gets there")


def times_to_the_nanosecond():
    with mounted(make_times) as m:
        for number, ns in enumerate(TIMES_NS):
            for kind in "dfl":
                kept = os.lstat(f"{m.latest}/{kind}{number}")
                was = os.lstat(f"{m.home}/{kind}{number}")
                check(kept.st_mtime_ns == was.st_mtime_ns, f"{kind} {ns}: {kept.st_mtime_ns}")
                check(kept.st_ctime_ns == was.st_ctime_ns, f"{kind} {ns}: change time")


def attributes_of(path):
    names = os.listxattr(path, follow_symlinks=False)
    return {name: os.getxattr(path, name, follow_symlinks=False) for name in names}


def attributes_and_acls():
    with mounted(make_attributes) as m:
        for name in ("file", "d0", "d1", "link", "d0/e0/f0", "."):
            kept, was = attributes_of(f"{m.latest}/{name}"), attributes_of(f"{m.home}/{name}")
            check(kept == was, f"{name}: {kept}, was {was}")
        names = [".", "d0", "d1", "d0/e0/f0", "file"]
        shown = [command("getfacl", "-n", *names, cwd=root) for root in (m.home, m.latest)]
        check(shown[0] == shown[1], "getfacl")
        same_trees(m.home, m.latest)
        copy = m.scratch.path("copy")
        command("cp", "-a", m.latest + "/.", copy)
        same_trees(m.home, copy)
        check(errno_of(os.getxattr, f"{m.latest}/file", "user.absent") == errno.ENODATA, "absent")


def generated_attributes():
    with mounted(make_tree) as m:
        name = os.path.basename(m.latest)
        check(os.getxattr(m.latest, "user.yore.snapshot") == name.encode(), "snapshot")
        check(os.getxattr(f"{m.latest}/d0", "user.yore.snapshot") == name.encode(), "below it")
        taken = m.repo.yore("snapshots", "home", "--json").json()[0]["ended"]
        check(os.getxattr(m.latest, "user.yore.time").decode() == taken, "time")
        ids = [os.getxattr(f"{m.latest}/{path}", "user.yore.content-id")
               for path in ("hard", "d0/e0/f0", "sparse")]
        check(ids[0] == ids[1] and ids[0] != ids[2], f"content ids: {ids}")
        for path in (m.latest, f"{m.latest}/hard", f"{m.latest}/d0", f"{m.latest}/link"):
            check(not os.listxattr(path, follow_symlinks=False), f"{path}: not listed")


def holes_are_exact():
    def build(home):
        with open(f"{home}/mixed", "wb") as out:
            for offset in (0, 3 << 20, (3 << 20) + 8192, 50 << 20, (90 << 20) + 4096):
                out.seek(offset)
                out.write(b"d" * 4096)
            out.truncate(100 << 20)
        with open(f"{home}/all-hole", "wb") as out:
            out.truncate(1 << 27)
        with open(f"{home}/full", "wb") as out:
            out.write(b"0" * 123_457)
        open(f"{home}/empty", "w").close()

    with mounted(build) as m:
        for name in ("mixed", "all-hole", "full", "empty"):
            check(segments(f"{m.latest}/{name}") == segments(f"{m.home}/{name}"), name)
            check(os.stat(f"{m.latest}/{name}").st_blocks == os.stat(f"{m.home}/{name}").st_blocks,
                  f"{name}: blocks")
        copy = m.scratch.path("copy")
        command("cp", "-a", "--sparse=auto", m.latest, copy)
        same_trees(m.home, copy)
        check(os.stat(f"{copy}/all-hole").st_blocks == 0, "the copy has the hole")


def segments(path):
    """Every answer of SEEK_DATA and SEEK_HOLE, from each bound and beside it."""
    with open(path, "rb") as file:
        descriptor, size = file.fileno(), os.stat(path).st_size
        answers, asked = [], {0, 1, size - 1, size, size + 1}
        waiting = sorted(offset for offset in asked if offset >= 0)
        while waiting:
            offset = waiting.pop()
            for whence in (os.SEEK_DATA, os.SEEK_HOLE):
                try:
                    found = os.lseek(descriptor, offset, whence)
                except OSError as error:
                    answers.append((offset, whence, "errno", error.errno))
                    continue
                answers.append((offset, whence, "at", found))
                for near in (found, found + 1, found - 1) if found != offset else ():
                    if 0 <= near <= size and near not in asked:
                        asked.add(near)
                        waiting.append(near)
        return sorted(answers)


def make_permissions(home):
    os.chmod(home, 0o755)
    for name, mode in (("open", 0o644), ("closed", 0o600), ("acl", 0o600), ("denied", 0o644)):
        with open(f"{home}/{name}", "w") as out:
            out.write(name)
        os.chmod(f"{home}/{name}", mode)
    command("setfacl", "-m", f"u:{OTHER_USER}:r", f"{home}/acl")
    command("setfacl", "-m", f"u:{OTHER_USER}:-", f"{home}/denied")
    for name, mode in (("no-entry", 0o700), ("no-list", 0o711), ("acl-dir", 0o700)):
        os.makedirs(f"{home}/{name}")
        open(f"{home}/{name}/inside", "w").close()
        os.chmod(f"{home}/{name}", mode)
    command("setfacl", "-m", f"u:{OTHER_USER}:rx", f"{home}/acl-dir")


def other_may(*arguments):
    return subprocess.run([*AS_OTHER, *arguments], capture_output=True, check=False).returncode == 0


def permissions_count_for_others():
    with mounted(make_permissions, "--allow-other") as m:
        for what, allowed in {("cat", "open"): True, ("cat", "closed"): False,
                              ("cat", "acl"): True, ("cat", "denied"): False,
                              ("ls", "no-entry"): False, ("cat", "no-entry/inside"): False,
                              ("ls", "no-list"): False, ("cat", "no-list/inside"): True,
                              ("ls", "acl-dir"): True, ("cat", "acl-dir/inside"): True}.items():
            for root in (m.home, m.latest):
                got = other_may(what[0], os.path.join(root, what[1]))
                check(got == allowed, f"{what} below {root}: {got}")
        check(other_may("cat", f"{m.point}/README.txt"), "what is generated, anybody may read")
        check(other_may("ls", f"{m.source}/at/{os.path.basename(m.latest)}"), "at")


def mount_is_ones_own():
    with mounted(make_permissions) as m:
        told = subprocess.run([*AS_OTHER, "ls", m.point], capture_output=True, check=False)
        check(told.returncode != 0 and b"ermission denied" in told.stderr, f"{told}")
        check(not other_may("stat", f"{m.latest}/open"), "nor below it")


if __name__ == "__main__":
    main(hard_links_are_exact, special_files, names_of_any_bytes, times_to_the_nanosecond,
         attributes_and_acls, generated_attributes, holes_are_exact, permissions_count_for_others,
         mount_is_ones_own)
