// SPDX-License-Identifier: Apache-2.0
/// How often a file that is never quiet is read: a log that is appended to, a disk of a machine.
///
/// A file is read as soon as it changed, a few times in a row. From then on it is read once it was
/// quiet for a while, or when so long went by since it was read last: at least `interval`, and ten
/// times what reading it took, so that no file takes more than a tenth of the time there is.
#pragma once

#include <yore/base/time.h>

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace yore::ingest {

/// One thread.
class FilePace {
  public:
    struct Limits {
        Duration quiet = seconds(1), interval = seconds(5);
        unsigned at_once = 4;  ///< readings in a row
    };
    explicit FilePace(Limits limits) : limits_(limits) {}

    /// Whether a file that last changed at `changed` is to be read now.
    bool may_read(std::uint64_t inode, Timestamp changed, Timestamp now) const;
    void was_read(std::uint64_t inode, Timestamp now, Duration took);

    /// It holds a file that was left as it was.
    void put_off(std::string_view directory) { put_off_.emplace(directory); }
    /// Where to look again, by when files may have become quiet.
    std::set<std::string> take_put_off() { return std::exchange(put_off_, {}); }
    /// Forgets files that were not read for long.
    void forget(Timestamp now);

  private:
    struct Known {
        Timestamp last;
        Duration took;  ///< reading it, the last time
        unsigned in_a_row = 0;
    };
    Duration interval_of(const Known&) const;

    const Limits limits_;
    std::unordered_map<std::uint64_t, Known> files_;
    std::set<std::string> put_off_;
};

}  // namespace yore::ingest
