// SPDX-License-Identifier: Apache-2.0
/// Commands that do something say in a line what was done.
#include <yore/command/text.h>

#include "cli/presentation.h"
#include "cli/sizes.h"

namespace yore::cli {
namespace {

using Line = std::string (*)(const Invocation&, const Screen&, const nlohmann::json&);

template <Line line>
Presentation present_line(const Invocation& invocation, Screen& screen) {
    Presentation presentation;
    presentation.result = [&](const nlohmann::json& result) {
        screen.out(line(invocation, screen, result) + "\n");
    };
    return presentation;
}

std::string init_line(const Invocation& invocation, const Screen& screen,
                      const nlohmann::json& result) {
    auto text = fmt::format("made repository {} (id {}, encryption {})",
                            screen.name(bytes_in(result, "repository")), result.value("id", ""),
                            result.value("encryption", ""));
    if (result.contains("key_file"))
        text += fmt::format("\nkey file {}: keep a copy elsewhere, nothing opens without it",
                            screen.name(bytes_in(result, "key_file")));
    else if (result.value("encryption", "") != "none" && !invocation.quiet)
        text += "\nkeep the passphrase safe: nothing opens without it";
    return text;
}

std::string source_add_line(const Invocation&, const Screen& screen, const nlohmann::json& result) {
    const auto name = bytes_in(result, "name");
    return fmt::format("added source {}: {}", name, source_place(screen, result));
}

std::string removed_line(const nlohmann::json& result) {
    const auto name = bytes_in(result, "name");
    if (!result.value("gone", false))
        return fmt::format("removed source {}; its snapshots are kept under its policy", name);
    if (const auto snapshots = number_in(result, "snapshots"); snapshots > 0)
        return fmt::format("purged source {}: {} snapshots; `yore collect` gives the space back",
                           name, grouped(snapshots));
    return fmt::format("removed source {}", name);
}

std::string source_remove_line(const Invocation&, const Screen&, const nlohmann::json& result) {
    auto text = removed_line(result);
    if (result.contains("slot_failure")) text += "\n" + slot_failure_text(result);
    return text;
}

std::string source_upgrade_line(const Invocation&, const Screen&, const nlohmann::json& result) {
    const auto version = number_in(result, "server_version");
    return fmt::format(
        "source {0} is PostgreSQL {1}.{2} with the system identifier {3} from now on; its log is "
        "{4}\nhint: take a base backup: `yore snapshot {0}`",
        bytes_in(result, "name"), version / 10000, version % 10000,
        result.value("system_identifier", ""), result.value("log", ""));
}

std::string snapshot_line(const Invocation&, const Screen&, const nlohmann::json& result) {
    const auto& counts = result["counts"];
    const auto size = [&](const char* key) { return human_size(number_in(counts, key)); };
    auto text =
        fmt::format("{}@{}: {}, {}; read {}, new {}, stored {}", bytes_in(result, "source"),
                    result.value("name", ""), counted(number_in(counts, "files"), "file"),
                    size("bytes"), size("bytes_read"), size("bytes_new"), size("bytes_stored"));
    if (const auto problems = number_in(counts, "problems"); problems > 0)
        text += fmt::format("; partial, {}", counted(problems, "problem"));
    return text;
}

void show_copy(Screen& screen, const nlohmann::json& copy) {
    const auto why = copy.value("why", "");
    screen.out(fmt::format("{:<7}  {:<20}  {}{}\n", copy.value("verdict", ""),
                           copy["time"].is_string() ? copy.value("time", "") : "-",
                           screen.name(bytes_in(copy, "name")), why.empty() ? "" : ": " + why));
}

Presentation present_import(const Invocation& invocation, Screen& screen) {
    Presentation presentation;
    presentation.row = [&](const nlohmann::json& row) {
        const bool all = invocation.request.value("dry_run", false);
        const bool is_copy = row.contains("time") && row["time"].is_string();
        if (row["event"] == "imported")
            screen.out(snapshot_line(invocation, screen, row) + "\n");
        else if (all || (is_copy && row.value("verdict", "") == "leave"))
            show_copy(screen, row);
    };
    presentation.result = [&](const nlohmann::json& result) {
        const bool dry = result.value("dry_run", false);
        auto text = fmt::format("{}: {} {}, {} there already", bytes_in(result, "source"),
                                counted(number_in(result, "copies"), "snapshot"),
                                dry ? "to import" : "imported", number_in(result, "present"));
        if (const auto left = number_in(result, "left_out"); left > 0)
            text += fmt::format(", {} left out", left);
        if (!dry)
            text += fmt::format("; read {}, new {}, stored {}",
                                human_size(number_in(result, "bytes_read")),
                                human_size(number_in(result, "bytes_new")),
                                human_size(number_in(result, "bytes_stored")));
        screen.out(text + "\n");
    };
    return presentation;
}

/// What was restored of a cluster, and what to know of the copy.
std::string cluster_lines(const Screen& screen, const nlohmann::json& result) {
    const auto plan = result.value("plan", nlohmann::json::object());
    if (!plan.contains("warnings")) return {};
    std::string text;
    if (plan.contains("base_backup"))
        text += fmt::format("\nbase backup {}", plan.value("snapshot", ""));
    for (const auto& range : plan["log"])
        if (range.contains("segments"))
            text += fmt::format("\nlog {} to {}", range["segments"].value("first", ""),
                                range["segments"].value("last", ""));
    if (plan.contains("commit")) {
        const auto& commit = plan["commit"];
        text += fmt::format("\nrecovers to {} {} at {} of timeline {}, {}",
                            commit.contains("xid") ? "transaction" : "point",
                            commit.contains("xid") ? std::to_string(number_in(commit, "xid"))
                                                   : screen.name(commit.value("point", "")),
                            commit.value("lsn", ""), number_in(commit, "timeline"),
                            commit.value("time", ""));
    }
    for (const auto& warning : plan["warnings"])
        text += "\nwarning: " + screen.name(warning.get<std::string>());
    text +=
        "\narchiving is off in the copy, and other ways back to the original: to get them "
        "back, remove the block of `# yore:` from postgresql.auto.conf once it runs";
    if (!result.contains("server")) return text;
    const auto& server = result["server"];
    for (const std::string& warning : command::bytes_of_list(server["warnings"]))
        text += "\nwarning: " + screen.name(warning);
    return text + fmt::format("\nthe server accepts queries: {}\nto stop it: {}",
                              server.value("connect", ""), server.value("stop", ""));
}

std::string restore_line(const Invocation& invocation, const Screen& screen,
                         const nlohmann::json& result) {
    auto text = fmt::format("{}: {}, {} restored to {}", result.value("moment", ""),
                            counted(number_in(result, "files"), "file"),
                            human_size(number_in(result, "bytes")),
                            screen.name(bytes_in(invocation.request, "target")));
    if (const auto kept = number_in(result, "files_kept"); kept > 0)
        text += fmt::format("; {} there already", counted(kept, "file"));
    if (const auto problems = number_in(result, "problems"); problems > 0)
        text += fmt::format("; partial, {}", counted(problems, "problem"));
    return text + cluster_lines(screen, result);
}

std::string mount_line(const Invocation&, const Screen& screen, const nlohmann::json& result) {
    return fmt::format("mounted at {}", screen.name(bytes_in(result, "directory")));
}

std::string umount_line(const Invocation&, const Screen& screen, const nlohmann::json& result) {
    return fmt::format("unmounted {}", screen.name(bytes_in(result, "directory")));
}

std::string key_add_line(const Invocation&, const Screen&, const nlohmann::json& result) {
    return fmt::format("added key slot {}", result.value("id", ""));
}

std::string key_remove_line(const Invocation&, const Screen&, const nlohmann::json& result) {
    return fmt::format("removed key slot {}; older copies of the repository still open with it",
                       result.value("id", ""));
}

std::string key_rotate_line(const Invocation&, const Screen&, const nlohmann::json& result) {
    return fmt::format("key slot {} has its new secret", result.value("id", ""));
}

std::string need_text(const Screen& screen, const nlohmann::json& row) {
    auto text = fmt::format("  {} {}", row.value("source", ""), screen.name(bytes_in(row, "path")));
    if (const auto snapshots = number_in(row, "snapshots"); snapshots == 1)
        text += fmt::format(", snapshot {}", row.value("first", ""));
    else if (snapshots > 1)
        text += fmt::format(", {} from {} to {}", counted(snapshots, "snapshot"),
                            row.value("first", ""), row.value("last", ""));
    return text + fmt::format(": needs {:.14}\n", row.value("object", ""));
}

/// How far a run of level 2 came, if not through all.
std::string packs_text(const nlohmann::json& result) {
    const auto packs = number_in(result, "packs"), read = number_in(result, "packs_read");
    if (read == packs) return {};
    return fmt::format("{}read {} of {} packs, {} of {} on disk\n",
                       result.value("out_of_time", false) ? "the time is over: " : "",
                       grouped(read), grouped(packs),
                       human_size(number_in(result, "stored_bytes_read")),
                       human_size(number_in(result, "stored_bytes")));
}

std::string verified_text(const nlohmann::json& result) {
    const auto verified = result.value("verified", nlohmann::json::object());
    const auto never = number_in(verified, "never_bytes");
    if (!verified.contains("oldest") || !verified["oldest"].is_string()) return {};
    return fmt::format(
        "all has been read since {}{}\n", verified.value("oldest", ""),
        never == 0 ? "" : fmt::format(", but for {} that never was", human_size(never)));
}

void print_proof(Screen& screen, const nlohmann::json& proof) {
    screen.out(proof_text(screen, proof));
    if (proof.value("outcome", "") != "passed") screen.out(proof_output_text(screen, proof));
}

void print_proofs_result(Screen& screen, const nlohmann::json& result) {
    screen.out(fmt::format("level 3: {} passed, {} failed, {} not tried\n",
                           number_in(result, "passed"), number_in(result, "failed"),
                           number_in(result, "not_tried")));
    if (const auto job = number_in(result, "job"); job > 0)
        screen.remark(fmt::format("`yore jobs show {}` shows what the checks wrote", job));
}

Presentation present_verify(const Invocation&, Screen& screen) {
    Presentation presentation;
    presentation.row = [&](const nlohmann::json& row) {
        if (row.contains("outcome")) return print_proof(screen, row);
        if (row.contains("stored_anew")) {
            screen.out(fmt::format("whole again: {}, found damaged at {}: {}\n",
                                   bytes_in(row, "object"), row.value("found", ""),
                                   row.value("stored_anew", false) ? "a backup stored it anew"
                                                                   : "it can be read now"));
            return;
        }
        if (row.contains("path")) {
            screen.out(need_text(screen, row));
            return;
        }
        screen.out(fmt::format("damaged: {}: {}\n", screen.name(bytes_in(row, "object")),
                               screen.name(bytes_in(row, "text"))));
    };
    presentation.result = [&](const nlohmann::json& result) {
        if (result.contains("proofs")) return print_proofs_result(screen, result);
        auto text = fmt::format("level {}: {}, {}, {}", number_in(result, "level"),
                                counted(number_in(result, "snapshots"), "snapshot"),
                                counted(number_in(result, "nodes"), "node"),
                                counted(number_in(result, "chunks"), "chunk"));
        if (number_in(result, "level") > 1)
            text +=
                fmt::format(", {} of {} read", counted(number_in(result, "objects_read"), "object"),
                            human_size(number_in(result, "bytes_read")));
        const auto damaged = number_in(result, "damaged");
        text += damaged == 0 ? "; no damage" : fmt::format("; {} damaged", grouped(damaged));
        if (damaged > 0) screen.remark("the next snapshot stores anew what it still meets of this");
        screen.out(text + "\n" + packs_text(result) + verified_text(result));
    };
    return presentation;
}

}  // namespace

std::string slot_failure_text(const nlohmann::json& result) {
    return fmt::format(
        "a server may keep its log for the slot {0} for ever: {1}\n"
        "hint: drop it there, when nothing else uses it: select "
        "pg_drop_replication_slot('{0}')",
        result.value("slot", ""), bytes_in(result, "slot_failure"));
}

const Presentations& outcome_presentations() {
    static const Presentations table{
        {"init", present_line<init_line>},
        {"source-add", present_line<source_add_line>},
        {"source-import", present_import},
        {"source-remove", present_line<source_remove_line>},
        {"source-upgrade", present_line<source_upgrade_line>},
        {"clone-snapshot", present_line<snapshot_line>},
        {"roll-forward", present_line<snapshot_line>},
        {"snapshot", present_line<snapshot_line>},
        {"restore", present_line<restore_line>},
        {"mount", present_line<mount_line>},
        {"umount", present_line<umount_line>},
        {"key-add", present_line<key_add_line>},
        {"key-remove", present_line<key_remove_line>},
        {"key-rotate", present_line<key_rotate_line>},
        {"verify", present_verify},
    };
    return table;
}

}  // namespace yore::cli
