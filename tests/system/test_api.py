# SPDX-License-Identifier: Apache-2.0
"""docs/api/openapi.json says of each path, command and field what the owner really does: a real one
is asked all of them, and each line of its answers is held against the schemas."""
import concurrent.futures
import contextlib
import glob
import http.client
import json
import os
import re
import signal
import socket
import time

from harness import Scratch, check, main, make_tree
from schemas import Schemas

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
COMMANDS = "/v1/commands/"
# What does not come about here: an error of the disk, lost events, damage, long work, old log.
NEEDS_TROUBLE = {("snapshot", "problem"), ("restore", "problem"), ("verify", "damage"),
                 ("verify", "mended"), ("verify", "needed"),
                 ("restore", "progress"), ("snapshot", "progress"), ("verify", "progress"),
                 ("collect", "progress"), ("source-import", "progress"),
                 ("source-import", "problem"), ("jobs-follow", None), ("log-list", "span"),
                 ("prune", "log"), ("log-follow", "tablespace")}
NEEDS_SERVER = {"dump", "query", "roll-forward", "source-upgrade", "tables"}


def read(*parts):
    with open(os.path.join(ROOT, *parts), encoding="utf-8") as file:
        return file.read()


DOCUMENT = json.loads(read("docs", "api", "openapi.json"))
SCHEMAS = Schemas(DOCUMENT)


def documented_commands():
    return {path[len(COMMANDS):]: item["post"] for path, item in DOCUMENT["paths"].items()
            if path.startswith(COMMANDS)}


def fields_of(command):
    return documented_commands()[command]["requestBody"]["content"]["application/json"]["schema"]


class Connection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost", timeout=60)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


class Owner:
    """Asks at the socket, and holds each answer against the document."""

    def __init__(self, path):
        self.path, self.seen = path, set()

    def request(self, method, path, body=None, documented=None):
        connection = Connection(self.path)
        with contextlib.suppress(BrokenPipeError):  # refused by its head: the answer is there
            connection.request(method, path, body)
        answer = connection.getresponse()
        told = DOCUMENT["paths"][documented or path][method.lower()]["responses"]
        check(str(answer.status) in told, f"{method} {path}: {answer.status} is not documented")
        kinds = SCHEMAS.resolved(told[str(answer.status)])["content"]
        check(answer.headers["Content-Type"].split(";")[0] in kinds, f"{method} {path}: its type")
        return answer, next(iter(kinds.values())).get("schema")

    def ask(self, method, path, body=None, documented=None):
        answer, schema = self.request(method, path, body, documented)
        line = json.loads(answer.read())
        SCHEMAS.check(schema, line, f"{method} {path}")
        return answer.status, line

    def lines(self, command, request, input_bytes=None):
        """Each line of the answer to a request that is as it should be."""
        SCHEMAS.check(fields_of(command), request, f"the request of {command}")
        yield from self.lines_of_any(command, request, input_bytes)

    def lines_of_any(self, command, request, input_bytes=None):
        answer, schema = self.request("POST", COMMANDS + command, json.dumps(request))
        check(answer.status == 200, f"{command}: {answer.status}")
        while text := answer.readline():
            line = json.loads(text)
            SCHEMAS.check(schema, line, command)
            if line.keys() == {"bytes"}:
                answer.read(line["bytes"])
            if "input" in line:
                self.ask("PUT", "/v1/inputs/" + line["input"], input_bytes,
                         documented="/v1/inputs/{name}")
            self.seen.add((command, line.get("event", next(iter(line)))
                           if "result" not in line else "result"))
            yield line

    def run(self, command, request=None, input_bytes=None):
        """Its result."""
        last = list(self.lines(command, request or {}, input_bytes))[-1]
        check(last.get("result") == command, f"{command} {request}: {last}")
        return last


def until(holds, text):
    deadline = time.monotonic() + 20
    while not holds():
        check(time.monotonic() < deadline, text)
        time.sleep(0.02)


def accepts(path):
    """Not one that is being made, or that an owner left behind."""
    with socket.socket(socket.AF_UNIX) as probe, contextlib.suppress(OSError):
        probe.connect(path)
        return True
    return False


class Served:
    def __init__(self, scratch):
        self.home, self.point = scratch.path("home"), scratch.path("mnt")
        make_tree(self.home, files=5)
        os.makedirs(self.point)
        with open(os.path.join(os.fsencode(self.home), b"odd\xff"), "wb"):
            pass
        self.repo = scratch.repository(encryption="passphrase")
        self.repo.environment["YORE_RUNTIME_DIR"] = scratch.path("run")
        config = scratch.path("serve.toml")
        with open(config, "w", encoding="utf-8") as out:
            out.write(f"repository = '{self.repo.path}'\n")
        self.config = config
        self.start()

    def start(self):
        self.process = self.repo.start("serve", "--config", self.config)
        sockets = os.path.join(self.repo.environment["YORE_RUNTIME_DIR"], "*", "socket")
        until(lambda: any(accepts(path) for path in glob.glob(sockets)), "it serves")
        self.owner = Owner(next(path for path in glob.glob(sockets) if accepts(path)))


