// SPDX-License-Identifier: Apache-2.0
/// libfuse, in the one version of its interface that we use.
#pragma once

#define FUSE_USE_VERSION 314
#include <fuse_lowlevel.h>
