// SPDX-License-Identifier: Apache-2.0
/// What the `key` commands share: slots as JSON, slots by name, a new secret from the input.
#pragma once

#include <yore/command/command.h>
#include <yore/store/keyring.h>

#include <optional>
#include <string>

#include <nlohmann/json.hpp>

namespace yore::command {

nlohmann::json describe(const store::KeySlot&);

/// By its id or the first digits of it. None: Errc::not_found; several: Errc::invalid.
store::SlotId find_slot(const store::KeyFile&, const std::string& digits);

/// The whole input of the call is the secret. `kind` is `passphrase` or `keyfile`, else
/// Errc::invalid.
store::Credentials read_new_secret(const std::string& kind, const Call&);

}  // namespace yore::command
