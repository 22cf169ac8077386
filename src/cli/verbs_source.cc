// SPDX-License-Identifier: Apache-2.0
/// source, check, snapshot, snapshots.
#include <yore/base/size.h>
#include <yore/command/text.h>

#include <fstream>
#include <memory>

#include "cli/verbs.h"

namespace yore::cli {
namespace {

/// Of a directory that is a source.
struct DirectoryOptions {
    bool one_file_system = false, keep_cache_dirs = false, keep_nodump = false;
    std::vector<std::string> excludes, exclude_files;

    std::vector<std::string> read_excludes() const;
    void fill(nlohmann::json& request) const;
};

std::vector<std::string> DirectoryOptions::read_excludes() const {
    auto patterns = excludes;
    for (const std::string& path : exclude_files) {
        std::ifstream file(path);
        for (std::string line; std::getline(file, line);)
            if (!line.empty() && line[0] != '#') patterns.push_back(line);
    }
    return patterns;
}

void DirectoryOptions::fill(nlohmann::json& request) const {
    request["one_file_system"] = one_file_system;
    request["keep_cache_dirs"] = keep_cache_dirs;
    request["keep_nodump"] = keep_nodump;
    request["excludes"] = command::list_of_bytes(read_excludes());
}

/// `directory`: without it they mean nothing.
void add_directory_options(CLI::App& verb, CLI::Option& directory, DirectoryOptions& options) {
    verb.add_flag("--one-file-system", options.one_file_system,
                  "Leave out what is mounted below it")
        ->needs(&directory);
    verb.add_option("--exclude", options.excludes,
                    "Leave out what matches, as in .gitignore; may be given again")
        ->type_name("PATTERN")
        ->allow_extra_args(false)
        ->needs(&directory);
    verb.add_option("--exclude-from", options.exclude_files, "A file with a pattern on each line")
        ->type_name("FILE")
        ->check(CLI::ExistingFile)
        ->allow_extra_args(false)
        ->needs(&directory);
    verb.add_flag("--keep-cache-dirs", options.keep_cache_dirs,
                  "Keep directories that a CACHEDIR.TAG marks as caches")
        ->needs(&directory);
    verb.add_flag("--keep-nodump", options.keep_nodump, "Keep what chattr +d marks")
        ->needs(&directory);
}

}  // namespace

CLI::Option* add_slot_limit(CLI::App& verb, std::string& size) {
    return verb
        .add_option("--slot-limit", size,
                    "Drop the cluster's slot rather than let it keep more log than this; 0: never")
        ->type_name("SIZE")
        ->check(is_size());
}

void put_slot_limit(nlohmann::json& request, const std::string& size) {
    if (const auto bytes = parse_size(size)) request["slot_limit"] = *bytes;
}

void add_tags(CLI::App& verb, Tags& tags) {
    verb.add_option("--tag", tags, "Remember K=V with it; may be given again")
        ->type_name("K=V")
        ->allow_extra_args(false)
        ->check([](const std::string& tag) {
            const auto equals = tag.find('=');
            const bool good = equals != std::string::npos && equals > 0 && command::is_utf8(tag);
            return good ? "" : tag + " is not of the form K=V";
        });
}

void fill_tags(nlohmann::json& request, const Tags& tags) {
    for (const std::string& tag : tags) {
        const auto equals = tag.find('=');
        request["tags"][tag.substr(0, equals)] = tag.substr(equals + 1);
    }
}

namespace {

void add_source_add(CLI::App& source, Invocation& invocation) {
    struct Options {
        std::string name, directory, conninfo, config, slot_limit;
        DirectoryOptions of_directory;
    };
    const auto options = std::make_shared<Options>();
    auto* verb = add_verb(
        source, invocation, "add", "Declare what is to be protected", [&invocation, options] {
            auto& request = invocation.request;
            command::put_bytes(request, "name", options->name);
            if (!options->conninfo.empty()) {
                command::put_bytes(request, "postgresql", options->conninfo);
                if (!options->config.empty())
                    command::put_bytes(request, "config_directory", absolute_path(options->config));
                put_slot_limit(request, options->slot_limit);
                return;
            }
            command::put_bytes(request, "directory", absolute_path(options->directory));
            options->of_directory.fill(request);
        });
    verb->add_option("name", options->name, "What to call it")->required()->type_name("NAME");
    auto* kinds = verb->add_option_group("what");
    auto* directory =
        kinds->add_option("--directory", options->directory, "A directory and all that is in it")
            ->type_name("PATH");
    auto* cluster = kinds
                        ->add_option("--postgresql", options->conninfo,
                                     "A PostgreSQL cluster, as libpq finds it")
                        ->type_name("CONNINFO");
    kinds->require_option(1);
    verb->add_option("--config-dir", options->config,
                     "Where the cluster's files of settings are, if not with its data")
        ->type_name("DIR")
        ->needs(cluster);
    add_slot_limit(*verb, options->slot_limit)->needs(cluster);
    add_directory_options(*verb, *directory, options->of_directory);
}

struct ImportOptions {
    std::string name, directory, path, subdirectory, times, zone;
    bool dry_run = false;
    DirectoryOptions of_directory;
    Tags tags;

