// SPDX-License-Identifier: Apache-2.0
/// The verbs whose process outlives, or ends, another one: `mount`, `umount`, and those that mount
/// a clone.
#pragma once

#include <yore/crypto/secret.h>

#include <optional>

#include "cli/invocation.h"
#include "cli/renderer.h"

namespace yore::cli {

/// The invocation's command mounts something, which this process, or one that it starts, serves
/// when nobody else has the repository.
int run_mount(const Invocation&, std::optional<crypto::SecretBytes> passphrase, Renderer&);
int run_umount(const Invocation&, Renderer&);

}  // namespace yore::cli
