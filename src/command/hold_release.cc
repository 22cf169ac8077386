// SPDX-License-Identifier: Apache-2.0
/// hold-release: `hold` (its number). The result is what it was.
#include <yore/base/error.h>

#include <limits>

#include "command/fields.h"
#include "command/holds.h"
#include "command/run.h"

namespace yore::command {

namespace {

void refuse_of_clone(Context& context, std::uint64_t number) {
    for (const auto& source : context.catalog().sources())
        for (const auto& hold : context.catalog().holds(source.id))
            if (hold.number == number && context.clones().is_there(hold.clone))
                throw Error(Errc::invalid,
                            fmt::format("hold {} is that of the clone {}", number, hold.clone),
                            {fmt::format("`yore clone remove {}` ends both", hold.clone)});
}

}  // namespace

nlohmann::json run_hold_release(Context& context, const Call& call) {
    Fields fields(call.request);
    const auto number = fields.number("hold");
    fields.done();
    if (!number || *number > std::numeric_limits<std::uint32_t>::max())
        throw Error(Errc::invalid, "which hold: `yore hold list` shows their numbers");
    refuse_of_clone(context, *number);
    const auto hold = context.catalog().release_hold(static_cast<std::uint32_t>(*number));
    return describe(hold, context.catalog().source(hold.source).value().name);
}

}  // namespace yore::command
