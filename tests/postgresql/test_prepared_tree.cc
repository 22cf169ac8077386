// SPDX-License-Identifier: Apache-2.0
#include <yore/base/path.h>
#include <yore/postgresql/backup_manifest.h>
#include <yore/postgresql/prepared_tree.h>

#include <algorithm>
#include <map>

#include "real_files.h"

using namespace yore;
using namespace yore::postgresql;
using test::code_thrown_by, test::real_file;

namespace {

using Files = std::map<std::string, std::string, std::less<>>;

/// As an initdb of PostgreSQL 15 with max_connections = 101 and its kind left it, in few words.
Files sound_cluster() {
    return {{"global/pg_control", real_file("pg_control-15")},
            {"postgresql.conf",
             "max_connections = 101\nmax_worker_processes = 9\nmax_wal_senders = 0x20\n"
             "max_prepared_transactions = '3'\nmax_locks_per_transaction = 65\n"
             "max_wal_senders = 11\n"},
            {"postgresql.auto.conf", "# Do not edit\n"},
            {"pg_hba.conf", "local all all trust\n"},
            {"pg_ident.conf", ""}};
}

StoredFiles stored(const Files& files) {
    return {[&files](std::string_view path) -> std::optional<std::string> {
                const auto found = files.find(path);
                if (found == files.end()) return std::nullopt;
                return found->second;
            },
            [&files](std::string_view directory) {
                std::vector<std::string> names;
                for (const auto& [path, text] : files)
                    if (directory_of(path) == directory)
                        names.push_back(path.substr(directory.size() + !directory.empty()));
                std::ranges::reverse(names);
                return names;
            }};
}

const Preparation to_commit{.target = {{1}, Lsn{0x3000060}}, .clone = {}, .limits = {}};

struct Prepared {
    Files files;
    PreparedTree tree;

    explicit Prepared(const Files& before, const Preparation& preparation = to_commit)
        : tree(prepare_tree(stored(before), preparation)) {
        for (const auto& [path, text] : tree.files) {
            CAPTURE(path);
            CHECK(files.emplace(path, text).second);
        }
    }
    bool has_line(const std::string& path, const std::string& start) const {
        return ("\n" + files.at(path)).find("\n" + start) != std::string::npos;
    }
    /// The lines of settings that the block has for limits.
    bool raises(const std::string& name) const {
        return has_line("postgresql.auto.conf", name + " = ");
    }
};

}  // namespace

TEST_CASE("Of a sound cluster only the settings of recovery change") {
    const Prepared prepared(sound_cluster());
    CHECK(prepared.files.size() == 2);
    CHECK(prepared.files.at("recovery.signal").empty());
    CHECK(prepared.has_line("postgresql.auto.conf", "# Do not edit"));
    CHECK(prepared.has_line("postgresql.auto.conf", "recovery_target_lsn = '0/3000060'"));
    CHECK(prepared.tree.notes.empty());
    CHECK(std::ranges::count(prepared.tree.removed, "standby.signal") == 1);
    CHECK(std::ranges::count(prepared.tree.removed, "tablespace_map") == 1);
}

TEST_CASE("A limit is raised to what the log needs, and only then") {
    CHECK_FALSE(Prepared(sound_cluster()).raises("max_wal_senders"));
    Files files = sound_cluster();
    files["postgresql.auto.conf"] = "max_wal_senders = 10\nmax_connections = many\n";
    const Prepared lower(files);
    CHECK(lower.has_line("postgresql.auto.conf", "max_wal_senders = '11'"));
    CHECK(lower.has_line("postgresql.auto.conf", "max_connections = '101'"));
    CHECK_FALSE(lower.raises("max_worker_processes"));
    files["postgresql.conf"] = "";
    CHECK(Prepared(files).has_line("postgresql.auto.conf", "max_prepared_transactions = '3'"));
}

TEST_CASE("The log up to the target may need more than the base backup's control file says") {
    Preparation later = to_commit;
    later.limits.max_connections = 300;
    CHECK(Prepared(sound_cluster(), later)
              .has_line("postgresql.auto.conf", "max_connections = '300'"));
}

