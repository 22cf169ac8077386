// SPDX-License-Identifier: Apache-2.0
#include "mount/kill_privileges.h"

#include <yore/base/error.h>

#include <algorithm>
#include <cstring>
#include <optional>
#include <vector>

#include <linux/fuse.h>
#include <sys/uio.h>
#include <unistd.h>

namespace yore::mount {
namespace {

/// A request is read and answered by one thread, also in libfuse's loop of many.
struct Request {
    std::uint64_t unique = 0;
    bool offers_handling = false;  ///< an INIT whose answer may say that we do it
    bool kills_set_ids = false;
};
thread_local Request current;

/// What follows the header of a request.
template <typename Body>
std::optional<Body> body_of(const char* request, std::size_t size) {
    if (size < sizeof(fuse_in_header) + sizeof(Body)) return std::nullopt;
    Body body;
    std::memcpy(&body, request + sizeof(fuse_in_header), sizeof body);
    return body;
}

/// A change of nothing is what is left of a call that only takes privileges away.
bool kills(const fuse_setattr_in& change) {
    constexpr std::uint32_t says_nothing = FATTR_FH | FATTR_LOCKOWNER;
    return (change.valid & FATTR_KILL_SUIDGID) != 0 || (change.valid & ~says_nothing) == 0;
}

Request read_request(const char* bytes, std::size_t size) {
    if (size < sizeof(fuse_in_header)) return {};
    fuse_in_header header;
    std::memcpy(&header, bytes, sizeof header);
    Request request{.unique = header.unique};
    if (header.opcode == FUSE_INIT) {
        // The flags of kernels that send less are at the same place.
        fuse_init_in init{};
        std::memcpy(&init, bytes + sizeof header, std::min(size - sizeof header, sizeof init));
        request.offers_handling =
            init.major == FUSE_KERNEL_VERSION && (init.flags & FUSE_HANDLE_KILLPRIV_V2) != 0;
    } else if (header.opcode == FUSE_WRITE) {
        const auto write = body_of<fuse_write_in>(bytes, size);
        request.kills_set_ids = write && (write->write_flags & FUSE_WRITE_KILL_SUIDGID) != 0;
    } else if (header.opcode == FUSE_SETATTR) {
        const auto change = body_of<fuse_setattr_in>(bytes, size);
        request.kills_set_ids = change && kills(*change);
    }
    return request;
}

ssize_t read_from_kernel(int fd, void* buffer, std::size_t size, void*) {
    const ssize_t count = ::read(fd, buffer, size);
    current = count < 0
                  ? Request{}
                  : read_request(static_cast<const char*>(buffer), static_cast<std::size_t>(count));
    return count;
}

/// The answer to an INIT that offers it, with the flag. libfuse sends it as header and body.
ssize_t answer_init(int fd, iovec header, iovec body) {
    std::vector<char> answer(static_cast<const char*>(body.iov_base),
                             static_cast<const char*>(body.iov_base) + body.iov_len);
    std::uint32_t flags = 0;
    char* const place = answer.data() + offsetof(fuse_init_out, flags);
    std::memcpy(&flags, place, sizeof flags);
    flags |= FUSE_HANDLE_KILLPRIV_V2;
    std::memcpy(place, &flags, sizeof flags);
    const iovec pieces[] = {header, {answer.data(), answer.size()}};
    return ::writev(fd, pieces, 2);
}

bool is_success_of_init(const iovec* pieces, int count) {
    if (!current.offers_handling || count != 2 || pieces[0].iov_len != sizeof(fuse_out_header))
        return false;
    fuse_out_header header;
    std::memcpy(&header, pieces[0].iov_base, sizeof header);
    return header.unique == current.unique && header.error == 0 &&
           pieces[1].iov_len >= offsetof(fuse_init_out, max_background);
}

ssize_t write_to_kernel(int fd, iovec* pieces, int count, void*) {
    if (is_success_of_init(pieces, count)) return answer_init(fd, pieces[0], pieces[1]);
    return ::writev(fd, pieces, count);
}

}  // namespace

void handle_killed_privileges(fuse_session* session) {
    const fuse_custom_io through{.writev = write_to_kernel,
                                 .read = read_from_kernel,
                                 .splice_receive = nullptr,
                                 .splice_send = nullptr};
    const int outcome = fuse_session_custom_io(session, &through, fuse_session_fd(session));
    if (outcome != 0) throw system_error("watch the requests of", "a mount", -outcome);
}

bool kills_set_ids() {
    return current.kills_set_ids;
}

}  // namespace yore::mount
