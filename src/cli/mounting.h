// SPDX-License-Identifier: Apache-2.0
/// `mount` and `umount`: the verbs whose process outlives, or ends, another one.
#pragma once

#include <yore/crypto/secret.h>

#include <optional>

#include "cli/invocation.h"
#include "cli/renderer.h"

namespace yore::cli {

int run_mount(const Invocation&, std::optional<crypto::SecretBytes> passphrase, Renderer&);
int run_umount(const Invocation&, Renderer&);

}  // namespace yore::cli
