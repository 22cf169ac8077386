// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <yore/command/context.h>

namespace yore::command {

/// An owner that ends with its own command cannot keep a mount: Errc::busy.
void check_mountable(const Context&);

}  // namespace yore::command
