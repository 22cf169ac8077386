// SPDX-License-Identifier: Apache-2.0
#include <yore/tree/entry.h>
#include <yore/tree/uncertain.h>

#include <algorithm>
#include <limits>

#include "tree/leaf.h"

namespace yore::tree {
namespace {

std::uint64_t add_saturating(std::uint64_t a, std::uint64_t b) {
    std::uint64_t sum = 0;
    return __builtin_add_overflow(a, b, &sum) ? std::numeric_limits<std::uint64_t>::max() : sum;
}

}  // namespace

Totals& Totals::operator+=(const Totals& more) {
    bytes = add_saturating(bytes, more.bytes);
    files = add_saturating(files, more.files);
    directories = add_saturating(directories, more.directories);
    others = add_saturating(others, more.others);
    return *this;
}

void Totals::add_entry(FileKind kind, std::uint64_t size, const Totals& below) {
    switch (kind) {
        case FileKind::regular:
            *this += Totals{size, 1, 0, 0};
            break;
        case FileKind::directory:
            *this += Totals{0, 0, 1, 0};
            *this += below;
            break;
        default:
            *this += Totals{0, 0, 0, 1};
    }
}

std::string_view EntryView::name() const {
    return leaf_->name(place_);
}
Attributes EntryView::attributes() const {
    return leaf_->attributes(place_);
}
FileKind EntryView::kind() const {
    return leaf_->kind(place_);
}
std::string_view EntryView::target() const {
    return leaf_->target(place_);
}
std::optional<NodeId> EntryView::child() const {
    const fb::Subdirectory* below = leaf_->subdirectory(place_);
    if (!below) return std::nullopt;
    return id_of<NodeId>(below->top());
}
Totals EntryView::totals() const {
    const fb::Subdirectory* below = leaf_->subdirectory(place_);
    return below ? totals_of(below->totals()) : Totals{};
}
Content EntryView::content() const {
    Content content;
    leaf_->content(place_, content);
    return content;
}
void EntryView::content(Content& into) const {
    leaf_->content(place_, into);
}
bool EntryView::has_xattrs() const {
    return leaf_->xattrs(place_) != nullptr;
}
const NodeId& EntryView::leaf() const {
    return leaf_->id();
}
std::uint32_t EntryView::place() const {
    return place_;
}

std::vector<Xattr> EntryView::xattrs() const {
    std::vector<Xattr> xattrs;
    const fb::XattrSet* set = leaf_->xattrs(place_);
    if (!set) return xattrs;
    for (const fb::Xattr* stored : *set->xattrs()) {
        Xattr xattr;
        xattr.name.assign(text_of(stored->name()), stored->name()->size());
        if (stored->chunk()) {
            xattr.chunk = id_of<ChunkId>(*stored->chunk());
            xattr.size = stored->size();
        } else {
            xattr.size = size_of(stored->value());
            const char* value = text_of(stored->value());
            if (value) xattr.value = to_bytes(as_bytes({value, xattr.size}));
        }
        xattrs.push_back(std::move(xattr));
    }
    return xattrs;
}

Entry EntryView::copy() const {
    Entry entry;
    entry.name = name();
    entry.attributes = attributes();
    entry.xattrs = xattrs();
    entry.target = target();
    entry.content = content();
    entry.child = child();
    entry.totals = totals();
    return entry;
}

bool is_uncertain(const EntryView& entry) {
    if (!entry.has_xattrs()) return false;
    return std::ranges::count(entry.xattrs(), uncertain_mark, &Xattr::name) > 0;
}

void mark_uncertain(Entry& entry) {
    Xattr mark{std::string(uncertain_mark), to_bytes(as_bytes("it was changing")), {}, 0};
    const auto place = std::ranges::lower_bound(entry.xattrs, mark.name, {}, &Xattr::name);
    if (place == entry.xattrs.end() || place->name != mark.name)
        entry.xattrs.insert(place, std::move(mark));
}

}  // namespace yore::tree
