// SPDX-License-Identifier: Apache-2.0
/// Where secrets come from: files, commands, the environment, a prompt. Never from argv.
#pragma once

#include <yore/command/context.h>
#include <yore/crypto/secret.h>

#include <optional>
#include <string>

#include "cli/invocation.h"

namespace yore::cli {

/// Takes YORE_PASSPHRASE out of the environment, wiping it there: neither our children nor
/// /proc/PID/environ show it from then on. Absent or empty: nullopt. Call first in `main`.
std::optional<crypto::SecretBytes> take_environment_passphrase();

/// The secret that the source names. Several are named: `invalid`; none: nullopt. A file or the
/// output of a command counts without one newline at its end; a key file counts as it is.
std::optional<store::Credentials> read_secret(const SecretSource&);

/// Asks on the terminal, without echo. There is no terminal: `invalid` with hints, where `option`
/// names what would do instead. Ctrl-C: `cancelled`.
crypto::SecretBytes prompt(const std::string& question, const std::string& option);
/// Asks twice until both are the same.
crypto::SecretBytes prompt_new(const std::string& question, const std::string& option);

/// What opens the repository: what was given, or, when it needs a passphrase, what is typed.
std::optional<store::Credentials> credentials_for(const store::KeyFile&, const SecretSource&,
                                                  std::optional<crypto::SecretBytes> environment);

}  // namespace yore::cli
