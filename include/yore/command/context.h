// SPDX-License-Identifier: Apache-2.0
/// An open repository with all that commands work on.
#pragma once

#include <yore/base/random.h>
#include <yore/base/time.h>
#include <yore/catalog/catalog.h>
#include <yore/catalog/references.h>
#include <yore/command/clones.h>
#include <yore/command/followers.h>
#include <yore/command/jobs.h>
#include <yore/command/mounts.h>
#include <yore/command/schedules.h>
#include <yore/store/keyring.h>
#include <yore/store/object_cache.h>
#include <yore/store/repository.h>
#include <yore/view/view.h>

#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

namespace yore::view {
struct MadeObjects;
}

namespace yore::command {

/// The key file of the repository in `directory`. None there: Errc::not_found, with hints.
store::KeyFile load_key_file(const std::string& directory);

/// A repository whose keys are known, not yet opened.
struct Unlocked {
    std::string directory;  ///< absolute
    store::KeyFile key_file;
    store::MasterKey master_key;
};
/// Throws as KeyFile::unlock; costs a key derivation for each passphrase slot that is tried.
Unlocked unlock(const std::string& directory, store::KeyFile,
                const std::optional<store::Credentials>&);

/// How long the process that owns a repository stays.
enum class OwnerLife : std::uint8_t {
    command,  ///< until its own command has ended, so it may not mount
    mounts,   ///< until its last mount is gone, and that of its last clone
    server,   ///< until it is stopped, or a successor asks it to drain
};
/// `command`, `mounts`, `server`.
std::string_view name_of(OwnerLife);

struct ContextOptions {
    std::uint64_t cache_bytes = 256u << 20;
    store::Owner owner;  ///< this process
    OwnerLife life = OwnerLife::command;
    /// Of this process alone: clones are mounted below it unless they say where. Empty: there is
    /// none.
    std::string runtime_directory = {};
    std::function<void()> mounts_changed = [] {};  ///< of clones, too
};

/// Any thread, except where a member says otherwise.
class Context {
  public:
    Context(Unlocked, std::unique_ptr<store::Store>, ContextOptions, const Clock&, Random&);
    ~Context();

    const std::string& directory() const;
    const ContextOptions& options() const;
    store::Store& store();
    const store::ObjectCache& cache() const;
    catalog::Catalog& catalog();
    /// Makes the trees of moments between stored ones.
    const view::Replay& replay() const;
    /// Made when it is first asked for; from then on it follows each commit.
    view::View& view();
    Mounts& mounts();
    Clones& clones();
    Jobs& jobs();
    Schedules& schedules();
    Followers& followers();
    const Clock& clock() const;
    Random& random();

    /// While the token lives, collect leaves this alone, also when what refers to it is removed.
    std::shared_ptr<void> use(std::vector<catalog::References>);
    std::vector<catalog::References> in_use() const;
    /// While it lives, the tree of a moment that log was applied to can be read, for which `use` is
    /// not enough: it is in memory, and made again. Of any other tree: null.
    std::shared_ptr<const view::MadeObjects> keep_made(const NodeId& root);
    /// What collects and what checks take turns. Waits; stopped: Errc::cancelled.
    std::shared_ptr<void> upkeep_turn(const std::stop_token&);

    void with_key_file(const std::function<void(const store::KeyFile&)>& look) const;
    /// Saved durably when it returns; when anything throws, the old key file stays.
    void change_key_file(
        const std::function<void(store::KeyFile&, const store::MasterKey&)>& change);

  private:
    struct State;
    std::unique_ptr<State> state_;
};

/// Opens the store of a repository whose lock the caller holds. Throws as store::open_store.
std::unique_ptr<Context> open_context(const store::RepositoryLock&, Unlocked, ContextOptions,
                                      const Clock&, Random&);

}  // namespace yore::command
