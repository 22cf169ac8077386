// SPDX-License-Identifier: Apache-2.0
/// Where the secret that opens a repository comes from: never from a command line or a
/// configuration itself.
#pragma once

#include <optional>
#include <string>

namespace yore::server {

/// At most one is set; none: the environment, or a prompt.
struct SecretSource {
    std::optional<std::string> passphrase_file, passphrase_command, key_file;
    bool given() const { return passphrase_file || passphrase_command || key_file; }
    bool operator==(const SecretSource&) const = default;
};

}  // namespace yore::server
