// SPDX-License-Identifier: Apache-2.0
#include "ingest/assembler.h"

#include <yore/base/error.h>

#include <utility>

namespace yore::ingest {

Assembler::Assembler(store::NodeSink& lists, store::NodeSink& directories,
                     const tree::NodeBounds& bounds, const store::ObjectCache& cache,
                     Arrival arrival)
    : lists_(lists), directories_(directories), bounds_(bounds), cache_(cache) {
    if (arrival == Arrival::any)
        names_.emplace(cache);
    else
        open_.emplace_back(tree::DirectoryBuilder(directories_, bounds_), std::nullopt);
}

/// Contents are put together when they pass, since the next file begins anew; all else happens in
/// the order of the steps, so behind a step that waits all wait.
void Assembler::apply(Step&& step) {
    if (std::holds_alternative<BeginContent>(step) || std::holds_alternative<Hole>(step)) {
        carry_out(std::move(step));
        return;
    }
    if (auto* add = std::get_if<AddEntry>(&step); add && add->from == ContentFrom::pieces) {
        YORE_ENSURE(content_.has_value());
        add->entry.content = content_->finish();
        add->from = ContentFrom::entry;
        content_.reset();
    }
    if (waiting_.empty() && !must_wait(step))
        carry_out(std::move(step));
    else
        waiting_.push_back(std::move(step));
}

bool Assembler::must_wait(const Step& step) const {
    const auto* add = std::get_if<AddEntry>(&step);
    return add && add->from == ContentFrom::group && add->group > groups_done_;
}

void Assembler::finish_group(std::uint64_t group, const ChunkId& chunk) {
    YORE_ENSURE(group == groups_done_ + 1);
    groups_done_ = group;
    last_group_ = chunk;
    while (!waiting_.empty() && !must_wait(waiting_.front())) {
        Step step = std::move(waiting_.front());
        waiting_.pop_front();
        carry_out(std::move(step));
    }
}

void Assembler::add_piece(const ChunkId& chunk, std::uint64_t length) {
    YORE_ENSURE(content_.has_value());
    content_->add({length, chunk, 0});
}

tree::DirectoryBuilder::Built Assembler::finish() {
    YORE_ENSURE(waiting_.empty());
    if (names_) return names_->finish(directories_, bounds_);
    YORE_ENSURE(open_.size() == 1);
    return open_.back().builder.finish();
}

void Assembler::carry_out(Step&& step) {
    std::visit([this](auto&& one) { carry_out(std::move(one)); }, std::move(step));
}

void Assembler::carry_out(EnterDirectory&& enter) {
    open_.emplace_back(tree::DirectoryBuilder(directories_, bounds_), enter.before);
}

tree::DirectoryCursor& Assembler::before(OpenDirectory& directory) {
    if (!directory.cursor) {
        YORE_ENSURE(directory.before.has_value());
        directory.cursor.emplace(cache_, *directory.before);
    }
    YORE_ENSURE(directory.cursor->current() != nullptr);
    return *directory.cursor;
}

void Assembler::carry_out(TakeOver&& take) {
    OpenDirectory& directory = open_.back();
    for (std::uint64_t i = 0; i < take.count; ++i) {
        tree::DirectoryCursor& cursor = before(directory);
        directory.builder.add(*cursor.current());
        cursor.advance();
    }
}

void Assembler::carry_out(Skip&&) {
    before(open_.back()).advance();
}

void Assembler::carry_out(BeginContent&&) {
    content_.emplace(lists_);
}

void Assembler::carry_out(Hole&& hole) {
    YORE_ENSURE(content_.has_value());
    content_->add({hole.length, std::nullopt, 0});
}

void Assembler::carry_out(AddEntry&& add) {
    if (add.from == ContentFrom::group) {
        // Steps of a group wait for it alone, so the group that was done last is theirs.
        YORE_ENSURE(add.group == groups_done_);
        for (tree::Extent& extent : add.entry.content.extents)
            if (extent.chunk) extent.chunk = last_group_;
    }
    if (add.link != 0) share_links(add);
    if (names_) {
        const std::string path = std::exchange(add.entry.name, {});
        names_->update(path, std::move(add.entry));
    } else {
        open_.back().builder.add(add.entry);
    }
}

void Assembler::share_links(AddEntry& add) {
    if (add.from == ContentFrom::link) {
        const auto first = links_.find(add.link);
        YORE_ENSURE(first != links_.end());
        add.entry.content = first->second.content;
        add.entry.xattrs = first->second.xattrs;
    } else {
        links_[add.link] = {add.entry.content, add.entry.xattrs};
    }
    if (add.last_link) links_.erase(add.link);
}

void Assembler::carry_out(LeaveDirectory&& leave) {
    YORE_ENSURE(open_.size() > 1);
    const tree::DirectoryBuilder::Built built = open_.back().builder.finish();
    open_.pop_back();
    leave.entry.child = built.top;
    leave.entry.totals = built.totals;
    open_.back().builder.add(leave.entry);
}

}  // namespace yore::ingest
