// SPDX-License-Identifier: Apache-2.0
#include <yore/base/host.h>

#include <array>

#include <unistd.h>

namespace yore {

std::string host_name() {
    std::array<char, 256> name{};
    return ::gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "";
}

}  // namespace yore
