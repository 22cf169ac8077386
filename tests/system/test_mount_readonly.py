# SPDX-License-Identifier: Apache-2.0
"""Every call that would change something in a mount is EROFS, in each of its parts."""
import ctypes
import errno
import os
import stat

from harness import check, errno_of, libc, main, make_tree, mounted

AT_FDCWD = -100


def fallocate(path):
    descriptor = os.open(path, os.O_WRONLY)
    try:
        os.posix_fallocate(descriptor, 0, 4096)
    finally:
        os.close(descriptor)


def calls_on_any(path):
    """On a file or directory itself. Not open for writing: a directory is EISDIR to that."""
    times = (1_000_000_000, 1_000_000_000)
    return {
        "chmod": lambda: os.chmod(path, 0o777),
        "chown": lambda: os.chown(path, 1, 1),
        "lchown": lambda: os.lchown(path, 1, 1),
        "utimensat": lambda: os.utime(path, ns=times),
        "utimensat of now": lambda: os.utime(path),
        "setxattr": lambda: os.setxattr(path, "user.new", b"x"),
        "setxattr, generated": lambda: os.setxattr(path, "user.yore.snapshot", b"x"),
        "removexattr": lambda: os.removexattr(path, "user.new"),
        "set an ACL": lambda: os.setxattr(path, "system.posix_acl_access", b"\2\0\0\0"),
        "rename": lambda: os.rename(path, path + ".new"),
        "access": lambda: libc("faccessat", AT_FDCWD, path.encode(), os.W_OK, 0),
    }


def calls_on_file(path):
    flags = {"O_WRONLY": os.O_WRONLY, "O_RDWR": os.O_RDWR, "O_APPEND": os.O_WRONLY | os.O_APPEND,
             "O_TRUNC": os.O_RDONLY | os.O_TRUNC, "O_RDWR O_CREAT": os.O_RDWR | os.O_CREAT}
    calls = {name: lambda flag=flag: os.open(path, flag) for name, flag in flags.items()}
    return calls | {
        "truncate": lambda: os.truncate(path, 0),
        "truncate, longer": lambda: os.truncate(path, 1 << 20),
        "fallocate": lambda: fallocate(path),
        "unlink": lambda: os.unlink(path),
        "link": lambda: os.link(path, path + ".new", follow_symlinks=False),
    }


def calls_in_directory(path):
    new = os.path.join(path, "new")
    return {
        "O_CREAT": lambda: os.open(new, os.O_CREAT | os.O_WRONLY),
        "O_CREAT O_EXCL": lambda: os.open(new, os.O_CREAT | os.O_EXCL | os.O_RDWR),
        "O_TMPFILE": lambda: os.open(path, os.O_TMPFILE | os.O_WRONLY),
        "mkdir": lambda: os.mkdir(new),
        "symlink": lambda: os.symlink("target", new),
        "mkfifo": lambda: os.mkfifo(new),
        "mknod, device": lambda: os.mknod(new, stat.S_IFCHR | 0o600, os.makedev(1, 3)),
        "mknod, file": lambda: os.mknod(new, stat.S_IFREG | 0o600),
    }


def refused(calls, path):
    for name, call in calls.items():
        got = errno_of(call)
        wanted = (errno.EROFS, errno.EOPNOTSUPP) if name == "O_TMPFILE" else (errno.EROFS,)
        check(got in wanted, f"{name} of {path}: {errno.errorcode.get(got, got)}, not EROFS")


def every_write_is_refused():
    with mounted(make_tree) as m:
        at = os.path.join(m.source, "at", os.path.basename(m.latest))
        files = [f"{m.point}/README.txt", f"{m.source}/info.json", f"{m.latest}/d0/e0/f0",
                 f"{m.latest}/hard", f"{m.latest}/sparse", f"{at}/sparse"]
        directories = [m.point, f"{m.point}/at", m.source, f"{m.source}/at",
                       f"{m.source}/snapshots", m.latest, f"{m.latest}/d0", at, f"{at}/d0/e0"]
        before = os.lstat(f"{m.latest}/sparse")
        for path in files:
            refused(calls_on_any(path) | calls_on_file(path), path)
        for path in directories:
            calls = calls_on_any(path) | calls_in_directory(path)
            if path == m.point:
                del calls["rename"]  # of a mountpoint: EBUSY or EXDEV, as for any file system
            else:
                calls["rmdir"] = lambda path=path: os.rmdir(path)
            refused(calls, path)
        check(os.lstat(f"{m.latest}/sparse") == before, "attributes stayed")


def links_cannot_be_changed():
    with mounted(make_tree) as m:
        for path in (f"{m.latest}/link", f"{m.source}/snapshots/latest", f"{m.source}/at/latest"):
            refused({
                "unlink": lambda path=path: os.unlink(path),
                "rename": lambda path=path: os.rename(path, path + ".new"),
                "rename over": lambda path=path: os.rename(f"{m.latest}/hard", path),
                "chown": lambda path=path: os.lchown(path, 1, 1),
                "utimensat": lambda path=path: os.utime(path, ns=(1, 1), follow_symlinks=False),
                "lsetxattr": lambda path=path: os.setxattr(path, "trusted.x", b"",
                                                           follow_symlinks=False),
            }, path)


def shared_mapping_is_not_writable():
    """A mapping for reading cannot become one for writing."""
    prot_read, prot_write, map_shared = 1, 2, 1
    with mounted(make_tree) as m:
        with open(f"{m.latest}/sparse", "rb") as file:
            long = ctypes.c_long
            map_ = ctypes.CDLL(None, use_errno=True).mmap
            map_.restype = ctypes.c_void_p
            map_.argtypes = [ctypes.c_void_p, long, ctypes.c_int, ctypes.c_int, ctypes.c_int, long]
            address = map_(None, 4096, prot_read, map_shared, file.fileno(), 0)
            check(address != ctypes.c_void_p(-1).value, "mmap for reading")
            got = errno_of(libc, "mprotect", ctypes.c_void_p(address), long(4096),
                           prot_read | prot_write)
            check(got == errno.EACCES, f"mprotect for writing: {got}")


if __name__ == "__main__":
    main(every_write_is_refused, links_cannot_be_changed, shared_mapping_is_not_writable)