def the_document_has_each_command_and_path():
    in_code = re.findall(r'Command\{"([a-z-]+)"', read("src", "command", "commands.cc"))
    check(len(in_code) > 40 and sorted(in_code) == sorted(documented_commands()),
          f"commands: {set(in_code) ^ set(documented_commands())}")
    routes = re.findall(r'router\.(Get|Post|Put|Delete)\((?:R"\()?"?([^",)]+)',
                        read("src", "server", "service.cc"))
    routes = {(method.lower(), re.sub(r"\(\[.*", "", path)) for method, path in routes}
    documented = {(method, re.sub(r"\{.*", "", path)) for path, item in DOCUMENT["paths"].items()
                  for method in item if not path.startswith(COMMANDS)}
    check(routes == documented | {("post", COMMANDS)}, f"paths: {routes ^ documented}")
    for path, item in DOCUMENT["paths"].items():
        for method, operation in item.items():
            check(operation["operationId"] and operation["summary"], f"{method} {path}")


def each_command_has_the_fields_that_are_documented():
    with Scratch() as scratch:
        owner = Served(scratch).owner
        for command in documented_commands():
            schema = fields_of(command)
            request = {name: SCHEMAS.example(schema["properties"][name])
                       for name in schema.get("required", [])}
            SCHEMAS.check(schema, request, command)
            *_, last = owner.lines_of_any(command, request | {"no-such-field": 1})
            check("no-such-field is not known" in last["error"]["text"], f"{command}: {last}")
            named = last["error"]["hints"][0].removeprefix("its fields are ").split(", ")
            fields = [] if named == ["it has no fields"] else named
            check(sorted(fields) == sorted(schema["properties"]), f"{command}: {fields}")
            for name in schema.get("required", []):
                rest = {key: value for key, value in request.items() if key != name}
                *_, last = owner.lines_of_any(command, rest)
                check(last["error"]["code"] == "invalid", f"{command} without {name}: {last}")


def ask_for_records(owner, served):
    owner.run("source-add", {"name": "home", "directory": served.home, "excludes": ["*.tmp"]})
    owner.run("status")  # nothing of it is stored
    first = owner.run("snapshot", {"source": "home", "tags": {"a": "b"}})
    with open(os.path.join(served.home, "new"), "w", encoding="utf-8") as out:
        out.write("new")
    owner.run("snapshot", {"source": "home"})
    owner.run("snapshot", {"source": "dump", "stream": True, "file": "d.sql"}, b"select 1")
    copies = os.path.join(os.path.dirname(served.home), "copies")
    make_tree(os.path.join(copies, "2026-11-01"), files=3)
    os.makedirs(os.path.join(copies, "other"))
    for dry_run in (True, False):
        owner.run("source-import", {"source": "old", "directory": copies, "dry_run": dry_run})
    owner.run("source-remove", {"name": "old", "purge": "old"})
    for command in ("info", "stats", "status", "source-list", "snapshots", "metrics", "jobs-list"):
        owner.run(command)
    owner.run("source-show", {"name": "home"})
    owner.run("windows", {"source": "home"})
    owner.run("versions", {"source": "home", "path": "new"})
    owner.run("jobs-show", {"job": first["job"]})
    owner.run("jobs-follow", {"job": first["job"]})
    for text in ("home@latest", "home@now"):
        owner.run("ls", {"moment": text, "recursive": True})
    owner.run("ls", {"moment": "home@latest", "deleted": True})
    owner.run("find", {"moment": "home@latest", "kinds": ["file"], "size_min": 1})
    owner.run("find", {"moment": "home@earliest..latest"})
    owner.run("du", {"moment": "home@latest", "depth": 2})
    owner.run("diff", {"before": "home@earliest", "after": "home@latest"})
    owner.run("cat", {"moment": "home@latest", "paths": ["new"]})


