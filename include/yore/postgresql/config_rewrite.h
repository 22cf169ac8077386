// SPDX-License-Identifier: Apache-2.0
/// Makes a file of settings fit for a copy of its cluster: what leads to the original server's
/// files becomes a comment, all else stays as it is. Pure.
#pragma once

#include <yore/postgresql/config_file.h>
#include <yore/postgresql/parameters.h>

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace yore::postgresql {

/// A setting that cannot be undone by a later line, or whose absence is what is wanted.
struct ConfigRule {
    enum class When { always, leads_out };
    std::string_view name;
    When when;
    std::string_view reason;
};
/// The closed list, for all versions: a name that a version does not know is in none of its files.
std::span<const ConfigRule> config_rules();

struct ConfigRewrite {
    struct LeftOut {
        ConfigEntry entry;
        std::string_view reason;
    };
    std::string text;  ///< the same bytes when nothing was left out
    std::vector<LeftOut> left_out;
    std::vector<ConfigEntry> entries;  ///< what it still says, in order; also its includes
};

/// `path`: the file's own, from the data directory; includes are relative to it. A line that is
/// left out is kept behind `#yore# `, after a line with the reason.
ConfigRewrite rewrite_config(std::string_view text, std::string_view path,
                             std::span<const ConfigRule> rules);

/// A postgresql.conf for a cluster whose own is not in its data directory (Debian keeps it in
/// /etc): the limits that recovery needs, and no TCP.
std::string minimal_postgresql_conf(const RecoveryLimits&);
/// Lets in over the local socket who is, for the operating system, the user of that name. Any rule
/// that we invent may let in whom the original's kept out; this one takes no network, no
/// password that we cannot know, and, other than `trust`, no stranger with a shell.
std::string minimal_pg_hba_conf();
std::string minimal_pg_ident_conf();

}  // namespace yore::postgresql
