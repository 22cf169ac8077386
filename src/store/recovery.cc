// SPDX-License-Identifier: Apache-2.0
#include "store/recovery.h"

#include <yore/base/error.h>
#include <yore/base/log.h>

#include <algorithm>
#include <vector>

#include <rocksdb/convenience.h>

#include "store/rocks_keys.h"
#include "store/rocks_status.h"

namespace yore::store {
namespace {

std::string commits_between(std::uint64_t first, std::uint64_t last) {
    return first == last ? fmt::format("commit {}", first)
                         : fmt::format("commits {} to {}", first, last);
}

std::vector<std::uint64_t> committed_packs(const RocksDatabase& database) {
    std::vector<std::uint64_t> numbers;
    std::unique_ptr<rocksdb::Iterator> row(
        database->NewIterator(rocksdb::ReadOptions(), database.family(family_packs)));
    for (row->SeekToFirst(); row->Valid(); row->Next())
        if (const auto number = parse_number_key(view_of(row->key()))) numbers.push_back(*number);
    check(row->status(), "scan the table packs");
    return numbers;
}

std::vector<std::uint64_t> pack_files(const RocksDatabase& database, Domain domain) {
    rocksdb::ColumnFamilyMetaData family;
    database->GetColumnFamilyMetaData(database.family(family_of(domain)), &family);
    std::vector<std::uint64_t> numbers;
    for (const auto& level : family.levels)
        for (const auto& file : level.files)
            if (const auto location = parse_number_key(as_bytes(file.smallestkey)))
                numbers.push_back(Location{*location}.pack_number());
    return numbers;
}

}  // namespace

void ensure_nothing_is_lost(const RocksDatabase& database, const Head& promised,
                            const std::string& directory) {
    if (promised.number.value == 0) return;
    const Head found = database.last_commit();
    if (found.number < promised.number)
        throw Error(Errc::corrupt,
                    fmt::format("{}: {} acknowledged and gone: db/ ends at commit {}", directory,
                                commits_between(found.number.value + 1, promised.number.value),
                                found.number.value),
                    {"db/ is damaged or an older copy, or the disk lost what it had confirmed",
                     "nothing was changed: keep a copy of it all before you try to mend it"});
    const auto entry = database.get(family_commits, number_key(promised.number.value));
    if (entry && hash_of_entry(*entry) == promised.hash) return;
    throw Error(Errc::corrupt,
                fmt::format("{}: commit {} is not the one that was acknowledged", directory,
                            promised.number.value),
                {"db/ and head are not of one repository, or of different times"});
}

void drop_orphans(const RocksDatabase& database) {
    const std::vector<std::uint64_t> committed = committed_packs(database);  // sorted, as the keys
    for (const Domain domain : {Domain::chunk, Domain::node})
        for (const std::uint64_t number : pack_files(database, domain)) {
            if (std::ranges::binary_search(committed, number)) continue;
            log_info("pack {} was never committed: its space is given back", number);
            drop_pack_file(database, domain, number);
        }
}

void drop_pack_file(const RocksDatabase& database, Domain domain, std::uint64_t pack_number) {
    const NumberKey first = item_key(Location::of(pack_number, 0));
    const NumberKey last = item_key(Location::of(pack_number, pack_index_item));
    const rocksdb::Slice begin = slice_of(first), end = slice_of(last);
    check(rocksdb::DeleteFilesInRange(&*database, database.family(family_of(domain)), &begin, &end),
          [&] { return fmt::format("drop pack {}", pack_number); });
}

}  // namespace yore::store
