// SPDX-License-Identifier: Apache-2.0
/// Scripts of what a store does to a backend, and a map that says what must be found afterwards.
#pragma once

#include <yore/store/backend.h>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace yore::test {

enum class Form : std::uint8_t { file, in_commit };
struct PackPlan {
    Domain domain = Domain::chunk;
    Form form = Form::file;
    std::vector<std::uint32_t> item_bytes;
};

struct Action {
    enum class Kind : std::uint8_t {
        commit,   ///< of these packs, with rows and drops of tails chosen by `pick`
        drop,     ///< the pack that `pick` says, if there is one
        abandon,  ///< these packs are written and never committed
        tail,     ///< a piece at the end of the tail that `pick` says
        reopen,
    };
    Kind kind = Kind::commit;
    std::vector<PackPlan> packs = {};
    std::uint32_t pick = 0;
};
using Script = std::vector<Action>;

/// What a backend holds, as plain maps.
struct Model {
    using PackKey = std::pair<Domain, std::uint64_t>;
    struct Pack {
        std::vector<std::uint32_t> item_bytes;
        bool dropped = false;
    };
    std::map<PackKey, Pack> packs;  ///< those that have rows
    std::map<std::uint64_t, std::string> commits;
    std::map<store::Table, std::map<std::string, std::string>> tables;
    std::map<store::TailKey, std::string> pieces;
    std::map<store::TailId, std::uint64_t> tail_ends;
};

/// The bytes that a script puts there: other ones for each pack, domain and item.
std::string item_content(const Model::PackKey&, std::size_t item, std::uint32_t bytes);

/// What may be found: all that was acknowledged and, when an action was cut short, perhaps its
/// effect.
struct Expectation {
    Model acknowledged;
    std::optional<Model> under_way;
    std::uint64_t numbers_end = 1;  ///< above all that packs ever had

    /// The first difference. None: empty. Takes what it finds for what is there from now on.
    std::string compare(const store::Backend&);
    /// What was acknowledged and is not there; more may be there. Nothing: empty.
    std::string lost(const store::Backend&) const;
};

class ScriptRunner {
  public:
    using Open = std::function<std::unique_ptr<store::Backend>()>;
    explicit ScriptRunner(Open open, Expectation start = {});

    /// Opens first, if nothing is open. Errors leave it as it was when they came.
    void run(const Script&);
    void close() { backend_.reset(); }
    store::Backend* backend() { return backend_.get(); }
    Expectation& expectation() { return expected_; }

  private:
    void perform(const Action&);
    void open();
    void commit(const Action&);
    void drop(const Action&);
    void abandon(const Action&);
    void append_piece(const Action&);
    std::uint64_t take_number();
    void write_pack(const PackPlan&, std::uint64_t number);

    Open open_;
    std::unique_ptr<store::Backend> backend_;
    Expectation expected_;
    std::uint64_t next_number_ = 1;
};

/// One of everything that the order of writes must get right.
Script typical_script();

}  // namespace yore::test
