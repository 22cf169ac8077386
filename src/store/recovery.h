// SPDX-License-Identifier: Apache-2.0
/// What an open finds out before anything else happens: whether all that was acknowledged is there,
/// and what a run left that did not get as far as its commit.
#pragma once

#include <string>

#include "store/head.h"
#include "store/rocks_database.h"

namespace yore::store {

/// Throws `corrupt` when the commit log ends before `promised`, or holds another commit there.
void ensure_nothing_is_lost(const RocksDatabase&, const Head& promised,
                            const std::string& directory);

/// Gives back the space of packs that were taken in and that no row of the table `packs` names.
void drop_orphans(const RocksDatabase&);

/// Gives the file of a pack back. No file: nothing happens.
void drop_pack_file(const RocksDatabase&, Domain, std::uint64_t pack_number);

}  // namespace yore::store
