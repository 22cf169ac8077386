// SPDX-License-Identifier: Apache-2.0
#include "mount/session.h"

#include <algorithm>
#include <thread>

#include <unistd.h>

namespace yore::mount {
namespace {

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
      decoders(decoded, decoder_count()),
      shedder(inodes, decoded, wanted.inodes_max) {}

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

void Session::count_failure(Operation operation, NodeNumber number, const std::exception& error) {
    failures_.add(operation, path_of(number), error);
}

}  // namespace yore::mount
