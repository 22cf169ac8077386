// SPDX-License-Identifier: Apache-2.0
/// prune, collect, hold, source set.
#include <yore/command/text.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>

#include "cli/verbs.h"

namespace yore::cli {
namespace {

struct PolicyOption {
    const char* option;
    const char* field;
    const char* what;
};
constexpr std::array count_options{
    PolicyOption{"--keep-last", "keep_last", "Keep the last N"},
    PolicyOption{"--keep-hourly", "keep_hourly", "Keep the last of each of N hours"},
    PolicyOption{"--keep-daily", "keep_daily", "Keep the last of each of N days (UTC)"},
    PolicyOption{"--keep-weekly", "keep_weekly", "Keep the last of each of N weeks"},
    PolicyOption{"--keep-monthly", "keep_monthly", "Keep the last of each of N months"},
    PolicyOption{"--keep-yearly", "keep_yearly", "Keep the last of each of N years"},
};
constexpr std::array span_options{
    PolicyOption{"--keep-within", "keep_within", "Keep all that are not older, such as 30d"},
    PolicyOption{"--window", "window", "Keep every moment of the last DURATION restorable"},
};

struct Policy {
    std::array<std::optional<std::uint32_t>, count_options.size()> counts;
    std::array<std::string, span_options.size()> spans;

    void put(nlohmann::json& request) const {
        for (std::size_t i = 0; i < counts.size(); ++i)
            if (counts[i]) request[count_options[i].field] = *counts[i];
        for (std::size_t i = 0; i < spans.size(); ++i)
            if (!spans[i].empty()) request[span_options[i].field] = spans[i];
    }
};

void add_policy_options(CLI::App& verb, Policy& policy) {
    for (std::size_t i = 0; i < count_options.size(); ++i)
        verb.add_option(count_options[i].option, policy.counts[i], count_options[i].what)
            ->type_name("N");
    for (std::size_t i = 0; i < span_options.size(); ++i)
        verb.add_option(span_options[i].option, policy.spans[i], span_options[i].what)
            ->check(is_duration())
            ->type_name("DURATION");
}

void add_prune(CLI::App& app, Invocation& invocation) {
    struct Options {
        std::vector<std::string> sources;
        Policy policy;
        bool dry_run = false, collect = false;
    };
    const auto options = std::make_shared<Options>();
    auto* verb = add_verb(app, invocation, "prune", "Remove snapshots that no policy keeps",
                          [&invocation, options] {
                              auto& request = invocation.request;
                              if (!options->sources.empty())
                                  request["sources"] = command::list_of_bytes(options->sources);
                              options->policy.put(request);
                              request["dry_run"] = options->dry_run;
                              request["collect"] = options->collect;
                          });
    verb->add_option("source", options->sources, "Of which sources [all, by their own policies]")
        ->type_name("SOURCE");
    add_policy_options(*verb, options->policy);
    auto* dry =
        verb->add_flag("--dry-run", options->dry_run, "Only tell what would be removed, and why");
    verb->add_flag("--collect", options->collect, "Then give its space back, as `collect` does")
        ->excludes(dry);
}

void add_collect(CLI::App& app, Invocation& invocation) {
    const auto dry_run = std::make_shared<bool>(false);
    auto* verb = add_verb(app, invocation, "collect", "Give back the space of what was removed",
                          [&invocation, dry_run] { invocation.request["dry_run"] = *dry_run; });
    verb->add_flag("--dry-run", *dry_run, "Only tell how much that would be");
    verb->add_flag("-b,--bytes", invocation.exact_sizes, "Sizes in bytes");
}

void add_hold(CLI::App& app, Invocation& invocation) {
    struct Options {
        std::string moment, until, reason;
        std::uint32_t number = 0;
    };
    const auto options = std::make_shared<Options>();
    auto* hold = app.add_subcommand("hold", "Protect backups from pruning");
    hold->require_subcommand(1);
    hold->fallthrough();
    auto* add = add_verb(*hold, invocation, "add", "Protect a snapshot, a moment or a span",
                         [&invocation, options] {
                             auto& request = invocation.request;
                             command::put_bytes(request, "moment", options->moment);
                             if (!options->until.empty()) request["until"] = options->until;
                             command::put_bytes(request, "reason", options->reason);
                         });
    add->add_option("moment", options->moment, "SOURCE@TIME, or a span SOURCE@FROM..TO")
        ->required()
        ->type_name("MOMENT");
    add->add_option("--until", options->until, "A date, a time, or 30d from now [its release]")
        ->type_name("TIME");
    add->add_option("--reason", options->reason, "Why, for those who meet it later")
        ->type_name("TEXT");
    add_verb(*hold, invocation, "list", "List the holds", [] {});
    auto* release = add_verb(*hold, invocation, "release", "End a hold", [&invocation, options] {
        invocation.request["hold"] = options->number;
    });
    release->add_option("hold", options->number, "Its number")->required()->type_name("NUMBER");
}

}  // namespace

namespace {

/// Of the file of this name, if there is one; statements are no names of files.
std::string content_or_text(const std::string& given) {
    std::error_code failed;
    if (!std::filesystem::is_regular_file(given, failed)) return given;
    std::ifstream file(given);
    return {std::istreambuf_iterator<char>(file), {}};
}

/// How level 3 of verify checks a source.
struct CheckOptions {
    std::optional<std::string> command, user, sql;
    std::string timeout;

