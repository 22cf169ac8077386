// SPDX-License-Identifier: Apache-2.0
#include <yore/base/error.h>
#include <yore/base/file.h>
#include <yore/base/size.h>
#include <yore/command/schedules.h>
#include <yore/command/sources.h>
#include <yore/command/text.h>
#include <yore/server/config.h>
#include <yore/timeline/schedule.h>

#include <algorithm>
#include <set>
#include <tuple>

#include <fcntl.h>
#include <nlohmann/json.hpp>

#include "server/config_table.h"

namespace yore::server {
namespace {

constexpr std::size_t file_bytes_max = 1u << 20;

SecretSource read_secret_source(ConfigTable& top) {
    constexpr const char* which = "key_file, passphrase_file or passphrase_command";
    SecretSource secret{top.path("passphrase_file"), top.text("passphrase_command"),
                        top.path("key_file")};
    const char* first = nullptr;
    for (const char* key : {"passphrase_file", "passphrase_command", "key_file"}) {
        if (!top.has(key)) continue;
        if (first != nullptr)
            top.refuse(key, fmt::format("{} is given, too", first),
                       fmt::format("one of {}", which));
        first = key;
    }
    top.reserve("passphrase", "a secret does not belong into this file",
                fmt::format("{} names where it is", which));
    return secret;
}

std::optional<Duration> read_duration(ConfigTable& table, const char* key) {
    const auto text = table.text(key);
    if (!text) return std::nullopt;
    const auto duration = parse_duration(*text);
    if (!duration)
        table.refuse(key, fmt::format("{} is not a duration", *text), "such as 30m, 36h or 30d");
    return duration;
}

RetentionPolicy read_retention(ConfigTable& table) {
    RetentionPolicy policy;
    for (const auto& rule : retention_counts)
        if (const auto count = table.number(rule.word)) policy.*rule.value = *count;
    for (const auto& rule : retention_spans) {
        if (const auto span = read_duration(table, rule.word)) policy.*rule.value = *span;
    }
    if (table.flag("keep_all").value_or(false) && !policy.empty())
        table.refuse("keep_all", "there are rules, too, which keep less than all");
    return policy;
}

/// What reading the value of a key throws is a mistake there.
template <typename Read>
void attempt(ConfigTable& table, const std::string& key, const Read& read) {
    try {
        read();
    } catch (const Error& error) {
        table.refuse(key, error.what(), error.hints().empty() ? "" : error.hints().front());
    }
}

std::optional<std::uint64_t> read_size(ConfigTable& table, const std::string& key) {
    const auto text = table.text(key);
    const auto size = text ? parse_size(*text) : std::nullopt;
    if (text && !size)
        table.refuse(key, fmt::format("{} is not a size", *text), "such as 512M or 2G");
    return size;
}

/// `verify.command`, …
catalog::SourceCheck read_check(ConfigTable& source, catalog::SourceKind kind) {
    catalog::SourceCheck check;
    auto table = source.table("verify");
    if (!table) return check;
    check.command = table->text("command").value_or("");
    check.user = table->text("user").value_or("");
    check.sql = table->text("sql").value_or("");
    check.time_limit = read_duration(*table, "timeout");
    attempt(source, "verify", [&] { command::check_source_check(kind, check); });
    table->finish();
    return check;
}

catalog::Source read_source(ConfigTable& table) {
    catalog::Source source;
    table.require("name");
    if (const auto name = table.text("name")) {
        attempt(table, "name", [&] { catalog::check_source_name(*name); });
        source.name = *name;
    }
    source.retention = read_retention(table);
    if (const auto conninfo = table.text("postgresql")) {
        attempt(table, "postgresql", [&] { command::check_conninfo(*conninfo); });
        source.kind = catalog::SourceKind::postgresql;
        source.postgresql = {*conninfo, table.path("config_dir").value_or("")};
        if (const auto limit = read_size(table, "slot_limit")) {
            attempt(table, "slot_limit", [&] { command::check_slot_limit(*limit); });
            source.postgresql.pinned_bytes_max = *limit;
        }
        source.check = read_check(table, source.kind);
        return source;
    }
    table.require("directory");
    source.directory.path = table.path("directory").value_or("");
    source.directory.one_file_system = table.flag("one_file_system").value_or(false);
    source.directory.ignore_cache_dirs = !table.flag("keep_cache_dirs").value_or(false);
    source.directory.ignore_nodump = !table.flag("keep_nodump").value_or(false);
    source.directory.excludes = table.texts("excludes");
    source.check = read_check(table, source.kind);
    return source;
}

/// A time limit or an age asks for level 2 by itself, a random moment or a
/// comparison for level 3.
VerifySpec read_verify(ConfigTable& table) {
    VerifySpec spec;
    for (const auto& [key, value] :
         {std::pair("max_time", &spec.max_time), {"older_than", &spec.older_than}})
        *value = read_duration(table, key);
    if (spec.max_time || spec.older_than) spec.level = 2;
    spec.random = table.flag("random").value_or(false);
    spec.compare = table.flag("compare").value_or(false);
    if (spec.random || spec.compare) spec.level = 3;
    attempt(table, "level", [&] {
        if (const auto level = table.number("level")) spec.level = timeline::verify_level(*level);
        timeline::check_verify(spec);
    });
    return spec;
}

/// Each value by itself, so that all that is wrong is told at once.
ScheduleSpec read_schedule(ConfigTable& table) {
    ScheduleSpec spec;
    const auto take = [&](const std::string& key, const auto& read) {
        if (const auto text = table.text(key)) attempt(table, key, [&] { read(*text); });
    };
    take("task", [&](const std::string& text) { spec.task = timeline::parse_task(text); });
    take("on_previous_running", [&](const std::string& text) {
        spec.on_previous_running = timeline::parse_on_previous_running(text);
    });
    take("on_failure",
         [&](const std::string& text) { spec.on_failure = timeline::parse_on_failure(text); });
    take("zone", [&](const std::string& text) { spec.zone = Zone::named(text).name(); });
    spec.log_bytes = read_size(table, "log").value_or(0);
    if (spec.log_bytes == 0) table.require("cron");
    take("cron", [&](const std::string& text) {
        (void)timeline::Cron::parse(text);
        spec.cron = text;
    });
    spec.verify = read_verify(table);
    if (spec.task != ScheduledTask::verify)
        for (const char* key : {"level", "max_time", "older_than", "random", "compare"})
            if (table.has(key)) table.refuse(key, "only a verify has it", "task = \"verify\"");
    spec.source = table.text("source").value_or("");
    attempt(table, "source", [&] { timeline::check_source(spec); });
    if (spec.log_bytes > 0) attempt(table, "log", [&] { timeline::check_log_bytes(spec); });
    table.finish();
    return spec;
}

/// Of a source that the file declares, and once.
void check_schedule(ConfigTable& table, const ScheduleSpec& spec, const Config& config,
                    std::set<std::string>& names) {
    const auto known = std::ranges::find(config.sources, spec.source, &catalog::Source::name);
    const bool is_known = known != config.sources.end();
    if (!spec.source.empty() && !is_known)
        table.refuse("source", fmt::format("this file has no source {}", spec.source));
    if (is_known && spec.task == ScheduledTask::roll_forward &&
        known->kind != catalog::SourceKind::postgresql)
        table.refuse("source", fmt::format("{} is no PostgreSQL cluster: it is not rolled forward",
                                           spec.source));
    const auto name = timeline::schedule_name(spec.task, spec.source);
    if (!names.insert(name).second)
        table.refuse("source", fmt::format("schedule {} is there already, further up", name));
}

/// Clusters are checked daily, unless somebody says when.
std::vector<ScheduleSpec> daily_checks(const std::vector<catalog::Source>& sources) {
    std::vector<ScheduleSpec> checks;
    for (const catalog::Source& source : sources) {
        if (source.kind != catalog::SourceKind::postgresql) continue;
        ScheduleSpec& spec = checks.emplace_back();
        spec.task = ScheduledTask::check;
        spec.source = source.name;
        spec.cron = "@daily";
    }
    return checks;
}

MountConfig read_mount(ConfigTable& table) {
    MountConfig mount;
    table.require("directory");
    mount.directory = table.path("directory").value_or("");
    mount.allow_other = table.flag("allow_other").value_or(false);
    table.finish();
    return mount;
}

MetricsConfig read_metrics(ConfigTable& table) {
    MetricsConfig metrics;
    const bool remote = table.flag("allow_remote").value_or(false);
    table.require("listen");
    if (const auto text = table.text("listen")) {
        metrics.listen = TcpAddress::parse(*text);
        if (!metrics.listen)
            table.refuse("listen", fmt::format("{} is no address with a port", *text),
                         "such as 127.0.0.1:9470 or [::1]:9470");
        else if (!metrics.listen->is_loopback() && !remote)
            table.refuse("listen", fmt::format("other machines reach {}", *text),
                         "allow_remote = true, if they may read the names of sources and mounts");
    }
    table.finish();
    return metrics;
}

/// Notes where a value comes a second time.
class Distinct {
  public:
    void check(ConfigTable& table, const std::string& key, const std::string& value) {
        if (!value.empty() && !seen_.insert(value).second)
            table.refuse(key, fmt::format("{} is there already, further up", value));
    }

