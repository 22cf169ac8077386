# SPDX-License-Identifier: Apache-2.0
"""The figures of a real server: at its socket, over TCP, by command. The alerts and the dashboard
that are shipped ask for no others."""
import glob
import http.client
import json
import os
import re
import signal
import socket
import time
import urllib.error
import urllib.request

import yaml

from exposition import Exposition, promtool
from harness import OK, Scratch, check, main, make_tree

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
MONITORING = os.path.join(ROOT, "tools", "monitoring")
SOONER_THAN = 20  # seconds
FUSE = "yore_fuse_operation_duration_seconds"


def read(*parts):
    with open(os.path.join(ROOT, *parts), encoding="utf-8") as file:
        return file.read()


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Served:
    """A server with a source, a mount and a port for its figures."""

    def __init__(self, scratch):
        self.home, self.point = scratch.path("home"), scratch.path('mnt "odd"\\')
        make_tree(self.home, files=10)
        os.makedirs(self.point)
        self.repo = scratch.repository(encryption="none")
        self.repo.environment["YORE_RUNTIME_DIR"] = scratch.path("run")
        self.port, self.config = free_port(), scratch.path("serve.toml")
        scratch.mounts.append((self.repo, self.point))
        self.write(f"127.0.0.1:{self.port}")
        self.process = self.repo.start("serve", "--config", self.config)
        deadline = time.monotonic() + SOONER_THAN
        while not self.over_tcp():
            check(self.process.poll() is None and time.monotonic() < deadline, "it serves")
            time.sleep(0.02)
        while not os.path.ismount(self.point):
            time.sleep(0.02)

    def write(self, listen):
        with open(self.config, "w", encoding="utf-8") as out:
            out.write(f"repository = '{self.repo.path}'\n"
                      f"[[source]]\nname = 'home'\ndirectory = '{self.home}'\n"
                      f"[[mount]]\ndirectory = '{self.point}'\n"
                      f"[metrics]\nlisten = '{listen}'\n")

    def over_tcp(self, path="/metrics"):
        try:
            url = f"http://127.0.0.1:{self.port}{path}"
            with urllib.request.urlopen(url, timeout=10) as answer:
                return answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code
        except (OSError, http.client.HTTPException):  # the port is given up meanwhile
            return None

    def at_socket(self):
        with socket.socket(socket.AF_UNIX) as peer:
            peer.connect(glob.glob(os.path.join(self.repo.environment["YORE_RUNTIME_DIR"],
                                                "*/socket"))[0])
            peer.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            head, body = b"".join(iter(lambda: peer.recv(65536), b"")).split(b"\r\n\r\n", 1)
        check(b"200" in head.split(b"\r\n")[0] and b"version=0.0.4" in head, head.decode())
        return body.decode()


def figures_are_those_of_what_was_done():
    with Scratch() as scratch:
        served = Served(scratch)
        snapshot = served.repo.yore("snapshot", "home", "--json").json()[-1]
        for directory, _, files in os.walk(os.path.join(served.point, "home/snapshots/latest/")):
            for name in files:
                with open(os.path.join(directory, name), "rb") as file:
                    file.read()
        os.lstat(os.path.join(served.point, "home"))
        seen = Exposition(served.over_tcp())
        for series, count in (("files", "files"), ("size_bytes", "bytes"),
                              ("read_bytes", "bytes_read"), ("new_bytes", "bytes_new"),
                              ("stored_bytes", "bytes_stored"), ("problems", "problems")):
            value = seen.value(f"yore_source_last_snapshot_{series}", source="home")
            check(value == snapshot["counts"][count], f"{series}: {value}")
        age = seen.value("yore_source_last_success_age_seconds", source="home")
        check(0 <= age < 60, f"age {age}")
        check(seen.value("yore_source_snapshots", source="home") == 1, "one snapshot")
        check(seen.value("yore_jobs", state="done") == 1, "one job")
        check(seen.value("yore_job_last_succeeded", command="snapshot", source="home") == 1, "done")
        odd = served.point.replace("\\", "\\\\").replace('"', '\\"')
        for operation in ("lookup", "read", "readdirplus"):
            count = seen.value(f"{FUSE}_count", mount=odd, operation=operation)
            check(count > 0, f"{operation}: {count}")
            took = seen.value(f"{FUSE}_sum", mount=odd, operation=operation)
            check(0 < took < 60 * count, f"{operation}: {took} s")
        failures = seen.value("yore_fuse_failures_total", mount=odd, operation="read")
        check(failures == 0, "no failure")
        check(seen.value("yore_mount_inodes", mount=odd) > 10, "inodes")
        stats = served.repo.yore("stats", "--json").json()[-1]
        stored = seen.value("yore_repository_stored_bytes", kind="content")
        unique = seen.value("yore_repository_unique_bytes")
        check((stored, unique) == (stats["stored_bytes"], stats["unique_bytes"]), f"{stats}")
        for text in (served.over_tcp(), served.at_socket(), served.repo.yore("metrics").out):
            check(Exposition(text).samples.keys() == seen.samples.keys(), "the same everywhere")
            promtool("check", "metrics", text=text)
        check(served.over_tcp("/v1/owner") == 404, "nothing else is served there")

        served.write(f"127.0.0.1:{free_port()}")  # another port: this one is left
        served.process.send_signal(signal.SIGHUP)
        deadline = time.monotonic() + SOONER_THAN
        while served.over_tcp():
            check(time.monotonic() < deadline, "it leaves the port")
            time.sleep(0.02)
        served.process.send_signal(signal.SIGTERM)
        check(served.process.wait(timeout=SOONER_THAN) == OK, "it ends")
        alone = Exposition(served.repo.yore("metrics").out)
        check(alone.value("yore_source_snapshots", source="home") == 1, "without a server, too")
        check(alone.kinds == seen.kinds, "the same metrics")


