// SPDX-License-Identifier: Apache-2.0
/// source, snapshot, snapshots.
#include <yore/command/text.h>

#include <fstream>
#include <memory>

#include "cli/verbs.h"

namespace yore::cli {
namespace {

struct SourceOptions {
    std::string name, directory;
    bool one_file_system = false, keep_cache_dirs = false, keep_nodump = false;
    std::vector<std::string> excludes, exclude_files;
};

std::vector<std::string> read_excludes(const SourceOptions& options) {
    auto patterns = options.excludes;
    for (const std::string& path : options.exclude_files) {
        std::ifstream file(path);
        for (std::string line; std::getline(file, line);)
            if (!line.empty() && line[0] != '#') patterns.push_back(line);
    }
    return patterns;
}

void add_source_add(CLI::App& source, Invocation& invocation) {
    const auto options = std::make_shared<SourceOptions>();
    auto* verb = add_verb(
        source, invocation, "add", "Declare what is to be protected", [&invocation, options] {
            auto& request = invocation.request;
            command::put_bytes(request, "name", options->name);
            command::put_bytes(request, "directory", absolute_path(options->directory));
            request["one_file_system"] = options->one_file_system;
            request["keep_cache_dirs"] = options->keep_cache_dirs;
            request["keep_nodump"] = options->keep_nodump;
            request["excludes"] = command::list_of_bytes(read_excludes(*options));
        });
    verb->add_option("name", options->name, "What to call it")->required()->type_name("NAME");
    verb->add_option("--directory", options->directory, "A directory and all that is in it")
        ->required()
        ->type_name("PATH");
    verb->add_flag("--one-file-system", options->one_file_system,
                   "Leave out what is mounted below it");
    verb->add_option("--exclude", options->excludes,
                     "Leave out what matches, as in .gitignore; may be given again")
        ->type_name("PATTERN")
        ->allow_extra_args(false);
    verb->add_option("--exclude-from", options->exclude_files, "A file with a pattern on each line")
        ->type_name("FILE")
        ->check(CLI::ExistingFile)
        ->allow_extra_args(false);
    verb->add_flag("--keep-cache-dirs", options->keep_cache_dirs,
                   "Keep directories that a CACHEDIR.TAG marks as caches");
    verb->add_flag("--keep-nodump", options->keep_nodump, "Keep what chattr +d marks");
}

void add_source(CLI::App& app, Invocation& invocation) {
    auto* source = app.add_subcommand("source", "Add, list, show, set and remove sources");
    source->require_subcommand(1);
    source->fallthrough();
    add_source_add(*source, invocation);
    add_verb(*source, invocation, "list", "List the sources", [] {});
    add_source_set(*source, invocation);
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
        std::string source, file;
        bool from_stdin = false;
        std::vector<std::string> tags;
    };
    const auto options = std::make_shared<Options>();
    auto* verb = add_verb(app, invocation, "snapshot", "Take a snapshot", [&invocation, options] {
        auto& request = invocation.request;
        command::put_bytes(request, "source", options->source);
        for (const std::string& tag : options->tags) {
            const auto equals = tag.find('=');
            request["tags"][tag.substr(0, equals)] = tag.substr(equals + 1);
        }
        if (!options->from_stdin) return;
        request["stream"] = true;
        command::put_bytes(request, "file", options->file);
        invocation.input = Invocation::Input::standard_input;
    });
    verb->add_option("source", options->source, "What to take a snapshot of")
        ->required()
        ->type_name("SOURCE");
    verb->add_option("--tag", options->tags, "Remember K=V with it; may be given again")
        ->type_name("K=V")
        ->allow_extra_args(false)
        ->check([](const std::string& tag) {
            const auto equals = tag.find('=');
            const bool good = equals != std::string::npos && equals > 0 && command::is_utf8(tag);
            return good ? "" : tag + " is not of the form K=V";
        });
    auto* from = verb->add_flag("--stdin", options->from_stdin, "Store standard input as one file");
    auto* as = verb->add_option("--as", options->file, "The name of that file")->type_name("FILE");
    from->needs(as);
    as->needs(from);
}

}  // namespace

void add_source_verbs(CLI::App& app, Invocation& invocation) {
    add_source(app, invocation);
    add_snapshot(app, invocation);
    const auto source = std::make_shared<std::string>();
    auto* verb = add_verb(app, invocation, "snapshots", "List snapshots", [&invocation, source] {
        if (!source->empty()) command::put_bytes(invocation.request, "source", *source);
    });
    verb->add_option("source", *source, "Those of one source [all]")->type_name("SOURCE");
    verb->add_flag("-b,--bytes", invocation.exact_sizes, "Sizes in bytes");
}

}  // namespace yore::cli
