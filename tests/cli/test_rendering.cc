// SPDX-License-Identifier: Apache-2.0
/// What a person or a script reads on standard output, by command.
#include <yore/base/file.h>
#include <yore/command/text.h>

#include <fcntl.h>
#include <unistd.h>

#include "../support.h"
#include "cli/renderer.h"

using namespace yore;
using namespace yore::cli;

namespace {

/// Runs `body` with standard output and error in files, and returns both.
struct Captured {
    std::string out, err;
};
template <typename Body>
Captured captured(Body&& body) {
    const test::TemporaryDirectory directory;
    const std::string paths[] = {directory / "out", directory / "err"};
    int saved[2];
    for (int fd = 1; fd <= 2; ++fd) {
        saved[fd - 1] = ::dup(fd);
        const Fd file = open_file(paths[fd - 1], O_RDWR | O_CREAT);
        ::dup2(file.get(), fd);
    }
    body();
    for (int fd = 1; fd <= 2; ++fd) {
        ::dup2(saved[fd - 1], fd);
        ::close(saved[fd - 1]);
    }
    const auto text = [&](const std::string& path) {
        return std::string(as_text(*read_file(path)));
    };
    return {text(paths[0]), text(paths[1])};
}

Captured rendered(const Invocation& invocation, const std::vector<nlohmann::json>& events,
                  const nlohmann::json& result) {
    return captured([&] {
        const VirtualClock clock({0});
        Screen screen(invocation.quiet);
        const auto renderer = make_renderer(invocation, screen, clock);
        for (const auto& event : events) renderer->event(event);
        renderer->result(result);
    });
}

Invocation of(const std::string& command) {
    Invocation invocation;
    invocation.verb = invocation.command = command;
    return invocation;
}

nlohmann::json entry(const std::string& path, const std::string& kind = "file") {
    nlohmann::json row{{"event", "entry"},
                       {"kind", kind},
                       {"mode", "4755"},
                       {"uid", 1000},
                       {"gid", 100},
                       {"links", 1u},
                       {"size", 2048u},
                       {"modified", "2026-11-21T02:00:00Z"},
                       {"changed", "2026-11-21T02:00:00Z"}};
    row["uid"] = 1000u;
    row["gid"] = 100u;
    command::put_bytes(row, "path", path);
    return row;
}

}  // namespace

TEST_CASE("ls shows names as seen from the directory that was asked for") {
    auto invocation = of("ls");
    invocation.request = {{"moment", "h@latest"}, {"path", "/ann/"}};
    CHECK(rendered(invocation, {entry("ann/a"), entry("ann/b/c")}, {{"result", "ls"}}).out ==
          "a\nb/c\n");
}

TEST_CASE("ls -l shows a row as ls does") {
    auto invocation = of("ls");
    invocation.long_rows = true;
    auto link = entry("l", "symlink");
    link["target"] = "a";
    auto device = entry("tty", "character-device");
    device["device"] = {5, 1};
    device["mode"] = "0620";
    const auto shown = rendered(invocation, {entry("a"), link, device}, {{"result", "ls"}}).out;
    CHECK(shown ==
          "-rwsr-xr-x   1  1000   100  2.00 KiB 2026-11-21T02:00:00Z           a\n"
          "lrwsr-xr-x   1  1000   100  2.00 KiB 2026-11-21T02:00:00Z           l -> a\n"
          "crw--w----   1  1000   100       5,1 2026-11-21T02:00:00Z           tty\n");
}

TEST_CASE("a name goes exactly into a pipe, whatever its bytes") {
    CHECK(rendered(of("find"), {entry("bad\xff\x1b")}, {{"result", "find"}}).out ==
          "bad\xff\x1b\n");
}

TEST_CASE("with --json each event is a line and the result the last") {
    auto invocation = of("find");
    invocation.json = true;
    const auto shown = rendered(invocation, {entry("bad\xff")}, {{"result", "find"}, {"count", 1}});
    std::istringstream lines(shown.out);
    std::string line;
    REQUIRE(std::getline(lines, line));
    CHECK(command::get_bytes(nlohmann::json::parse(line), "path") == "bad\xff");
    REQUIRE(std::getline(lines, line));
    CHECK(nlohmann::json::parse(line) == nlohmann::json{{"result", "find"}, {"count", 1}});
    CHECK_FALSE(std::getline(lines, line));
}

TEST_CASE("diff marks what came, went and changed, and sums up on standard error") {
    const auto row = [](const char* change, const char* path, const char* kind, const char* side) {
        nlohmann::json event{{"event", "difference"}, {"change", change}, {"path", path}};
        event[side] = {{"kind", kind}};
        return event;
    };
    const auto shown =
        rendered(of("diff"),
                 {row("added", "a", "file", "after"), row("removed", "b", "directory", "before"),
                  row("changed", "c", "file", "after")},
                 {{"result", "diff"}, {"added", 1u}, {"removed", 1u}, {"changed", 1u}});
    CHECK(shown.out == "+ a\n- b/\nM c\n");
    CHECK(shown.err == "1 added, 1 removed, 1 changed\n");
}

