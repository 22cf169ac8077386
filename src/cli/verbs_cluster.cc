// SPDX-License-Identifier: Apache-2.0
/// query, tables, dump: of a cluster's moment.
#include <yore/command/text.h>

#include <memory>

#include "cli/verbs.h"

namespace yore::cli {
namespace {

struct Options {
    std::string moment, database, programs, role, sql, format;
    std::vector<std::string> tables, rest;
    bool tuples_only = false, write = false;

    void fill(nlohmann::json& request) const {
        command::put_bytes(request, "moment", moment);
        if (!database.empty()) command::put_bytes(request, "database", database);
        if (!programs.empty()) command::put_bytes(request, "programs", absolute_path(programs));
        if (!role.empty()) command::put_bytes(request, "role", role);
    }
};

CLI::App* add_on_moment(CLI::App& app, Invocation& invocation, const std::string& name,
                        const std::string& what_it_does, const std::shared_ptr<Options>& options,
                        const std::string& default_database, std::function<void()> fill_more) {
    auto* verb = add_verb(app, invocation, name, what_it_does,
                          [&invocation, options, fill_more = std::move(fill_more)] {
                              options->fill(invocation.request);
                              fill_more();
                          });
    verb->add_option("moment", options->moment, "SOURCE@TIME, of a cluster")
        ->required()
        ->type_name("MOMENT");
    verb->add_option("-d,--database", options->database,
                     "Of which database [" + default_database + "]")
        ->type_name("NAME");
    verb->add_option("--bindir", options->programs,
                     "Where the programs of the server are [where packages have them]")
        ->type_name("DIR");
    verb->add_option("--role", options->role, "A role of the cluster that may log in [postgres]")
        ->type_name("NAME");
    return verb;
}

void add_query(CLI::App& app, Invocation& invocation) {
    const auto options = std::make_shared<Options>();
    auto* verb = add_on_moment(app, invocation, "query", "Ask a database as it was", options,
                               "postgres", [&invocation, options] {
                                   auto& request = invocation.request;
                                   if (options->sql.empty())
                                       invocation.input = Invocation::Input::standard_input;
                                   else
                                       command::put_bytes(request, "sql", options->sql);
                                   if (!options->format.empty())
                                       request["format"] = options->format;
                                   if (options->tuples_only) request["tuples_only"] = true;
                                   if (options->write) request["write"] = true;
                               });
    verb->add_option("sql", options->sql, "What to ask, in SQL [standard input]")->type_name("SQL");
    verb->add_option("--format", options->format, "How rows are printed, as psql has it [aligned]")
        ->check(CLI::IsMember({"aligned", "asciidoc", "csv", "html", "latex", "latex-longtable",
                               "troff-ms", "unaligned", "wrapped"}))
        ->type_name("FORMAT");
    verb->add_flag("-t,--tuples-only", options->tuples_only, "Rows alone, no headings");
    verb->add_flag("--write", options->write,
                   "It may change rows, in a clone of its own that is gone afterwards");
}

void add_tables(CLI::App& app, Invocation& invocation) {
    const auto options = std::make_shared<Options>();
    auto* verb = add_on_moment(app, invocation, "tables",
                               "List the databases and tables of a moment", options, "all", [] {});
    verb->add_flag("-b,--bytes", invocation.exact_sizes, "Sizes in bytes");
}

void add_dump(CLI::App& app, Invocation& invocation) {
    const auto options = std::make_shared<Options>();
    auto* verb = add_on_moment(app, invocation, "dump",
                               "Write a dump of a database as it was to standard output", options,
                               "postgres", [&invocation, options] {
                                   auto& request = invocation.request;
                                   if (!options->tables.empty())
                                       request["tables"] = command::list_of_bytes(options->tables);
                                   if (!options->rest.empty())
                                       request["options"] = command::list_of_bytes(options->rest);
                               });
    verb->add_option("-t,--table", options->tables,
                     "These tables alone: SCHEMA.TABLE, a pattern of psql's")
        ->type_name("TABLE")
        ->allow_extra_args(false);
    verb->add_option("options", options->rest, "After `--`: options of pg_dump")
        ->type_name("OPTION...");
}

}  // namespace

void add_cluster_verbs(CLI::App& app, Invocation& invocation) {
    add_query(app, invocation);
    add_tables(app, invocation);
    add_dump(app, invocation);
}

}  // namespace yore::cli
