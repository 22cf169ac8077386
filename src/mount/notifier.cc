// SPDX-License-Identifier: Apache-2.0
#include "mount/notifier.h"

#include "mount/fuse.h"

namespace yore::mount {
namespace {

/// Each keeps a decoded chunk in memory, 512 KiB at the most.
constexpr std::size_t surplus_max = 16;

}  // namespace

void Notifier::start(fuse_session* session) {
    session_ = session;
    thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
}

void Notifier::stop() {
    if (!thread_.joinable()) return;
    thread_.request_stop();
    thread_.join();
}

void Notifier::push(Task task) {
    {
        std::scoped_lock lock(mutex_);
        tasks_.push_back(std::move(task));
    }
    changed_.notify_one();
}

void Notifier::run(const std::stop_token& stop) {
    while (true) {
        Task task;
        {
            std::unique_lock lock(mutex_);
            if (!changed_.wait(lock, stop, [&] { return !tasks_.empty(); })) return;
            task = std::move(tasks_.front());
            tasks_.pop_front();
        }
        task(session_);  // an error means that the kernel does not know the inode: nothing to do
    }
}

void Notifier::forget_name(NodeNumber directory, std::string name) {
    push([directory, name = std::move(name)](fuse_session* session) {
        fuse_lowlevel_notify_inval_entry(session, directory, name.c_str(), name.size());
    });
}

void Notifier::forget_inode(NodeNumber number) {
    push([number](fuse_session* session) {
        fuse_lowlevel_notify_inval_inode(session, number, 0, 0);
    });
}

void Notifier::keep_pages(NodeNumber number, Surplus surplus) {
    {
        std::scoped_lock lock(mutex_);
        if (surplus_waiting_ >= surplus_max) return;
        ++surplus_waiting_;
    }
    push([this, number, surplus = std::move(surplus)](fuse_session* session) {
        fuse_bufvec content = FUSE_BUFVEC_INIT(surplus.bytes.size());
        content.buf[0].mem = const_cast<std::byte*>(surplus.bytes.data());  // libfuse only reads it
        fuse_lowlevel_notify_store(session, number, static_cast<off_t>(surplus.offset), &content,
                                   static_cast<fuse_buf_copy_flags>(0));
        std::scoped_lock lock(mutex_);
        --surplus_waiting_;
    });
}

}  // namespace yore::mount
