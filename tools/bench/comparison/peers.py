# SPDX-License-Identifier: Apache-2.0
"""The tools that are compared, each behind the same few operations."""
from __future__ import annotations

import os
import subprocess
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

from .machine import Mounted, Run, mounted, run

PASSPHRASE = "a passphrase for measuring"


class Peer:
    """One tool. A repository is a path; what else the tool keeps is below `state`."""
    name = ""

    def __init__(self, state: Path):
        self.state = state
        self.mountpoint = state / f"mnt-{self.name}"

    def init(self, repository: Path, source: Path) -> None:
        raise NotImplementedError

    def backup(self, repository: Path, source: Path) -> Run:
        raise NotImplementedError

    def restore(self, repository: Path, to: Path) -> Run:
        raise NotImplementedError

    def mount(self, repository: Path, snapshot: int = -1) -> AbstractContextManager[Mounted]:
        """`snapshot`: 0 is the oldest, -1 the newest."""
        raise NotImplementedError

    def version(self) -> str:
        raise NotImplementedError

    def fingerprint(self) -> str:
        """Repositories made by something else are made again."""
        return self.version()


class Yore(Peer):
    name = "yore"
    source = "it"

    def __init__(self, state: Path, binary: Path, key_file: bool = False):
        super().__init__(state)
        self.binary, self.key_file = binary, key_file

    def environment(self, repository: Path) -> dict[str, str]:
        if self.key_file:
            secret = {"YORE_KEY_FILE": f"{repository}.key"}
        else:
            secret = {"YORE_PASSPHRASE": PASSPHRASE}
        return {"YORE_REPO": str(repository), **secret}

    def yore(self, repository: Path, *words: object) -> Run:
        return run(self.binary, *words, env=self.environment(repository))

    def init(self, repository: Path, source: Path) -> None:
        encryption = "keyfile" if self.key_file else "passphrase"
        Path(f"{repository}.key").unlink(missing_ok=True)
        self.yore(repository, "init", "--encryption", encryption)
        self.yore(repository, "source", "add", self.source, "--directory", source)

    def backup(self, repository: Path, source: Path) -> Run:
        return self.yore(repository, "snapshot", self.source)

    def restore(self, repository: Path, to: Path) -> Run:
        return self.yore(repository, "restore", f"{self.source}@latest", "--to", to)

    def mount(self, repository: Path, snapshot: int = -1) -> AbstractContextManager[Mounted]:
        return mounted([self.binary, "mount", self.mountpoint, "--foreground"], self.mountpoint,
                       lambda: self.mounted_tree(snapshot), self.environment(repository))

    def mounted_tree(self, snapshot: int) -> Path:
        snapshots = self.mountpoint / self.source / "snapshots"
        if snapshot == -1:
            return (snapshots / "latest").resolve()  # find and cp would keep the link
        return snapshots / sorted(n for n in os.listdir(snapshots) if n != "latest")[snapshot]

    def version(self) -> str:
        return first_line(self.binary, "--version")

    def fingerprint(self) -> str:
        return f"{self.binary.stat().st_mtime_ns} {self.key_file}"


class Restic(Peer):
    name = "restic"

    def environment(self, repository: Path) -> dict[str, str]:
        return {"RESTIC_REPOSITORY": str(repository), "RESTIC_PASSWORD": PASSPHRASE,
                "RESTIC_CACHE_DIR": str(self.state / "restic-cache")}

    def init(self, repository: Path, source: Path) -> None:
        run("restic", "init", env=self.environment(repository))

    def backup(self, repository: Path, source: Path) -> Run:
        return run("restic", "backup", "--quiet", ".", cwd=source,
                   env=self.environment(repository))

    def restore(self, repository: Path, to: Path) -> Run:
        return run("restic", "restore", "latest", "--quiet", "--target", to,
                   env=self.environment(repository))

    def mount(self, repository: Path, snapshot: int = -1) -> AbstractContextManager[Mounted]:
        def tree() -> Path:
            snapshots = self.mountpoint / "snapshots"
            return snapshots / sorted(n for n in os.listdir(snapshots) if n != "latest")[snapshot]
        return mounted(["restic", "mount", self.mountpoint], self.mountpoint, tree,
                       self.environment(repository))

    def version(self) -> str:
        return " ".join(first_line("restic", "version").split()[:2])


class Borg(Peer):
    name = "borg"

    def environment(self) -> dict[str, str]:
        return {"BORG_PASSPHRASE": PASSPHRASE, "BORG_BASE_DIR": str(self.state / "borg"),
                "BORG_RELOCATED_REPO_ACCESS_IS_OK": "yes"}

    def init(self, repository: Path, source: Path) -> None:
        run("borg", "init", "-e", "repokey-blake2", repository, env=self.environment())

    def backup(self, repository: Path, source: Path) -> Run:
        return run("borg", "create", f"{repository}::{{utcnow}}", ".", cwd=source,
                   env=self.environment(), also_fine=(1,))

    def restore(self, repository: Path, to: Path) -> Run:
        to.mkdir(parents=True)
        return run("borg", "extract", f"{repository}::{self.archive(repository, -1)}", cwd=to,
                   env=self.environment())

    def mount(self, repository: Path, snapshot: int = -1) -> AbstractContextManager[Mounted]:
        archive = f"{repository}::{self.archive(repository, snapshot)}"
        return mounted(["borg", "mount", "-f", archive, self.mountpoint], self.mountpoint,
                       lambda: self.mountpoint, self.environment())

    def archive(self, repository: Path, snapshot: int) -> str:
        return lines("borg", "list", "--short", repository, env=self.environment())[snapshot]

    def version(self) -> str:
        return first_line("borg", "--version")


class Squashfuse(Peer):
    """An image of the directory, compressed with zstd; its repository is the image."""
    name = "squashfuse_ll"

    def init(self, repository: Path, source: Path) -> None:
        repository.parent.mkdir(parents=True, exist_ok=True)

    def backup(self, repository: Path, source: Path) -> Run:
        repository.unlink(missing_ok=True)
        return run("mksquashfs", source, repository, "-comp", "zstd", "-quiet", "-no-progress")

    def restore(self, repository: Path, to: Path) -> Run:
        return run("unsquashfs", "-quiet", "-no-progress", "-dest", to, repository)

    def mount(self, repository: Path, snapshot: int = -1) -> AbstractContextManager[Mounted]:
        return mounted(["squashfuse_ll", "-f", repository, self.mountpoint], self.mountpoint,
                       lambda: self.mountpoint, {})

    def version(self) -> str:
        return lines("dpkg-query", "-W", "-f", "squashfuse ${Version}\n", "squashfuse")[0]


class Native(Peer):
    """The data set itself, on its own file system; its repository is the data set."""
    name = "native"

    def mount(self, repository: Path, snapshot: int = -1) -> AbstractContextManager[Mounted]:
        return nullcontext(Mounted(repository, 0, 0.0))

    def version(self) -> str:
        return first_line("uname", "-sr")


def lines(*command: object, env: dict[str, str] | None = None) -> list[str]:
    said = subprocess.run([str(word) for word in command], stdin=subprocess.DEVNULL, text=True,
                          capture_output=True, check=True, env={**os.environ, **(env or {})})
    return said.stdout.splitlines()


def first_line(*command: object) -> str:
    return lines(*command)[0]
