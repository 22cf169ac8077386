// SPDX-License-Identifier: Apache-2.0
/// Runs an Invocation: at the process that owns the repository, or, when there is none, here.
#pragma once

#include <yore/crypto/secret.h>

#include <optional>

#include "cli/invocation.h"
#include "cli/renderer.h"

namespace yore::cli {

/// Returns the exit code; errors are rendered. `passphrase` is that of the environment.
int run(const Invocation&, std::optional<crypto::SecretBytes> passphrase, Renderer&);

}  // namespace yore::cli
