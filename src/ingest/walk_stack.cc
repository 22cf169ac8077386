// SPDX-License-Identifier: Apache-2.0
/// The walk's stack of directories, and its way along the predecessor's entries.
#include <yore/base/error.h>
#include <yore/base/log.h>

#include "ingest/walk_frame.h"

namespace yore::ingest {

Walk::Frame& Walk::push() {
    if (depth_ == frames_.size()) frames_.push_back(std::make_unique<Frame>());
    // The root stays open: from there every other can be found again.
    if (depth_ > open_directories_max) frames_[depth_ - open_directories_max]->fd.close();
    return *frames_[depth_++];
}

void Walk::pop() {
    frames_[--depth_]->reset();
}

/// Opens the directory above the top one again. False: it is not where it was.
bool Walk::reopen(Frame& frame) {
    const auto is_it = [&](int fd) {
        FileStatus status;
        return status_of(fd, status) == 0 && status.device == frame.device &&
               status.attributes.inode == frame.inode;
    };
    int error = 0;
    if (top().fd) {
        Fd above = open_at(top().fd.get(), "..", OpenAs::directory, error);
        if (above && is_it(above.get())) {
            frame.fd = std::move(above);
            return true;
        }
    }
    frame.fd = open_from_root(frame);
    return static_cast<bool>(frame.fd);
}

Fd Walk::open_from_root(const Frame& wanted) {
    int error = 0;
    Fd at = open_at(frames_[0]->fd.get(), ".", OpenAs::directory, error);
    for (std::size_t i = 1; at && i < depth_; ++i) {
        const Frame& frame = *frames_[i];
        at = open_at(at.get(), frame.name.c_str(), OpenAs::directory, error);
        FileStatus status;
        if (!at || status_of(at.get(), status) != 0 || status.device != frame.device ||
            status.attributes.inode != frame.inode)
            return Fd();
        if (&frame == &wanted) return at;
    }
    return Fd();
}

/// nullptr: there are no more, or no more can be read. Then the directory goes on as if it were
/// new; what was passed is readable and stays.
const tree::EntryView* Walk::current(Frame& frame) {
    if (!frame.cursor) return nullptr;
    try {
        return frame.cursor->current();
    } catch (const Error& error) {
        log_warning("{} in the previous snapshot: {}; read anew", path_, error.what());
        frame.cursor.reset();
        send_path(frame);  // its nodes are damaged: it must be written anew
        return nullptr;
    }
}

/// The predecessor's next entry is in the new directory too.
void Walk::keep_before(Frame& frame) {
    ++frame.taken;
    frame.cursor->advance();
}

/// The predecessor's next entry is gone, or what was sent took its place.
void Walk::skip_before(Frame& frame) {
    parts_.outbox.send(Skip{});
    frame.cursor->advance();
}

/// Passes the predecessor's entries before `name` (none: all): they are gone.
void Walk::drop_before(Frame& frame, std::optional<std::string_view> name) {
    for (const tree::EntryView* entry = current(frame);
         entry != nullptr && (!name || entry->name() < *name); entry = current(frame)) {
        send_path(frame);
        skip_before(frame);
    }
}

}  // namespace yore::ingest
