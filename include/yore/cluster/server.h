// SPDX-License-Identifier: Apache-2.0
/// A PostgreSQL server of this process, on a data directory that may be written to: for a while,
/// and beside the original. It sees the file system as it needs to (private mounts), runs as the
/// directory's owner, and is reached by a socket alone, by those who may enter its directory.
#pragma once

#include <yore/catalog/snapshot.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <sys/types.h>

namespace yore::cluster {

/// A tablespace that the log to be replayed makes: at `location` on the original's host, which the
/// server must not see. Its place in the data directory is `tablespaces/OID`.
struct LoggedTablespace {
    std::string oid, location;
    bool operator==(const LoggedTablespace&) const = default;
};
/// Those whose creation a guard in the data directory (view/cluster_moment) keeps from being
/// replayed. Not readable: Errc::corrupt.
std::vector<LoggedTablespace> guarded_tablespaces(const std::string& data);

struct ServerOptions {
    std::string data;  ///< absolute, a path without links
    /// Made anew, for the server's user and who may look into all directories.
    std::string socket_directory;
    std::uint16_t port = 5432;
    std::string programs;  ///< as ClusterStart::programs
    std::string log;       ///< a file, which grows
    /// A file that says which process runs, so that another owner can end it (end_left_server).
    std::string process_file;
    /// Above `data` or `socket_directory`: which the server's user may not enter. Empty: none is.
    std::string private_directory;
    std::vector<std::pair<std::string, std::string>> settings;  ///< win over the directory's
    std::vector<LoggedTablespace> tablespaces;
    catalog::ServerNeeds needs = {};
};

/// How its clients reach it, as the user that runs this.
struct ServerAccess {
    std::string socket_directory;
    std::uint16_t port = 0;
    std::string programs;  ///< the directory of its programs
    std::string role;      ///< a superuser; empty: not known yet
    int version = 0;       ///< the major one
};

/// One thread at a time.
class Server {
  public:
    /// Begins it. Programs, user or place are not fit: Errc::invalid, denied or not_found, and
    /// nothing was changed.
    explicit Server(ServerOptions);
    /// Ends it at once, as a crash does.
    ~Server();

    /// Until its recovery has ended and it accepts queries. It ended before: Errc::io with the end
    /// of its log. Stopped: Errc::cancelled; it goes on.
    void wait_until_ready(const std::stop_token&);
    /// Until it ends by itself: its status as of waitpid. Stopped: nullopt.
    std::optional<int> wait_for_end(const std::stop_token&);
    bool runs();
    /// Any thread, while no other ends it.
    bool has_ended() const;

    enum class End : std::uint8_t {
        clean,    ///< a fast shutdown: sessions end, what they committed is in the files
        at_once,  ///< what was committed is in the log
    };
    /// A clean end that takes longer than `patience`: at once.
    void end(End, std::chrono::seconds patience = std::chrono::seconds(60));

    pid_t process() const;
    const ServerAccess& access() const;
    const std::string& log() const;
    /// Libraries and collations that it needs and does not find here; once it is ready.
    const std::vector<std::string>& warnings() const;
    std::string log_tail() const;

  private:
    struct State;
    std::unique_ptr<State> state_;
};

/// Ends a server that an owner which is gone has left, of ServerOptions::process_file. None runs:
/// nothing.
void end_left_server(const std::string& process_file);

}  // namespace yore::cluster
