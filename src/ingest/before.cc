// SPDX-License-Identifier: Apache-2.0
#include "ingest/before.h"

#include <yore/base/error.h>
#include <yore/base/log.h>

namespace yore::ingest {

Before find_before(const catalog::Catalog& catalog, const store::ObjectCache& cache,
                   const catalog::Source& source) {
    Before before;
    try {
        before.snapshot = catalog.latest(source.id);
        if (before.snapshot)
            before.root = tree::Directory(cache, before.snapshot->root).find("root");
    } catch (const Error& error) {
        log_warning("{}: the previous snapshot is not used: {}", source.name, error.what());
    }
    if (!before.root) before.snapshot.reset();
    return before;
}

}  // namespace yore::ingest
