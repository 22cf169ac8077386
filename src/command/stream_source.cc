// SPDX-License-Identifier: Apache-2.0
#include "command/stream_source.h"

#include <yore/base/error.h>
#include <yore/command/context.h>

#include <fmt/format.h>

namespace yore::command {

catalog::Source source_of_stream(Context& context, const std::string& name) {
    auto source = context.catalog().source(name);
    if (!source) {
        catalog::Source fresh;
        fresh.name = name;
        fresh.kind = catalog::SourceKind::stream;
        fresh.created = context.clock().now();
        return context.catalog().add_source(fresh);
    }
    if (source->kind != catalog::SourceKind::stream)
        throw Error(Errc::invalid,
                    fmt::format("source {} is a {}, not a stream", name, name_of(source->kind)),
                    {"a stream needs a source of its own: choose another name"});
    return *source;
}

}  // namespace yore::command
