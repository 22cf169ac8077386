// SPDX-License-Identifier: Apache-2.0
/// `serve`: the process that owns a repository for continuous work.
#pragma once

#include <yore/crypto/secret.h>

#include <optional>

#include "cli/invocation.h"
#include "cli/renderer.h"

namespace yore::cli {

int run_serve(const Invocation&, std::optional<crypto::SecretBytes> passphrase, Renderer&);

}  // namespace yore::cli
