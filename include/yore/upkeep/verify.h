// SPDX-License-Identifier: Apache-2.0
/// Checks that backups can be restored.
///
/// Level 1: the commit log, the tables and the packs' indexes agree, and every snapshot's tree is
/// whole: each node opens and is well formed, each chunk it names is in the index with a pack that
/// is there. Level 2: besides, every stored object is read, opened and hashed.
///
/// Level 2 reads the packs that were read longest ago first, and notes in the catalog, every few
/// seconds, which it read whole: with a time limit, one run goes on where the one before ended. A
/// pack of which only a sample was read does not count.
///
/// What level 2 finds damaged is marked so in the store (store/damage.h): the next backup that
/// meets the content stores it anew. Both levels read again what is marked: damage is told of by
/// every run until it is mended, and then once that it is.
#pragma once

#include <yore/base/time.h>
#include <yore/catalog/catalog.h>
#include <yore/store/object_cache.h>

#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

namespace yore::upkeep {

struct Damage {
    std::string object;  ///< `chunk 91bc…`, `node …`, `snapshot home 2026-…`
    std::string text;    ///< what is wrong
};

/// A path that needs something damaged, in consecutive snapshots of its source.
struct Need {
    std::string object;  ///< as in Damage
    std::string source;
    std::string path;             ///< `/` and below; of a log segment: `log/INCARNATION/NAME`
    std::string first, last;      ///< snapshots
    std::uint64_t snapshots = 0;  ///< from `first` to `last`; 0: of a log segment
};

struct VerifyOptions {
    int level = 1;           ///< 1 or 2
    double sample = 1.0;     ///< level 2: the part of all objects to read, 0 < sample <= 1
    std::uint64_t seed = 0;  ///< which part
    Timestamp now = {};      ///< when it begins: the time that is noted
    /// Level 2: no further pack is begun once it has read for so long; at least one is read.
    std::optional<Duration> max_time = {};
    /// Level 2: packs that were read since are left out.
    std::optional<Duration> older_than = {};
    struct Progress {
        std::uint64_t snapshots_done = 0, nodes = 0, chunks = 0, bytes_read = 0;
        std::uint64_t objects_read = 0;  ///< level 2
        std::uint64_t damaged = 0;
    };
    std::function<void(const Progress&)> progress = {};
    /// All that is damaged, and then all that needs it, one at a time: how much that is, is not
    /// bounded.
    std::function<void(const Damage&)> on_damage = {};
    std::function<void(const Need&)> on_need = {};
};

/// What an earlier verify found damaged, and is whole again.
struct Mended {
    std::string object;
    Timestamp found;           ///< when it was found damaged
    bool stored_anew = false;  ///< by a backup; else its place can be read again
};

/// What level 2 went through. Bytes as stored.
struct PacksRead {
    std::uint64_t packs = 0, stored_bytes = 0;            ///< all that there are
    std::uint64_t packs_read = 0, stored_bytes_read = 0;  ///< a sample: from which it was taken
    bool out_of_time = false;
};

struct VerifyResult {
    VerifyOptions::Progress counts;
    PacksRead packs;  ///< level 2
    std::vector<Mended> mended;
};

/// Damage is a result (`counts.damaged`), not an error. Stopped: Errc::cancelled.
VerifyResult verify(const catalog::Catalog&, const store::ObjectCache&, const VerifyOptions&,
                    std::stop_token);

}  // namespace yore::upkeep