    void put(nlohmann::json& request) const {
        if (command) command::put_bytes(request, "verify_command", *command);
        if (user) command::put_bytes(request, "verify_user", *user);
        if (sql) command::put_bytes(request, "verify_sql", content_or_text(*sql));
        if (!timeout.empty()) request["verify_timeout"] = timeout;
    }
};

void add_check_options(CLI::App& verb, CheckOptions& options) {
    verb.add_option("--verify-command", options.command,
                    "What `yore verify --level 3` runs in a clone of a moment; empty: nothing")
        ->type_name("COMMAND");
    verb.add_option("--verify-sql", options.sql,
                    "What it asks the server of a cluster, a file or the statements: every row is "
                    "to be true; empty: nothing")
        ->type_name("FILE|SQL");
    verb.add_option("--verify-timeout", options.timeout,
                    "For how long at most [10m, of a cluster 24h]")
        ->check(is_duration())
        ->type_name("DURATION");
    verb.add_option("--verify-user", options.user, "As whom, if not as who runs Yore")
        ->type_name("USER");
}

}  // namespace

void add_source_set(CLI::App& source, Invocation& invocation) {
    struct Options {
        std::string name, conninfo, slot_limit;
        std::optional<std::string> config;
        CheckOptions check;
        Policy policy;
        bool keep_all = false;
    };
    const auto options = std::make_shared<Options>();
    auto* verb = add_verb(
        source, invocation, "set",
        "Set which backups `yore prune` keeps, how they are checked, or where a cluster is",
        [&invocation, options] {
            auto& request = invocation.request;
            command::put_bytes(request, "name", options->name);
            options->policy.put(request);
            request["keep_all"] = options->keep_all;
            if (!options->conninfo.empty())
                command::put_bytes(request, "postgresql", options->conninfo);
            if (const auto& config = options->config)
                command::put_bytes(request, "config_directory",
                                   config->empty() ? "" : absolute_path(*config));
            put_slot_limit(request, options->slot_limit);
            options->check.put(request);
        });
    verb->add_option("name", options->name, "Its name")->required()->type_name("NAME");
    add_policy_options(*verb, options->policy);
    verb->add_flag("--keep-all", options->keep_all, "No policy: keep everything");
    verb->add_option("--postgresql", options->conninfo, "Where the same PostgreSQL cluster is now")
        ->type_name("CONNINFO");
    verb->add_option("--config-dir", options->config,
                     "Where the cluster's files of settings are; empty: with its data")
        ->type_name("DIR");
    add_slot_limit(*verb, options->slot_limit);
    add_check_options(*verb, options->check);
}

void add_keeping_verbs(CLI::App& app, Invocation& invocation) {
    add_prune(app, invocation);
    add_collect(app, invocation);
    add_hold(app, invocation);
}

}  // namespace yore::cli
