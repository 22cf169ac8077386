// SPDX-License-Identifier: Apache-2.0
#include <yore/base/fd.h>
#include <yore/tree/edit.h>

#include <filesystem>
#include <map>
#include <set>

#include <fcntl.h>

#include "../tree/random_changes.h"
#include "ingest/focus.h"
#include "ingest/moved_names.h"
#include "ingest/tree_records.h"
#include "ingest_fixture.h"

using namespace yore;
using namespace yore::ingest;
using namespace yore::ingest::test;

namespace {

namespace fs = std::filesystem;
using Kind = format::JournalRecord::Kind;

}  // namespace

TEST_CASE("A focus leads to its directories and nowhere else") {
    Focus focus;
    focus.add("a/b");
    focus.add("a/bc/d");
    CHECK(focus.contains("a/b"));
    CHECK_FALSE(focus.contains("a"));
    for (const char* way : {"", "a", "a/b", "a/bc", "a/bc/d"}) CHECK(focus.leads_to(way));
    for (const char* other : {"b", "a/b/c", "a/c", "a/bc/d/e"}) CHECK_FALSE(focus.leads_to(other));
    CHECK_FALSE(focus.contains(""));
    focus.add("");
    CHECK(focus.contains(""));
}

TEST_CASE("The changes between two trees lead from the one to the other") {
    CAPTURE(yore::test::test_seed());
    SeededRandom random(yore::test::test_seed());
    Bench bench;
    const tree::NodeBounds bounds(bench.store().keys().gear);
    const auto writer = bench.store().write();
    const NodeId empty = tree::DirectoryBuilder(*writer, bounds).finish().top;
    yore::test::RandomChanges changes(random);
    yore::test::ModelTree model;
    for (int round = 0; round < 40; ++round) {
        const NodeId before = model.build(*writer, bounds);
        for (std::uint64_t left = random.below(20); left > 0; --left)
            changes.next(model).apply(model);
        const NodeId after = model.build(*writer, bounds);
        writer->commit({});
        tree::TreeEdit edit(bench.cache(), before);
        scan_changes(bench.cache(), before, after, [&](Change&& change) {
            REQUIRE(change.paths.size() == 1);
            if (change.entry.attributes.kind == tree::FileKind::directory)
                change.entry.child = empty;
            if (change.kind == Kind::remove) edit.remove(change.paths[0]);
            if (change.kind == Kind::put) edit.put(change.paths[0], change.entry);
            if (change.kind == Kind::update) edit.update(change.paths[0], change.entry);
            return true;
        });
        REQUIRE(edit.finish(*writer, bounds).top == after);
    }
}

TEST_CASE("What was renamed is found by its inode, unless it is not sure") {
    Bench bench;
    bench.make_directory("from/sub");
    bench.make_directory("to");
    bench.write("from/f", "content");
    bench.write("to/g", "other");
    const auto before = bench.take();
    const auto moves = [&](const std::set<std::string, std::less<>>& directories) {
        const Fd source(::open(bench.root().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
        std::map<std::string, std::string> found;
        for (const MovedName& move :
             find_moves(bench.cache(), before.root, source.get(), directories))
            found[move.from] = move.to;
        return found;
    };
    CHECK(moves({"", "from", "to"}).empty());
    fs::rename(bench.at("from/sub"), bench.at("to/moved"));
    fs::rename(bench.at("from/f"), bench.at("to/g"));
    using Names = std::map<std::string, std::string>;
    CHECK(moves({"from", "to"}) == Names{{"from/f", "to/g"}, {"from/sub", "to/moved"}});
    CHECK(moves({"to"}).empty());
    fs::rename(bench.at("to/moved"), bench.at("from/sub/"));
    fs::rename(bench.at("from"), bench.at("to/from"));
    CHECK(moves({"", "from", "to"}) == Names{{"from", "to/from"}});
}
