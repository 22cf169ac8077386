// SPDX-License-Identifier: Apache-2.0
/// As pch.h, for tests.
#pragma once

#include <catch2/catch.hpp>

#include "pch.h"
