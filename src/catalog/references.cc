// SPDX-License-Identifier: Apache-2.0
#include <yore/base/error.h>
#include <yore/catalog/references.h>

#include "catalog/log_records.h"
#include "catalog/records.h"

namespace yore::catalog {

References references_of(const LogSegment& segment) {
    References references;
    if (segment.list) references.trees.push_back(*segment.list);
    if (segment.tree_after) references.trees.push_back(segment.tree_after->root);
    if (segment.entries) references.trees.push_back(*segment.entries);
    if (segment.points) references.nodes.push_back(*segment.points);
    for (const SegmentExtent& extent : segment.extents) references.chunks.push_back(extent.chunk);
    return references;
}

References references_of(ByteView key, ByteView value) {
    switch (key.empty() ? '\0' : static_cast<char>(key[0])) {
        case 'n':
            return {{decode_snapshot(parse_snapshot_key(key), value).root}, {}, {}};
        case 'l':
            return references_of(
                decode_segment(parse_log_key(LogFamily::segment, key), value).segment);
        case 'c':
        case 'd':
        case 'f':
        case 's':
        case 'h':
        case 'i':
        case 'r':
        case 't':
        case 'g':
        case 'j':
        case 'p':
        case 'q':
        case 'v':
            return {};
        default:
            throw Error(Errc::unsupported,
                        fmt::format("record {}: of a type that is not known", to_hex(key)),
                        {"it was made by a newer version"});
    }
}

}  // namespace yore::catalog
