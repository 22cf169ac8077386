// SPDX-License-Identifier: Apache-2.0
#include "upkeep/known_damage.h"

#include <yore/base/error.h>
#include <yore/base/log.h>
#include <yore/store/damage.h>

#include "upkeep/check_object.h"

namespace yore::upkeep {
namespace {

using format::DamageMark;
using format::DamageState;

class KnownDamage {
  public:
    KnownDamage(store::Store& store, const store::ObjectCache& cache, Report& report)
        : store_(store), cache_(cache), report_(report) {}

    void check(const DamageMark& mark) {
        const std::string object = text_of(mark.domain, mark.id);
        if (report_.holds(object)) return;
        const auto info = mark.domain == Domain::chunk ? store_.find(ChunkId{mark.id})
                                                       : store_.find(NodeId{mark.id});
        if (!info) {
            over_.push_back(mark);  // nothing needed it, and it was collected
            return;
        }
        const auto found = check_object(cache_, {mark.domain, mark.id, *info});
        if (found.text.empty()) {
            over_.push_back(mark);
            report_.mended({object, mark.found, mark.state == DamageState::stored_anew});
            return;
        }
        report_.damage(object, found.text);
        if (mark.state == DamageState::stored_anew)
            again_.push_back({mark.domain, mark.id, info->location});
    }

    void save() {
        if (store_.read_only()) return;
        try {
            store::DamageMarks::remove(store_, over_);
            store::DamageMarks::mark(store_, again_);
        } catch (const Error& error) {
            log_warning("what was mended is told of once more: {}", error.what());
        }
    }

  private:
    store::Store& store_;
    const store::ObjectCache& cache_;
    Report& report_;
    std::vector<DamageMark> over_;
    std::vector<store::DamageMarks::Found> again_;
};

}  // namespace

void check_known_damage(store::Store& store, const store::ObjectCache& cache, Report& report,
                        const std::stop_token& stop) {
    KnownDamage known(store, cache, report);
    for (const DamageMark& mark : store::DamageMarks(store).all()) {
        if (stop.stop_requested()) throw Error(Errc::cancelled, "verify stopped");
        known.check(mark);
    }
    known.save();
}

}  // namespace yore::upkeep