  private:
    std::set<std::string> seen_;
};

Config read_top(const toml::table& document, std::vector<ConfigMistake>& mistakes) {
    Config config;
    ConfigTable top(document, "", mistakes);
    top.require("repository");
    config.repository = top.path("repository").value_or("");
    config.secret = read_secret_source(top);
    config.cache_bytes = read_size(top, "cache_size");
    Distinct names, directories;
    for (ConfigTable& table : top.tables("source")) {
        config.sources.push_back(read_source(table));
        const std::string& name = config.sources.back().name;
        names.check(table, "name", name);
        if (table.flag("follow").value_or(false)) config.followed.push_back(name);
        table.finish();
    }
    std::set<std::string> schedules;
    for (ConfigTable& table : top.tables("schedule")) {
        config.schedules.push_back(read_schedule(table));
        check_schedule(table, config.schedules.back(), config, schedules);
    }
    config.default_schedules = daily_checks(config.sources);
    for (ConfigTable& table : top.tables("mount")) {
        config.mounts.push_back(read_mount(table));
        directories.check(table, "directory", config.mounts.back().directory);
    }
    if (auto table = top.table("metrics")) config.metrics = read_metrics(*table);
    top.finish();
    return config;
}

bool makes_parser_give_up(std::string_view text) {
    try {
        (void)toml::parse(text);
    } catch (const toml::parse_error&) {
    } catch (const ParserGaveUp&) {
        return true;
    }
    return false;
}

/// It reads from the front: it gives up on each beginning that holds the line, and on no shorter.
std::uint32_t line_of_giving_up(std::string_view text) {
    std::vector<std::size_t> ends;
    for (auto at = text.find('\n'); at != std::string_view::npos; at = text.find('\n', at + 1))
        ends.push_back(at + 1);
    ends.push_back(text.size());
    const auto first = std::ranges::partition_point(
        ends, [&](std::size_t end) { return !makes_parser_give_up(text.substr(0, end)); });
    return static_cast<std::uint32_t>(first - ends.begin()) + 1;
}

}  // namespace

ConfigReading read_config(std::string_view text) {
    ConfigReading reading;
    try {
        reading.config = read_top(toml::parse(text), reading.mistakes);
    } catch (const toml::parse_error& error) {
        reading.mistakes.push_back(
            {error.source().begin.line, "", std::string(error.description()), {}});
    } catch (const ParserGaveUp&) {
        reading.mistakes.push_back({line_of_giving_up(text), "", "this is not TOML", {}});
    }
    std::ranges::sort(reading.mistakes, {}, [](const ConfigMistake& mistake) {
        return std::tie(mistake.line, mistake.key, mistake.text);
    });
    return reading;
}

ConfigReading load_config(const std::string& path) {
    const auto fd = open_file(path, O_RDONLY);
    Bytes content(file_bytes_max + 1);
    content.resize(read_at(fd.get(), 0, content));
    if (content.size() > file_bytes_max)
        throw Error(Errc::invalid, fmt::format("{} is longer than 1 MiB", path));
    return read_config(as_text(content));
}

std::string ConfigMistake::what() const {
    auto all = fmt::format("line {}: {}{}{}", line, key, key.empty() ? "" : ": ", text);
    if (!hint.empty()) all += fmt::format(" ({})", hint);
    return all;
}

nlohmann::json describe(const Config& config) {
    nlohmann::json object{{"secret", nlohmann::json::object()},
                          {"sources", nlohmann::json::array()},
                          {"schedules", nlohmann::json::array()},
                          {"mounts", nlohmann::json::array()}};
    command::put_bytes(object, "repository", config.repository);
    const SecretSource& secret = config.secret;
    for (const auto& [key, value] : {std::pair("key_file", secret.key_file),
                                     {"passphrase_file", secret.passphrase_file},
                                     {"passphrase_command", secret.passphrase_command}})
        if (value) command::put_bytes(object["secret"], key, *value);
    if (config.cache_bytes) object["cache_bytes"] = *config.cache_bytes;
    for (const catalog::Source& source : config.sources) {
        auto row = command::describe_declared(source);
        row["follow"] = std::ranges::count(config.followed, source.name) > 0;
        object["sources"].push_back(std::move(row));
    }
    for (const ScheduleSpec& spec : config.schedules)
        object["schedules"].push_back(command::describe(spec));
    for (const MountConfig& mount : config.mounts) {
        nlohmann::json row{{"allow_other", mount.allow_other}};
        command::put_bytes(row, "directory", mount.directory);
        object["mounts"].push_back(std::move(row));
    }
    if (const auto& listen = config.metrics.listen)
        object["metrics"] = {{"listen", listen->text()}};
    return object;
}

nlohmann::json describe(const ConfigMistake& mistake) {
    nlohmann::json event{
        {"event", "mistake"}, {"line", mistake.line}, {"key", mistake.key}, {"text", mistake.text}};
    if (!mistake.hint.empty()) event["hint"] = mistake.hint;
    return event;
}

}  // namespace yore::server
