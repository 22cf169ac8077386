// SPDX-License-Identifier: Apache-2.0
/// cat: `moment`, `paths`. Hands out the bytes of each file, one after the other.
#include <yore/base/error.h>
#include <yore/tree/content.h>

#include "command/fields.h"
#include "command/moment.h"
#include "command/run.h"
#include "command/walk.h"

namespace yore::command {
namespace {

constexpr std::size_t piece_bytes = 1u << 20;

std::uint64_t hand_out(const tree::ContentReader& reader, const Call& call) {
    Buffer piece(piece_bytes);
    for (std::uint64_t offset = 0;;) {
        check_stop(call.stop);
        const std::size_t count = reader.read(offset, piece.span());
        if (count == 0) return offset;
        call.output.bytes(piece.view().first(count));
        offset += count;
    }
}

}  // namespace

nlohmann::json run_cat(Context& context, const Call& call) {
    Fields fields(call.request);
    const auto text = fields.text("moment");
    const auto paths = fields.texts("paths");
    fields.done();
    if (paths.empty()) throw Error(Errc::invalid, "request: paths is missing");
    const auto moment = resolve_moment(context, text, call.output);
    // All are looked up before the first byte: a wrong name is no half answer.
    std::vector<tree::ContentReader> readers;
    for (const std::string& path : paths) {
        const auto entry = find_path(context.cache(), moment, normal_path(path));
        if (entry.kind() != tree::FileKind::regular)
            throw Error(Errc::invalid, fmt::format("{}: {} is not a file", moment.name(), path));
        readers.emplace_back(context.cache(), entry.content());
    }
    std::uint64_t bytes = 0;
    for (std::size_t i = 0; i < readers.size(); ++i)
        bytes += doing([&] { return fmt::format("read {} of {}", paths[i], moment.name()); },
                       [&] { return hand_out(readers[i], call); });
    return {{"moment", moment.name()}, {"bytes", bytes}};
}

}  // namespace yore::command
