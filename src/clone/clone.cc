// SPDX-License-Identifier: Apache-2.0
#include <yore/clone/clone.h>
