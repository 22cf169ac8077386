// SPDX-License-Identifier: Apache-2.0
// Serves a VolatileDisk as a file, for a loop device: MOUNTPOINT/image is the disk, an fsync of it
// flushes the disk's cache. MOUNTPOINT/control: reading it gives the counts, writing `cut` to it
// cuts the power now, `cut N` at the N-th write from now. Stays in the foreground until it is
// unmounted or gets SIGTERM.
//
//   block_image MOUNTPOINT BACKING [--keep none|half] [--seed S]
#include <yore/base/error.h>
#include <yore/base/file.h>

#include <cstdio>
#include <cstdlib>
#include <memory>

#include <fcntl.h>
#include <fmt/format.h>
#include <getopt.h>
#include <sys/stat.h>

#define FUSE_USE_VERSION 314
#include <fuse_lowlevel.h>

#include "volatile_disk.h"

namespace {

using namespace yore;
using namespace yore::block_image;

constexpr fuse_ino_t image_inode = 2;
constexpr fuse_ino_t control_inode = 3;
constexpr double forever_seconds = 1e9;

struct Options {
    std::string mountpoint, backing;
    PowerCut cut;
};

VolatileDisk& disk_of(fuse_req_t request) {
    return *static_cast<VolatileDisk*>(fuse_req_userdata(request));
}

/// Runs `body`; an error becomes the reply.
template <typename Body>
void answer(fuse_req_t request, Body&& body) {
    try {
        body(disk_of(request));
    } catch (const Error& error) {
        fuse_reply_err(request, errno_of(error.code()));
    } catch (const std::exception&) {
        fuse_reply_err(request, ENOMEM);
    }
}

struct stat attributes(fuse_ino_t inode, const VolatileDisk& disk) {
    struct stat status {};
    status.st_ino = inode;
    status.st_nlink = 1;
    status.st_mode = inode == FUSE_ROOT_ID ? S_IFDIR | 0700 : S_IFREG | 0600;
    status.st_size = inode == image_inode ? static_cast<off_t>(disk.size()) : 0;
    return status;
}

void lookup(fuse_req_t request, fuse_ino_t, const char* name) {
    fuse_entry_param entry{};
    entry.ino = std::string_view(name) == "image"     ? image_inode
                : std::string_view(name) == "control" ? control_inode
                                                      : 0;
    if (entry.ino == 0) {
        fuse_reply_err(request, ENOENT);
        return;
    }
    entry.attr = attributes(entry.ino, disk_of(request));
    entry.attr_timeout = entry.entry_timeout = forever_seconds;
    fuse_reply_entry(request, &entry);
}

void getattr(fuse_req_t request, fuse_ino_t inode, fuse_file_info*) {
    const struct stat status = attributes(inode, disk_of(request));
    fuse_reply_attr(request, &status, forever_seconds);
}

/// Sizes and times stay what they are: `echo cut > control` truncates first.
void setattr(fuse_req_t request, fuse_ino_t inode, struct stat*, int, fuse_file_info* file) {
    getattr(request, inode, file);
}

void open(fuse_req_t request, fuse_ino_t inode, fuse_file_info* file) {
    file->direct_io = inode == control_inode;
    file->keep_cache = inode == image_inode;
    fuse_reply_open(request, file);
}

std::string control_text(const VolatileDisk& disk) {
    const DiskCounts& counts = disk.counts();
    return fmt::format("{{\"writes\": {}, \"flushes\": {}, \"cut\": {}, \"sectors_lost\": {}}}\n",
                       counts.writes, counts.flushes, counts.cut, counts.sectors_lost);
}

void read(fuse_req_t request, fuse_ino_t inode, std::size_t size, off_t at, fuse_file_info*) {
    answer(request, [&](const VolatileDisk& disk) {
        const auto offset = static_cast<std::uint64_t>(at);
        Buffer content(size);
        if (inode == image_inode) {
            content.resize_within(disk.read(offset, content.span()));
        } else {
            const std::string text = control_text(disk);
            const auto rest = std::string_view(text).substr(std::min(offset, text.size()), size);
            content = Buffer::copy_of(as_bytes(rest));
        }
        fuse_reply_buf(request, reinterpret_cast<const char*>(content.data()), content.size());
    });
}

void control(VolatileDisk& disk, const std::string& command) {
    if (!command.starts_with("cut")) throw Error(Errc::invalid, "control takes `cut [N]`");
    const std::uint64_t writes = std::strtoull(command.c_str() + 3, nullptr, 10);
    if (writes == 0) {
        disk.cut();
    } else {
        disk.cut_at_write(writes);
    }
}

void write(fuse_req_t request, fuse_ino_t inode, const char* data, std::size_t size, off_t at,
           fuse_file_info*) {
    answer(request, [&](VolatileDisk& disk) {
        const std::string_view content(data, size);
        if (inode == image_inode) {
            disk.write(static_cast<std::uint64_t>(at), as_bytes(content));
        } else {
            control(disk, std::string(content));
        }
        fuse_reply_write(request, size);
    });
}

void fsync(fuse_req_t request, fuse_ino_t inode, int, fuse_file_info*) {
    answer(request, [&](VolatileDisk& disk) {
        if (inode == image_inode) disk.flush();
        fuse_reply_err(request, 0);
    });
}

Unflushed parse_keep(std::string_view text) {
    if (text == "none") return Unflushed::lost;
    if (text == "half") return Unflushed::half_kept;
    throw Error(Errc::invalid, fmt::format("--keep {}: neither none nor half", text));
}

Options parse_options(int argc, char** argv) {
    static const option known[] = {{"keep", required_argument, nullptr, 'k'},
                                   {"seed", required_argument, nullptr, 's'},
                                   {nullptr, 0, nullptr, 0}};
    Options options;
    for (int letter; (letter = ::getopt_long(argc, argv, "", known, nullptr)) != -1;) {
        switch (letter) {
            case 'k':
                options.cut.unflushed = parse_keep(optarg);
                break;
            case 's':
                options.cut.seed = std::strtoull(optarg, nullptr, 10);
                break;
            default:
                throw Error(Errc::invalid, "unknown option");
        }
    }
    if (argc - optind != 2) throw Error(Errc::invalid, "expected: MOUNTPOINT BACKING");
    options.mountpoint = argv[optind];
    options.backing = argv[optind + 1];
    return options;
}

struct SessionDeleter {
    void operator()(fuse_session* session) const {
        fuse_remove_signal_handlers(session);
        fuse_session_unmount(session);
        fuse_session_destroy(session);
    }
};

void serve(VolatileDisk& disk, const std::string& mountpoint) {
    fuse_lowlevel_ops operations{};
    operations.lookup = lookup;
    operations.getattr = getattr;
    operations.setattr = setattr;
    operations.open = open;
    operations.read = read;
    operations.write = write;
    operations.fsync = fsync;

    std::string name = "block_image", no_exec = "-onoexec,nodev";
    char* words[] = {name.data(), no_exec.data(), nullptr};
    fuse_args arguments = FUSE_ARGS_INIT(2, words);
    const std::unique_ptr<fuse_session, SessionDeleter> session(
        fuse_session_new(&arguments, &operations, sizeof operations, &disk));
    fuse_opt_free_args(&arguments);
    if (session == nullptr || fuse_set_signal_handlers(session.get()) != 0 ||
        fuse_session_mount(session.get(), mountpoint.c_str()) != 0) {
        throw Error(Errc::io, fmt::format("mount {}: failed", mountpoint));
    }
    fuse_session_loop(session.get());
}

}  // namespace

int main(int argc, char** argv) {
    try {
        const Options options = parse_options(argc, argv);
        VolatileDisk disk(open_file(options.backing, O_RDWR), options.cut);
        serve(disk, options.mountpoint);
        return 0;
    } catch (const Error& error) {
        fmt::print(stderr, "block_image: {}\n", error.full_text());
        return 1;
    }
}
