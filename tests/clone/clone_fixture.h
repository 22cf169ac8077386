// SPDX-License-Identifier: Apache-2.0
/// A clone on a real directory, over a tree in a repository in memory.
#pragma once

#include <yore/clone/clone.h>
#include <yore/view/identity.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include <catch2/catch.hpp>

#include "../support.h"
#include "../view/view_fixture.h"

namespace yore::test {

class BytesSink final : public view::ReadSink {
  public:
    void add(ByteView bytes, std::shared_ptr<const void>) override { text += as_text(bytes); }
    void add_zeros(std::uint64_t count) override { text.append(count, '\0'); }
    std::string text;
};

struct CloneFixture {
    using MakeFolder = std::function<Folder(ViewFixture&)>;
    explicit CloneFixture(const MakeFolder& make, clone::CloneOptions wanted = {})
        : options(wanted), root(fixture.take(fixture.add("home"), 0, make(fixture)).root) {
        clone::Clone::create(changes());
        open();
    }
    std::string changes() const { return parent / "changes"; }
    /// As after the end of its process.
    void open() {
        clone.reset();
        clone = std::make_unique<clone::Clone>(fixture.cache, identities, changes(), root, options);
    }

    // By path from the clone's top; nothing is forgotten.
    std::optional<struct stat> find(std::string_view path) {
        struct stat at {};
        at.st_ino = view::writable_root;
        while (!path.empty()) {
            const auto slash = path.find('/');
            const auto next = clone->lookup(at.st_ino, path.substr(0, slash));
            if (!next) return std::nullopt;
            at = *next;
            path = slash == std::string_view::npos ? "" : path.substr(slash + 1);
        }
        return at;
    }
    view::InodeNumber number(std::string_view path) {
        INFO(path);
        const auto found = find(path);
        REQUIRE(found);
        return found->st_ino;
    }
    std::string read(std::string_view path) {
        BytesSink sink;
        REQUIRE(clone->read(number(path), 0, 1u << 30, sink) == view::Refusal());
        return sink.text;
    }
    view::Refusal write(std::string_view path, std::uint64_t offset, std::string_view bytes) {
        return clone->write(number(path), offset, as_bytes(bytes));
    }
    view::InodeNumber make(std::string_view directory, std::string_view name,
                           mode_t mode = S_IFREG | 0644) {
        const auto made = clone->make(number(directory), name, {.mode = mode}, {});
        REQUIRE(made);
        return made->st_ino;
    }
    void resize(std::string_view path, std::uint64_t size) {
        view::AttributeChange change;
        change.size = size;
        REQUIRE(clone->change(number(path), change));
    }
    std::vector<std::string> names(std::string_view path) {
        const auto opened = clone->open_directory(number(path));
        REQUIRE(opened);
        std::vector<std::string> all;
        for (const auto& one : (*opened)->names) all.push_back(one.name);
        return all;
    }

    ViewFixture fixture;
    view::Identities identities{fixture.store->keys().inodes};
    clone::CloneOptions options;
    NodeId root;
    TemporaryDirectory parent;
    std::unique_ptr<clone::Clone> clone;
};

}  // namespace yore::test
