// SPDX-License-Identifier: Apache-2.0
#include "ingest/walk.h"

#include <yore/base/error.h>
#include <yore/base/log.h>
#include <yore/tree/uncertain.h>

#include <algorithm>
#include <cerrno>
#include <chrono>

#include "ingest/walk_frame.h"

namespace yore::ingest {
namespace {

constexpr int looks_max = 3;
constexpr std::size_t name_bytes_max = 255;

PathKind path_kind_of(tree::FileKind kind) {
    return kind == tree::FileKind::directory ? PathKind::directory : PathKind::file;
}

bool is_gone(int error) {
    return error == ENOENT || error == ENOTDIR || error == ESTALE;
}

}  // namespace

Walk::Walk(const Parts& parts)
    : parts_(parts), excludes_(parts.options.excludes), listing_buffer_(256u << 10) {}

Walk::~Walk() = default;

bool Walk::run(Fd root, std::optional<tree::EntryView> before) {
    FileStatus status;
    if (const int error = status_of(root.get(), status))
        throw system_error("stat", parts_.options.path, error);
    boundaries_.emplace(root.get(), parts_.avoid);
    if (boundaries_->avoids(status))
        throw Error(Errc::invalid,
                    fmt::format("{}: this directory is not to be backed up", parts_.options.path));
    devices_ = {status.device};
    Frame& frame = push();
    frame.fd = std::move(root);
    frame.before_entry = std::move(before);
    frame.whole = parts_.focus == nullptr || !frame.before_entry;
    frame.in_focus = frame.whole || parts_.focus->contains("");
    list(frame, status);
    describe(frame, {-1, "root", "", 0}, status);
    while (depth_ > 0) {
        parts_.outbox.check_stop();
        Frame& at = top();
        if (at.next < at.listing.size())
            visit_next(at);
        else
            leave(at);
    }
    parts_.outbox.flush();
    return differs_;
}

/// Finds what lies under the next name, and if that changes meanwhile, looks again.
void Walk::visit_next(Frame& frame) {
    Found found;
    const std::size_t index = frame.next++;
    found.name = frame.listing.name(index);
    path_.resize(frame.path_bytes);
    if (frame.path_bytes > 0) path_ += '/';
    path_ += found.name;
    drop_before(frame, found.name);
    found.before = current(frame);
    if (found.before && found.before->name() != found.name) found.before = nullptr;
    if (found.before && !frame.in_focus && out_of_focus(frame)) {
        keep_before(frame);
        return;
    }
    const std::optional<PathKind> kind = frame.listing.kind(index);
    // Before it is touched: what is excluded may be a mount that hangs.
    if (kind && excludes_.excludes(path_, *kind)) return;
    if (kind == PathKind::directory && boundaries_->is_mount_of_ours(path_))
        found.freshness = Freshness::cached;
    visit(frame, found);
}

void Walk::visit(Frame& frame, Found& found) {
    if (found.name.size() > name_bytes_max) {
        parts_.problems.add(path_, "its name is longer than 255 bytes");
        return;
    }
    for (int looks = 1; looks <= looks_max; ++looks) {
        if (!look(frame, found)) return;
        if (found.is_same_directory() && found.is_as_before() && out_of_focus(frame)) {
            keep_before(frame);
            return;
        }
        if (take_over(frame, found) || put_off(frame, found) || add(frame, found)) return;
    }
    parts_.problems.add(path_, "replaced while it was read");
}

/// False: there is nothing to add.
bool Walk::look(const Frame& frame, Found& found) {
    if (const int error =
            status_at(frame.fd.get(), found.name.data(), found.status, found.freshness)) {
        parts_.problems.add(path_, is_gone(error) ? "vanished before it was read"
                                                  : fmt::format("stat: {}", reason_of(error)));
        return false;
    }
    if (parts_.links != nullptr) parts_.links->correct(found.status);
    if (parts_.options.ignore_nodump && found.status.no_dump) return false;
    // Again, since not every file system tells the kind with the name.
    if (excludes_.excludes(path_, path_kind_of(found.status.attributes.kind))) return false;
    found.status.attributes.file_system = file_system_of(found.status.device);
    return true;
}

/// Neither the entry at hand nor anything below it is to be looked at.
bool Walk::out_of_focus(const Frame& frame) const {
    return !frame.whole && !parts_.focus->leads_to(path_);
}

bool Walk::take_over(Frame& frame, const Found& found) {
    const tree::Attributes& now = found.status.attributes;
    if (!found.before || now.kind == tree::FileKind::directory) return false;
    if (found.before->attributes() != now || !parts_.trust.trusts(now)) return false;
    if (tree::is_uncertain(*found.before) || is_damaged(parts_.cache, *found.before)) return false;
    if (now.kind == tree::FileKind::regular) {
        parts_.counters.files.add(1);
        parts_.counters.files_unchanged.add(1);
        parts_.counters.bytes.add(now.size);
    }
    keep_before(frame);
    return true;
}

/// A file that is never quiet stays as it was read last, and is marked.
bool Walk::put_off(Frame& frame, const Found& found) {
    const tree::Attributes& now = found.status.attributes;
    if (parts_.pace == nullptr || !found.before || now.kind != tree::FileKind::regular ||
        found.before->kind() != tree::FileKind::regular ||
        found.before->attributes().inode != now.inode ||
        parts_.pace->may_read(now.inode, now.changed, parts_.clock.now()))
        return false;
    parts_.pace->put_off(std::string_view(path_).substr(0, frame.path_bytes));
    if (tree::is_uncertain(*found.before)) {
        keep_before(frame);
        return true;
    }
    send_path(frame);
    AddEntry marked{found.before->copy()};
    tree::mark_uncertain(marked.entry);
    parts_.outbox.send(std::move(marked));
    skip_before(frame);
    return true;
}

/// False: look again.
bool Walk::add(Frame& frame, Found& found) {
    if (found.status.attributes.kind == tree::FileKind::directory) return enter(frame, found);
    send_path(frame);
    if (found.status.attributes.kind == tree::FileKind::regular) return add_file(frame, found);
    const auto result = parts_.intake.add_special(place_of(frame, found), found.status);
    if (result == FileIntake::Result::added && found.before) skip_before(frame);
    return result != FileIntake::Result::replaced;
}

bool Walk::add_file(Frame& frame, Found& found) {
    if (const auto result = add_shared(frame, found))
        return *result != FileIntake::Result::replaced;
    if (add_known_link(frame, found)) return true;
    const bool linked = found.status.attributes.link_count > 1;
    std::uint32_t link = linked ? links_.next_number() : 0;
    const tree::EntryView* before = found.before;
    const auto began = std::chrono::steady_clock::now();
    const auto result =
        parts_.intake.add_regular(place_of(frame, found), found.status, before, link);
    if (result == FileIntake::Result::added) {
        if (parts_.pace != nullptr) {
            const std::chrono::nanoseconds took = std::chrono::steady_clock::now() - began;
            parts_.pace->was_read(found.status.attributes.inode, parts_.clock.now(),
                                  {took.count()});
        }
        if (link != 0) links_.add(found.status, link);
        parts_.counters.files.add(1);
        parts_.counters.bytes.add(found.status.size);
        if (found.before) skip_before(frame);
    }
    return result != FileIntake::Result::replaced;
}

bool Walk::add_known_link(Frame& frame, Found& found) {
    if (found.status.attributes.link_count < 2) return false;
    const auto link = links_.find(found.status);
    if (!link) return false;
    AddEntry add;
    add.entry.name = found.name;
    add.entry.attributes = found.status.attributes;
    add.from = ContentFrom::link;
    add.link = link->number;
    add.last_link = link->last;
    parts_.outbox.send(std::move(add));
    parts_.counters.files.add(1);
    parts_.counters.bytes.add(found.status.size);
    if (found.before) skip_before(frame);
    return true;
}

/// A file that is the predecessor's own: only what a change of its links may hide is looked at.
/// Nothing: it is not.
std::optional<FileIntake::Result> Walk::add_shared(Frame& frame, Found& found) {
    const tree::Attributes& now = found.status.attributes;
    if (!parts_.inode_tells || !found.before || now.file_system != 0 || now.link_count > 1 ||
        tree::is_uncertain(*found.before))
        return std::nullopt;
    tree::Attributes before = found.before->attributes();
    before.changed = now.changed;
    if (before != now) return std::nullopt;
    const auto result =
        parts_.intake.add_as_before(place_of(frame, found), found.status, *found.before);
    if (result == FileIntake::Result::added) {
        parts_.counters.files.add(1);
        parts_.counters.files_unchanged.add(1);
        parts_.counters.bytes.add(found.status.size);
        skip_before(frame);
    }
    return result;
}

bool Walk::enter(Frame& parent, Found& found) {
    const bool ours = found.freshness == Freshness::cached;
    const Place place = place_of(parent, found);
    int error = 0;
    Fd fd;
    FileStatus status = found.status;
    if (!ours) {
        fd = open_at(parent.fd.get(), place.name, OpenAs::directory, error);
        if (is_gone(error) || error == ELOOP) return false;
        if (fd) error = status_of(fd.get(), status);
        if (error != 0) {
            parts_.problems.add(path_, fmt::format("open: {}", reason_of(error)));
            return true;
        }
        if (!status.same_file(found.status)) return false;
        status.attributes.file_system = place.file_system;
    }
    Frame& frame = push();
    frame.fd = std::move(fd);
    frame.name = place.name;
    if (found.before) frame.before_entry = *found.before;
    frame.whole = parent.whole || !found.is_same_directory();
    // Another directory may have got the inode of one that is gone: its times tell.
    frame.in_focus = frame.whole || parts_.focus->contains(path_) || !found.is_as_before();
    list(frame, status);
    describe(frame, place, status);
    return true;
}

void Walk::list(Frame& frame, const FileStatus& status) {
    frame.device = status.device;
    frame.inode = status.attributes.inode;
    frame.path_bytes = path_.size();
    parts_.counters.directories.add(1);
    if (depth_ > 1) {
        const bool other = parts_.options.one_file_system && status.device != devices_[0];
        if (!frame.fd || other || boundaries_->avoids(status)) return;
    }
    if (const int error = frame.listing.read(frame.fd.get(), listing_buffer_.span()))
        parts_.problems.add(path_, fmt::format("list: {}", reason_of(error)));
    // The source itself was asked for.
    if (depth_ > 1 && parts_.options.ignore_cache_dirs && frame.listing.contains(cache_tag_name) &&
        has_cache_tag(frame.fd.get()))
        frame.listing.keep_only(cache_tag_name);
}

/// Makes the directory's own entry, unless it is as before; opens the predecessor's.
void Walk::describe(Frame& frame, const Place& place, const FileStatus& status) {
    const auto& before = frame.before_entry;
    const bool equal = before && before->attributes() == status.attributes;
    frame.own_unchanged =
        equal && parts_.trust.trusts(status.attributes) && !is_damaged(parts_.cache, *before);
    if (!frame.own_unchanged) {
        if (frame.fd) {
            frame.entry = parts_.intake.describe_directory(place, frame.fd.get(), status);
        } else {
            frame.entry = {};
            frame.entry.name = place.name;
            frame.entry.attributes = status.attributes;
        }
        frame.own_unchanged = equal && frame.entry.xattrs == before->xattrs();
    }
    if (before && before->kind() == tree::FileKind::directory) frame.before_node = before->child();
    if (frame.before_node)
        frame.cursor.emplace(parts_.cache, *frame.before_node);
    else
        send_path(frame);
}

/// All entries were visited.
void Walk::leave(Frame& frame) {
    drop_before(frame, std::nullopt);
    const bool changed = frame.sent || !frame.own_unchanged;
    tree::Entry entry;
    if (changed) entry = frame.own_unchanged ? frame.before_entry->copy() : std::move(frame.entry);
    Frame* parent = depth_ > 1 ? frames_[depth_ - 2].get() : nullptr;
    if (frame.sent) {
        frame.send_taken(parts_.outbox);
        parts_.outbox.send(LeaveDirectory{std::move(entry)});
    } else if (changed) {
        if (parent) send_path(*parent);
        entry.child = frame.before_node;
        entry.totals = frame.before_entry->totals();
        parts_.outbox.send(AddEntry{std::move(entry)});
    }
    differs_ = differs_ || changed;
    const bool had_before = frame.before_entry.has_value();
    if (parent && !parent->fd) {
        // Far below, the parent's descriptor was closed.
        if (!reopen(*parent)) {
            path_.resize(parent->path_bytes);
            parts_.problems.add(path_, "moved while it was read");
            parent->next = parent->listing.size();
        }
    }
    pop();
    if (parent && had_before) {
        if (changed)
            skip_before(*parent);
        else
            keep_before(*parent);
    }
}

/// Sends what was held back of this directory and of those above it.
void Walk::send_path(Frame& last) {
    if (last.sent) {
        last.send_taken(parts_.outbox);
        return;
    }
    for (std::size_t i = 0; i < depth_; ++i) {
        Frame& frame = *frames_[i];
        if (!frame.sent) parts_.outbox.send(EnterDirectory{frame.before_node});
        frame.sent = true;
        frame.send_taken(parts_.outbox);
        if (&frame == &last) break;
    }
}

Place Walk::place_of(const Frame& frame, const Found& found) const {
    return {frame.fd.get(), found.name.data(), path_, found.status.attributes.file_system};
}

std::uint16_t Walk::file_system_of(std::uint64_t device) {
    const auto known = std::ranges::find(devices_, device);
    const auto number = known - devices_.begin();
    if (known == devices_.end() && number <= UINT16_MAX) devices_.push_back(device);
    return static_cast<std::uint16_t>(std::min<std::ptrdiff_t>(number, UINT16_MAX));
}

}  // namespace yore::ingest
