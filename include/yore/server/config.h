// SPDX-License-Identifier: Apache-2.0
/// What `yore serve` is to do: one TOML file, checked whole before any of it is acted on.
///
///     repository = "/backup/yore"            # key_file, passphrase_file or passphrase_command
///     cache_size = "1G"                      # as `--cache-size`
///     [[source]]                             # the words of `yore source add` and `source set`
///     name = "home"
///     directory = "/home"
///     keep_daily = 7
///     follow = true                          # as `yore log follow`
///     verify.command = "./check"             # also verify.timeout, verify.user, verify.sql
///     [[schedule]]                           # the words of `yore schedule set`; a cluster has a
///                                            # daily check, if no other
///     source = "home"
///     cron = "@daily"                        # of a verify also level, max_time, older_than,
///                                            # random
///     [[mount]]                              # the words of `yore mount`
///     directory = "/mnt/yore"
///     [metrics]
///     listen = "127.0.0.1:9470"
#pragma once

#include <yore/catalog/source.h>
#include <yore/format/schedule_spec.h>
#include <yore/server/secret_source.h>
#include <yore/server/tcp_address.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

namespace yore::server {

struct MountConfig {
    std::string directory;  ///< absolute
    bool allow_other = false;
    bool operator==(const MountConfig&) const = default;
};

/// `[metrics]`: where the figures are besides the socket.
struct MetricsConfig {
    std::optional<TcpAddress> listen;  ///< this machine alone reaches it, unless the file says so
    bool operator==(const MetricsConfig&) const = default;
};

struct Config {
    std::string repository;  ///< absolute
    SecretSource secret;
    std::optional<std::uint64_t> cache_bytes;  ///< for decoded content
    /// Of each what is declared: name, directory, retention. A policy without rules keeps all.
    std::vector<catalog::Source> sources;
    std::vector<std::string> followed;    ///< names of sources
    std::vector<ScheduleSpec> schedules;  ///< right as timeline::Schedule asks, of `sources`
    std::vector<ScheduleSpec> default_schedules;  ///< where nobody has set one of the same task
    std::vector<MountConfig> mounts;
    MetricsConfig metrics;
};

/// One thing that is wrong with a file.
struct ConfigMistake {
    std::uint32_t line = 0;  ///< from 1
    std::string key;         ///< `source.keep_daily`; empty when the file is no TOML
    std::string text;
    std::string hint;          ///< may be empty
    std::string what() const;  ///< `line 3: source.keep_daily: … (hint)`
};

struct ConfigReading {
    Config config;                        ///< to be used when there is no mistake
    std::vector<ConfigMistake> mistakes;  ///< all that there are, by line
};
/// Pure: looks at the text alone, not at the directories that it names.
ConfigReading read_config(std::string_view toml);
/// Absent: Errc::not_found; longer than 1 MiB: Errc::invalid.
ConfigReading load_config(const std::string& path);

/// For `yore serve --check`: `repository`, `secret`, `cache_bytes`, `sources`, `schedules`,
/// `mounts`, `metrics`.
nlohmann::json describe(const Config&);
/// An event `mistake`: `line`, `key`, `text`, `hint`.
nlohmann::json describe(const ConfigMistake&);

}  // namespace yore::server
