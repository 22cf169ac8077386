# SPDX-License-Identifier: Apache-2.0
"""Bytes read from a mount are the source's: mapped, direct, in parallel, beside a walk, damaged."""
import ctypes
import errno
import hashlib
import mmap
import os
import random
import threading

from harness import (check, command, difference, errno_of, fingerprint, libc, main, make_tree,
                     mounted)

LARGE = 24 << 20


def make_large(home):
    make_tree(home, files=30)
    rng = random.Random(7)
    with open(f"{home}/large", "wb") as out:
        for _ in range(LARGE >> 20):
            out.write(rng.randbytes(1 << 19) + bytes(1 << 18) + b"text " * 52_428 + b"12345678"[:4])
        out.truncate(LARGE - 17)


def content(path):
    with open(path, "rb") as file:
        return file.read()


def mapped_reads():
    with mounted(make_large) as m:
        wanted = content(f"{m.home}/large")
        with open(f"{m.latest}/large", "rb") as file, \
                mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ) as mapped:
            for offset in random.Random(1).sample(range(len(wanted)), 300):
                check(mapped[offset] == wanted[offset], f"byte {offset}")
            check(hashlib.sha256(mapped).digest() == hashlib.sha256(wanted).digest(), "all of it")


def direct_reads():
    with mounted(make_large) as m:
        wanted = content(f"{m.home}/large")
        descriptor = os.open(f"{m.latest}/large", os.O_RDONLY | os.O_DIRECT)
        rng = random.Random(2)
        for size in (4096, 65536, 1 << 20, 3 << 20):
            buffer = mmap.mmap(-1, size)  # aligned
            for _ in range(8):
                offset = rng.randrange(LARGE // 4096) * 4096
                got = os.preadv(descriptor, [buffer], offset)
                check(buffer[:got] == wanted[offset:offset + size], f"{size} at {offset}")
        check(os.preadv(descriptor, [buffer], LARGE) == 0, "behind the end")
        os.close(descriptor)


def readers_in_parallel():
    wrong = []

    def read(path, wanted, seed):
        rng = random.Random(seed)
        with open(path, "rb", buffering=0) as file:
            for _ in range(250):
                size = rng.choice((1, 100, 4096, 30_000, 500_000))
                offset = rng.randrange(len(wanted))
                if os.pread(file.fileno(), size, offset) != wanted[offset:offset + size]:
                    wrong.append((seed, offset, size))

    with mounted(make_large, encryption="keyfile") as m:
        wanted = content(f"{m.home}/large")
        threads = [threading.Thread(target=read, args=(f"{m.latest}/large", wanted, seed))
                   for seed in range(8)]
        for thread in threads:
            thread.start()
        while any(thread.is_alive() for thread in threads):
            command("find", m.latest, "-ls")
        for thread in threads:
            thread.join()
        check(not wrong, f"wrong bytes: {wrong[:5]}")
        check(not difference(fingerprint(m.home), fingerprint(m.latest)), "the whole tree")


def pages_resident(path):
    size = os.stat(path).st_size
    with open(path, "rb") as file:
        libc_mmap = ctypes.CDLL(None, use_errno=True).mmap
        libc_mmap.restype = ctypes.c_void_p
        long = ctypes.c_long
        libc_mmap.argtypes = [ctypes.c_void_p, long, ctypes.c_int, ctypes.c_int, ctypes.c_int, long]
        address = ctypes.c_void_p(libc_mmap(None, size, 1, 1, file.fileno(), 0))
    pages = (ctypes.c_ubyte * ((size + 4095) // 4096))()
    libc("mincore", address, long(size), pages)
    libc("munmap", address, long(size))
    return sum(page & 1 for page in pages), len(pages)


def decodings(repo):
    return repo.yore("stats", "--json").json()[-1]["cache"]["misses"]


def snapshots_share_pages():
    with mounted(make_large) as m:
        other = m.snapshot()
        with open(f"{m.home}/large", "ab") as out:
            out.write(b"more")
        changed = m.snapshot()
        one, two, three = [os.stat(f"{tree}/large") for tree in (m.latest, other, changed)]
        check((one.st_dev, one.st_ino) == (two.st_dev, two.st_ino), "one file in two snapshots")
        check(one.st_ino != three.st_ino, "a changed file is another")
        check(os.stat(f"{m.latest}/d0").st_ino != os.stat(f"{other}/d0").st_ino, "directories not")
        check(os.stat(f"{m.latest}/hard").st_ino != os.stat(f"{other}/hard").st_ino, "links not")
        check(pages_resident(f"{other}/large")[0] == 0, "nothing was read")
        content(f"{m.latest}/large")
        decoded = decodings(m.repo)
        resident, pages = pages_resident(f"{other}/large")
        check(content(f"{other}/large") == content(f"{m.latest}/large"), "the same bytes")
        check(decodings(m.repo) == decoded, "no chunk was decoded again")
        check(resident == pages, f"through the other: {resident} of {pages} pages are there")
        check(pages_resident(f"{changed}/large")[0] == 0, "the changed one was not read")
        check(content(f"{changed}/large") == content(f"{m.home}/large"), "the changed one")


def flip_in_largest_file(directory):
    paths = [os.path.join(folder, name) for folder, _, names in os.walk(directory)
             for name in names]
    with open(max(paths, key=os.path.getsize), "r+b") as file:
        middle = os.fstat(file.fileno()).st_size // 2
        flipped = os.pread(file.fileno(), 1, middle)[0] ^ 1
        os.pwrite(file.fileno(), bytes([flipped]), middle)


def read_in_pages(path, wanted):
    """The pages that cannot be read; those that can must be right."""
    failed = []
    with open(path, "rb", buffering=0) as file:
        for offset in range(0, len(wanted), 4096):
            try:
                got = os.pread(file.fileno(), 4096, offset)
                check(got == wanted[offset:offset + 4096], f"wrong bytes at {offset}")
            except OSError as error:
                check(error.errno == errno.EIO, f"{error} at {offset}")
                failed.append(offset // 4096)
    return failed


def damage_is_local():
    with mounted(make_large) as m:
        m.repo.umount(m.point)
        flip_in_largest_file(m.repo.path)
        process = m.repo.start_mount(m.point)
        wanted = content(f"{m.home}/large")
        failed = read_in_pages(f"{m.latest}/large", wanted)
        check(failed, "the damage is met")
        check(failed == list(range(failed[0], failed[-1] + 1)) and len(failed) <= 258,
              f"nothing around it: pages {failed[0]} to {failed[-1]}, {len(failed)}")
        check(read_in_pages(f"{m.latest}/large", wanted) == failed, "the same pages again")
        with open(f"{m.latest}/large", "rb", buffering=0) as file:
            check(errno_of(os.pread, file.fileno(), 1 << 20, failed[0] * 4096) == errno.EIO,
                  "a read that begins in it")
        check(fingerprints_below(m.home) == fingerprints_below(m.latest), "all other files")
        m.repo.umount(m.point)
        check(process.wait(timeout=20) == 0, "the mount ended well")
        told = process.stderr.read().decode()
        lines = [line for line in told.splitlines() if "large" in line]
        # A block of the database, in which small packs are, may hold two chunks.
        check(1 <= len(lines) <= 2 and all("chunk" in line for line in lines),
              f"a line names file and chunk: {told}")


def fingerprints_below(root):
    """Of each directory; not of the damaged file beside them, whose content cannot be taken."""
    return {entry.name: fingerprint(entry.path) for entry in os.scandir(root) if entry.is_dir()}


if __name__ == "__main__":
    main(mapped_reads, direct_reads, readers_in_parallel, snapshots_share_pages,
         damage_is_local)
