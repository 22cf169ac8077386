// SPDX-License-Identifier: Apache-2.0
/// hold-release: `hold` (its number). The result is what it was.
#include <yore/base/error.h>

#include <limits>

#include "command/fields.h"
#include "command/holds.h"
#include "command/run.h"

namespace yore::command {

nlohmann::json run_hold_release(Context& context, const Call& call) {
    Fields fields(call.request);
    const auto number = fields.number("hold");
    fields.done();
    if (!number || *number > std::numeric_limits<std::uint32_t>::max())
        throw Error(Errc::invalid, "which hold: `yore hold list` shows their numbers");
    const auto hold = context.catalog().release_hold(static_cast<std::uint32_t>(*number));
    return describe(hold, context.catalog().source(hold.source).value().name);
}

}  // namespace yore::command