def ask_for_changes(owner, served, scratch):
    owner.run("restore", {"moment": "home@latest", "target": scratch.path("back")})
    owner.run("hold-add", {"moment": "home@latest", "reason": "to see", "until": "2d"})
    owner.run("hold-list")
    owner.run("hold-release", {"hold": 1})
    owner.run("source-set", {"name": "home", "keep_last": 1})
    owner.run("check", {"source": "home"})
    owner.run("prune", {"sources": ["home"], "window": "1h", "dry_run": True})
    owner.run("prune", {"collect": True})
    owner.run("collect")
    owner.run("verify", {"level": 2})
    owner.run("source-set", {"name": "home", "verify_command": "test -e ."})
    owner.run("verify", {"level": 3})
    owner.run("mount", {"directory": served.point})
    owner.run("umount", {"directory": served.point})
    clone = {"clone": "test"}
    owner.run("clone-create", {"moment": "home@latest", "name": "test", "max_bytes": 1 << 20,
                               "ttl": "1h"})
    for command in ("list", "reset", "show", "mount"):
        owner.run("clone-" + command, {} if command == "list" else clone)
    owner.run("hold-list")
    owner.run("clone-snapshot", clone)
    owner.run("clone-remove", clone)
    slot = owner.run("key-add", {"kind": "passphrase", "label": "two"}, b"second")["id"]
    owner.run("key-list")
    owner.run("key-rotate", {"slot": slot, "kind": "passphrase"}, b"third")
    owner.run("key-remove", {"slot": slot})
    which = {"source": "home"}
    owner.run("schedule-set", which | {"cron": "0 3 * * *", "on_failure": "retry"})
    for command in ("show", "pause", "resume", "run-now"):
        owner.run("schedule-" + command, which)
    owner.run("schedule-list")
    owner.run("schedule-remove", which)
    owner.run("source-add", {"name": "orders", "postgresql": "host=/none"})
    history = {"source": "orders", "name": "00000002.history"}
    owner.run("log-push", history, b"1\t0/3000000\tby hand\n")
    owner.run("log-fetch", history)
    check("error" in list(owner.lines("source-upgrade", {"name": "orders"}))[-1], "no server")


def follow(owner):
    """The lines of a follower that has begun."""
    lines = owner.lines("log-follow", {"source": "home"})
    check(next(lines)["event"] == "followed", "it follows")
    owner.run("log-status")
    owner.run("log-list", {"source": "home"})
    owner.run("windows", {"source": "home"})
    owner.run("log-pause", {"source": "home"})
    check(any(line["event"] == "paused" for line in lines), "it is told of the pause")
    owner.run("log-resume", {"source": "home"})
    check(any(line["event"] == "followed" for line in lines), "it goes on")
    return lines


def ask_about_a_job(owner):
    """One that waits for its input is paused, goes on and is stopped."""
    connection = Connection(owner.path)
    request = {"source": "dump", "stream": True, "file": "d.sql"}
    connection.request("POST", COMMANDS + "snapshot", json.dumps(request))
    waiting = connection.getresponse()
    check("input" in json.loads(waiting.readline()), "it waits")
    job = {"job": [line["job"] for line in owner.lines("jobs-list", {}) if "event" in line][-1]}
    with concurrent.futures.ThreadPoolExecutor() as pool:
        paused = pool.submit(owner.run, "jobs-pause", job)  # until it reads on, or ends
        until(lambda: "result" in list(owner.lines("jobs-resume", job))[-1], "it goes on")
        owner.run("jobs-cancel", job)
        check(paused.result()["state"] == "cancelled", "it ended before it could pause")
    check(json.loads(waiting.readlines()[-1])["error"]["code"] == "cancelled", "it was stopped")


def drain(served):
    """An owner that drains stays for what still runs, such as a stream that waits for its input."""
    served.start()
    connection = Connection(served.owner.path)
    connection.request("POST", COMMANDS + "snapshot",
                       json.dumps({"source": "dump", "stream": True, "file": "d.sql"}))
    waiting = connection.getresponse()  # which keeps the connection
    check("input" in json.loads(waiting.readline()), "it waits")
    check(served.owner.ask("POST", "/v1/drain")[1]["draining"], "it drains")
    answer, schema = served.owner.request("POST", COMMANDS + "info", "{}")
    check(answer.status == 503, "and takes no more commands")
    SCHEMAS.check(schema, json.loads(answer.read()), "503")
    waiting.close()
    check(served.process.wait(timeout=20) == 0, "when nothing runs it ends")


def the_owner_answers_as_documented():
    with Scratch() as scratch:
        served = Served(scratch)
        owner = served.owner
        owner.ask("GET", "/v1/owner")
        ask_for_records(owner, served)
        ask_for_changes(owner, served, scratch)
        ask_about_a_job(owner)
        check(owner.ask("PUT", "/v1/inputs/00", b"x", "/v1/inputs/{name}")[0] == 404, "no input")
        answer, _ = owner.request("GET", "/metrics")
        check(b"yore_build_info" in answer.read(), "figures")
        owner.run("source-remove", {"name": "dump", "purge": "dump"})
        following = follow(owner)
        served.process.send_signal(signal.SIGTERM)
        check(list(following)[-1]["result"] == "log-follow", "a stop ends what follows")
        check(served.process.wait(timeout=20) == 0, "and the owner")
        drain(served)
        for command, operation in documented_commands().items():
            if command in NEEDS_SERVER:
                continue
            check((command, "result") in owner.seen, f"{command} was not asked")
            schema = operation["responses"]["200"]["content"]["application/x-ndjson"]["schema"]
            events = {(command, name) for line in schema["oneOf"] for name in SCHEMAS.events(line)}
            check(events <= owner.seen | NEEDS_TROUBLE, f"never seen: {events - owner.seen}")


if __name__ == "__main__":
    main(the_document_has_each_command_and_path, each_command_has_the_fields_that_are_documented,
         the_owner_answers_as_documented)
