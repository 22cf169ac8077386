// SPDX-License-Identifier: Apache-2.0
#include "mount/answer.h"

#include <yore/base/log.h>

namespace yore::mount {
namespace {

constexpr std::size_t logged_max = 1000;

}  // namespace

void FailureLog::add(Operation operation, std::string_view path, const std::exception& error) {
    meter_.failed(operation);
    const std::string text = fmt::format("{} {}: {}", name_of(operation), path, error.what());
    const bool is_new = logged_.with([&](std::set<std::string>& logged) {
        if (logged.size() >= logged_max) logged.clear();
        return logged.insert(text).second;
    });
    if (is_new) log_error("{}", text);
}

void reply_value(fuse_req_t request, ByteView value, std::size_t size) {
    if (size == 0)
        fuse_reply_xattr(request, value.size());
    else if (value.size() > size)
        fuse_reply_err(request, ERANGE);
    else
        fuse_reply_buf(request, reinterpret_cast<const char*>(value.data()), value.size());
}

void reply_names(fuse_req_t request, const std::vector<std::string>& names, std::size_t size) {
    std::string joined;
    for (const std::string& name : names) joined += name + '\0';
    reply_value(request, as_bytes(joined), size);
}

}  // namespace yore::mount