TEST_CASE("Configuration that lies elsewhere is made up and told") {
    const Prepared prepared(Files{{"global/pg_control", real_file("pg_control-15")}});
    CHECK(prepared.has_line("postgresql.conf", "max_connections = 101"));
    CHECK(prepared.has_line("pg_hba.conf", "local  all  all  peer"));
    CHECK(prepared.files.contains("pg_ident.conf"));
    CHECK(prepared.tree.notes.size() == 3);
    CHECK_FALSE(prepared.raises("max_connections"));
}

TEST_CASE("A pg_hba.conf that was not in force does not come into force") {
    Files files = sound_cluster();
    files["postgresql.conf"] += "hba_file = '/etc/pg_hba.conf'\n";
    const Prepared prepared(files);
    CHECK(prepared.files.at("pg_hba.conf").find("trust") == std::string::npos);
    CHECK_FALSE(prepared.files.contains("pg_ident.conf"));
}

TEST_CASE("Files that settings include are made fit too, each once") {
    Files files = sound_cluster();
    files["postgresql.conf"] += "include_dir 'conf.d'\ninclude 'conf.d/b.conf'\n";
    files["conf.d/a.conf"] = "max_connections = 50\ninclude '../conf.d/a.conf'\n";
    files["conf.d/b.conf"] = "external_pid_file = '/run/a.pid'\nmax_connections = 60\n";
    files["conf.d/c.conf"] = "include_if_exists '/etc/x.conf'\n";
    files["conf.d/.d.conf"] = files["conf.d/e.con"] = "external_pid_file = '/run/a.pid'\n";
    const Prepared prepared(files);
    CHECK(prepared.has_line("conf.d/b.conf", "#yore# external_pid_file"));
    CHECK(prepared.has_line("conf.d/c.conf", "#yore# include_if_exists"));
    CHECK(prepared.files.size() == 4);
    CHECK(prepared.has_line("postgresql.auto.conf", "max_connections = '101'"));
    CHECK(prepared.tree.notes.size() == 2);
}

TEST_CASE("What ALTER SYSTEM set is made fit, and an earlier restore's block goes") {
    Files files = sound_cluster();
    files["postgresql.auto.conf"] = with_recovery_settings(
        "external_pid_file = '/run/a.pid'\n", recovery_settings(15, {{1}, Lsn{0x1000}}));
    const Prepared prepared(files);
    CHECK(prepared.has_line("postgresql.auto.conf", "#yore# external_pid_file"));
    CHECK_FALSE(prepared.has_line("postgresql.auto.conf", "recovery_target_lsn = '0/1000'"));
    CHECK(prepared.has_line("postgresql.auto.conf", "recovery_target_lsn = '0/3000060'"));
}

TEST_CASE("The manifest tells the files that changed") {
    Files files = sound_cluster();
    files["backup_manifest"] = real_file("backup_manifest-15");
    files["postgresql.conf"] += "hba_file = '/etc/pg_hba.conf'\n";
    const Prepared prepared(files);
    Files sums;
    read_backup_manifest(prepared.files.at("backup_manifest"),
                         [&](const ManifestFile& file) { sums[file.path] = file.checksum; });
    for (const char* path : {"postgresql.conf", "pg_hba.conf"})
        CHECK(sums.at(path) == manifest_file(path, as_bytes(prepared.files.at(path)), {}).checksum);
    CHECK_FALSE(sums.contains("recovery.signal"));

    files = sound_cluster();
    files["backup_manifest"] = real_file("backup_manifest-15");
    CHECK_FALSE(Prepared(files).files.contains("backup_manifest"));
}

TEST_CASE("A tree without a sound pg_control is refused") {
    CHECK(code_thrown_by([] { Prepared(Files{}); }) == Errc::corrupt);
    CHECK(code_thrown_by([] { Prepared(Files{{"global/pg_control", "x"}}); }) == Errc::corrupt);
}
