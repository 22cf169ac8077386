// SPDX-License-Identifier: Apache-2.0
/// versions: `source`, `path`. An event `version` each, oldest first: `state` (opens it as
/// SOURCE@STATE), `time`, `change` (added, removed, content, attributes) and, unless it was
/// removed, the `entry`.
#include <yore/base/error.h>
#include <yore/command/text.h>
#include <yore/view/versions.h>

#include "command/describe.h"
#include "command/fields.h"
#include "command/moment.h"
#include "command/run.h"
#include "command/walk.h"

namespace yore::command {

nlohmann::json run_versions(Context& context, const Call& call) {
    Fields fields(call.request);
    const auto name = fields.text("source");
    const auto path = normal_path(fields.text("path"));
    fields.done();
    const auto source = find_source(context.catalog(), name);
    std::uint64_t count = 0;
    bool was_there = false;
    view::scan_versions(context.catalog(), context.cache(), source.id, path, &context.replay(),
                        [&](const view::Version& version) {
                            check_stop(call.stop);
                            const char* change = !version.entry    ? "removed"
                                                 : !was_there      ? "added"
                                                 : version.content ? "content"
                                                                   : "attributes";
                            was_there = version.entry.has_value();
                            nlohmann::json row{{"event", "version"},
                                               {"source", source.name},
                                               {"state", version.state.name()},
                                               {"time", to_rfc3339(version.state.time)},
                                               {"change", change}};
                            if (version.entry) row["entry"] = describe(*version.entry);
                            call.output.event(row);
                            ++count;
                            return true;
                        });
    if (count == 0)
        throw Error(Errc::not_found, fmt::format("{}: {} was never there", source.name, path),
                    {fmt::format("`yore find {}@latest --name '*'` lists what is there", name)});
    return {{"source", source.name}, {"count", count}};
}

}  // namespace yore::command
