# SPDX-License-Identifier: Apache-2.0
"""Random changes of a directory, and what of them may be there after a loss of power.

    history = History(seed, count, start)     # the same for the same seed
    for change in history.changes:
        apply(change, directory)
    wrong = history.wrong_in(directory, done) # after a cut: `done` of them had been acknowledged

Names and modes must be those after some number of changes, not before the last sync of whatever
file. A file that was synced and not changed since has its bytes; another one has at each place a
byte that was there since its last sync, or zero.
"""
import os
import random
import stat

DIRECTORY, FILE, LINK = "directory", "file", "link"
BLOCK = 512
TAG = "user.tag"


class Node:
    """What a name stands for. `versions`: (after how many changes, its bytes, its time of
    modification in s, if it was given)."""
    def __init__(self, kind, mode, target="", content=None):
        self.kind, self.mode, self.target, self.tag = kind, mode, target, ""
        self.versions = [] if content is None else [(0, content, None)]

    @property
    def content(self):
        return self.versions[-1][1]

    @property
    def touched(self):
        """Whether its time of modification is a given one; a write makes it another."""
        return self.versions[-1][2] is not None

    def told(self):
        return self.kind, self.mode, self.target, self.tag


class History:
    """`start`: path -> Node; two paths of one node are hard links."""
    def __init__(self, seed, count, start):
        self.choice, self.names = random.Random(seed), dict(start)
        self.changes, self.shapes, self.syncs = [], [self.shape()], []
        for _ in range(count):
            self.add(self.next_change())

    def add(self, change):
        self.changes.append(change)
        getattr(self, change[0])(*change[1:])
        self.shapes.append(self.shape())

    def shape(self):
        """Of each path all but bytes: also the node, and what told it at the time."""
        return {path: (node, node.told()) for path, node in self.names.items()}

    # What there is to choose from.

    def some(self, kind):
        return self.choice.choice(sorted(path for path, node in self.names.items()
                                         if node.kind == kind) or [None])

    def new(self):
        """One that is not there; it may have been."""
        while True:
            directory = self.some(DIRECTORY) if self.choice.random() < 0.7 else None
            name = f"n{self.choice.randrange(20)}"
            path = f"{directory}/{name}" if directory else name
            if path not in self.names:
                return path

    def empty_directory(self):
        full = {os.path.dirname(path) for path in self.names}
        return self.choice.choice(sorted(path for path, node in self.names.items()
                                         if node.kind == DIRECTORY and path not in full) or [None])

    def next_change(self):
        kinds = {"write": 10, "truncate": 3, "empty": 2, "punch": 2, "zero": 2, "create": 4,
                 "mkdir": 2, "rmdir": 1, "unlink": 2, "rename": 4, "exchange": 1, "link": 2,
                 "symlink": 1, "chmod": 2, "tag": 2, "touch": 2, "fsync": 4, "fdatasync": 2,
                 "sync_directory": 1, "syncfs": 1}
        while True:
            kind = self.choice.choices(list(kinds), list(kinds.values()))[0]
            if change := getattr(self, f"some_{kind}")():
                if None not in change:
                    return (kind, *change)

    def some_write(self):
        length = self.choice.choice((1, 100, 4096, 5000, 30_000))
        return self.some(FILE), self.some_offset(), self.choice.randbytes(length)

    def some_offset(self):
        return self.choice.choice((0, 1, 4096, self.choice.randrange(100_000)))

    def some_truncate(self):
        return self.some(FILE), self.choice.choice((0, 1, 4096, self.choice.randrange(100_000)))

    def some_punch(self):
        path = self.some(FILE)
        size = len(self.names[path].content) if path else 0
        return (path, self.choice.randrange(size), 1 + self.choice.randrange(20_000)) \
            if size else None

    def some_create(self):
        return self.new(), self.choice.choice((0o600, 0o644, 0o755))

    some_mkdir = some_create

    def some_empty(self):
        return (self.some(FILE),)

    def some_zero(self):
        return self.some(FILE), self.some_offset(), 1 + self.choice.randrange(20_000)

    def some_exchange(self):
        path, to = self.some(self.choice.choice((FILE, DIRECTORY))), self.some(FILE)
        inside = None in (path, to) or to.startswith(path + "/")
        return None if inside or self.names[path] is self.names[to] else (path, to)

    def some_rmdir(self):
        return (self.empty_directory(),)

    def some_unlink(self):
        return (self.some(self.choice.choice((FILE, LINK))),)

    def some_rename(self):
        kind = self.choice.choice((DIRECTORY, FILE, FILE, LINK))
        path, over = self.some(kind), self.some(FILE)
        to = over if kind == FILE and over and self.choice.random() < 0.5 else self.new()
        inside = path is None or to.startswith(path + "/")
        same = path and to in self.names and self.names[path] is self.names[to]
        return None if inside or same else (path, to)

    def some_link(self):
        return self.some(FILE), self.new()

    def some_symlink(self):
        return f"to/{self.choice.randrange(100)}", self.new()

    def some_chmod(self):
        return self.some(self.choice.choice((FILE, DIRECTORY))), self.choice.choice((0o700, 0o777))

    def some_tag(self):
        return self.some(self.choice.choice((FILE, DIRECTORY))), str(self.choice.randrange(1000))

    def some_touch(self):
        return self.some(FILE), self.choice.randrange(1_000_000_000)

    def some_fsync(self):
        return (self.some(FILE),)

    some_fdatasync = some_fsync

    def some_sync_directory(self):
        return (self.some(DIRECTORY),)

    def some_syncfs(self):
        return ()

    # What each does.

    def keep(self, node, content, modified=None):
        node.versions.append((len(self.changes), content, modified))

    def write(self, path, offset, content):
        before = self.names[path].content.ljust(offset, b"\0")
        self.keep(self.names[path], before[:offset] + content + before[offset + len(content):])

    def truncate(self, path, size):
        self.keep(self.names[path], self.names[path].content[:size].ljust(size, b"\0"))

    def punch(self, path, offset, length):
        before = self.names[path].content
        middle = bytes(min(length, len(before) - offset))
        self.keep(self.names[path], before[:offset] + middle + before[offset + len(middle):])

    def zero(self, path, offset, length):
        self.write(path, offset, bytes(length))

    def empty(self, path):
        self.truncate(path, 0)

    def create(self, path, mode):
        self.names[path] = Node(FILE, mode)
        self.keep(self.names[path], b"")

    def mkdir(self, path, mode):
        self.names[path] = Node(DIRECTORY, mode)

    def rmdir(self, path):
        del self.names[path]

    unlink = rmdir

    def rename(self, path, to):
        for name in [name for name in self.names if name == path or name.startswith(path + "/")]:
            self.names[to + name[len(path):]] = self.names.pop(name)

    def exchange(self, path, to):
        self.rename(to, "aside")
        self.rename(path, to)
        self.rename("aside", path)

    def link(self, path, to):
        self.names[to] = self.names[path]

    def symlink(self, target, path):
        self.names[path] = Node(LINK, 0o777, target)

    def chmod(self, path, mode):
        self.names[path].mode = mode

    def tag(self, path, value):
        self.names[path].tag = value

    def touch(self, path, modified):
        self.keep(self.names[path], self.names[path].content, modified)

    def fsync(self, path):
        self.syncs.append((len(self.changes), self.names[path]))

    fdatasync = fsync

    def sync_directory(self, _):
        self.syncs.append((len(self.changes), None))

    def syncfs(self):
        self.syncs.append((len(self.changes), "all"))

    # What is there.

    def wrong_in(self, directory, done):
        """In words; empty: nothing. The change behind the first `done` may be there or not."""
        there = shape_of(directory)
        synced = max((count for count, _ in self.syncs if count <= done), default=0)
        last = min(done + 1, len(self.changes))
        fits = [count for count in range(last, synced - 1, -1)
                if told(self.shapes[count]) == there]
        if not fits:
            nearest = told(self.shapes[synced])
            wrong = [f"{path}: {there.get(path)}, not {nearest.get(path)}"
                     for path in sorted(there.keys() | nearest.keys())
                     if there.get(path) != nearest.get(path)]
            return f"no state since change {synced} of {done}; there differs: {wrong[:6]}"
        # Names that were exchanged, or moved over others, may look the same before and after.
        return min((self.wrong_files(self.shapes[count], directory, done) for count in fits),
                   key=len)

    def wrong_files(self, shape, directory, done):
        wrong = [f"{path}: {problem}" for path, (node, _) in shape.items() if node.kind == FILE and
                 (problem := self.wrong_bytes(node, os.path.join(directory, path), done))]
        return "; ".join(wrong[:6])

    def wrong_bytes(self, node, path, done):
        with open(path, "rb") as file:
            there = file.read()
        synced = max((count for count, what in self.syncs if count <= done and
                      (what is node or what == "all")), default=0)
        old = [version for version in node.versions if version[0] <= synced][-1:]
        since = [content for count, content, _ in node.versions if synced < count <= done + 1]
        versions = [content for _, content, _ in old] + since
        if not since:
            _, content, modified = old[0]
            if modified is not None and os.stat(path).st_mtime_ns != modified * 10**9:
                return f"is of {os.stat(path).st_mtime_ns}, not of {modified}, as synced"
            return "" if there == content else f"is not what was synced by change {synced}"
        sizes = [len(content) for content in versions] + ([] if old else [0])
        if not min(sizes) <= len(there) <= max(sizes):
            return f"has {len(there)} bytes, not {sorted(set(sizes))}"
        for at in range(0, len(there), BLOCK):
            if problem := wrong_block(there, at, versions):
                return problem
        return ""


