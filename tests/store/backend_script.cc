// SPDX-License-Identifier: Apache-2.0
#include "backend_script.h"

#include <yore/base/error.h>

#include <algorithm>
#include <iterator>

namespace yore::test {
namespace {

using store::Backend;
using store::CommitBatch;
using store::Table;

constexpr std::array<Table, 3> all_tables{Table::index, Table::catalog, Table::packs};
constexpr std::array<Domain, 2> all_domains{Domain::chunk, Domain::node};

Bytes bytes_of(const std::string& text) {
    return to_bytes(as_bytes(text));
}

std::string index_content(const Model::PackKey& pack) {
    return item_content(pack, 999'999, 40);
}

std::string pack_row_key(std::uint64_t number) {
    std::string key;
    for (int shift = 56; shift >= 0; shift -= 8) key.push_back(static_cast<char>(number >> shift));
    return key;
}

std::string difference_in_pack(const Backend& backend, const Model& model,
                               const Model::PackKey& key) {
    const auto [domain, number] = key;
    const auto found = model.packs.find(key);
    const bool there = found != model.packs.end() && !found->second.dropped;
    const std::size_t items = there ? found->second.item_bytes.size() : 0;
    Buffer into;
    for (std::size_t item = 0; item < items + 2; ++item) {
        const auto location = Location::of(number, static_cast<std::uint32_t>(item));
        const bool read = backend.read(domain, location, into);
        if (read != (item < items))
            return fmt::format("pack {} item {} is {}", number, item, read ? "there" : "absent");
        if (read && as_text(into) != item_content(key, item, found->second.item_bytes[item]))
            return fmt::format("pack {} item {} has other bytes", number, item);
    }
    const auto index = backend.read_pack_index(domain, number);
    if (index.has_value() != there || (index && as_text(*index) != index_content(key)))
        return fmt::format("pack {}: its index is {}", number, index ? "another" : "absent");
    return {};
}

std::string difference_in_log(const Backend& backend, const Model& model) {
    if (backend.last_commit().value != model.commits.size())
        return fmt::format("the last commit is {}, not {}", backend.last_commit().value,
                           model.commits.size());
    for (std::uint64_t number = 0; number <= model.commits.size() + 1; ++number) {
        const auto entry = backend.read_commit({number});
        const auto expected = model.commits.find(number);
        if (entry.has_value() != (expected != model.commits.end()) ||
            (entry && as_text(*entry) != expected->second))
            return fmt::format("commit {} is {}", number, entry ? "another" : "absent");
    }
    return {};
}

std::string difference_in_table(const Backend& backend, const Model& model, Table table) {
    std::map<std::string, std::string> found;
    backend.scan(table, {}, {}, [&](ByteView key, ByteView value) {
        found.emplace(as_text(key), as_text(value));
        return true;
    });
    const auto expected = model.tables.find(table);
    if (expected == model.tables.end() ? found.empty() : found == expected->second) return {};
    return fmt::format("table {} has {} rows, not the expected ones", static_cast<int>(table),
                       found.size());
}

std::map<store::TailKey, std::string> pieces_of(const Backend& backend) {
    std::map<store::TailKey, std::string> pieces;
    backend.scan_tails({}, [&](const store::TailKey& key, ByteView sealed) {
        pieces.emplace(key, as_text(sealed));
        return true;
    });
    return pieces;
}

std::string difference_in_tails(const Backend& backend, const Model& model) {
    if (const auto lost = backend.lost_piece()) return name_of(*lost) + " is told to be lost";
    const auto found = pieces_of(backend);
    if (found != model.pieces)
        return fmt::format("{} pieces of tails, not the {} expected ones", found.size(),
                           model.pieces.size());
    for (const auto& [tail, end] : model.tail_ends) {
        const auto behind = found.lower_bound({tail, end});
        const bool any = behind != found.begin() && std::prev(behind)->first.tail == tail;
        const auto last = backend.last_piece(tail, end);
        if (last.has_value() != any || (last && as_text(last->sealed) != std::prev(behind)->second))
            return name_of(tail) + " has another last piece";
    }
    return {};
}

std::string difference(const Backend& backend, const Model& model, std::uint64_t numbers_end) {
    std::string text = difference_in_log(backend, model);
    if (text.empty()) text = difference_in_tails(backend, model);
    for (const Table table : all_tables)
        if (text.empty()) text = difference_in_table(backend, model, table);
    for (std::uint64_t number = 1; number < numbers_end + 2; ++number)
        for (const Domain domain : all_domains)
            if (text.empty()) text = difference_in_pack(backend, model, {domain, number});
    return text;
}

/// Applies a batch to the model as the backend must.
void apply(Model& model, const CommitBatch& batch) {
    model.commits[batch.number.value] = std::string(as_text(batch.sealed_entry));
    for (const auto& change : batch.changes) {
        auto& rows = model.tables[change.table];
        const std::string key(as_text(change.key));
        if (change.value)
            rows[key] = std::string(as_text(*change.value));
        else
            rows.erase(key);
    }
    for (const store::TailDrop& drop : batch.tail_drops)
        std::erase_if(model.pieces, [&](const auto& piece) {
            return piece.first.tail == drop.tail && piece.first.position < drop.below;
        });
}

store::TailId tail_for(std::uint32_t pick) {
    return {1 + pick % 2, pick % 5 / 3};
}

}  // namespace

std::string item_content(const Model::PackKey& pack, std::size_t item, std::uint32_t bytes) {
    const auto [domain, number] = pack;
    std::string content = fmt::format("<{}.{}.{}>", static_cast<int>(domain), number, item);
    const char filler =
        static_cast<char>('a' + (number * 7 + item + static_cast<int>(domain)) % 26);
    content.resize(std::max<std::size_t>(content.size(), bytes), filler);
    return content;
}

ScriptRunner::ScriptRunner(Open open, Expectation start)
    : open_(std::move(open)), expected_(std::move(start)) {}

void ScriptRunner::run(const Script& script) {
    if (!backend_) open();
    for (const Action& action : script) {
        perform(action);
        if (expected_.under_way)
            expected_.acknowledged = *std::exchange(expected_.under_way, std::nullopt);
    }
}

void ScriptRunner::perform(const Action& action) {
    switch (action.kind) {
        case Action::Kind::commit:
            return commit(action);
        case Action::Kind::drop:
            return drop(action);
        case Action::Kind::abandon:
            return abandon(action);
        case Action::Kind::tail:
            return append_piece(action);
        case Action::Kind::reopen:
            return open();
    }
}

/// Numbers of packs that were never committed come again, as they do in a store.
void ScriptRunner::open() {
    backend_.reset();
    backend_ = open_();
    next_number_ = 1;
    for (const auto& [key, pack] : expected_.acknowledged.packs)
        next_number_ = std::max(next_number_, key.second + 1);
}

std::uint64_t ScriptRunner::take_number() {
    const std::uint64_t number = next_number_++;
    expected_.numbers_end = std::max(expected_.numbers_end, next_number_);
    return number;
}

void ScriptRunner::write_pack(const PackPlan& plan, std::uint64_t number) {
    const Model::PackKey key{plan.domain, number};
    auto sink = backend_->create_pack(plan.domain, number);
    for (std::size_t item = 0; item < plan.item_bytes.size(); ++item)
        sink->append(as_bytes(item_content(key, item, plan.item_bytes[item])));
    sink->finish(as_bytes(index_content(key)));
}

void ScriptRunner::commit(const Action& action) {
    Model next = expected_.acknowledged;
    CommitBatch batch;
    batch.number = {expected_.acknowledged.commits.size() + 1};
    batch.sealed_entry = bytes_of(fmt::format("entry {} ({})", batch.number.value, action.pick));
    for (const auto& [key, pack] : expected_.acknowledged.packs) {
        if (!pack.dropped) continue;
        batch.changes.push_back({Table::packs, bytes_of(pack_row_key(key.second)), std::nullopt});
        next.packs.erase(key);
    }
    for (const PackPlan& plan : action.packs) {
        const std::uint64_t number = take_number();
        const Model::PackKey key{plan.domain, number};
        if (plan.form == Form::file) {
            write_pack(plan, number);
            batch.finished_packs.push_back(number);
        } else {
            store::InlinePack pack{number, plan.domain, {}, bytes_of(index_content(key))};
            for (std::size_t item = 0; item < plan.item_bytes.size(); ++item)
                pack.items.push_back(bytes_of(item_content(key, item, plan.item_bytes[item])));
            batch.inline_packs.push_back(std::move(pack));
        }
        batch.changes.push_back({Table::packs, bytes_of(pack_row_key(number)), Bytes(3)});
        next.packs[key] = {plan.item_bytes, false};
    }
    const std::string row = fmt::format("row {}", action.pick % 7);
    batch.changes.push_back({Table::catalog, bytes_of(row), batch.sealed_entry});
    batch.changes.push_back(
        {Table::index, bytes_of(fmt::format("id {}", action.pick % 5)), std::nullopt});
    batch.changes.push_back(
        {Table::index, bytes_of(fmt::format("id {}", action.pick % 3)), batch.sealed_entry});
    if (action.pick % 3 == 1) {
        const store::TailId tail = tail_for(action.pick);
        const std::uint64_t end = next.tail_ends[tail];
        batch.tail_drops.push_back({tail, end - std::min<std::uint64_t>(end, action.pick % 50)});
    }
    apply(next, batch);
    expected_.under_way = std::move(next);
    if (backend_->append(batch) != Backend::Append::done) throw std::logic_error("number taken");
}

void ScriptRunner::drop(const Action& action) {
    std::vector<Model::PackKey> live;
    for (const auto& [key, pack] : expected_.acknowledged.packs)
        if (!pack.dropped) live.push_back(key);
    if (live.empty()) return;
    const Model::PackKey key = live[action.pick % live.size()];
    expected_.under_way = expected_.acknowledged;
    expected_.under_way->packs[key].dropped = true;
    backend_->drop_pack(key.first, key.second);
    backend_->drop_pack(key.first, key.second);
}

void ScriptRunner::abandon(const Action& action) {
    for (const PackPlan& plan : action.packs) {
        const std::uint64_t number = take_number();
        if (action.pick % 3 == 0) {
            backend_->create_pack(plan.domain, number)->append(as_bytes("never finished"));
            continue;
        }
        write_pack(plan, number);
        if (action.pick % 3 == 1) backend_->drop_pack(plan.domain, number);
    }
}

void ScriptRunner::append_piece(const Action& action) {
    expected_.under_way = expected_.acknowledged;
    const store::TailId tail = tail_for(action.pick);
    std::uint64_t& end = expected_.under_way->tail_ends[tail];
    const store::TailKey key{tail, end};
    std::string piece = name_of(key);
    piece.resize(piece.size() + action.pick % 3'000, 'p');
    end += 1 + action.pick % 30;
    expected_.under_way->pieces[key] = piece;
    backend_->append_tail(key, as_bytes(piece));
}

std::string Expectation::compare(const Backend& backend) {
    const std::string text = difference(backend, acknowledged, numbers_end);
    if (text.empty()) {
        under_way.reset();
        return {};
    }
    if (!under_way) return text;
    const std::string other = difference(backend, *under_way, numbers_end);
    if (!other.empty()) return fmt::format("{}; or, if the last action happened, {}", text, other);
    acknowledged = *std::exchange(under_way, std::nullopt);
    return {};
}

std::string Expectation::lost(const Backend& backend) const {
    for (const auto& [key, pack] : acknowledged.packs) {
        const bool going =
            under_way && under_way->packs.contains(key) && under_way->packs.at(key).dropped;
        if (pack.dropped || going) continue;
        if (auto text = difference_in_pack(backend, acknowledged, key); !text.empty()) return text;
    }
    const auto pieces = pieces_of(backend);
    for (const auto& [key, piece] : acknowledged.pieces) {
        if (under_way && !under_way->pieces.contains(key)) continue;
        const auto found = pieces.find(key);
        if (found == pieces.end() || found->second != piece) return name_of(key) + " is gone";
    }
    for (const auto& [number, entry] : acknowledged.commits) {
        const auto found = backend.read_commit({number});
        if (!found || as_text(*found) != entry) return fmt::format("commit {} is gone", number);
    }
    return {};
}

Script typical_script() {
    using Kind = Action::Kind;
    const PackPlan file{Domain::chunk, Form::file, {70'000, 10, 5'000}};
    const PackPlan nodes{Domain::node, Form::file, {300, 9'000}};
    const PackPlan small{Domain::node, Form::in_commit, {20, 400, 3}};
    const PackPlan small_chunks{Domain::chunk, Form::in_commit, {1'000}};
    return {{Kind::commit, {file, nodes}, 1},
            {Kind::commit, {small}, 2},
            {Kind::tail, {}, 10},
            {Kind::tail, {}, 70},
            {Kind::abandon, {file}, 0},
            {Kind::abandon, {nodes}, 1},
            {Kind::commit, {small_chunks, file}, 3},
            {Kind::tail, {}, 2'990},
            {Kind::drop, {}, 0},
            {Kind::commit, {}, 4},
            {Kind::tail, {}, 30},
            {Kind::reopen},
            {Kind::tail, {}, 40},
            {Kind::commit, {file, small}, 5},
            {Kind::drop, {}, 2},
            {Kind::abandon, {file, nodes}, 2},
            {Kind::commit, {nodes}, 6}};
}

}  // namespace yore::test
