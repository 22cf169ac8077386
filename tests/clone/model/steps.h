// SPDX-License-Identifier: Apache-2.0
/// Makes operations: on names, on attributes, on bytes.
#pragma once

#include <vector>

#include "model/choices.h"
#include "model/side.h"

namespace yore::test {

/// One kind of operation, and how often it comes compared to others.
struct StepKind {
    unsigned weight;
    Step (*make)(Choices&);
    Step::Kind kind = Step::Kind::call;
};
std::vector<StepKind> name_steps();
std::vector<StepKind> attribute_steps();
std::vector<StepKind> slot_steps();  ///< files that stay open, with or without a name
std::vector<StepKind> map_steps();   ///< memory maps, direct I/O, listings

class StepMaker {
  public:
    StepMaker();
    Step next(Choices&) const;

  private:
    std::vector<StepKind> kinds_;
    std::uint64_t total_ = 0;
};

/// The directory that a name is in: "" for the top.
std::string parent_of(const std::string& path);
/// A path as a line of text.
std::string quoted(const std::string& path);

}  // namespace yore::test
