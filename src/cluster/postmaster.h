// SPDX-License-Identifier: Apache-2.0
/// The first process of a server: begun, looked at, and what its log says.
#pragma once

#include <yore/base/fd.h>

#include <string>
#include <vector>

#include <sys/types.h>

#include "cluster/private_mounts.h"
#include "cluster/user.h"

namespace yore::cluster {

struct PostmasterStart {
    std::string program, data;  ///< absolute; `data` as the server sees it
    std::vector<std::string> options;
    const User& user;
    const Fd& log;
    PrivateMounts mounts = {};
};
/// In a session of its own. What keeps it from running is in the log.
pid_t run_postmaster(const PostmasterStart&);

/// Whether it accepts all queries, by line 8 of postmaster.pid as pg_ctl reads it
/// (src/include/utils/pidfile.h): in recovery it does not.
bool is_ready(const std::string& data, pid_t);

/// A regular file of its own, for appending, of the user's.
Fd open_log(const std::string& path, const User&);
/// The end of it.
std::string tail_of(const Fd& log);

}  // namespace yore::cluster
