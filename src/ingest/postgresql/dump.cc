// SPDX-License-Identifier: Apache-2.0
#include <yore/base/error.h>
#include <yore/base/file.h>
#include <yore/base/path.h>
#include <yore/ingest/postgresql_dump.h>

#include <algorithm>

#include <fmt/ranges.h>

#include "ingest/directory_snapshot.h"
#include "ingest/postgresql/connection.h"
#include "ingest/postgresql/conninfo.h"
#include "ingest/postgresql/dump_directory.h"
#include "ingest/postgresql/program.h"

namespace yore::ingest {
namespace {

/// A database may be called anything but nothing.
std::string file_name_of(const std::string& database) {
    std::string name;
    for (const char c : database) {
        if (c == '/' || c == '%' || (c == '.' && name.empty()))
            name += fmt::format("%{:02X}", static_cast<unsigned char>(c));
        else
            name += c;
    }
    return name;
}

std::vector<std::string> databases_of(Connection& connection,
                                      const std::vector<std::string>& wanted) {
    std::vector<std::string> there;
    for (const auto& row : connection.rows(
             "select datname from pg_catalog.pg_database where datallowconn and (not datistemplate "
             "or datname = current_database()) order by datname"))
        there.push_back(row.at(0).value_or(""));
    for (const std::string& name : wanted)
        if (std::ranges::find(there, name) == there.end())
            throw Error(Errc::not_found, fmt::format("there is no database {}", name),
                        {fmt::format("there are {}", fmt::join(there, ", "))});
    return wanted.empty() ? there : wanted;
}

bool sees_passwords(Connection& connection) {
    const auto rows =
        connection.rows("select pg_catalog.has_table_privilege('pg_catalog.pg_authid', 'select')");
    return rows.size() == 1 && rows.front().at(0) == "t";
}

/// One dump, written below a directory of its own.
class Dump {
  public:
    Dump(const catalog::Source& cluster, const DumpOptions& options, const std::stop_token& stop)
        : conninfo_(cluster.postgresql.conninfo), stop_(stop), directory_(options.scratch) {
        Connection connection(conninfo_, stop, Connection::Kind::query);
        programs_ =
            find_postgresql_programs(options.programs, "pg_dump", connection.server_version());
        databases_ = databases_of(connection, options.databases);
        has_passwords_ = sees_passwords(connection);
    }

    void write() {
        write_globals();
        const std::string parent = directory_.path() + "/databases";
        make_directories(parent);
        for (const std::string& database : databases_)
            doing([&] { return fmt::format("database {}", database); },
                  [&] {
                      run_program({programs_ + "/pg_dump", "--format=directory", "--compress=0",
                                   "--no-sync", "--no-password",
                                   "--file=" + join_path(parent, file_name_of(database)),
                                   "--dbname=" + conninfo_of_database(conninfo_, database)},
                                  stop_);
                  });
    }
    const std::string& path() const { return directory_.path(); }
    bool has_passwords() const { return has_passwords_; }

  private:
    /// Who may not see the passwords of roles gets all but them.
    void write_globals() {
        std::vector<std::string> words{programs_ + "/pg_dumpall",
                                       "--globals-only",
                                       "--no-sync",
                                       "--no-password",
                                       "--file=" + directory_.path() + "/globals.sql",
                                       "--dbname=" + conninfo_};
        if (!has_passwords_) words.push_back("--no-role-passwords");
        run_program(words, stop_);
    }

    const std::string conninfo_;
    const std::stop_token stop_;
    const DumpDirectory directory_;
    std::string programs_;
    std::vector<std::string> databases_;
    bool has_passwords_ = false;
};

}  // namespace

catalog::Snapshot take_postgresql_dump(catalog::Catalog& catalog, const store::ObjectCache& cache,
                                       const catalog::Source& cluster, const catalog::Source& dumps,
                                       const DumpOptions& wanted, const SnapshotOptions& options,
                                       const Clock& clock, std::stop_token stop) {
    YORE_ENSURE(cluster.kind == catalog::SourceKind::postgresql);
    Dump dump(cluster, wanted, stop);
    dump.write();
    catalog::Source staged = dumps;
    staged.directory.path = dump.path();
    DirectoryReading reading{open_source(dump.path()), {}};
    reading.describe = [&](catalog::Snapshot& snapshot) {
        snapshot.path = cluster.postgresql.conninfo;
        if (!dump.has_passwords()) snapshot.tags.emplace("globals", "without passwords");
    };
    return take({catalog, cache, staged, options, clock}, std::move(reading), std::move(stop));
}

}  // namespace yore::ingest
