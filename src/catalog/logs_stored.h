// SPDX-License-Identifier: Apache-2.0
/// Reading the stored records of logs, for those who look them up and those who change them.
#pragma once

#include <yore/store/store.h>

#include <functional>
#include <optional>

#include "catalog/log_records.h"

namespace yore::catalog {

/// The position behind this one; there is none: nullopt.
std::optional<LogPosition> next(LogPosition);

/// From the position `first` on; `visit` returns false to stop.
void scan_family(const store::Store&, LogFamily, LogKey, LogPosition first,
                 const std::function<bool(const ParsedLogKey&, ByteView plain)>& visit);
/// Those that end behind `after`; `visit` returns false to stop.
void scan_stored_segments(const store::Store&, LogKey, LogPosition after,
                          const std::function<bool(StoredSegment&&)>& visit);
std::optional<StoredSegment> stored_segment(const store::Store&, LogKey, LogPosition end);

}  // namespace yore::catalog
