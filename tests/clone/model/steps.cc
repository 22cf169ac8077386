// SPDX-License-Identifier: Apache-2.0
#include "model/steps.h"

#include <fmt/format.h>
#include <unistd.h>

namespace yore::test {

StepMaker::StepMaker() {
    for (const auto& kinds : {name_steps(), attribute_steps(), slot_steps(), map_steps()})
        kinds_.insert(kinds_.end(), kinds.begin(), kinds.end());
    for (const StepKind& kind : kinds_) total_ += kind.weight;
}

Step StepMaker::next(Choices& choices) const {
    std::uint64_t drawn = choices.below(total_);
    std::size_t which = 0;
    while (drawn >= kinds_[which].weight) drawn -= kinds_[which++].weight;
    Step step = kinds_[which].make(choices);
    step.kind = kinds_[which].kind;
    step.as_user = choices.one_in(8) && step.may_be_users && ::geteuid() == 0;
    if (step.as_user) step.text += " (as user)";
    return step;
}

std::string parent_of(const std::string& path) {
    const std::size_t slash = path.rfind('/');
    return slash == std::string::npos ? "" : path.substr(0, slash);
}

std::string quoted(const std::string& path) {
    std::string text;
    for (const char byte : path) {
        if (byte >= ' ' && byte < 127)
            text += byte;
        else
            text += fmt::format("\\x{:02x}", static_cast<unsigned char>(byte));
    }
    return path.size() < 100 ? text
                             : fmt::format("{}… ({} bytes)", text.substr(0, 30), path.size());
}

}  // namespace yore::test
