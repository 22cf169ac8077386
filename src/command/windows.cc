// SPDX-License-Identifier: Apache-2.0
/// windows: `source`. An event `window` each (view::windows_json says its fields).
#include <yore/command/text.h>
#include <yore/view/moment.h>

#include "command/fields.h"
#include "command/moment.h"
#include "command/run.h"

namespace yore::command {

nlohmann::json run_windows(Context& context, const Call& call) {
    Fields fields(call.request);
    const auto name = fields.text("source");
    fields.done();
    const auto source = find_source(context.catalog(), name);
    const view::SourceRecords records(context.catalog(), context.cache(), source.id);
    std::uint64_t count = 0;
    for (nlohmann::json& window : view::windows_json(records)) {
        window["event"] = "window";
        call.output.event(window);
        ++count;
    }
    return {{"source", source.name}, {"count", count}};
}

}  // namespace yore::command
