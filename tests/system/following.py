# SPDX-License-Identifier: Apache-2.0
"""What the tests of followed directories share."""
import contextlib
import os
import signal
import time

from harness import check, make_tree

STORED = 1.5  # seconds: what changed is durable after that


def log_of(repo):
    return repo.yore("log", "list", "home", "--json").json()


def spans_of(repo):
    return [row for row in log_of(repo) if row.get("event") == "span"]


def wait_for(condition, text, seconds=15):
    deadline = time.monotonic() + seconds
    while not condition():
        check(time.monotonic() < deadline, text)
        time.sleep(0.1)


@contextlib.contextmanager
def home_of(scratch):
    home = scratch.path("home")
    os.makedirs(home)
    make_tree(home)
    repo = scratch.repository(encryption="none")
    repo.yore("source", "add", "home", "--directory", home)
    yield home, repo


def begin(repo):
    """Follows; returns when the first look is stored."""
    known = len(log_of(repo))
    process = repo.start("log", "follow", "home")
    wait_for(lambda: process.poll() is not None or len(log_of(repo)) > known, "it is followed")
    check(process.poll() is None, "it goes on")
    return process


def end(process):
    process.send_signal(signal.SIGINT)
    process.wait(20)