TEST_CASE("how a time was read is told on standard error; a snapshot's name needs no echo") {
    const nlohmann::json name{{"event", "moment"},
                              {"text", "h@latest"},
                              {"source", "h"},
                              {"state", "2026-11-21T02-00-00Z"}};
    auto time = name;
    time["text"] = "h@now-1d";
    time["time"] = "2026-11-21T03:00:00Z";
    const auto shown = rendered(of("ls"), {name, time}, {{"result", "ls"}});
    CHECK(shown.err == "yore: h@now-1d is 2026-11-21T03:00:00Z: h@2026-11-21T02-00-00Z\n");
    auto quiet = of("ls");
    quiet.quiet = true;
    CHECK(rendered(quiet, {time}, {{"result", "ls"}}).err.empty());
}

TEST_CASE("errors carry their hints, and names in them are escaped") {
    const auto shown = captured([] {
        const VirtualClock clock({0});
        const auto invocation = of("restore");
        Screen screen(false);
        make_renderer(invocation, screen, clock)
            ->error(Error(Errc::not_found, "no \x1b[2J here", {"look there", "and there"}));
    });
    CHECK(shown.err == "yore: restore: no \\x1b[2J here\nhint: look there\nhint: and there\n");
    CHECK(shown.out.empty());
}

TEST_CASE("verify names each damaged object and who needs it") {
    const auto shown =
        rendered(of("verify"),
                 {{{"event", "damage"}, {"object", "chunk 91bc"}, {"text", "wrong tag"}},
                  {{"event", "needed"},
                   {"object", "chunk 91bc"},
                   {"source", "home"},
                   {"path", "/a"},
                   {"first", "2026-11-20T04-00-00Z"},
                   {"last", "2026-11-21T04-00-00Z"},
                   {"snapshots", 2u}},
                  {{"event", "needed"},
                   {"object", "chunk 91bc"},
                   {"source", "home"},
                   {"path", "log/00000001/00000007"},
                   {"first", nullptr},
                   {"last", nullptr},
                   {"snapshots", 0u}}},
                 {{"result", "verify"},
                  {"level", 2u},
                  {"snapshots", 1u},
                  {"nodes", 2u},
                  {"chunks", 3u},
                  {"objects_read", 5u},
                  {"bytes_read", 0u},
                  {"damaged", 1u},
                  {"packs", 9u},
                  {"packs_read", 4u},
                  {"stored_bytes", 2048u},
                  {"stored_bytes_read", 1024u},
                  {"out_of_time", true},
                  {"verified", {{"never_bytes", 512u}, {"oldest", "2026-11-21T04:00:00Z"}}}});
    CHECK(shown.out ==
          "damaged: chunk 91bc: wrong tag\n"
          "  home /a, 2 snapshots from 2026-11-20T04-00-00Z to 2026-11-21T04-00-00Z: needs chunk "
          "91bc\n"
          "  home log/00000001/00000007: needs chunk 91bc\n"
          "level 2: 1 snapshot, 2 nodes, 3 chunks, 5 objects of 0 B read; 1 damaged\n"
          "the time is over: read 4 of 9 packs, 1.00 KiB of 2.00 KiB on disk\n"
          "all has been read since 2026-11-21T04:00:00Z, but for 512 B that never was\n");
}

TEST_CASE("level 3 tells each outcome, and of what did not pass why and what was written") {
    const auto proof = [](const char* source, const char* outcome) {
        return nlohmann::json{{"event", "proof"},
                              {"source", source},
                              {"outcome", outcome},
                              {"state", "2026-11-21T04-00-00Z"},
                              {"started", "2026-11-21T05:00:00Z"},
                              {"ended", "2026-11-21T05:01:05Z"},
                              {"reason", nullptr},
                              {"output", "all is well\n"},
                              {"output_cut", false}};
    };
    auto failed = proof("etc", "failed");
    failed["reason"] = "the check command ended with status 1";
    failed["output"] = "one\ntwo\n";
    failed["output_cut"] = true;
    auto not_tried = proof("www", "not-tried");
    not_tried["state"] = nullptr;
    not_tried["reason"] = "nothing is stored";
    not_tried["output"] = "";
    const auto shown = rendered(of("verify"), {proof("home", "passed"), failed, not_tried},
                                {{"result", "verify"},
                                 {"level", 3u},
                                 {"passed", 1u},
                                 {"failed", 1u},
                                 {"not_tried", 1u},
                                 {"proofs", nlohmann::json::array()},
                                 {"job", 7u}});
    CHECK(shown.out ==
          "home@2026-11-21T04-00-00Z: passed (1:05)\n"
          "etc@2026-11-21T04-00-00Z: failed (1:05): the check command ended with status 1\n"
          "    …\n    one\n    two\n"
          "www: not tried (1:05): nothing is stored\n"
          "level 3: 1 passed, 1 failed, 1 not tried\n");
    CHECK(shown.err.find("yore jobs show 7") != std::string::npos);
}
