// SPDX-License-Identifier: Apache-2.0
/// What the generated places of each source show, made once for each commit.
#pragma once

#include <yore/base/guarded.h>
#include <yore/catalog/catalog.h>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace yore::view {

struct SourceFacts {
    catalog::Source source;
    std::vector<catalog::SnapshotName> names;  ///< oldest first
    Timestamp modified;                        ///< when the newest snapshot ended
    std::string info;                          ///< info.json
};

/// Any thread. Reads the store without a lock, so perhaps the same in two threads at once.
class Sources {
  public:
    explicit Sources(const catalog::Catalog& catalog) : catalog_(catalog) {}

    /// Made when it is first asked for after a commit: one record. No such source: nullptr.
    std::shared_ptr<const SourceFacts> facts(std::uint32_t source) const;

  private:
    struct Kept {
        CommitNumber as_of;
        std::shared_ptr<const SourceFacts> facts;
    };
    const catalog::Catalog& catalog_;
    mutable Guarded<std::map<std::uint32_t, Kept>> kept_;
};

}  // namespace yore::view
