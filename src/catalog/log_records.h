// SPDX-License-Identifier: Apache-2.0
/// The records of logs as FlatBuffers (src/format/catalog.fbs). Encoding is deterministic.
#pragma once

#include <yore/catalog/log.h>

#include "catalog/keys.h"

namespace yore::catalog {

/// A segment with what is derived from those before it.
struct StoredSegment {
    LogSegment segment;
    Timestamp newest_so_far;  ///< greatest time of its points and of those before it
};

/// What makes it unfit to be stored, or nullptr.
const char* problem_in(const LogIncarnation&);
const char* problem_in(const LogSegment&);
const char* problem_in(const LogSpan&);

// Each holds what its key does not.
Bytes encode(const LogIncarnation&);
Bytes encode(const StoredSegment&);
Bytes encode(const LogRun&);
Bytes encode(const LogSpan&);

// What is not such a record, or not within its limits, is `corrupt`; a kind that this version does
// not know is `unsupported`.
LogIncarnation decode_incarnation(LogKey, ByteView);
StoredSegment decode_segment(const ParsedLogKey& end, ByteView);
LogRun decode_run(const ParsedLogKey& end, ByteView);
LogSpan decode_span(const ParsedLogKey& until, ByteView);

}  // namespace yore::catalog
