// SPDX-License-Identifier: Apache-2.0
// The directory of a base backup, prepared in place as prepare_tree says.
//
//     prepare_directory prepare DIRECTORY TIMELINE [lsn=LSN] [without=NAME]... [prepared=N]
//     prepare_directory entries DIRECTORY        the names of both lists, one a line
//     prepare_directory control DIRECTORY        what its pg_control says, as pg_controldata
#include <yore/base/error.h>
#include <yore/postgresql/control_file.h>
#include <yore/postgresql/prepared_tree.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include <fmt/format.h>

namespace {

namespace fs = std::filesystem;
using namespace yore;
using namespace yore::postgresql;

std::optional<std::string> read(const fs::path& path) {
    if (!fs::is_regular_file(fs::symlink_status(path))) return std::nullopt;
    std::ifstream file(path, std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(file), {});
}

StoredFiles stored_in(const fs::path& directory) {
    return {[=](std::string_view path) { return read(directory / path); },
            [=](std::string_view path) {
                std::vector<std::string> names;
                if (fs::is_directory(directory / path))
                    for (const auto& entry : fs::directory_iterator(directory / path))
                        names.push_back(entry.path().filename());
                return names;
            }};
}

ControlFile control_of(const fs::path& directory) {
    return parse_control_file(as_bytes(read(directory / "global/pg_control").value_or("")));
}

struct Request {
    Preparation preparation;
    std::vector<std::string> without;
};

Request request_of(std::uint32_t timeline, const std::vector<std::string>& options) {
    Request request;
    request.preparation.target.timeline = {timeline};
    for (const std::string& option : options) {
        const auto equals = option.find('=');
        const auto name = option.substr(0, equals), value = option.substr(equals + 1);
        if (name == "lsn") request.preparation.target.last_record = parse_lsn(value).value();
        if (name == "without") request.without.push_back(value);
        if (name == "prepared")
            request.preparation.limits.max_prepared_transactions = std::stoi(value);
    }
    return request;
}

void prepare(const fs::path& directory, const Request& request) {
    const auto& [target, clone, limits] = request.preparation;
    Isolation lists = isolation(control_of(directory).major_version, target, clone);
    for (const std::string& name : request.without) {
        std::erase_if(lists.settings, [&](const Setting& entry) { return entry.name == name; });
        std::erase_if(lists.rules, [&](const ConfigRule& entry) { return entry.name == name; });
    }
    const auto tree = prepare_tree(stored_in(directory), request.preparation, std::move(lists));
    for (const std::string& path : tree.removed) fs::remove(directory / path);
    for (const auto& [path, text] : tree.files)
        std::ofstream(directory / path, std::ios::binary) << text;
    for (const std::string& note : tree.notes) fmt::print("{}\n", note);
}

void print_entries(const fs::path& directory) {
    const auto lists = isolation(control_of(directory).major_version, {{1}, Lsn{1}});
    for (const Setting& entry : lists.settings) fmt::print("{}\n", entry.name);
    for (const ConfigRule& entry : lists.rules) fmt::print("{}\n", entry.name);
}

void print_control(const ControlFile& file) {
    constexpr std::array levels{"minimal", "replica", "logical"};
    const auto line = [](std::string_view name, const auto& value) {
        fmt::print("{}: {}\n", name, value);
    };
    line("pg_control version number", file.control_version);
    line("Catalog version number", file.catalog_version);
    line("Database system identifier", file.system_identifier);
    line("Database cluster state", name_of(file.state));
    line("Latest checkpoint location", to_text(file.checkpoint));
    line("Latest checkpoint's REDO location", to_text(file.redo));
    line("Latest checkpoint's TimeLineID", file.timeline.value);
    line("Latest checkpoint's PrevTimeLineID", file.previous_timeline.value);
    line("Minimum recovery ending location", to_text(file.min_recovery_point));
    line("Min recovery ending loc's timeline", file.min_recovery_point_timeline.value);
    line("Backup start location", to_text(file.backup_start));
    line("Backup end location", to_text(file.backup_end));
    line("End-of-backup record required", file.backup_end_required ? "yes" : "no");
    line("wal_level setting", levels[static_cast<std::size_t>(file.wal_level)]);
    line("wal_log_hints setting", file.wal_log_hints ? "on" : "off");
    line("max_connections setting", file.limits.max_connections);
    line("max_worker_processes setting", file.limits.max_worker_processes);
    line("max_wal_senders setting", file.limits.max_wal_senders);
    line("max_prepared_xacts setting", file.limits.max_prepared_transactions);
    line("max_locks_per_xact setting", file.limits.max_locks_per_transaction);
    line("track_commit_timestamp setting", file.track_commit_timestamp ? "on" : "off");
    line("Database block size", file.block_size);
    line("Blocks per segment of large relation", file.relation_segment_blocks);
    line("WAL block size", file.wal_block_size);
    line("Bytes per WAL segment", file.wal_segment_size.bytes());
    line("Data page checksum version", file.data_checksum_version);
}

}  // namespace

int main(int count, char** words) {
    const std::vector<std::string> arguments(words + 1, words + count);
    try {
        const std::string& what = arguments.at(0);
        const fs::path directory = arguments.at(1);
        if (what == "entries") print_entries(directory);
        if (what == "control") print_control(control_of(directory));
        if (what == "prepare")
            prepare(directory, request_of(static_cast<std::uint32_t>(std::stoul(arguments.at(2))),
                                          {arguments.begin() + 3, arguments.end()}));
    } catch (const Error& error) {
        fmt::print(stderr, "{}\n", error.full_text());
        return 1;
    } catch (const std::exception& error) {
        fmt::print(stderr, "{}\n", error.what());
        return 2;
    }
}
