// SPDX-License-Identifier: Apache-2.0
/// What a monitoring system asks of an owner.
#pragma once

#include <string>

namespace yore::command {

class Context;

/// In Prometheus' text format, version 0.0.4. Reads a few records of each source, never content.
/// A source whose records cannot be read is left out and counted. Any thread.
std::string metrics_text(Context&);
inline constexpr const char* metrics_type = "text/plain; version=0.0.4; charset=utf-8";

}  // namespace yore::command
