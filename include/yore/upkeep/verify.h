// SPDX-License-Identifier: Apache-2.0
/// Checks that backups can be restored.
///
/// Level 1: the commit log, the tables and the packs' indexes agree, and every snapshot's tree is
/// whole: each node opens and is well formed, each chunk it names is in the index with a pack that
/// is there. Level 2: besides, every stored object is read, opened and hashed.
#pragma once

#include <yore/catalog/catalog.h>
#include <yore/store/object_cache.h>

#include <functional>
#include <stop_token>
#include <string>
#include <vector>

namespace yore::upkeep {

struct VerifyOptions {
    int level = 1;                ///< 1 or 2
    double sample = 1.0;          ///< level 2: the part of all objects to read, 0 < sample <= 1
    std::uint64_t seed = 0;       ///< which part
    struct Progress {
        std::uint64_t snapshots_done = 0, nodes = 0, chunks = 0, bytes_read = 0;
        std::uint64_t objects_read = 0;  ///< level 2
        std::uint64_t damaged = 0;
    };
    std::function<void(const Progress&)> progress = {};
};

struct Damage {
    std::string object;  ///< `chunk 91bc…`, `node …`, `snapshot home 2026-…`
    std::string text;    ///< what is wrong
    std::vector<std::string> needed_by;  ///< SOURCE@SNAPSHOT/path, the first few that need it
};

struct VerifyResult {
    VerifyOptions::Progress counts;
    std::vector<Damage> damage;
};

/// Damage is a result, not an error. Stopped: Errc::cancelled.
VerifyResult verify(const catalog::Catalog&, const store::ObjectCache&, const VerifyOptions&,
                    std::stop_token);

}  // namespace yore::upkeep
