// SPDX-License-Identifier: Apache-2.0
/// Directories of dated copies, as `rsync --link-dest`, rsnapshot, `cp -al` and Time Machine make
/// them: which of their entries are copies, and of which time.
#pragma once

#include <yore/base/time.h>
#include <yore/base/zone.h>
#include <yore/catalog/snapshot.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace yore::ingest {

struct DatedCopy {
    std::string name;
    Timestamp time;
    bool operator==(const DatedCopy&) const = default;
};

/// Where the time of a copy is taken from.
enum class CopyTimes : std::uint8_t {
    usual,    ///< from the name; of rsnapshot's `daily.0`, whose directory is touched, from that
    names,    ///< only from names
    modified  ///< of all directories, from their time of modification
};

struct CopyRules {
    CopyTimes times = CopyTimes::usual;
    Zone zone = {};            ///< of names that say none
    std::string subdirectory;  ///< of each copy, without links on the way; "": all of it
};

/// The time at the end of a name, after anything that ends in no digit: a date (`2026-11-21`,
/// `2026.11.21`, `20261121`), perhaps with a time of day (`T02-00-00`, `_02:00`, ` 02.00.00`,
/// `-020000`), and with that perhaps a zone (`Z`, `+01:00`). A date alone means when that day
/// begins. Anything else: nullopt.
std::optional<Timestamp> time_in_name(std::string_view name, const Zone&);

/// An entry that is no copy.
struct LeftOut {
    std::string name;
    std::string why;
};
struct FoundCopies {
    std::vector<DatedCopy> copies;  ///< oldest first; of one time by name
    std::vector<LeftOut> left_out;  ///< by name
};
/// Looks at each entry of a directory. It cannot be listed: Errc as with any system call.
FoundCopies find_copies(const std::string& directory, const CopyRules&);

enum class CopyVerdict : std::uint8_t {
    take,
    present,   ///< there is a snapshot of its time
    too_old,   ///< there is a later snapshot: they are kept in the order of their times
    in_future  ///< snapshots that are taken from now on would not come after it
};
/// Of each copy. Pure. `copies` as found; `stored` are the source's snapshots.
std::vector<CopyVerdict> judge_copies(const std::vector<DatedCopy>& copies,
                                      const std::vector<catalog::Snapshot>& stored, Timestamp now);

}  // namespace yore::ingest
