// SPDX-License-Identifier: Apache-2.0
#include <yore/base/error.h>
#include <yore/base/number.h>
#include <yore/base/path.h>
#include <yore/postgresql/backup_manifest.h>
#include <yore/postgresql/control_file.h>
#include <yore/postgresql/prepared_tree.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>

namespace yore::postgresql {
namespace {

constexpr std::string_view main_config = "postgresql.conf", auto_config = "postgresql.auto.conf",
                           hba = "pg_hba.conf", ident = "pg_ident.conf",
                           manifest = "backup_manifest";

/// A backup taken from a standby has its signal file; a tablespace_map would make the server link
/// to where the original's tablespaces are; a stopped cluster may have left the others behind.
constexpr std::array removed_files{"standby.signal", "tablespace_map", "postmaster.pid",
                                   "postmaster.opts"};

/// PostgreSQL gives up at a depth of 10 too.
constexpr int deepest_include = 10;

/// Makes the tree's files of settings fit, and knows what they say together.
class ConfigFiles {
  public:
    ConfigFiles(const StoredFiles& stored, std::span<const ConfigRule> rules, PreparedTree& tree)
        : stored_(stored), rules_(rules), tree_(tree) {}

    /// A file and what it includes; each is read once. Not there: false.
    bool take(const std::string& path, int depth = 0) {
        if (!met_.insert(path).second) return true;
        const auto text = stored_.read(path);
        if (!text) return false;
        std::string fit = take_text(path, *text, depth);
        if (fit != *text) tree_.files.push_back({path, std::move(fit)});
        return true;
    }
    /// The text that the file must have; those that it includes are taken.
    std::string take_text(const std::string& path, std::string_view text, int depth = 0) {
        ConfigRewrite rewrite = rewrite_config(text, path, rules_);
        for (const auto& [entry, reason] : rewrite.left_out) {
            left_out_.insert(entry.name);
            tree_.notes.push_back(fmt::format("{}: {} = '{}' is left out: {}", path, entry.name,
                                              entry.value, reason));
        }
        for (const ConfigEntry& entry : rewrite.entries) take_entry(entry, path, depth);
        return std::move(rewrite.text);
    }
    bool left_out(std::string_view name) const { return left_out_.contains(name); }
    /// What the last line for it says.
    std::optional<std::string_view> value(std::string_view name) const {
        const auto found = values_.find(name);
        if (found == values_.end()) return std::nullopt;
        return found->second;
    }

  private:
    void take_entry(const ConfigEntry& entry, const std::string& path, int depth) {
        if (!entry.name.starts_with("include")) {
            values_[entry.name] = entry.value;
        } else if (depth < deepest_include &&
                   place_of(entry.value, directory_of(path)) == ConfigPlace::in_tree) {
            const std::string included = path_in_tree(entry.value, directory_of(path));
            if (entry.name == "include_dir")
                take_directory(included, depth + 1);
            else
                take(included, depth + 1);
        }
    }
    /// As PostgreSQL does: by name, only `*.conf`, nothing hidden.
    void take_directory(const std::string& path, int depth) {
        auto names = stored_.list(path);
        std::ranges::sort(names);
        for (const std::string& name : names)
            if (name.ends_with(".conf") && !name.starts_with('.'))
                take(join_path(path, name), depth);
    }

    const StoredFiles& stored_;
    std::span<const ConfigRule> rules_;
    PreparedTree& tree_;
    std::set<std::string, std::less<>> met_, left_out_;
    std::map<std::string, std::string, std::less<>> values_;
};

/// Recovery refuses lower limits than the log was written with; the files may be older than the
/// target, or say what the server never came to run with.
void raise_limits(const ConfigFiles& files, const RecoveryLimits& needed,
                  std::vector<Setting>& settings) {
    const RecoveryLimits defaults;
    for (const auto& [name, limit] : recovery_limits) {
        const auto said = files.value(name);
        const auto number = said ? parse_number<std::int32_t>(*said) : defaults.*limit;
        if (!number || *number < needed.*limit)
            settings.push_back({std::string(name), std::to_string(needed.*limit),
                                "recovery needs what the log was written with"});
    }
}

/// Who may connect. A file that lies elsewhere is made up, also when one is in its place here: that
/// one was not in force, and may let in anybody, as initdb's does.
void prepare_access(const StoredFiles& stored, const ConfigFiles& files, PreparedTree& tree) {
    struct Access {
        std::string_view path, setting;
        std::string (*make)();
    };
    for (const Access& access : {Access{hba, "hba_file", minimal_pg_hba_conf},
                                 Access{ident, "ident_file", minimal_pg_ident_conf}}) {
        const bool elsewhere = files.left_out(access.setting);
        if (!elsewhere && stored.read(access.path)) continue;
        tree.files.push_back({std::string(access.path), access.make()});
        tree.notes.push_back(
            fmt::format("{} is made up: the cluster's own lies elsewhere", access.path));
    }
}

void prepare_manifest(const StoredFiles& stored, Timestamp modified, PreparedTree& tree) {
    const auto text = stored.read(manifest);
    if (!text) return;
    ManifestEdits edits;
    for (const auto& [path, content] : tree.files)
        if (path != auto_config && path != "recovery.signal")
            edits[path] = manifest_file(path, as_bytes(content), modified);
    for (const std::string& path : tree.removed) edits[path] = std::nullopt;
    std::string edited = edit_backup_manifest(*text, edits);
    if (edited != *text) tree.files.push_back({std::string(manifest), std::move(edited)});
}

ControlFile control_of(const StoredFiles& stored) {
    const auto bytes = stored.read("global/pg_control");
    if (!bytes) throw Error(Errc::corrupt, "the base backup has no global/pg_control");
    return parse_control_file(as_bytes(*bytes));
}

}  // namespace

Isolation isolation(int major_version, const RecoveryTarget& target,
                    const std::optional<CloneAddress>& clone) {
    const auto rules = config_rules();
    return {recovery_settings(major_version, target, clone), {rules.begin(), rules.end()}};
}

PreparedTree prepare_tree(const StoredFiles& stored, const Preparation& preparation) {
    const int major = control_of(stored).major_version;
    return prepare_tree(stored, preparation,
                        isolation(major, preparation.target, preparation.clone));
}

PreparedTree prepare_tree(const StoredFiles& stored, const Preparation& preparation,
                          Isolation isolation) {
    const ControlFile control = control_of(stored);
    const RecoveryLimits needed = highest(control.limits, preparation.limits);
    PreparedTree tree;
    tree.removed.assign(removed_files.begin(), removed_files.end());

    ConfigFiles files(stored, isolation.rules, tree);
    if (!files.take(std::string(main_config))) {
        tree.files.push_back({std::string(main_config), minimal_postgresql_conf(needed)});
        files.take_text(std::string(main_config), tree.files.back().text);
        tree.notes.push_back("postgresql.conf is made up: the cluster's own lies elsewhere");
    }
    const std::string stored_auto = stored.read(auto_config).value_or("");
    const std::string fit =
        files.take_text(std::string(auto_config), without_recovery_settings(stored_auto));
    raise_limits(files, needed, isolation.settings);
    tree.files.push_back(
        {std::string(auto_config), with_recovery_settings(fit, isolation.settings)});
    tree.files.push_back({"recovery.signal", ""});
    prepare_access(stored, files, tree);
    prepare_manifest(stored, control.time, tree);
    return tree;
}

}  // namespace yore::postgresql
