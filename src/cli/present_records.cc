// SPDX-License-Identifier: Apache-2.0
/// Sources, snapshots, keys: aligned tables. info, stats, one source: a fact on each line.
#include <yore/command/text.h>

#include <memory>

#include "cli/presentation.h"
#include "cli/sizes.h"
#include "cli/terminal.h"

namespace yore::cli {
namespace {

using Align = Table::Align;

/// Columns are as wide as their widest cell, so the table is printed when all rows are there.
Presentation present_table(Screen& screen, std::vector<Align> columns,
                           std::vector<std::string> head,
                           std::function<std::vector<std::string>(const nlohmann::json&)> cells) {
    const auto table = std::make_shared<Table>(std::move(columns));
    const auto empty = std::make_shared<bool>(true);
    Presentation presentation;
    presentation.row = [=, cells = std::move(cells)](const nlohmann::json& row) {
        if (std::exchange(*empty, false)) table->add(head);
        table->add(cells(row));
    };
    presentation.result = [=, &screen](const nlohmann::json&) { screen.out(table->text()); };
    return presentation;
}

std::string tags_text(const Screen& screen, const nlohmann::json& row) {
    std::string text;
    for (const auto& [key, value] : row["tags"].items())
        text += (text.empty() ? "" : " ") + screen.name(key) + "=" +
                screen.name(value.get<std::string>());
    return text;
}

/// Which base backup it was made of, not sent by a server: empty for all others.
std::string rolled_text(const nlohmann::json& snapshot) {
    const auto backup = snapshot.find("base_backup");
    if (backup == snapshot.end() || !backup->contains("rolled_from")) return {};
    return ", rolled forward from " + backup->value("rolled_from", "");
}

Presentation present_snapshots(const Invocation& invocation, Screen& screen) {
    return present_table(screen,
                         {Align::left, Align::right, Align::right, Align::right, Align::right,
                          Align::left, Align::left},
                         {"SNAPSHOT", "FILES", "SIZE", "NEW", "STORED", "OUTCOME", "TAGS"},
                         [&](const nlohmann::json& row) -> std::vector<std::string> {
                             const auto& counts = row["counts"];
                             return {bytes_in(row, "source") + "@" + row.value("name", ""),
                                     grouped(number_in(counts, "files")),
                                     size_text(invocation, counts, "bytes"),
                                     size_text(invocation, counts, "bytes_new"),
                                     size_text(invocation, counts, "bytes_stored"),
                                     row.value("outcome", "") + rolled_text(row),
                                     tags_text(screen, row)};
                         });
}

Presentation present_sources(const Invocation&, Screen& screen) {
    return present_table(
        screen, {Align::left, Align::left, Align::right, Align::left, Align::left},
        {"SOURCE", "KIND", "SNAPSHOTS", "LATEST", "WHERE"},
        [&](const nlohmann::json& row) -> std::vector<std::string> {
            const auto& latest = row["latest"];
            return {bytes_in(row, "name"), row.value("kind", ""),
                    grouped(number_in(row, "snapshots")),
                    latest.is_string() ? latest.get<std::string>() : "-",
                    row["removed"].is_string() ? "removed" : source_place(screen, row)};
        });
}

Presentation present_keys(const Invocation&, Screen& screen) {
    return present_table(screen, {Align::left, Align::left, Align::left, Align::left},
                         {"SLOT", "KIND", "CREATED", "LABEL"},
                         [&](const nlohmann::json& row) -> std::vector<std::string> {
                             return {row.value("id", ""), row.value("kind", ""),
                                     row.value("created", ""), screen.name(bytes_in(row, "label"))};
                         });
}

std::string list_text(const Screen& screen, const nlohmann::json& list) {
    std::string text;
    for (const std::string& item : command::bytes_of_list(list))
        text += (text.empty() ? "" : ", ") + screen.name(item);
    return text.empty() ? "none" : text;
}

Presentation present_info(const Invocation&, Screen& screen) {
    Presentation presentation;
    presentation.result = [&](const nlohmann::json& result) {
        Table table({Align::left, Align::left});
        table.add({"repository", screen.name(bytes_in(result, "repository"))});
        table.add({"id", result.value("id", "")});
        table.add({"created", result.value("created", "")});
        table.add({"format", std::to_string(number_in(result, "format_version"))});
        table.add({"encryption", result.value("encryption", "")});
        table.add({"key slots", std::to_string(number_in(result, "key_slots"))});
        table.add({"sources", std::to_string(number_in(result, "sources"))});
        table.add({"commits", grouped(number_in(result, "commits"))});
        table.add({"mounts", list_text(screen, result["mounts"])});
        const auto& owner = result["owner"];
        table.add({"opened by",
                   fmt::format("{} (pid {}), since {}", screen.name(bytes_in(owner, "command")),
                               owner.value("pid", 0), owner.value("since", ""))});
        if (result.value("read_only", false)) table.add({"state", "read-only"});
        screen.out(table.text());
    };
    return presentation;
}

Presentation present_stats(const Invocation& invocation, Screen& screen) {
    Presentation presentation;
    presentation.result = [&](const nlohmann::json& result) {
        const auto size = [&](const char* key) { return size_text(invocation, result, key); };
        Table table({Align::left, Align::right, Align::left});
        table.add({"snapshots", grouped(number_in(result, "snapshots")),
                   "of " + counted(number_in(result, "sources"), "source")});
        table.add({"logical", size("logical_bytes"),
                   fmt::format("in {}: what all snapshots together show",
                               counted(number_in(result, "files"), "file"))});
        table.add({"unique", size("unique_bytes"),
                   fmt::format("in {}: each content once",
                               counted(number_in(result, "chunks"), "chunk"))});
        table.add({"stored", size("stored_bytes"), "of it, compressed"});
        table.add({"metadata", size("metadata_stored_bytes"),
                   "in " + counted(number_in(result, "nodes"), "node")});
        if (number_in(result, "tail_pieces") != 0)
            table.add({"log tails", size("tail_stored_bytes"),
                       counted(number_in(result, "tail_pieces"), "piece") +
                           " of log segments that are not whole yet"});
        table.add({"repository", size("repository_bytes"),
                   "on disk, " + counted(number_in(result, "packs"), "pack")});
        const auto& verified = result["verified"];
        if (verified["oldest"].is_string())
            table.add({"verified", size_text(invocation, verified, "never_bytes"),
                       "never read; the rest since " + verified.value("oldest", "")});
        else
            table.add({"verified", "never", "by reading it all: `yore verify --level 2`"});
        for (const auto& proof : result["proofs"]) {
            auto text = proof_text(screen, proof);
            text.pop_back();
            table.add({"put to use", proof.value("ended", ""), text});
        }
        screen.out(table.text());
    };
    return presentation;
}

/// How level 3 of verify checks it, and what became of that last.
void add_check(const Screen& screen, Table& table, const nlohmann::json& source) {
    const auto& check = source["verify"];
    for (const auto& [key, name] : {std::pair("command", "check command"),
                                    {"sql", "check statements"},
                                    {"timeout", "check timeout"},
                                    {"user", "checked as"}})
        if (check.contains(key)) table.add({name, screen.name(bytes_in(check, key))});
    const auto& proof = source["proof"];
    if (!proof.is_object()) return;
    auto text = proof_text(screen, proof);
    text.pop_back();
    table.add({"last check", fmt::format("{}, {}", proof.value("ended", ""), text)});
    if (proof.value("outcome", "") == "passed") return;
    if (proof["last_passed"].is_object())
        table.add({"last passed", proof["last_passed"].value("ended", "")});
    if (const auto job = number_in(proof, "job"); job > 0)
        table.add({"its output", fmt::format("`yore jobs show {}` shows it", job)});
}

Presentation present_source(const Invocation&, Screen& screen) {
    Presentation presentation;
    presentation.result = [&](const nlohmann::json& result) {
        Table table({Align::left, Align::left});
        table.add({"source", bytes_in(result, "name")});
        table.add({"kind", result.value("kind", "")});
        table.add({"created", result.value("created", "")});
        if (result.contains("conninfo"))
            table.add({"conninfo", screen.name(bytes_in(result, "conninfo"))});
        if (const auto limit = number_in(result, "slot_limit"); limit > 0)
            table.add({"slot limit", human_size(limit)});
        if (result.contains("directory")) {
            table.add({"directory", screen.name(bytes_in(result, "directory"))});
            table.add({"excludes", list_text(screen, result["excludes"])});
            table.add({"one file system", result.value("one_file_system", false) ? "yes" : "no"});
            table.add({"cache directories",
                       result.value("ignore_cache_dirs", true) ? "left out" : "kept"});
            table.add({"marked nodump", result.value("ignore_nodump", true) ? "left out" : "kept"});
        }
        table.add({"prune keeps", policy_text(result["policy"])});
        if (result["removed"].is_string())
            table.add({"removed", result.value("removed", "") + ": nothing feeds it any more"});
        add_check(screen, table, result);
        table.add({"snapshots", grouped(number_in(result, "snapshots"))});
        const auto& latest = result["latest"];
        if (latest.is_object())
            table.add({"latest", fmt::format("{}, {}{}", latest.value("name", ""),
                                             latest.value("outcome", ""), rolled_text(latest))});
        if (latest.is_object() && !rolled_text(latest).empty())
            table.add({"last by a server",
                       result["sent"].is_string() ? result.value("sent", "") : "none is there"});
        screen.out(table.text());
    };
    return presentation;
}

}  // namespace

const Presentations& record_presentations() {
    static const Presentations table{
        {"snapshots", present_snapshots}, {"source-list", present_sources},
        {"source-show", present_source},  {"key-list", present_keys},
        {"info", present_info},           {"stats", present_stats}};
    return table;
}

}  // namespace yore::cli
