// SPDX-License-Identifier: Apache-2.0
#include "command/clone_record.h"

#include <yore/base/error.h>
#include <yore/base/file.h>
#include <yore/command/text.h>

#include <algorithm>
#include <array>
#include <filesystem>

#include <nlohmann/json.hpp>

#include "command/fields.h"

namespace yore::command {
namespace {

using Phase = CloneRecord::Phase;

constexpr std::size_t record_bytes_max = 64u << 10;
constexpr std::array<std::pair<Phase, std::string_view>, 4> phase_names{
    {{Phase::whole, "whole"},
     {Phase::making, "making"},
     {Phase::resetting, "resetting"},
     {Phase::removing, "removing"}}};

std::string clones_directory(const std::string& repository) {
    return repository + "/clones";
}
std::string record_path(const std::string& repository, std::string_view name) {
    return clone_directory(repository, name) + "/clone.json";
}

void put(nlohmann::json& object, const CloneServerOptions& server) {
    object["server_port"] = server.port;
    object["server_durable"] = server.durable;
    put_bytes(object, "server_programs", server.programs);
    put_bytes(object, "server_role", server.role);
}

std::optional<CloneServerOptions> server_from(Fields& fields) {
    const auto port = fields.number("server_port");
    CloneServerOptions server{static_cast<std::uint16_t>(port.value_or(0)),
                              fields.flag("server_durable"),
                              fields.optional_text("server_programs").value_or(""),
                              fields.optional_text("server_role").value_or("")};
    return port ? std::optional(std::move(server)) : std::nullopt;
}

nlohmann::json to_json(const CloneRecord& record) {
    nlohmann::json object{{"format", 1},
                          {"name", record.name},
                          {"source", record.source},
                          {"source_name", record.source_name},
                          {"state", record.state},
                          {"root", record.root},
                          {"created_ns", record.created.ns},
                          {"directory_made", record.directory_made},
                          {"allow_other", record.allow_other},
                          {"hold", record.hold}};
    if (record.until) object["until_ns"] = record.until->ns;
    if (record.bytes_max) object["bytes_max"] = *record.bytes_max;
    put_bytes(object, "directory", record.directory);
    put_bytes(object, "changes", record.changes);
    if (record.server) put(object, *record.server);
    if (!record.base.empty()) object["base"] = record.base;
    for (const auto& [oid, location] : record.tablespaces)
        put_bytes(object["tablespaces"], oid, location);
    object["phase"] =
        std::ranges::find(phase_names, record.phase, &std::pair<Phase, std::string_view>::first)
            ->second;
    return object;
}

Phase phase_of(const std::string& text) {
    const auto found =
        std::ranges::find(phase_names, text, &std::pair<Phase, std::string_view>::second);
    if (found == phase_names.end())
        throw Error(Errc::unsupported, fmt::format("phase {} is unknown", text),
                    {"it was made by a newer version"});
    return found->first;
}

std::uint32_t small_number(Fields& fields, const std::string& key) {
    return static_cast<std::uint32_t>(fields.number(key).value_or(0));
}

std::optional<Timestamp> instant(Fields& fields, const std::string& key) {
    const auto ns = fields.number(key);
    return ns ? std::optional(Timestamp{static_cast<std::int64_t>(*ns)}) : std::nullopt;
}

CloneRecord from_json(const nlohmann::json& object) {
    Fields fields(object);
    if (fields.number("format") != 1)
        throw Error(Errc::unsupported, "it was made by a newer version");
    CloneRecord record;
    record.name = fields.text("name");
    record.source = small_number(fields, "source");
    record.source_name = fields.text("source_name");
    record.state = fields.text("state");
    record.root = fields.text("root");
    record.created = instant(fields, "created_ns").value_or(Timestamp{});
    record.until = instant(fields, "until_ns");
    record.directory = fields.text("directory");
    record.directory_made = fields.flag("directory_made");
    record.allow_other = fields.flag("allow_other");
    record.changes = fields.text("changes");
    record.bytes_max = fields.number("bytes_max");
    record.hold = small_number(fields, "hold");
    record.server = server_from(fields);
    record.base = fields.optional_text("base").value_or("");
    for (auto& [oid, location] : fields.pairs("tablespaces"))
        record.tablespaces.push_back({std::move(oid), std::move(location)});
    record.phase = phase_of(fields.text("phase"));
    fields.done();
    return record;
}

/// Nothing: there is no record.
std::optional<CloneRecord> load(const std::string& repository, const std::string& name) {
    const auto bytes = read_file(record_path(repository, name), record_bytes_max);
    if (!bytes) return std::nullopt;
    const auto object = nlohmann::json::parse(as_text(*bytes), nullptr, false);
    if (!object.is_object()) throw Error(Errc::corrupt, "it is not a JSON object");
    auto record = from_json(object);
    if (record.name != name)
        throw Error(Errc::corrupt, fmt::format("it is the record of {}", record.name));
    return record;
}

FoundClone find_clone(const std::string& repository, const std::string& name) {
    FoundClone found;
    try {
        if (auto record = load(repository, name)) return {std::move(*record), ""};
    } catch (const Error& error) {
        found.failure = fmt::format("{}: {}", record_path(repository, name), error.what());
        found.record.phase = Phase::whole;  // what is there is not ours to throw away
    }
    found.record.name = name;
    found.record.changes = default_changes(repository, name);
    return found;
}

}  // namespace

std::string clone_directory(const std::string& repository, std::string_view name) {
    return fmt::format("{}/{}", clones_directory(repository), name);
}

std::string default_changes(const std::string& repository, std::string_view name) {
    return clone_directory(repository, name) + "/changes";
}

std::string scratch_changes(const std::string& scratch, std::string_view name) {
    return fmt::format("{}/yore-clone-{}", scratch == "/" ? "" : scratch, name);
}

std::string server_log(const std::string& repository, std::string_view name) {
    return clone_directory(repository, name) + "/server.log";
}

std::string server_process_file(const std::string& repository, std::string_view name) {
    return clone_directory(repository, name) + "/server.pid";
}

void save(const std::string& repository, const CloneRecord& record) {
    make_directories(clone_directory(repository, record.name));
    replace_file(record_path(repository, record.name), as_bytes(to_json(record).dump(2) + "\n"));
}

void remove_record(const std::string& repository, std::string_view name) {
    std::error_code failed;
    const auto directory = clone_directory(repository, name);
    if (!std::filesystem::is_directory(directory, failed)) return;
    remove_interrupted_replacements(directory);
    for (const auto& path : {server_log(repository, name), record_path(repository, name)})
        if (::unlink(path.c_str()) != 0 && errno != ENOENT)
            throw system_error("remove", path, errno);
    sync_directory(directory);
    if (::rmdir(directory.c_str()) != 0 && errno != ENOENT && errno != ENOTEMPTY)
        throw system_error("remove", directory, errno);
    sync_directory(clones_directory(repository));
}

std::map<std::string, FoundClone> find_clones(const std::string& repository) {
    std::map<std::string, FoundClone> found;
    std::error_code failed;
    for (const auto& entry :
         std::filesystem::directory_iterator(clones_directory(repository), failed)) {
        const std::string name = entry.path().filename();
        if (entry.is_directory(failed)) found.emplace(name, find_clone(repository, name));
    }
    return found;
}

}  // namespace yore::command
