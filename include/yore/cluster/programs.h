// SPDX-License-Identifier: Apache-2.0
/// Where PostgreSQL's programs are.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace yore::cluster {

/// Where packages put the programs of a version: `15`, or `9.6`.
std::vector<std::string> package_directories(std::string_view version);

/// What PG_VERSION of a data directory says. Not a version: Errc::corrupt.
std::string version_of(const std::string& data_directory);

/// The directory of the server's program for a version: `given` alone unless it is empty, else
/// where packages put it, then PATH. Not there: Errc::not_found.
std::string find_server_programs(const std::string& given, const std::string& version);

/// The path of one of the others, beside the server's or in PATH. Not there: Errc::not_found.
std::string find_client_program(const std::string& programs, const std::string& name);

}  // namespace yore::cluster
