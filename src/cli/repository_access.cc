// SPDX-License-Identifier: Apache-2.0
#include "cli/repository_access.h"

#include <yore/base/error.h>
#include <yore/command/jobs.h>
#include <yore/command/text.h>

#include <chrono>
#include <thread>
#include <utility>

#include <sys/stat.h>
#include <unistd.h>

#include "cli/secrets.h"

namespace yore::cli {
namespace {

constexpr std::chrono::milliseconds wait_step{20};
constexpr int waits_before_remark = 50;  // a second
constexpr int waits_max = 500;           // ten seconds

std::string directory_of(const Invocation& invocation) {
    if (!invocation.repository)
        throw Error(Errc::invalid, "no repository is named",
                    {"`--repo DIR` or YORE_REPO names it", "`yore init --repo DIR` makes one"});
    return *invocation.repository;
}

/// Its socket is for others, however long one waits.
bool runs_as_another_user(int pid) {
    struct stat info {};
    return ::stat(fmt::format("/proc/{}", pid).c_str(), &info) == 0 && info.st_uid != ::geteuid();
}

/// An owner for the time of a command that does not end by itself.
bool follows_by_hand(const nlohmann::json& facts) {
    return command::get_bytes(facts, "command") == "yore log follow";
}

}  // namespace

RepositoryAccess::RepositoryAccess(const Invocation& invocation,
                                   std::optional<crypto::SecretBytes> passphrase,
                                   Renderer& renderer)
    : invocation_(invocation),
      renderer_(renderer),
      passphrase_(std::move(passphrase)),
      directory_(directory_of(invocation)),
      key_file_(command::load_key_file(directory_)),
      place_(server::place_of(key_file_->repository())) {}

std::optional<nlohmann::json> RepositoryAccess::at_owner(const command::Call& call) {
    return server::Client(place_).run(invocation_.command, call);
}

nlohmann::json RepositoryAccess::reach(
    const command::Call& call,
    const std::function<nlohmann::json(std::unique_ptr<server::Owner>)>& local) {
    const bool endless = command::is_endless(invocation_.command);
    for (;;) {
        const auto what = endless ? owner_seen() : OwnerSeen::stays;
        if (what == OwnerSeen::passes) {
            std::this_thread::sleep_for(wait_step);
            continue;
        }
        // Where none was seen, one that is there for a moment may have come since.
        if (what == OwnerSeen::stays)
            if (auto result = at_owner(call)) return *result;
        // Who has the lock is known before a passphrase is asked for in vain.
        if (const auto owner = store::RepositoryLock::owner_of(directory_)) {
            wait_for(*owner);
            continue;
        }
        if (auto owner = become_owner()) return local(std::move(owner));
    }
}

RepositoryAccess::OwnerSeen RepositoryAccess::owner_seen() const {
    const auto facts = server::Client(place_).owner();
    if (!facts) return OwnerSeen::none;
    const bool passes = facts->value("life", "") == "command" &&
                        command::get_bytes(*facts, "command") != "yore " + invocation_.verb;
    return passes ? OwnerSeen::passes : OwnerSeen::stays;
}

void RepositoryAccess::unlock() {
    if (unlocked_) return;
    const auto credentials =
        credentials_for(*key_file_, invocation_.secret, std::move(passphrase_));
    unlocked_ = command::unlock(directory_, std::move(*key_file_), credentials);
}

std::unique_ptr<server::Owner> RepositoryAccess::become_owner() {
    unlock();
    command::ContextOptions options;
    options.cache_bytes = invocation_.cache_bytes;
    options.owner = {::getpid(), "yore " + invocation_.verb, clock_.now()};
    options.life = life;
    return server::Owner::take(std::move(*unlocked_), std::move(options), place_, clock_, random_);
}

std::unique_ptr<server::Owner> RepositoryAccess::own(Replace replace, const std::stop_token& stop) {
    for (;;) {
        if (stop.stop_requested()) throw Error(Errc::cancelled, "stopped");
        const auto holder = store::RepositoryLock::owner_of(directory_);
        if (!holder) {
            if (auto owner = become_owner()) return owner;
            continue;
        }
        if (const auto facts = server::Client(place_).owner())
            wait_to_own(*facts, replace);
        else
            wait_for(*holder);
    }
}

void RepositoryAccess::wait_to_own(const nlohmann::json& facts, Replace replace) {
    const auto who =
        fmt::format("`{}` (pid {}, since {})", command::get_bytes(facts, "command").value_or(""),
                    facts.value("pid", 0), facts.value("since", ""));
    const bool stays = (facts.value("life", "command") != "command" || follows_by_hand(facts)) &&
                       !facts.value("draining", false);
    if (stays && replace == Replace::no)
        throw Error(Errc::busy, fmt::format("{} is owned by {}", directory_, who),
                    {"`yore serve --replace` takes over when what runs there has ended; `yore log "
                     "follow` it ends"});
    if (stays && !asked_to_drain_) {
        unlock();  // who cannot open the repository takes it from nobody
        server::Client(place_).drain();
        asked_to_drain_ = true;
    }
    if (!std::exchange(told_to_wait_, true)) renderer_.remark("waiting for " + who + " to end");
    std::this_thread::sleep_for(wait_step);
}

bool RepositoryAccess::is_draining() const {
    const auto facts = server::Client(place_).owner();
    return facts && facts->value("draining", false);
}

void RepositoryAccess::wait_for(const store::Owner& owner) {
    const auto who =
        fmt::format("`{}` (pid {}, since {})", owner.command, owner.pid, to_rfc3339(owner.since));
    // Who drains ends with its last command, which may take as long as a backup does.
    const bool too_long = ++waits_ > waits_max && !is_draining();
    if (too_long || runs_as_another_user(owner.pid))
        throw Error(Errc::busy,
                    fmt::format("{} is in use by {}, which does not answer", directory_, who),
                    {"it may run as another user, or on another machine that sees this directory",
                     fmt::format("its socket would be {}", place_.socket())});
    if (waits_ == waits_before_remark) renderer_.remark("waiting for " + who);
    std::this_thread::sleep_for(wait_step);
}

}  // namespace yore::cli
