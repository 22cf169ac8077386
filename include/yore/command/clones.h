// SPDX-License-Identifier: Apache-2.0
/// The clones of a repository on this machine: made, mounted, reset and removed.
///
/// Each has a record on disk beside the repository, a hold on what it needs, a directory of its
/// changes, and, in an owner that stays, a mount. The order in which these come (hold, record,
/// changes, mount) and go (mount, changes, record, hold) is such that after a crash the record says
/// what is to be finished or removed, and a hold without a record is released.
#pragma once

#include <yore/base/time.h>
#include <yore/clone/clone.h>
#include <yore/cluster/server.h>
#include <yore/command/command.h>
#include <yore/mount/writable_mount.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

namespace yore::command {

/// A PostgreSQL server on a clone of a cluster's moment: it runs whenever the clone is mounted.
struct CloneServerOptions {
    std::uint16_t port = 5432;  ///< of its socket: no two clones share a directory
    bool durable = false;       ///< what is committed survives a loss of power
    std::string programs;       ///< as cluster::ServerOptions
    std::string role;           ///< to log in as; empty: the usual ones are tried
};

struct CloneRecord {
    std::string name;
    std::uint32_t source = 0;
    std::string source_name;
    std::string state;  ///< the name that always means its moment
    std::string root;   ///< of its tree, in hexadecimal
    Timestamp created;
    std::optional<Timestamp> until;  ///< then it is removed
    /// Where it is mounted, absolute; empty: below the place of the owner.
    std::string directory;
    bool directory_made = false;  ///< for it: removed with it
    bool allow_other = false;
    std::string changes;  ///< the directory of clone::Clone; absolute
    std::optional<std::uint64_t> bytes_max;
    std::uint32_t hold = 0;
    std::optional<CloneServerOptions> server;
    std::string base;  ///< the snapshot that its moment builds on: of a cluster's, its base backup
    std::vector<cluster::LoggedTablespace> tablespaces;  ///< which its server makes in recovery
    /// What was begun: the next owner that stays ends it.
    enum class Phase : std::uint8_t { whole, making, resetting, removing } phase = Phase::making;

    std::string moment() const { return source_name + "@" + state; }
};

struct CloneStatus {
    CloneRecord record;
    std::string directory;  ///< of its mount, whether it is there or not
    enum class State : std::uint8_t {
        mounted,
        unmounted,
        failed,   ///< `failure` says why it cannot be mounted
        changing  ///< being made, mounted, reset or removed
    } state = State::unmounted;
    std::string failure;
    std::optional<clone::Usage> usage;  ///< when it is mounted
    struct Server {
        cluster::ServerAccess access;
        pid_t process = 0;
        bool has_ended = false;  ///< by itself
        std::string log;
        std::vector<std::string> warnings;
    };
    std::optional<Server> server;  ///< when it is mounted, if it has one
};
std::string_view name_of(CloneStatus::State);

struct NewClone {
    std::string name;
    std::string moment;  ///< SOURCE@TIME; or a clone that is mounted, which is copied
    std::optional<std::string> directory, scratch;
    std::optional<std::uint64_t> bytes_max;
    std::optional<Duration> ttl;
    bool allow_other = false;
    std::optional<CloneServerOptions> server;
    /// Of its maker alone: not kept over the end of the owner.
    bool throwaway = false;
};

/// Any thread. Calls on one clone take turns; a stop ends the waiting: Errc::cancelled. No such
/// clone: Errc::not_found.
class Clones {
  public:
    /// `context` outlives this, and is not used yet. `changed` is called without locks after one
    /// was mounted or unmounted.
    Clones(Context& context, std::function<void()> changed);
    ~Clones();
    /// Reads the records. Before all other calls; what was begun stays so.
    void load();

    /// Makes and mounts it, and starts its server, which may take as long as its recovery; on an
    /// error nothing is left. The name is taken: Errc::exists. A copy is what the other clone is at
    /// one instant; its moment, to which it can be reset, is the other's.
    CloneStatus create(const NewClone&, Output&, const std::stop_token&);
    /// With its server. They are there already: nothing.
    CloneStatus mount(const std::string& name, const std::stop_token&);
    /// Without its changes, and mounted if it was or if this owner stays. In use, but for its
    /// server, which ends: Errc::busy.
    CloneStatus reset(const std::string& name, const std::stop_token&);
    enum class InUse : std::uint8_t {
        refused,  ///< Errc::busy
        detached  ///< its users get errors
    };
    /// Stores what it is now. Not mounted: Errc::invalid.
    clone::StoredTree store(const std::string& name, store::Writer&, const std::stop_token&);
    /// What it was.
    CloneRecord remove(const std::string& name, InUse, const std::stop_token&);

    std::vector<CloneStatus> list() const;  ///< by name
    CloneStatus show(const std::string& name) const;
    /// A clone of the same state whose server runs, if no transaction has written since it started.
    std::optional<CloneStatus> find_untouched(std::uint32_t source, std::string_view state,
                                              const std::stop_token&) const;
    /// Ends a clone's server cleanly; it stays mounted without.
    void end_server(const std::string& name, const std::stop_token&);
    bool is_there(std::string_view name) const;
    /// Those that are mounted, or about to be.
    std::size_t live() const;
    /// Those that are there. Runs under a lock.
    void each_mount(const std::function<void(const mount::WritableMount&)>& visit) const;

    /// Ends what was begun, releases holds of clones that are gone, and mounts the others. What
    /// fails is logged and shown.
    void mount_all(const std::stop_token&);
    /// Waits until the time of one is over: its name. Stopped: nullopt.
    std::optional<std::string> wait_for_end(const std::stop_token&);
    /// Unmounts all, though files are in use; what was changed is durable then.
    void close_all();

  private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace yore::command