    void fill(nlohmann::json& request) const {
        command::put_bytes(request, "source", name);
        command::put_bytes(request, "directory", absolute_path(directory));
        if (!path.empty()) command::put_bytes(request, "path", absolute_path(path));
        if (!subdirectory.empty()) command::put_bytes(request, "subdirectory", subdirectory);
        if (!times.empty()) request["times"] = times;
        if (!zone.empty()) command::put_bytes(request, "zone", zone);
        request["dry_run"] = dry_run;
        of_directory.fill(request);
        fill_tags(request, tags);
    }
};

void add_source_import(CLI::App& source, Invocation& invocation) {
    const auto options = std::make_shared<ImportOptions>();
    auto* verb =
        add_verb(source, invocation, "import", "Take dated copies over as snapshots of a source",
                 [&invocation, options] { options->fill(invocation.request); });
    verb->add_option("name", options->name, "The source, which is made if need be")
        ->required()
        ->type_name("NAME");
    auto* directory = verb->add_option("--directory", options->directory,
                                       "Where the copies are: 2026-11-01/, daily.0/")
                          ->required()
                          ->type_name("DIR");
    verb->add_option("--path", options->path,
                     "Where the source itself is, for snapshots from now on [the newest copy]")
        ->type_name("PATH");
    verb->add_option("--subdirectory", options->subdirectory,
                     "The part of each copy that is the source [all of it]")
        ->type_name("PATH");
    verb->add_option("--time", options->times,
                     "Go by all names, or by all times of modification [names, and of daily.0 its "
                     "time of modification]")
        ->type_name("name|mtime")
        ->check(CLI::IsMember({"name", "mtime"}));
    verb->add_option("--zone", options->zone, "Of times in names [UTC]")->type_name("ZONE");
    verb->add_flag("--dry-run", options->dry_run, "Just say what would be taken");
    add_tags(*verb, options->tags);
    add_directory_options(*verb, *directory, options->of_directory);
}

void add_source_upgrade(CLI::App& source, Invocation& invocation) {
    struct Options {
        std::string name, conninfo;
    };
    const auto options = std::make_shared<Options>();
    auto* verb = add_verb(source, invocation, "upgrade",
                          "Go on with the cluster that pg_upgrade made", [&invocation, options] {
                              auto& request = invocation.request;
                              command::put_bytes(request, "name", options->name);
                              if (!options->conninfo.empty())
                                  command::put_bytes(request, "postgresql", options->conninfo);
                          });
    verb->add_option("name", options->name, "Its name")->required()->type_name("NAME");
    verb->add_option("--postgresql", options->conninfo, "Where the new cluster is")
        ->type_name("CONNINFO");
}

void add_source(CLI::App& app, Invocation& invocation) {
    auto* source =
        app.add_subcommand("source", "Add, import, list, show, set, upgrade and remove sources");
    source->require_subcommand(1);
    source->fallthrough();
    add_source_add(*source, invocation);
    add_source_import(*source, invocation);
    add_verb(*source, invocation, "list", "List the sources", [] {});
    add_source_set(*source, invocation);
    add_source_upgrade(*source, invocation);
    const auto name = std::make_shared<std::string>(), purge = std::make_shared<std::string>();
    const auto fill = [&invocation, name, purge] {
        command::put_bytes(invocation.request, "name", *name);
        if (!purge->empty()) command::put_bytes(invocation.request, "purge", *purge);
    };
    auto* show = add_verb(*source, invocation, "show", "Show one source", fill);
    auto* remove = add_verb(*source, invocation, "remove",
                            "Feed a source no more; its snapshots are kept", fill);
    for (CLI::App* verb : {show, remove})
        verb->add_option("name", *name, "Its name")->required()->type_name("NAME");
    remove->add_option("--purge", *purge, "Its name again: its snapshots go, too")
        ->type_name("NAME");
}

void add_snapshot(CLI::App& app, Invocation& invocation) {
    struct Options {
        std::string source, file, checkpoint, directory, programs, scratch;
        std::uint64_t max_rate = 0;
        bool from_stdin = false, dump = false;
        std::vector<std::string> databases;
        Tags tags;
    };
    const auto options = std::make_shared<Options>();
    auto* verb = add_verb(app, invocation, "snapshot", "Take a snapshot", [&invocation, options] {
        auto& request = invocation.request;
        command::put_bytes(request, "source", options->source);
        fill_tags(request, options->tags);
        if (!options->checkpoint.empty()) request["checkpoint"] = options->checkpoint;
        if (options->max_rate != 0) request["max_rate"] = options->max_rate;
        if (!options->directory.empty())
            command::put_bytes(request, "from_directory", absolute_path(options->directory));
        if (options->dump) request["dump"] = true;
        if (!options->databases.empty()) request["databases"] = options->databases;
        if (!options->programs.empty())
            command::put_bytes(request, "programs", absolute_path(options->programs));
        if (!options->scratch.empty())
            command::put_bytes(request, "scratch", absolute_path(options->scratch));
        if (!options->from_stdin) return;
        request["stream"] = true;
        command::put_bytes(request, "file", options->file);
        invocation.input = Invocation::Input::standard_input;
    });
    verb->add_option("source", options->source, "What to take a snapshot of")
        ->required()
        ->type_name("SOURCE");
    add_tags(*verb, options->tags);
    auto* from = verb->add_flag("--stdin", options->from_stdin, "Store standard input as one file");
    auto* as = verb->add_option("--as", options->file, "The name of that file")->type_name("FILE");
    from->needs(as);
    as->needs(from);
    verb->add_option("--checkpoint", options->checkpoint,
                     "PostgreSQL: fast begins at once, spread spares the server [fast]")
        ->type_name("HOW")
        ->check(CLI::IsMember({"fast", "spread"}));
    verb->add_option("--max-rate", options->max_rate, "PostgreSQL: read no faster, in KiB a second")
        ->type_name("RATE");
    verb->add_option("--from-directory", options->directory,
                     "PostgreSQL: store a finished pg_basebackup, or a stopped cluster")
        ->type_name("DIR");
    auto* dump = verb->add_flag("--dump", options->dump,
                                "PostgreSQL: store what pg_dump writes, as of SOURCE.dump");
    verb->add_option("--database", options->databases, "Dump this one; may be given again [all]")
        ->allow_extra_args(false)
        ->needs(dump)
        ->type_name("NAME");
    verb->add_option("--scratch", options->scratch,
                     "Where the dump lies until it is stored [TMPDIR, or /var/tmp]")
        ->needs(dump)
        ->type_name("DIR");
    verb->add_option("--bindir", options->programs, "Where pg_dump is [by the server's version]")
        ->needs(dump)
        ->type_name("DIR");
}

void add_roll_forward(CLI::App& app, Invocation& invocation) {
    struct Options {
        std::string source, to, programs;
        Tags tags;
    };
    const auto options = std::make_shared<Options>();
    auto* verb =
        add_verb(app, invocation, "roll-forward",
                 "PostgreSQL: make a base backup of an older one and the stored log",
                 [&invocation, options] {
                     auto& request = invocation.request;
                     command::put_bytes(request, "source", options->source);
                     if (!options->to.empty()) request["to"] = options->to;
                     if (!options->programs.empty())
                         command::put_bytes(request, "programs", absolute_path(options->programs));
                     fill_tags(request, options->tags);
                 });
    verb->add_option("source", options->source, "Which cluster")->required()->type_name("SOURCE");
    verb->add_option("--to", options->to, "The moment to come to [latest]")->type_name("TIME");
    verb->add_option("--bindir", options->programs, "Where postgres is [by the cluster's version]")
        ->type_name("DIR");
    add_tags(*verb, options->tags);
}

void add_check(CLI::App& app, Invocation& invocation) {
    const auto source = std::make_shared<std::string>();
    add_verb(app, invocation, "check", "Check that a source can be backed up",
             [&invocation, source] { command::put_bytes(invocation.request, "source", *source); })
        ->add_option("source", *source, "Which one")
        ->required()
        ->type_name("SOURCE");
}

}  // namespace

void add_source_verbs(CLI::App& app, Invocation& invocation) {
    add_source(app, invocation);
    add_check(app, invocation);
    add_snapshot(app, invocation);
    add_roll_forward(app, invocation);
    const auto source = std::make_shared<std::string>();
    auto* verb = add_verb(app, invocation, "snapshots", "List snapshots", [&invocation, source] {
        if (!source->empty()) command::put_bytes(invocation.request, "source", *source);
    });
    verb->add_option("source", *source, "Those of one source [all]")->type_name("SOURCE");
    verb->add_flag("-b,--bytes", invocation.exact_sizes, "Sizes in bytes");
}

}  // namespace yore::cli
