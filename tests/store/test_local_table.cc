// SPDX-License-Identifier: Apache-2.0
#include <yore/store/local_table.h>

#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "../support.h"

using namespace yore;
using namespace yore::test;

namespace {

Bytes bytes(std::string_view text) {
    return to_bytes(as_bytes(text));
}

}  // namespace

TEST_CASE("a local table keeps its rows, in the order of their keys") {
    const TemporaryDirectory directory;
    const std::string path = directory / "table";
    store::LocalTable::create(path);
    CHECK(code_thrown_by([&] { store::LocalTable::create(path); }) == Errc::exists);
    {
        store::LocalTable table(path);
        table.write({{bytes("b2"), bytes("two")}, {bytes("b1"), bytes("one")}});
        table.write({{bytes("a"), bytes("")}, {bytes("c"), bytes("three")}});
        table.write({{bytes("c"), std::nullopt}});
        table.sync();
        CHECK(code_thrown_by([&] { store::LocalTable second(path); }) == Errc::busy);
    }
    const store::LocalTable table(path);
    CHECK(table.get(bytes("a")) == Bytes());
    CHECK_FALSE(table.get(bytes("c")));
    std::vector<std::string> seen;
    const auto note = [&](ByteView key, ByteView value) {
        seen.push_back(std::string(as_text(key)) + "=" + std::string(as_text(value)));
        return true;
    };
    table.scan(bytes("b"), bytes("b"), note);
    CHECK(seen == std::vector<std::string>{"b1=one", "b2=two"});
    seen.clear();
    table.scan(bytes("b"), bytes("b2"), note);
    CHECK(seen == std::vector<std::string>{"b2=two"});
}

TEST_CASE("what is not a local table is damaged") {
    const TemporaryDirectory directory;
    CHECK(code_thrown_by([&] { store::LocalTable table(directory.path()); }) == Errc::corrupt);
}
