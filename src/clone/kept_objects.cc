// SPDX-License-Identifier: Apache-2.0
#include "clone/kept_objects.h"

#include <yore/base/error.h>
#include <yore/tree/content.h>

namespace yore::clone {

KeptObjects::KeptObjects(const store::ObjectCache& cache, store::Writer& writer,
                         const tree::NodeBounds& bounds, const view::MadeObjects& made)
    : cache_(cache), writer_(writer), bounds_(bounds), made_(made) {}

void KeptObjects::add(const tree::EntryView& entry, tree::DirectoryBuilder& to) {
    if (!made_.nodes.empty()) {
        if (entry.child()) keep_directory(*entry.child());
        if (entry.kind() == tree::FileKind::regular) keep(entry.content());
        for (const tree::Xattr& xattr : entry.xattrs())
            if (xattr.chunk) keep(*xattr.chunk);
    }
    to.add(entry);
}

void KeptObjects::keep(const ChunkId& chunk) {
    if (!made_.chunks.contains(chunk)) return;
    store::Prepared prepared = writer_.prepare_chunk(cache_.chunk(chunk)->view());
    YORE_ENSURE(prepared.chunk_id() == chunk);
    writer_.append(std::move(prepared));
}

// What is built anew of the same parts has the same name.

void KeptObjects::keep_directory(const NodeId& top) {
    if (!made_.nodes.contains(top)) return;
    tree::DirectoryBuilder builder(writer_, bounds_);
    tree::Directory(cache_, top).scan("", [&](const tree::EntryView& entry) {
        add(entry, builder);
        return true;
    });
    YORE_ENSURE(builder.finish().top == top);
}

void KeptObjects::keep(const tree::Content& content) {
    for (const tree::Extent& extent : content.extents)
        if (extent.chunk) keep(*extent.chunk);
    if (!content.list || !made_.nodes.contains(*content.list)) return;
    tree::ContentBuilder builder(writer_);
    tree::ContentReader(cache_, content).scan(0, [&](const tree::PlacedExtent& placed) {
        if (placed.extent.chunk) keep(*placed.extent.chunk);
        builder.add(placed.extent);
        return true;
    });
    YORE_ENSURE(builder.finish().list == content.list);
}

}  // namespace yore::clone
