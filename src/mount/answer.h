// SPDX-License-Identifier: Apache-2.0
/// How requests of the kernel are answered: exactly once each, measured, and failures logged.
///
/// The tables of operations are thin: they turn requests into calls of a view, and what these
/// return or throw into a reply.
#pragma once

#include <yore/base/bytes.h>
#include <yore/base/error.h>
#include <yore/base/guarded.h>

#include <cerrno>
#include <exception>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "mount/fuse.h"
#include "mount/operation_meter.h"

namespace yore::mount {

/// Counts failed operations, and logs them, once for each text: who reads a damaged file asks many
/// times. Any thread.
class FailureLog {
  public:
    explicit FailureLog(OperationMeter& meter) : meter_(meter) {}
    void add(Operation, std::string_view path, const std::exception&);

  private:
    OperationMeter& meter_;
    Guarded<std::set<std::string>> logged_;
};

/// Runs one operation; `body` replies unless it throws. The session has a `meter` and
/// `count_failure(operation, number, error)`.
template <typename Session, typename Body>
void answer_from(Session& session, fuse_req_t request, fuse_ino_t number, Operation operation,
                 Body&& body) {
    const Timed timed(session.meter, operation);
    int error_number = EIO;
    try {
        body();
        return;
    } catch (const Error& error) {
        error_number = errno_of(error.code());
        session.count_failure(operation, number, error);
    } catch (const std::exception& error) {
        session.count_failure(operation, number, error);
    }
    fuse_reply_err(request, error_number);
}

/// Never asked again for the life of the mount: the kernel does it by itself.
inline constexpr auto not_needed = [](fuse_req_t request, auto...) {
    fuse_reply_err(request, ENOSYS);
};

/// As getxattr(2) wants it: `size` 0 asks how long it is.
void reply_value(fuse_req_t, ByteView value, std::size_t size);
/// As listxattr(2) wants it.
void reply_names(fuse_req_t, const std::vector<std::string>& names, std::size_t size);

}  // namespace yore::mount
