// SPDX-License-Identifier: Apache-2.0
/// Everything that a directory can hold comes back as it was.
#include <yore/base/fd.h>

#include <algorithm>
#include <map>
#include <set>

#include <catch2/catch.hpp>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "ingest_fixture.h"

using namespace yore;
using ingest::test::Bench;
using tree::FileKind;

namespace {

/// What stat says, in the words of the tree.
void check_attributes(const tree::Attributes& kept, const std::string& path) {
    struct stat status;
    REQUIRE(::lstat(path.c_str(), &status) == 0);
    CHECK(kept.permissions == (status.st_mode & 07777));
    CHECK(kept.uid == status.st_uid);
    CHECK(kept.gid == status.st_gid);
    CHECK(kept.inode == status.st_ino);
    CHECK(kept.modified.ns == status.st_mtim.tv_sec * 1'000'000'000 + status.st_mtim.tv_nsec);
    CHECK(kept.changed.ns == status.st_ctim.tv_sec * 1'000'000'000 + status.st_ctim.tv_nsec);
    if (kept.kind == FileKind::regular) {
        CHECK(kept.link_count == status.st_nlink);
        CHECK(kept.size == static_cast<std::uint64_t>(status.st_size));
    }
}

std::optional<tree::Xattr> xattr_of(const tree::Entry& entry, std::string_view name) {
    for (const tree::Xattr& xattr : entry.xattrs)
        if (xattr.name == name) return xattr;
    return std::nullopt;
}

bool set_xattr(const std::string& path, const char* name, std::string_view value) {
    return ::lsetxattr(path.c_str(), name, value.data(), value.size(), 0) == 0;
}

void write_at(const std::string& path, off_t offset, std::string_view bytes) {
    const Fd fd(::open(path.c_str(), O_WRONLY | O_CREAT, 0644));
    REQUIRE(::pwrite(fd.get(), bytes.data(), bytes.size(), offset) ==
            static_cast<ssize_t>(bytes.size()));
}

/// `data 4096, hole 8192`
std::string layout(const tree::Content& content) {
    std::string text;
    for (const tree::Extent& extent : content.extents)
        text += fmt::format("{}{} {}", text.empty() ? "" : ", ", extent.chunk ? "data" : "hole",
                            extent.length);
    return text;
}

}  // namespace

TEST_CASE("links, devices, FIFOs and sockets are recorded") {
    Bench bench;
    REQUIRE(::symlink("to/nowhere\nnew line", bench.at("link").c_str()) == 0);
    REQUIRE(::mkfifo(bench.at("fifo").c_str(), 0640) == 0);
    REQUIRE(::mknod(bench.at("char").c_str(), S_IFCHR | 0600, makedev(5, 300)) == 0);
    REQUIRE(::mknod(bench.at("block").c_str(), S_IFBLK | 0660, makedev(259, 7)) == 0);
    const Fd server(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un address{AF_UNIX, {}};
    bench.at("socket").copy(address.sun_path, sizeof address.sun_path - 1);
    REQUIRE(::bind(server.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);

    const catalog::Snapshot snapshot = bench.take();
    CHECK(snapshot.outcome == catalog::Outcome::complete);
    CHECK(snapshot.counts.others == 5);
    const std::map<std::string, FileKind> kinds = {{"link", FileKind::symlink},
                                                   {"fifo", FileKind::fifo},
                                                   {"char", FileKind::character_device},
                                                   {"block", FileKind::block_device},
                                                   {"socket", FileKind::socket}};
    for (const auto& [name, kind] : kinds) {
        CAPTURE(name);
        const tree::Entry entry = bench.entry(snapshot, name);
        CHECK(entry.attributes.kind == kind);
        check_attributes(entry.attributes, bench.at(name));
    }
    CHECK(bench.entry(snapshot, "link").target == "to/nowhere\nnew line");
    CHECK(bench.entry(snapshot, "char").attributes.device == makedev(5, 300));
    CHECK(bench.entry(snapshot, "block").attributes.device == makedev(259, 7));
}

TEST_CASE("modes, owners and nanoseconds are kept, of files and of directories") {
    Bench bench;
    bench.write("f", "x");
    bench.make_directory("d");
    for (const char* name : {"f", "d"}) {
        const timespec times[2] = {{1'000'000'000, 1}, {-5, 123'456'789}};
        REQUIRE(::lchown(bench.at(name).c_str(), 12'345, 4'000'000'000u) == 0);
        REQUIRE(::chmod(bench.at(name).c_str(), 07751) == 0);
        REQUIRE(::utimensat(AT_FDCWD, bench.at(name).c_str(), times, 0) == 0);
    }
    const catalog::Snapshot snapshot = bench.take();
    for (const char* name : {"", "f", "d"})
        check_attributes(bench.entry(snapshot, name).attributes, bench.at(name));
    CHECK(bench.entry(snapshot, "f").attributes.modified.ns == -5'000'000'000 + 123'456'789);
}

TEST_CASE("names are bytes") {
    Bench bench;
    const std::vector<std::string> names = {
        " ", "\"", "-n", "new\nline", std::string(255, 'x'), "\x01\x7f", "\xc3\xa4", "\xff\xfe"};
    for (const std::string& name : names) bench.write(name, name);
    const catalog::Snapshot snapshot = bench.take();
    CHECK(snapshot.outcome == catalog::Outcome::complete);
    auto kept = bench.names(snapshot, "");
    CHECK(std::set(kept.begin(), kept.end()) == std::set(names.begin(), names.end()));
    CHECK(std::ranges::is_sorted(kept));
    for (const std::string& name : names) CHECK(bench.content(snapshot, name) == name);
}

TEST_CASE("extended attributes, ACLs and capabilities are kept") {
    Bench bench;
    bench.write("f", "x");
    bench.make_directory("d");
    REQUIRE(::symlink("x", bench.at("l").c_str()) == 0);
    // struct posix_acl_xattr: version 2, then tag, permissions, id.
    const std::string acl(
        "\2\0\0\0"
        "\1\0\6\0\xff\xff\xff\xff"
        "\2\0\4\0\xe9\3\0\0"
        "\4\0\4\0\xff\xff\xff\xff"
        "\x10\0\4\0\xff\xff\xff\xff"
        "\x20\0\4\0\xff\xff\xff\xff",
        44);
    // struct vfs_cap_data, revision 2: CAP_NET_BIND_SERVICE.
    const std::string capability(
        "\1\0\0\2"
        "\0\4\0\0"
        "\0\0\0\0"
        "\0\0\0\0"
        "\0\0\0\0",
        20);
    const std::string large(6000, 'v');
    REQUIRE(set_xattr(bench.at("f"), "user.empty", ""));
    REQUIRE(set_xattr(bench.at("f"), "system.posix_acl_access", acl));
    REQUIRE(set_xattr(bench.at("f"), "security.capability", capability));
    REQUIRE(set_xattr(bench.at("d"), "system.posix_acl_default", acl));
    REQUIRE(set_xattr(bench.at("l"), "trusted.of-the-link", "itself"));
    const bool takes_large = set_xattr(bench.at("d"), "user.large", large);

    const catalog::Snapshot snapshot = bench.take();
    CHECK(snapshot.outcome == catalog::Outcome::complete);
    const tree::Entry file = bench.entry(snapshot, "f"), directory = bench.entry(snapshot, "d");
    CHECK(as_text(xattr_of(file, "system.posix_acl_access")->value) == acl);
    CHECK(as_text(xattr_of(file, "security.capability")->value) == capability);
    CHECK(xattr_of(file, "user.empty")->value.empty());
    CHECK(as_text(xattr_of(directory, "system.posix_acl_default")->value) == acl);
    CHECK(as_text(xattr_of(bench.entry(snapshot, "l"), "trusted.of-the-link")->value) == "itself");
    if (takes_large) {
        const auto xattr = xattr_of(directory, "user.large");
        REQUIRE(xattr->chunk.has_value());
        CHECK(as_text(*bench.cache().chunk(*xattr->chunk)) == large);
    }
}

TEST_CASE("a large extended attribute is a chunk") {
    // On tmpfs values may have 64 KiB, on ext4 not more than a block.
    struct Unmount {
        std::string path;
        ~Unmount() { ::umount2(path.c_str(), MNT_DETACH); }
    };
    Bench bench;
    bench.make_directory("t");
    if (::mount("none", bench.at("t").c_str(), "tmpfs", 0, "size=1m") != 0) return;
    const Unmount unmount{bench.at("t")};
    bench.write("t/f", "x");
    const std::string large = std::string(50'000, 'v') + "end";
    if (!set_xattr(bench.at("t/f"), "trusted.large", large)) return;
    const catalog::Snapshot snapshot = bench.take();
    const tree::Entry file = bench.entry(snapshot, "t/f");
    CHECK(file.attributes.file_system == 1);
    CHECK(bench.entry(snapshot, "t").attributes.file_system == 1);
    const auto xattr = xattr_of(file, "trusted.large");
    REQUIRE((xattr && xattr->chunk));
    CHECK(xattr->size == large.size());
    CHECK(as_text(*bench.cache().chunk(*xattr->chunk)) == large);
}

TEST_CASE("holes are kept exactly, in small files and in large ones") {
    Bench bench;
    const auto make = [&](const std::string& name, off_t size) {
        const Fd fd(::open(bench.at(name).c_str(), O_WRONLY | O_CREAT, 0644));
        REQUIRE(::ftruncate(fd.get(), size) == 0);
    };
    make("all", 10'000);
    make("trailing", 1 << 20);
    write_at(bench.at("trailing"), 0, std::string(4096, 'a'));
    make("leading", 0);
    write_at(bench.at("leading"), 1 << 20, std::string(70'000, 'b'));
    make("middle", 20'000);
    write_at(bench.at("middle"), 0, std::string(4096, 'c'));
    write_at(bench.at("middle"), 12'288, std::string(20'000 - 12'288, 'd'));
    make("huge", off_t{1} << 40);
    write_at(bench.at("huge"), off_t{1} << 39, std::string(4096, 'e'));
    make("base.img", 1 << 20);
    write_at(bench.at("base.img"), 100 * 4096, std::string(64 * 4096, 'f'));

    const catalog::Snapshot snapshot = bench.take();
    CHECK(snapshot.outcome == catalog::Outcome::complete);
    const auto layout_of = [&](const char* name) {
        return layout(bench.entry(snapshot, name).content);
    };
    CHECK(layout_of("all") == "hole 10000");
    CHECK(layout_of("trailing") == "data 4096, hole 1044480");
    CHECK(layout_of("leading") == "hole 1048576, data 70000");
    CHECK(layout_of("middle") == "data 4096, hole 8192, data 7712");
    CHECK(layout_of("huge") == "hole 549755813888, data 4096, hole 549755809792");
    CHECK(bench.entry(snapshot, "huge").attributes.size == std::uint64_t{1} << 40);
    for (const char* name : {"all", "trailing", "leading", "middle", "base.img"})
        CHECK(bench.content(snapshot, name) == ingest::test::file_text(bench.at(name)));
}

TEST_CASE("the names of one inode have one content, read once") {
    Bench bench;
    SeededRandom random(yore::test::test_seed());
    const std::string small = ingest::test::random_text(random, 5000);
    const std::string large = ingest::test::random_text(random, 300'000);
    bench.write("a-small", small);
    bench.write("b-large", large);
    bench.make_directory("z");
    REQUIRE(set_xattr(bench.at("a-small"), "user.x", "1"));
    for (const char* name : {"a-small", "b-large"})
        for (const char* other : {"z/1-", "z/2-"})
            REQUIRE(::link(bench.at(name).c_str(), bench.at(std::string(other) + name).c_str()) ==
                    0);
    const catalog::Snapshot snapshot = bench.take();
    CHECK(snapshot.counts.files == 6);
    CHECK(snapshot.counts.bytes_read < small.size() + large.size() + 10'000);
    for (const char* name : {"a-small", "b-large"})
        for (const char* other : {"z/1-", "z/2-"}) {
            const tree::Entry first = bench.entry(snapshot, name);
            const tree::Entry second = bench.entry(snapshot, std::string(other) + name);
            CHECK(first.content.extents == second.content.extents);
            CHECK(first.content.list == second.content.list);
            CHECK(first.attributes == second.attributes);
            CHECK(first.xattrs == second.xattrs);
            CHECK(first.attributes.link_count == 3);
        }
    CHECK(bench.content(snapshot, "z/2-a-small") == small);
    CHECK(bench.content(snapshot, "z/1-b-large") == large);
}

TEST_CASE("trees deeper than any path or limit of open files are kept") {
    Bench bench;
    constexpr int levels = 200;
    const std::string name(30, 'n');
    Fd at(::open(bench.root().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    for (int i = 0; i < levels; ++i) {
        REQUIRE(::mkdirat(at.get(), name.c_str(), 0755) == 0);
        Fd file(::openat(at.get(), "zz-behind", O_CREAT | O_WRONLY | O_CLOEXEC, 0644));
        REQUIRE(::write(file.get(), "x", 1) == 1);
        at = Fd(::openat(at.get(), name.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
        REQUIRE(at);
    }
    const catalog::Snapshot first = bench.take();
    CHECK(first.outcome == catalog::Outcome::complete);
    CHECK(first.counts.directories == levels + 1);
    CHECK(first.counts.files == levels);
    Bench::let_time_pass();
    REQUIRE(::mkdirat(at.get(), "new", 0755) == 0);
    const catalog::Snapshot second = bench.take();
    CHECK(second.counts.directories == levels + 2);
    CHECK(second.counts.files == levels);
    // remove_all() of the library stops at PATH_MAX too; rm(1) does not.
    at.close();
    REQUIRE(std::system(fmt::format("rm -rf '{}'", bench.root()).c_str()) == 0);
}
