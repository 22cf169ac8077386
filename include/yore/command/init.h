// SPDX-License-Identifier: Apache-2.0
/// `yore init`: the one use case without an open repository.
#pragma once

#include <yore/base/random.h>
#include <yore/base/time.h>
#include <yore/store/keyring.h>

#include <optional>
#include <string>

#include <nlohmann/json_fwd.hpp>

namespace yore::command {

struct InitOptions {
    std::string directory;  ///< absolute; absent or empty, else Errc::exists
    std::optional<store::Credentials> credentials;  ///< none: not encrypted
    std::string label;                              ///< of the first key slot
    crypto::ScryptParameters cost = crypto::scrypt_default;
};
/// The result: `repository`, `id`, `encryption`.
nlohmann::json init(const InitOptions&, const Clock&, Random&);

/// Makes a key file for `init` or `key add`: readable by its owner only, durable. `path` is there
/// already: Errc::exists.
void create_key_file(const std::string& path, Random&);

}  // namespace yore::command
