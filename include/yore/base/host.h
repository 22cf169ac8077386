// SPDX-License-Identifier: Apache-2.0
/// The machine.
#pragma once

#include <string>

namespace yore {

/// Its name; one that cannot be had: empty.
std::string host_name();

}  // namespace yore
