// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <yore/catalog/source.h>

#include <string>

namespace yore::command {

class Context;

/// The source of what is handed to a snapshot: a stream, a dump, a clone. It is made by its first
/// snapshot: there is nothing to declare of it. One of another kind has the name: Errc::invalid.
catalog::Source source_of_stream(Context&, const std::string& name);

}  // namespace yore::command
