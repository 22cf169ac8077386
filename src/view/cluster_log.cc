// SPDX-License-Identifier: Apache-2.0
#include <yore/base/error.h>
#include <yore/view/cluster_log.h>

#include <algorithm>

namespace yore::view {

using catalog::LogIncarnation;

std::optional<postgresql::SegmentSize> wal_segment_size(const catalog::LogSegment& segment) {
    if (segment.sequence == 0) return std::nullopt;
    return postgresql::SegmentSize::of(segment.begin.value / segment.sequence);
}

std::optional<std::string> history_text(const std::vector<LogIncarnation>& all,
                                        postgresql::Timeline timeline) {
    std::string text;
    for (std::uint32_t next = timeline.value;;) {
        const auto here = std::ranges::find(all, next, &LogIncarnation::number);
        if (here == all.end() || !here->fork) break;
        const LogIncarnation::Fork& fork = *here->fork;
        text = fmt::format("{}\t{}\ttold by Yore\n", fork.parent,
                           postgresql::to_text(postgresql::lsn_of(fork.at))) +
               text;
        // A parent has a lower number, so this ends whatever the records say.
        if (fork.parent >= next) break;
        next = fork.parent;
    }
    return text.empty() ? std::nullopt : std::optional(std::move(text));
}

}  // namespace yore::view
