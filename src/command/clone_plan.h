// SPDX-License-Identifier: Apache-2.0
/// What a clone that is asked for will be.
#pragma once

#include <yore/command/clones.h>
#include <yore/command/context.h>

#include <string>

#include "command/moment.h"

namespace yore::command {

/// Where it is mounted.
std::string clone_mountpoint(const Context&, const CloneRecord&);
/// The moment that it was made of, opened anew. Its source, or the moment, is gone: not_found.
Moment moment_of(Context&, const CloneRecord&);
/// What can be known of a wish without its moment: Errc::invalid.
void check_clone_place(const Context&, const NewClone&);
/// Its record, without hold. Places that are not fit: Errc::invalid or exists.
CloneRecord plan_clone(const Context&, const NewClone&, const Moment&);

}  // namespace yore::command