def wrong_block(there, at, versions):
    block = there[at:at + BLOCK]
    if any(content[at:at + len(block)] == block for content in versions):
        return ""
    for place, byte in enumerate(block, at):
        if byte and all(content[place:place + 1] != bytes([byte]) for content in versions):
            return f"the byte at {place} was never there"
    return ""


def told(shape):
    """Comparable with that of a directory."""
    first = {}
    return {path: (*what, first.setdefault(node, path) if node.kind == FILE else path)
            for path, (node, what) in sorted(shape.items())}


def shape_of(directory):
    first, shape = {}, {}
    for where, directories, files in os.walk(directory):
        for name in directories + files:
            whole = os.path.join(where, name)
            shape[os.path.relpath(whole, directory)] = os.lstat(whole), whole
    there = {}
    for path, (info, whole) in sorted(shape.items()):
        mode = stat.S_IMODE(info.st_mode)
        if stat.S_ISDIR(info.st_mode):
            there[path] = (DIRECTORY, mode, "", tag_of(whole), path)
        elif stat.S_ISLNK(info.st_mode):
            there[path] = (LINK, mode, os.readlink(whole), "", path)
        else:
            there[path] = (FILE, mode, "", tag_of(whole), first.setdefault(info.st_ino, path))
    return there


def tag_of(path):
    return os.getxattr(path, TAG).decode() if TAG in os.listxattr(path) else ""
