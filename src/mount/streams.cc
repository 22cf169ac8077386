// SPDX-License-Identifier: Apache-2.0
#include "mount/streams.h"

#include <algorithm>

namespace yore::mount {
namespace {

/// READs of at least this size come from the kernel's read-ahead.
constexpr std::uint64_t large_read = 64u << 10;
/// How far READs of one reader may lie apart when threads reorder them.
constexpr std::uint64_t disorder_max = 2u << 20;
constexpr std::uint64_t window_min = 256u << 10, window_max = 8u << 20;

bool continues(std::uint64_t expected, Range read) {
    if (read.end - read.begin < large_read) return read.begin == expected;
    return read.begin <= expected + disorder_max && expected <= read.begin + disorder_max;
}

}  // namespace

Streams::Stream* Streams::find(Range read) {
    Stream* best = nullptr;
    for (Stream& stream : streams_) {
        if (stream.last_use == 0 || !continues(stream.expected, read)) continue;
        if (!best || stream.last_use > best->last_use) best = &stream;
    }
    return best;
}

Streams::Stream& Streams::replace_oldest(Range read) {
    Stream& stream = *std::ranges::min_element(streams_, {}, &Stream::last_use);
    stream = {.expected = read.end, .decoded_to = read.end, .window = 0, .last_use = 0};
    return stream;
}

Streams::Advice Streams::note(Range read) {
    Stream* stream = find(read);
    const bool known = stream != nullptr;
    if (!known) stream = &replace_oldest(read);
    stream->last_use = ++uses_;
    // Who starts with a large READ at the start reads a file from start to end.
    if (!known && (read.begin > 0 || read.end < large_read)) return {};
    stream->expected = std::max(stream->expected, read.end);
    stream->window = std::clamp(stream->window * 2, window_min, window_max);
    const Range ahead{std::max(stream->decoded_to, read.end), stream->expected + stream->window};
    // In steps of half a window, so that each READ does not look for one chunk more.
    if (ahead.begin + stream->window / 2 > ahead.end) return {.sequential = true, .decode = {}};
    stream->decoded_to = ahead.end;
    return {.sequential = true, .decode = ahead};
}

}  // namespace yore::mount
