// SPDX-License-Identifier: Apache-2.0
/// Compares two directories under random operations, or one file with memory.
///
/// file_model run MODEL TRIED SEED STEPS [BATCH [REVIVE]] | fsx FILE SEED STEPS | compare MODEL
/// TRIED
#include <cstdio>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "model/fsx.h"
#include "model/model.h"

using namespace yore::test;

namespace {

int told(const std::optional<std::string>& difference) {
    if (!difference || difference->empty()) return 0;
    fmt::print("{}\n", *difference);
    return 1;
}

}  // namespace

int main(int count, char** values) {
    const std::vector<std::string> arguments(values + 1, values + count);
    const std::string what = arguments.empty() ? "" : arguments[0];
    const auto number = [&](std::size_t which) { return std::stoull(arguments[which]); };
    if (what == "run" && arguments.size() >= 5 && arguments.size() <= 7) {
        ModelOptions options{arguments[1], arguments[2], number(3), number(4)};
        if (arguments.size() > 5) options.batch = number(5);
        if (arguments.size() > 6) options.revive = arguments[6];
        return told(difference_after(options));
    }
    if (what == "fsx" && arguments.size() == 4)
        return told(fsx_difference({arguments[1], number(2), number(3)}));
    if (what == "compare" && arguments.size() == 3)
        return told(tree_difference(arguments[1], arguments[2]));
    fmt::print(stderr,
               "file_model run MODEL TRIED SEED STEPS [BATCH [REVIVE]] | fsx FILE SEED STEPS | "
               "compare MODEL TRIED\n");
    return 2;
}
