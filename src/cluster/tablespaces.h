// SPDX-License-Identifier: Apache-2.0
/// Where a copy keeps the tablespaces that replay of its log makes.
#pragma once

#include <yore/cluster/server.h>

#include <string>
#include <vector>

#include "cluster/user.h"

namespace yore::cluster {

/// `DATA/tablespaces/OID`
std::string tablespace_directory(const std::string& data, const LoggedTablespace&);
/// Takes the guards away, and makes the directories instead: as the user. Done already: nothing.
void open_tablespaces(const std::string& data, const std::vector<LoggedTablespace>&, const User&);
/// What replay has made are links to where the original has its files: makes them lead to the
/// copy's. A running server does not notice.
void close_tablespaces(const std::string& data, const std::vector<LoggedTablespace>&, const User&);

}  // namespace yore::cluster
