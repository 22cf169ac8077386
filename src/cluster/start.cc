// SPDX-License-Identifier: Apache-2.0
#include <yore/base/error.h>
#include <yore/base/fd.h>
#include <yore/cluster/needs.h>
#include <yore/cluster/programs.h>
#include <yore/cluster/start.h>

#include <chrono>
#include <thread>

#include <sys/un.h>
#include <sys/wait.h>

#include "cluster/postmaster.h"
#include "cluster/user.h"

namespace yore::cluster {
namespace {

constexpr auto look_interval = std::chrono::milliseconds(50);

}  // namespace

void check_cluster_start(const ClusterStart& start) {
    const std::string path = fmt::format("{}/.s.PGSQL.{}", start.directory, start.port);
    if (path.size() >= sizeof(sockaddr_un::sun_path))
        throw Error(Errc::invalid,
                    fmt::format("{} is too long for a socket in it", start.directory),
                    {"restore to a shorter path, or start the server yourself: `pg_ctl -D DIR -o "
                     "'-k /tmp' start`"});
}

StartedCluster start_cluster(const ClusterStart& start, const std::stop_token& stop) {
    const User user = owner_of(start.directory);
    const std::string programs = find_server_programs(start.programs, version_of(start.directory));
    const std::string as_owner = user.name.empty() ? "" : fmt::format("sudo -u {} ", user.name);
    StartedCluster started{
        start.directory + "/yore-start.log",
        fmt::format("{}psql -h {} -p {} postgres", as_owner, start.directory, start.port),
        fmt::format("{}{}/pg_ctl -D {} stop", as_owner, programs, start.directory),
        missing_libraries(start.needs.libraries, programs)};
    const Fd log = open_log(started.log, user);
    const pid_t server = run_postmaster({programs + "/postgres",
                                         start.directory,
                                         {"-p", std::to_string(start.port), "-k", start.directory,
                                          "-c", "listen_addresses=", "-c", "logging_collector=off"},
                                         user,
                                         log});
    while (!is_ready(start.directory, server)) {
        int status = 0;
        if (::waitpid(server, &status, WNOHANG) == server)
            throw Error(Errc::io,
                        fmt::format("the server did not start; its log, {}, ends with\n{}",
                                    started.log, tail_of(log)),
                        std::move(started.warnings));
        if (stop.stop_requested())
            throw Error(
                Errc::cancelled, "interrupted; the server goes on recovering",
                {fmt::format("its log is {}; `{}` stops it", started.log, started.stop_command)});
        std::this_thread::sleep_for(look_interval);
    }
    for (std::string& other : other_collations(start.needs.collations, server))
        started.warnings.push_back(std::move(other));
    return started;
}

}  // namespace yore::cluster
