// SPDX-License-Identifier: Apache-2.0
/// FUSE operations on the bytes of files. The kernel opens and closes files without us.
#include <optional>

#include <linux/falloc.h>
#include <unistd.h>

#include "mount/reply.h"
#include "mount/writable_session.h"

namespace yore::mount {
namespace {

using view::AllocateMode;
using view::WritableView;

class ReplySink final : public view::ReadSink {
  public:
    explicit ReplySink(Reply& reply) : reply_(reply) {}
    void add(ByteView bytes, std::shared_ptr<const void> owner) override {
        if (owner)
            reply_.add(bytes, std::move(owner));
        else
            reply_.add_copy(bytes);
    }
    void add_zeros(std::uint64_t count) override { reply_.add_zeros(count); }

  private:
    Reply& reply_;
};

void read(fuse_req_t request, fuse_ino_t number, std::size_t size, off_t offset, fuse_file_info*) {
    answer_writable(request, number, Operation::read, [&](WritableView& view) {
        Reply reply;
        ReplySink sink(reply);
        const auto refusal = view.read(number, static_cast<std::uint64_t>(offset), size, sink);
        if (refusal != view::Refusal()) {
            reply_refusal(request, refusal);
            return;
        }
        reply.finish();
        fuse_reply_iov(request, reply.pieces().data(), static_cast<int>(reply.pieces().size()));
    });
}

void write(fuse_req_t request, fuse_ino_t number, const char* bytes, std::size_t size, off_t offset,
           fuse_file_info* file) {
    answer_writable(request, number, Operation::write, [&](WritableView& view) {
        const ByteView written{reinterpret_cast<const std::byte*>(bytes), size};
        // What was written to mapped memory takes nothing.
        auto refusal = file->writepage ? view::Refusal() : take_privileges(request, view, number);
        if (refusal == view::Refusal())
            refusal = view.write(number, static_cast<std::uint64_t>(offset), written);
        if (refusal == view::Refusal())
            fuse_reply_write(request, size);
        else
            reply_refusal(request, refusal);
    });
}

std::optional<AllocateMode> allocate_mode(int flags) {
    switch (flags) {
        case 0:
            return AllocateMode::reserve;
        case FALLOC_FL_KEEP_SIZE:
            return AllocateMode::reserve_inside;
        case FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE:
            return AllocateMode::punch;
        case FALLOC_FL_ZERO_RANGE:
            return AllocateMode::zero;
        case FALLOC_FL_ZERO_RANGE | FALLOC_FL_KEEP_SIZE:
            return AllocateMode::zero_inside;
        default:
            return std::nullopt;
    }
}

void fallocate(fuse_req_t request, fuse_ino_t number, int flags, off_t offset, off_t length,
               fuse_file_info*) {
    answer_writable(request, number, Operation::fallocate, [&](WritableView& view) {
        const auto mode = allocate_mode(flags);
        auto refusal =
            mode ? take_privileges(request, view, number) : std::errc::operation_not_supported;
        if (refusal == view::Refusal())
            refusal = view.allocate(number, *mode, static_cast<std::uint64_t>(offset),
                                    static_cast<std::uint64_t>(length));
        reply_refusal(request, refusal);
    });
}

void lseek(fuse_req_t request, fuse_ino_t number, off_t offset, int whence, fuse_file_info*) {
    answer_writable(request, number, Operation::lseek, [&](WritableView& view) {
        if (offset < 0 || (whence != SEEK_DATA && whence != SEEK_HOLE)) {
            fuse_reply_err(request, offset < 0 ? ENXIO : EINVAL);
            return;
        }
        const auto from = static_cast<std::uint64_t>(offset);
        const auto found =
            whence == SEEK_DATA ? view.next_data(number, from) : view.next_hole(number, from);
        if (found)
            fuse_reply_lseek(request, static_cast<off_t>(*found));
        else
            reply_refusal(request, found.why());
    });
}

void fsync(fuse_req_t request, fuse_ino_t number, int is_data_only, fuse_file_info*) {
    answer_writable(request, number, Operation::fsync, [&](WritableView& view) {
        const auto mode = is_data_only != 0 ? view::SyncMode::data : view::SyncMode::all;
        reply_refusal(request, view.sync(number, mode));
    });
}

}  // namespace

void add_content_operations(fuse_lowlevel_ops& ops) {
    ops.read = read;
    ops.write = write;
    ops.fallocate = fallocate;
    ops.lseek = lseek;
    ops.fsync = fsync;
    ops.open = not_needed;
    ops.create = not_needed;  // it makes the file by MKNOD, and opens it by itself
    ops.flush = not_needed;
    ops.copy_file_range = not_needed;  // it reads and writes
}

}  // namespace yore::mount
