// SPDX-License-Identifier: Apache-2.0
/// Marks a file of which it is not known whether its stored content is what was there: it was
/// changing while it was read, or has changed since and was not read again yet.
///
/// The mark is a reserved extended attribute of the entry. It is not taken over from a source, not
/// listed, and not restored.
#pragma once

#include <yore/tree/directory.h>

#include <string_view>

namespace yore::tree {

inline constexpr std::string_view uncertain_mark = "user.yore.uncertain";

bool is_uncertain(const EntryView&);
void mark_uncertain(Entry&);

}  // namespace yore::tree
