// SPDX-License-Identifier: Apache-2.0
/// dump: `moment` (of a cluster), `database`, `tables` (patterns of pg_dump), `options` (of
/// pg_dump), `programs`, `role`. Hands out the bytes that pg_dump prints.
#include <yore/base/error.h>
#include <yore/cluster/client.h>

#include "command/clone_fields.h"
#include "command/dump_options.h"
#include "command/fields.h"
#include "command/moment.h"
#include "command/run.h"
#include "command/throwaway_server.h"

namespace yore::command {

nlohmann::json run_dump(Context& context, const Call& call) {
    Fields fields(call.request);
    const auto text = fields.text("moment");
    const auto database = fields.optional_text("database").value_or("postgres");
    std::vector<std::string> words{"-w"};
    for (const std::string& table : fields.texts("tables"))
        words.insert(words.end(), {"-t", table});
    const auto options = fields.texts("options");
    const CloneServerOptions server = server_in(fields);
    fields.done();
    check_dump_options(options);
    words.insert(words.end(), options.begin(), options.end());
    const Moment moment = resolve_moment(context, text, call.output);
    const ThrowawayServer throwaway(context, moment, server, ThrowawayServer::Reuse::untouched,
                                    call.stop);
    std::uint64_t bytes = 0;
    const auto end = cluster::run_client(throwaway.access(),
                                         {"pg_dump",
                                          words,
                                          {{"PGDATABASE", database}},
                                          [&](ByteView piece) {
                                              bytes += piece.size();
                                              call.output.bytes(piece);
                                          }},
                                         call.stop);
    if (end.status != 0)
        throw Error(Errc::io, end.complaints, {"what was written before this is not a whole dump"});
    return {{"moment", moment.name()}, {"bytes", bytes}, {"reused", !throwaway.is_own()}};
}

}  // namespace yore::command
