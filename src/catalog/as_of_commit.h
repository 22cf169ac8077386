// SPDX-License-Identifier: Apache-2.0
/// Something made from records, kept until the store has a newer commit.
#pragma once

#include <yore/base/guarded.h>
#include <yore/store/store.h>

#include <memory>

namespace yore::catalog {

template <typename T>
class AsOfCommit {
  public:
    struct Loaded {
        CommitNumber as_of;  ///< it holds at least what was committed up to this one
        std::shared_ptr<const T> value;
    };

    /// Any thread; `load` runs without the lock, perhaps in several threads at once.
    template <typename Load>
    Loaded get(const store::Store& store, Load&& load) {
        const CommitNumber now = store.last_commit();
        Loaded kept = kept_.with([](const Loaded& loaded) { return loaded; });
        if (kept.value && kept.as_of >= now) return kept;
        Loaded fresh{now, std::make_shared<const T>(load())};
        kept_.with([&](Loaded& loaded) {
            if (!loaded.value || loaded.as_of < now) loaded = fresh;
        });
        return fresh;
    }

  private:
    Guarded<Loaded> kept_;
};

}  // namespace yore::catalog
