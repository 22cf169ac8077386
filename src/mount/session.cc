// SPDX-License-Identifier: Apache-2.0
#include "mount/session.h"

#include <yore/base/log.h>
#include <yore/tree/directory.h>

#include <algorithm>
#include <thread>

#include <unistd.h>

namespace yore::mount {
namespace {

constexpr std::size_t shed_batch = 4096;
constexpr std::size_t logged_max = 1000;

unsigned decoder_count() {
    return std::max(2u, std::thread::hardware_concurrency());
}

}  // namespace

Session::Session(const view::View& shown, const store::ObjectCache& decoded,
                 const MountOptions& wanted)
    : view(shown),
      cache(decoded),
      options(wanted),
      inodes(shown.root()),
      files(shown, decoded),
      decoders(decoded, decoder_count()) {}

bool Session::enforces_permissions() const {
    return options.allow_other || ::geteuid() == 0;
}

std::string Session::path_of(NodeNumber number) const {
    std::string path;
    for (auto node = inodes.find(number); node; node = inodes.find(number)) {
        if (node->kind != view::NodeKind::stored) break;
        try {
            const std::string name = view.name_of(*node);
            path = path.empty() ? name : name + "/" + path;
        } catch (const Error&) {
            return "…/" + path;  // damage here too
        }
        number = inodes.parent_of(number);
    }
    return path.empty() ? options.directory : path;
}

void Session::log_failure(std::string_view operation, NodeNumber number,
                          const std::exception& error) {
    const std::string text = fmt::format("{} {}: {}", operation, path_of(number), error.what());
    const bool is_new = logged_.with([&](std::set<std::string>& logged) {
        if (logged.size() >= logged_max) logged.clear();
        return logged.insert(text).second;
    });
    if (is_new) log_error("{}", text);
}

void Session::shed() {
    if (inodes.size() <= options.inodes_max) return;
    for (const InodeTable::Cold& cold : inodes.take_cold(options.inodes_max, shed_batch)) {
        try {
            const tree::EntryView entry = tree::entry_at(cache, cold.node.leaf, cold.node.place);
            notifier.forget_name(cold.parent, std::string(entry.name()));
        } catch (const Error&) {
            continue;  // its name cannot be read any more: it stays
        }
    }
}

}  // namespace yore::mount
