// SPDX-License-Identifier: Apache-2.0
/// ls, cat, find, du, diff, restore.
#include <yore/command/text.h>

#include <memory>

#include "cli/sizes.h"
#include "cli/verbs.h"

namespace yore::cli {
namespace {

struct Place {
    std::string moment, path;
    void fill(nlohmann::json& request) const {
        command::put_bytes(request, "moment", moment);
        if (!path.empty()) command::put_bytes(request, "path", path);
    }
};

void add_place(CLI::App& verb, Place& place) {
    verb.add_option("moment", place.moment, "SOURCE@TIME")->required()->type_name("MOMENT");
    verb.add_option("path", place.path, "A path in it [all of it]")->type_name("PATH");
}

void add_ls(CLI::App& app, Invocation& invocation) {
    struct Options {
        Place place;
        bool recursive = false, deleted = false;
    };
    const auto options = std::make_shared<Options>();
    auto* verb =
        add_verb(app, invocation, "ls", "List a directory of a snapshot", [&invocation, options] {
            options->place.fill(invocation.request);
            invocation.request["recursive"] = options->recursive;
            invocation.request["deleted"] = options->deleted;
        });
    add_place(*verb, options->place);
    verb->add_flag("-l", invocation.long_rows, "Modes, owners, sizes and times");
    auto* below = verb->add_flag("-R,--recursive", options->recursive, "All that is below it, too");
    verb->add_flag("--deleted", options->deleted, "What was in it before, with its last moment")
        ->excludes(below);
    verb->add_flag("-b,--bytes", invocation.exact_sizes, "Sizes in bytes");
}

void add_cat(CLI::App& app, Invocation& invocation) {
    struct Options {
        std::string moment;
        std::vector<std::string> paths;
    };
    const auto options = std::make_shared<Options>();
    auto* verb = add_verb(app, invocation, "cat", "Write files of a snapshot to standard output",
                          [&invocation, options] {
                              command::put_bytes(invocation.request, "moment", options->moment);
                              invocation.request["paths"] = command::list_of_bytes(options->paths);
                          });
    verb->add_option("moment", options->moment, "SOURCE@TIME")->required()->type_name("MOMENT");
    verb->add_option("path", options->paths, "Files in it")->required()->type_name("PATH...");
}

struct FindOptions {
    Place place;
    std::string name, newer, older;
    std::vector<std::string> kinds, sizes;
};

std::string kind_name(const std::string& letter) {
    static const std::map<std::string, std::string> kinds{
        {"f", "file"},         {"d", "directory"},        {"l", "symlink"},
        {"b", "block-device"}, {"c", "character-device"}, {"p", "fifo"},
        {"s", "socket"}};
    const auto found = kinds.find(letter);
    return found == kinds.end() ? letter : found->second;
}

std::string check_size_bound(const std::string& text) {
    const bool bound = text.starts_with('+') || text.starts_with('-');
    return parse_size(text.substr(bound ? 1 : 0)) ? "" : text + " is not a size such as +1M";
}

/// `+1M`: at least; `-1M`: at most; `1M`: exactly.
void fill_size(nlohmann::json& request, const std::string& text) {
    const bool at_least = text.starts_with('+'), at_most = text.starts_with('-');
    const auto size = parse_size(text.substr(at_least || at_most ? 1 : 0));
    if (!at_most) request["size_min"] = *size;
    if (!at_least) request["size_max"] = *size;
}

void fill_find(Invocation& invocation, const FindOptions& options) {
    auto& request = invocation.request;
    options.place.fill(request);
    if (!options.name.empty()) command::put_bytes(request, "name", options.name);
    for (const std::string& kind : options.kinds) request["kinds"].push_back(kind_name(kind));
    for (const std::string& size : options.sizes) fill_size(request, size);
    if (!options.newer.empty()) command::put_bytes(request, "newer", options.newer);
    if (!options.older.empty()) command::put_bytes(request, "older", options.older);
}

void add_find(CLI::App& app, Invocation& invocation) {
    const auto options = std::make_shared<FindOptions>();
    auto* verb = add_verb(app, invocation, "find", "Search a snapshot",
                          [&invocation, options] { fill_find(invocation, *options); });
    add_place(*verb, options->place);
    verb->add_option("--name", options->name, "Names that match, as in a shell: '*.tex'")
        ->type_name("PATTERN");
    verb->add_option("--type", options->kinds, "f, d, l, b, c, p or s; may be given again")
        ->check(CLI::IsMember({"f", "d", "l", "b", "c", "p", "s"}))
        ->allow_extra_args(false)
        ->type_name("TYPE");
    verb->add_option("--size", options->sizes, "Files of at least (+1M), at most (-1M), exactly")
        ->check(check_size_bound)
        ->allow_extra_args(false)
        ->type_name("SIZE");
    verb->add_option("--newer", options->newer, "Modified after a time, such as now-2d")
        ->type_name("TIME");
    verb->add_option("--older", options->older, "Modified before a time")->type_name("TIME");
    verb->add_flag("-l", invocation.long_rows, "Modes, owners, sizes and times");
    verb->add_flag("-b,--bytes", invocation.exact_sizes, "Sizes in bytes");
}

void add_du(CLI::App& app, Invocation& invocation) {
    struct Options {
        Place place;
        std::uint64_t depth = 1;
        bool human = false;
    };
    const auto options = std::make_shared<Options>();
    auto* verb = add_verb(app, invocation, "du", "Show how large directories of a snapshot are",
                          [&invocation, options] {
                              options->place.fill(invocation.request);
                              invocation.request["depth"] = options->depth;
                          });
    verb->set_help_flag("--help", "Show this");
    add_place(*verb, options->place);
    verb->add_option("--depth", options->depth, "How many levels of directories to show [1]")
        ->type_name("N");
    verb->add_flag("-h,--human", options->human, "Sizes for people, as without it");
    verb->add_flag("-b,--bytes", invocation.exact_sizes, "Sizes in bytes");
}

void add_diff(CLI::App& app, Invocation& invocation) {
    struct Options {
        std::string before, after, path;
    };
    const auto options = std::make_shared<Options>();
    auto* verb = add_verb(app, invocation, "diff", "Show what differs between two snapshots",
                          [&invocation, options] {
                              auto& request = invocation.request;
                              command::put_bytes(request, "before", options->before);
                              command::put_bytes(request, "after", options->after);
                              if (!options->path.empty())
                                  command::put_bytes(request, "path", options->path);
                          });
    verb->add_option("before", options->before, "SOURCE@TIME")->required()->type_name("MOMENT");
    verb->add_option("after", options->after, "SOURCE@TIME")->required()->type_name("MOMENT");
    verb->add_option("path", options->path, "A directory in both [all]")->type_name("PATH");
}

void add_restore(CLI::App& app, Invocation& invocation) {
    struct Options {
        std::string moment, target;
        std::vector<std::string> paths;
        bool replace = false, no_owners = false;
        std::vector<std::string> tablespaces;
        std::uint16_t port = 0;
        std::string programs;
    };
    const auto options = std::make_shared<Options>();
    auto* verb = add_verb(
        app, invocation, "restore", "Write a snapshot, or parts of it, to a directory",
        [&invocation, options] {
            auto& request = invocation.request;
            command::put_bytes(request, "moment", options->moment);
            command::put_bytes(request, "target", absolute_path(options->target));
            request["paths"] = command::list_of_bytes(options->paths);
            request["replace"] = options->replace;
            request["no_owners"] = options->no_owners;
            for (std::string& place : options->tablespaces)
                if (const auto equals = place.find('='); equals != place.npos)
                    place.replace(equals + 1, place.npos, absolute_path(place.substr(equals + 1)));
            request["tablespaces"] = command::list_of_bytes(options->tablespaces);
            request["startable"] = options->port != 0;
            if (options->port != 0)
                invocation.start = cluster::ClusterStart{
                    absolute_path(options->target), options->port,
                    options->programs.empty() ? "" : absolute_path(options->programs)};
        });
    verb->add_option("moment", options->moment, "SOURCE@TIME")->required()->type_name("MOMENT");
    verb->add_option("path", options->paths, "Paths in it [all of it]")->type_name("PATH...");
    verb->add_option("--to", options->target, "Where to; made when it is not there")
        ->required()
        ->type_name("DIR");
    verb->add_flag("--replace", options->replace, "Replace what is there and differs");
    verb->add_flag("--no-owners", options->no_owners, "Everything belongs to who restores");
    verb->add_option("--tablespace", options->tablespaces,
                     "Of a cluster: where a tablespace goes, an empty directory [in it]")
        ->allow_extra_args(false)
        ->type_name("OID=DIR");
    auto* start = verb->add_option("--start", options->port,
                                   "Of a cluster: start a server on it, and wait for it")
                      ->check(CLI::Range(1, 65535))
                      ->type_name("PORT");
    verb->add_option("--bindir", options->programs, "Where its programs are [by its version]")
        ->needs(start)
        ->type_name("DIR");
}

}  // namespace

void add_reading_verbs(CLI::App& app, Invocation& invocation) {
    add_ls(app, invocation);
    add_cat(app, invocation);
    add_find(app, invocation);
    add_du(app, invocation);
    add_diff(app, invocation);
    add_restore(app, invocation);
}

}  // namespace yore::cli
