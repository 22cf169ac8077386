// SPDX-License-Identifier: Apache-2.0
/// Sources as a configuration declares them: what `source add` and `source set` do, until it is so.
#pragma once

#include <yore/catalog/source.h>

#include <cstdint>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

namespace yore::command {

class Context;

/// What is declared of a source: `name`, `kind`, `policy`, `directory`, …; not when it was.
nlohmann::json describe_declared(const catalog::Source&);

/// As those of ingest.
void check_conninfo(const std::string&);
void check_slot_limit(std::uint64_t bytes);
/// Parts of a check that do not go together, or not with such a source: Errc::invalid.
void check_source_check(catalog::SourceKind, const catalog::SourceCheck&);

struct Declared {
    bool added = false;                ///< or it had been removed and is fed again
    std::vector<std::string> changes;  ///< `policy {"keep_last":3} -> {}`; empty: it was so already
    std::uint64_t victims = 0;         ///< snapshots that the next prune takes because of them
    std::string left_slot;  ///< it may be there still at hosts that left the conninfo; empty: none
};
/// The source of this name is there, with what is declared in `wanted`. One of another kind
/// has the name: Errc::exists.
Declared declare_source(Context&, const catalog::Source& wanted);

}  // namespace yore::command
