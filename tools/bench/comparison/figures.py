# SPDX-License-Identifier: Apache-2.0
"""One function a figure: measures one tool on one data set once, and returns what it saw.

The order of rounds and tools is the caller's: tools take turns within a round.
"""
from __future__ import annotations

from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from . import data_sets, machine
from .peers import Peer

BACKUP_TOOLS = ("yore", "restic", "borg")
MOUNT_TOOLS = ("native", "yore", "squashfuse_ll", "restic", "borg")
SNAPSHOTS_MANY = 1000
# What a prepared repository holds: the data sets that were backed up one after the other.
GENERATIONS = {"a": ("a", "a2"), "c": ("c", "c")}

Values = dict[str, float]  # name of a row -> value


@dataclass
class Bench:
    """Where things are. Prepared repositories are kept, and made again for another binary."""
    data: Path
    work: Path
    peers: dict[str, Peer]

    def source(self, name: str) -> Path:
        return data_sets.make(name, self.data)

    @contextmanager
    def shown(self, name: str, hidden: str | None = None):
        """The data set at the path at which every backup sees it."""
        with machine.bound(self.source(name), self.work / "source", hidden) as path:
            yield path

    def repository(self, peer: Peer, name: str) -> Path:
        return self.work / "repositories" / f"{peer.name}-{name}"

    def new_repository(self, peer: Peer, name: str, source: Path) -> Path:
        path = self.repository(peer, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        self.stamp(path).unlink(missing_ok=True)
        machine.remove(path)
        peer.init(path, source)
        return path

    def prepared(self, peer: Peer, name: str) -> Path:
        """A repository with the data set's generations in it, for figures that only read."""
        if peer.name == "native":
            return self.source(name)
        path, stamp = self.repository(peer, name), self.stamp(self.repository(peer, name))
        wanted = peer.fingerprint()
        if stamp.exists() and stamp.read_text() == wanted:
            return path
        generations = GENERATIONS.get(name, (name,))
        if peer.name == "squashfuse_ll":
            generations = generations[:1]
        with self.shown(generations[0]) as source:
            path = self.new_repository(peer, name, source)
        for generation in generations:
            with self.shown(generation) as source:
                peer.backup(path, source)
        stamp.write_text(wanted)
        return path

    def stamp(self, repository: Path) -> Path:
        return repository.with_name(repository.name + ".made")


def first_backup(bench: Bench, peer: Peer, name: str) -> Values:
    with bench.shown(name) as source:
        machine.make_warm(source)
        path = bench.new_repository(peer, name + "-first", source)
        done = peer.backup(path, source)
    size = machine.bytes_below(path) / 1e6
    machine.remove(path)
    return {"first-backup": done.seconds, "repository-size": size, "backup-memory": done.peak_mib}


def changed_backup(bench: Bench, peer: Peer, name: str) -> Values:
    """The cluster, then the changed cluster, both without pg_wal."""
    with bench.shown(name, hidden="pg_wal") as source:
        path = bench.new_repository(peer, name + "-changed", source)
        peer.backup(path, source)
    before = machine.bytes_below(path)
    with bench.shown(name + "2", hidden="pg_wal") as source:
        machine.make_warm(source)
        done = peer.backup(path, source)
    added = (machine.bytes_below(path) - before) / 1e6
    machine.remove(path)
    return {"changed-backup": done.seconds, "bytes-added": added}


def unchanged_backup(bench: Bench, peer: Peer, name: str) -> Values:
    if peer.name == "native":
        tree = bench.source(name)
        find_ls(tree)
        return {"unchanged-backup": find_ls(tree)}
    with bench.shown(name) as source:
        path = bench.new_repository(peer, name + "-unchanged", source)
        peer.backup(path, source)
        find_ls(source)
        done = peer.backup(path, source)
    machine.remove(path)
    return {"unchanged-backup": done.seconds, "backup-memory": done.peak_mib}


def find_ls(tree: Path) -> float:
    return machine.run("find", tree, "-ls").seconds


def mount_time(bench: Bench, peer: Peer, name: str) -> Values:
    path = bench.prepared(peer, name)
    with peer.mount(path) as mounted:
        return {"mount-time": mounted.ready_seconds * 1000}


def mount_time_many(bench: Bench, peer: Peer, name: str) -> Values:
    path = repository_of_many(bench, peer, name)
    with peer.mount(path) as mounted:
        return {"mount-time": mounted.ready_seconds * 1000}


def repository_of_many(bench: Bench, peer: Peer, name: str) -> Path:
    path, stamp = bench.repository(peer, name), bench.stamp(bench.repository(peer, name))
    wanted = peer.fingerprint()
    if stamp.exists() and stamp.read_text() == wanted:
        return path
    source = bench.work / "small"
    source.mkdir(parents=True, exist_ok=True)
    (source / "file").write_text("content\n")
    path = bench.new_repository(peer, name, source)
    for number in range(SNAPSHOTS_MANY):
        (source / "file").write_text(f"content {number}\n")
        peer.backup(path, source)
    stamp.write_text(wanted)
    return path


def memory_of(mounted: machine.Mounted) -> Values:
    return {"mount-memory": mounted.peak_mib()} if mounted.pid else {}


def mount_find(bench: Bench, peer: Peer, name: str) -> Values:
    with peer.mount(bench.prepared(peer, name)) as mounted:
        machine.make_cold()
        seconds = find_ls(mounted.tree)
        return {"find-ls": seconds, **memory_of(mounted)}


def mount_copy(bench: Bench, peer: Peer, name: str) -> Values:
    target = bench.work / "copy"
    machine.remove(target)
    with peer.mount(bench.prepared(peer, name)) as mounted:
        machine.make_cold()
        done = machine.run("cp", "-a", "--reflink=never", mounted.tree, target)
        memory = memory_of(mounted)
    machine.remove(target)
    return {"copy-out": done.seconds, **memory}


def restore(bench: Bench, peer: Peer, name: str) -> Values:
    path, target = bench.prepared(peer, name), bench.work / "restored"
    machine.remove(target)
    machine.make_cold()
    done = peer.restore(path, target)
    machine.remove(target)
    return {"restore": done.seconds}


def largest_file(tree: Path) -> Path:
    files = (path for path in tree.rglob("*") if path.is_file())
    return max(files, key=lambda path: (path.stat().st_size, str(path)))


def file_within(bench: Bench, name: str) -> Path:
    """The largest file of a data set, relative to its root."""
    tree = bench.source(name)
    return largest_file(tree).relative_to(tree)


def mount_read(bench: Bench, peer: Peer, name: str) -> Values:
    relative = file_within(bench, name)
    with peer.mount(bench.prepared(peer, name), snapshot=0) as mounted:
        file = mounted.tree / relative
        machine.make_cold()
        cold = machine.sequential_mib_per_s(file)
        warm = machine.sequential_mib_per_s(file)
        memory = memory_of(mounted)
    with peer.mount(bench.prepared(peer, name), snapshot=0) as mounted:
        machine.make_cold()
        four = machine.sequential_mib_per_s(mounted.tree / relative, readers=4)
    return {"read-cold": cold, "read-warm": warm, "read-cold-4": four, **memory}


def mount_random(bench: Bench, peer: Peer, name: str) -> Values:
    relative = file_within(bench, name)
    with peer.mount(bench.prepared(peer, name), snapshot=0) as mounted:
        machine.make_cold()
        reads = machine.random_reads_per_s(mounted.tree / relative)
        return {"random-cold": reads, **memory_of(mounted)}


def deltas(bench: Bench, peer: Peer, name: str) -> Values:
    """Reading the changed cluster's snapshot, whose changed blocks are deltas."""
    relative = file_within(bench, name)
    values = {}
    for snapshot, row in ((0, "first"), (1, "second")):
        with peer.mount(bench.prepared(peer, name), snapshot=snapshot) as mounted:
            machine.make_cold()
            values[f"deltas-read-{row}"] = machine.sequential_mib_per_s(mounted.tree / relative)
        with peer.mount(bench.prepared(peer, name), snapshot=snapshot) as mounted:
            machine.make_cold()
            values[f"deltas-random-{row}"] = machine.random_reads_per_s(mounted.tree / relative)
    return values


def other_snapshot(bench: Bench, peer: Peer, name: str) -> Values:
    """A file that was read in one snapshot, read again through another that holds the same file."""
    relative = file_within(bench, name)
    if peer.name == "native":
        file = bench.source(name) / relative
        machine.sequential_mib_per_s(file)
        return {"other-snapshot": machine.sequential_mib_per_s(file)}
    with peer.mount(bench.prepared(peer, name), snapshot=0) as mounted:
        machine.make_cold()
        machine.sequential_mib_per_s(mounted.tree / relative)
        other = peer.mounted_tree(snapshot=1)
        return {"other-snapshot": machine.sequential_mib_per_s(other / relative)}


@dataclass(frozen=True)
class Figure:
    measure: Callable[[Bench, Peer, str], Values]
    data: tuple[str, ...]
    tools: tuple[str, ...]


FIGURES = {
    "first-backup": Figure(first_backup, ("a", "b", "c", "d"), BACKUP_TOOLS),
    "changed-backup": Figure(changed_backup, ("a",), BACKUP_TOOLS),
    "unchanged-backup": Figure(unchanged_backup, ("d",), ("native", *BACKUP_TOOLS)),
    "mount-time": Figure(mount_time, ("d",), ("yore", "restic", "borg", "squashfuse_ll")),
    "mount-time-many": Figure(mount_time_many, ("1000 snapshots",), ("yore",)),
    "deltas": Figure(deltas, ("a",), ("yore",)),
    "mount-find": Figure(mount_find, ("b", "d"), MOUNT_TOOLS),
    "mount-copy": Figure(mount_copy, ("b",), MOUNT_TOOLS),
    "restore": Figure(restore, ("a", "b"), BACKUP_TOOLS),
    "mount-read": Figure(mount_read, ("a", "c"), MOUNT_TOOLS),
    "mount-random": Figure(mount_random, ("a",), MOUNT_TOOLS),
    "other-snapshot": Figure(other_snapshot, ("c",), ("native", "yore")),
}