def exported():
    """All metrics, by an owner that has little to tell."""
    with Scratch() as scratch:
        repo = scratch.repository(encryption="none")
        return Exposition(repo.yore("metrics").out)


def asked_for(expression):
    """Our series in an expression of PromQL, with the labels that it names."""
    return re.findall(r"\byore_[a-z0-9_]+", expression)


def check_expression(known, expression):
    check(expression.count("(") == expression.count(")"), expression)
    series = asked_for(expression)
    check(series, f"nothing of ours in {expression!r}")
    for name in series:
        check(known.family(name), f"{name} is not exported: {expression}")
        kind = known.kinds[known.family(name)]
        raised = re.search(rf"(rate|increase)\([^()]*{name}\b", expression)
        check(kind == "gauge" or raised, f"{name} is a {kind}: {expression}")
        check(kind != "gauge" or not raised, f"{name} is a gauge: {expression}")


def alerts_ask_for_what_is_exported():
    known = exported()
    path = os.path.join(MONITORING, "yore.rules.yml")
    rules = [rule for group in yaml.safe_load(read(path))["groups"] for rule in group["rules"]]
    check(len(rules) > 8, "there are alerts")
    check(len({rule["alert"] for rule in rules}) == len(rules), "each has a name of its own")
    for rule in rules:
        check(rule.keys() <= {"alert", "expr", "for", "labels", "annotations"}, f"{rule}")
        check_expression(known, rule["expr"])
        check(re.fullmatch(r"\d+[smhd]", rule.get("for", "0s")), f"{rule}")
        check(rule["labels"]["severity"] in ("critical", "warning", "info"), f"{rule}")
        check(rule["annotations"].keys() == {"summary", "description"}, f"{rule}")
    promtool("check", "rules", path)


def panels_in(panels):
    for panel in panels:
        yield panel
        yield from panels_in(panel.get("panels", []))


def the_dashboard_shows_what_is_exported():
    known = exported()
    dashboard = json.loads(read(MONITORING, "yore-dashboard.json"))
    panels = [panel for panel in panels_in(dashboard["panels"]) if panel["type"] != "row"]
    check(len({panel["id"] for panel in panels}) == len(panels) > 8, "panels with ids")
    for panel in panels:
        check(panel["title"] and panel["gridPos"]["w"] <= 24, f"{panel}")
        check(panel["datasource"]["uid"] == "${datasource}", "asks the source that one chooses")
        for target in panel["targets"]:
            check_expression(known, re.sub(r"\$__\w+", "5m", target["expr"]))
    check(any(item["type"] == "datasource" for item in dashboard["templating"]["list"]), "a choice")


def the_manual_of_the_figures_is_complete():
    known = exported()
    rows = dict(re.findall(r"^\| `(yore_\w+)` \| (\w+) \|", read("docs", "monitoring.md"),
                           re.MULTILINE))
    check(rows == known.kinds, f"{set(rows.items()) ^ set(known.kinds.items())}")


if __name__ == "__main__":
    main(figures_are_those_of_what_was_done, alerts_ask_for_what_is_exported,
         the_dashboard_shows_what_is_exported, the_manual_of_the_figures_is_complete)
