// SPDX-License-Identifier: Apache-2.0
#include "store/write_stop.h"

#include <yore/base/log.h>

namespace yore::store {

void WriteStop::stop(const Error& cause) {
    if (stopped_.exchange(true, std::memory_order_acq_rel)) return;
    log_error("{}: {}; nothing more is written until it is opened again", directory_, cause.what());
}

Error WriteStop::stopped_by(const Error& cause) {
    stop(cause);
    if (cause.code() != Errc::no_space) return cause;
    return Error(Errc::io, cause.what(), cause.hints());
}

void WriteStop::ensure_writable() const {
    if (!stopped()) return;
    throw Error(Errc::read_only, directory_ + ": takes no more writes after one that failed",
                {"the log says which; what was acknowledged is safe",
                 "mend the cause, then open the repository again"});
}

}  // namespace yore::store
