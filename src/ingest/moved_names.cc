// SPDX-License-Identifier: Apache-2.0
#include "ingest/moved_names.h"

#include <yore/base/path.h>
#include <yore/tree/directory.h>

#include <algorithm>
#include <optional>
#include <unordered_map>

#include "ingest/file_status.h"
#include "ingest/listing.h"

namespace yore::ingest {
namespace {

std::optional<NodeId> find_directory(const store::ObjectCache& cache, NodeId root,
                                     std::string_view path) {
    auto entry = tree::Directory(cache, root).find("root");
    while (entry && entry->child() && !path.empty()) {
        const std::size_t end = std::min(path.find('/'), path.size());
        entry = tree::Directory(cache, *entry->child()).find(path.substr(0, end));
        path.remove_prefix(std::min(end + 1, path.size()));
    }
    return entry ? entry->child() : std::nullopt;
}

class Search {
  public:
    Search(const store::ObjectCache& cache, NodeId root, int source)
        : cache_(cache), root_(root), source_(source), buffer_(64u << 10) {}

    void look_at(const std::string& directory) {
        const auto before = find_directory(cache_, root_, directory);
        const Fd fd = open_below(source_, directory);
        if (!before || !fd) return;
        std::unordered_map<std::string, tree::Attributes> now;
        list(fd.get(), now);
        tree::Directory(cache_, *before).scan("", [&](const tree::EntryView& entry) {
            const tree::Attributes attributes = entry.attributes();
            const std::string name(entry.name());
            const auto found = now.find(name);
            const bool stays = found != now.end() && found->second.inode == attributes.inode;
            if (stays)
                now.erase(found);
            else
                gone_.emplace(attributes.inode, Name{join_path(directory, name), attributes});
            return true;
        });
        for (const auto& [name, attributes] : now)
            come_.push_back({join_path(directory, name), attributes});
    }

    std::vector<MovedName> moves() const {
        std::vector<MovedName> moves;
        for (const Name& name : come_) {
            const auto from = gone_.find(name.attributes.inode);
            if (from == gone_.end() || from->second.attributes.kind != name.attributes.kind)
                continue;
            const MovedName move{from->second.path, name.path};
            const bool apart = std::ranges::none_of(moves, [&](const MovedName& other) {
                return meet(move.from, other.from) || meet(move.from, other.to) ||
                       meet(move.to, other.from) || meet(move.to, other.to);
            });
            if (apart && !meet(move.from, move.to)) moves.push_back(move);
        }
        return moves;
    }

  private:
    struct Name {
        std::string path;
        tree::Attributes attributes;
    };

    void list(int fd, std::unordered_map<std::string, tree::Attributes>& into) {
        Listing listing;
        listing.read(fd, buffer_.span());
        for (std::size_t i = 0; i < listing.size(); ++i) {
            FileStatus status;
            const std::string_view name = listing.name(i);
            if (status_at(fd, name.data(), status, Freshness::cached) == 0)
                into.emplace(name, status.attributes);
        }
    }
    /// One is the other, or lies below it.
    static bool meet(std::string_view a, std::string_view b) {
        return is_at_or_below(a, b) || is_below(b, a);
    }

    const store::ObjectCache& cache_;
    const NodeId root_;
    const int source_;
    Buffer buffer_;
    std::unordered_map<std::uint64_t, Name> gone_;
    std::vector<Name> come_;
};

}  // namespace

std::vector<MovedName> find_moves(const store::ObjectCache& cache, NodeId root, int source,
                                  const std::set<std::string, std::less<>>& directories) {
    Search search(cache, root, source);
    for (const std::string& directory : directories) search.look_at(directory);
    return search.moves();
}

}  // namespace yore::ingest
