// SPDX-License-Identifier: Apache-2.0
/// log fetch: the file that is asked for is made by this process, whose user is to own it.
#pragma once

#include <yore/base/fd.h>

#include <string>

#include "cli/renderer.h"

namespace yore::cli {

/// Takes the bytes in a file beside the destination, which is replaced as a whole or not at all.
class FetchedFile final : public command::Output {
  public:
    FetchedFile(std::string destination, command::Output& other);
    /// What was not put in place is removed.
    ~FetchedFile() override;

    void event(const nlohmann::json& event) override { other_.event(event); }
    void bytes(ByteView) override;
    void put_in_place();

  private:
    const std::string destination_;
    command::Output& other_;
    std::string temporary_;  ///< empty: there is none
    Fd file_;
};

}  // namespace yore::cli
