# SPDX-License-Identifier: Apache-2.0
"""What programs do to files, in a clone: fio's verification of what it wrote, in each of its ways
to write, and packages that dpkg unpacks and replaces, name by name, with syncs."""
import os
import shutil

from clones import cloned
from harness import Scratch, check, command, main, same_trees

SIZE = 256 << 20 if os.environ.get("YORE_LIMITS") == "full" else 6 << 20
WAYS = {"buffered": ("--ioengine=psync", "--bsrange=512-64k"),
        "direct": ("--ioengine=psync", "--direct=1", "--bsrange=4k-64k"),
        "mapped": ("--ioengine=mmap", "--bsrange=512-64k"),
        "vectors": ("--ioengine=pvsync", "--bsrange=512-64k", "--fdatasync=16")}
PACKAGES = ("bash", "gzip", "sed")


def random_files(home):
    for way in WAYS:
        with open(f"{home}/{way}", "wb") as out:
            out.write(os.urandom(SIZE))


def verified(path, way, *more):
    command("fio", "--name=verified", f"--filename={path}", f"--size={SIZE}", "--rw=randwrite",
            "--verify=crc32c", "--verify_fatal=1", "--fallocate=none", "--end_fsync=1",
            "--verify_state_save=0", "--minimal", *WAYS[way], *more)


def fio_reads_what_it_wrote():
    check(shutil.which("fio"), "fio is not installed")
    with cloned(random_files) as c:
        clone = c.create("test")
        for way in WAYS:
            verified(f"{clone}/{way}", way)
            verified(f"{clone}/new-{way}", way)
        c.kill_owner()
        c.repo.yore("clone", "mount", "test")
        for way in WAYS:
            verified(f"{clone}/{way}", way, "--verify_only=1")
            verified(f"{clone}/new-{way}", way, "--verify_only=1")


def package(scratch, version):
    """The files of some packages that are installed here."""
    built = scratch.path(f"package{version}")
    os.makedirs(f"{built}/DEBIAN")
    with open(f"{built}/DEBIAN/control", "w", encoding="ascii") as out:
        out.write(f"Package: tried\nVersion: {version}\nArchitecture: all\n"
                  "Maintainer: nobody <nobody@example.org>\nDescription: tried\n")
    files = command("dpkg-query", "-L", *PACKAGES)
    command("tar", "-C", "/", "--no-recursion", "-cf", scratch.path("files.tar"), "-T", "-",
            input=b"\n".join(sorted({line for line in files.splitlines()
                                     if line.startswith(b"/usr/") and os.path.lexists(line)})))
    command("tar", "-C", built, "-xpf", scratch.path("files.tar"))
    os.link(f"{built}/usr/share/doc/sed/copyright", f"{built}/usr/linked")
    made = scratch.path(f"tried{version}.deb")
    command("dpkg-deb", "-Znone", "--build", built, made)
    return made


def install(root, made):
    os.makedirs(f"{root}/var/lib/dpkg/info", exist_ok=True)
    with open(f"{root}/var/lib/dpkg/status", "ab"):
        pass
    command("dpkg", f"--root={root}", "--force-not-root", "--install", made)


def packages_are_unpacked_and_replaced():
    if not shutil.which("dpkg-deb"):
        return  # nothing of Debian is here
    with Scratch() as scratch:
        unpack_and_replace([package(scratch, version) for version in (1, 2)])


def unpack_and_replace(packages):
    with cloned(lambda home: install(f"{home}/root", packages[0])) as c:
        clone = c.create("test")
        for top in (c.home, clone):
            install(f"{top}/root", packages[1])
            command("dpkg-deb", "-x", packages[0], f"{top}/extracted")
        for _ in range(2):
            for part in ("root/usr", "extracted"):
                same_trees(f"{c.home}/{part}", f"{clone}/{part}", "--omit-dir-times")
            told = command("dpkg-query", f"--admindir={clone}/root/var/lib/dpkg", "-W")
            check(told.split() == [b"tried", b"2"], f"{told}")
            c.kill_owner()
            c.repo.yore("clone", "mount", "test")


if __name__ == "__main__":
    main(fio_reads_what_it_wrote, packages_are_unpacked_and_replaced)
