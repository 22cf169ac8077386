// SPDX-License-Identifier: Apache-2.0
/// Followers: who feeds the logs of sources in this process, and how far each has come.
///
/// One is listed while it follows or is paused in that, and, when a file of settings asks for it,
/// also while it waits to be tried again. How the log itself stands is in the catalog.
#pragma once

#include <yore/base/time.h>
#include <yore/catalog/catalog.h>

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

namespace yore::ingest {
struct Followed;
}

namespace yore::command {

/// How long changes took to become durable, counted by how long.
struct LagCounts {
    static constexpr std::array<Duration, 8> bounds{{{250'000'000},
                                                     {500'000'000},
                                                     {1'000'000'000},
                                                     {2'000'000'000},
                                                     {5'000'000'000},
                                                     {10'000'000'000},
                                                     {30'000'000'000},
                                                     {60'000'000'000}}};
    /// counts[i]: those up to bounds[i] and above the bound before; the last one: all longer ones.
    std::array<std::uint64_t, bounds.size() + 1> counts{};
    Duration sum, longest;
    void add(Duration);
    std::uint64_t count() const;
};

struct FollowerStatus {
    enum class State : std::uint8_t {
        starting,   ///< all of it is read before events count
        following,  ///< what changes is stored
        waiting,    ///< it has failed, and is tried again
        paused,     ///< nothing of the source is read until it is resumed
    };
    std::uint32_t source_id = 0;
    std::string source;
    State state = State::starting;
    bool configured = false;  ///< by the file of settings, not by command
    Timestamp since;          ///< of the state
    std::string failure;      ///< waiting: why; else empty
    std::optional<Timestamp> retry_at;

    // Of all times that it was followed by this process.
    std::uint64_t starts = 0, failures = 0;
    std::uint64_t moments = 0, records = 0;
    std::uint64_t lost = 0;           ///< how often events were lost, or log of a cluster
    std::uint64_t bytes = 0;          ///< of a cluster's log
    std::uint64_t slots_dropped = 0;  ///< of a cluster: as they kept more than they may
    LagCounts lags;

    std::optional<Duration> last_lag;  ///< of the last moment
    /// The log is known up to it; nothing is stored yet: nullopt.
    std::optional<Timestamp> known_until;
    std::uint64_t pinned = 0;  ///< bytes of log that a cluster keeps until they are here
    /// Following: the first change that is not durable yet; there is none: nullopt.
    std::optional<Timestamp> pending_since;

    /// How far the log is behind: zero when all that changed is durable. While it does not follow,
    /// something may have changed ever since the log was known.
    Duration behind(Timestamp now) const;
};
/// `starting`, `following`, `waiting`, `paused`.
std::string_view name_of(FollowerStatus::State);

/// Any thread.
class Followers {
  public:
    /// Reads which sources are paused.
    Followers(const catalog::Catalog&, const Clock&);
    ~Followers();

    std::vector<FollowerStatus> list() const;  ///< by source name
    /// Up to when a source's log is stored, whoever feeds it. It has none: nullopt.
    std::optional<Timestamp> known_until(std::uint32_t source) const;

    /// Nothing of the source is followed until it is resumed, by whatever process. Returns when who
    /// follows it here has stored what it had read. Stopped before: Errc::cancelled; paused it is.
    void pause(const catalog::Source&, const std::stop_token&);
    /// Not paused: Errc::invalid.
    void resume(const catalog::Source&);
    /// Not paused: nullopt.
    std::optional<Timestamp> paused_since(std::uint32_t source) const;

    /// Held by the one who feeds a source's log. Somebody does already: Errc::busy.
    std::shared_ptr<void> take_turn(const catalog::Source&);
    // From who holds the turn.
    /// What a pause will stop. It is paused: nullopt; then `rest`.
    std::optional<std::stop_source> begin(const catalog::Source&);
    /// Waits while the source is paused, or until it is stopped.
    void rest(const catalog::Source&, const std::stop_token&);
    void note(const catalog::Source&, const ingest::Followed&);
    /// It does not get at the source, and tries again by itself.
    void interrupted(const catalog::Source&, const std::string& why, Timestamp retry_at);

    void slot_dropped(const catalog::Source&);

    // Of those that a file of settings asks for.
    void want(const catalog::Source&);
    void unwant(const catalog::Source&);
    /// It does not follow, and is tried again.
    void failed(const catalog::Source&, const std::string& why, Timestamp retry_at);
    /// Until `retry_at`, a resume or `try_now`.
    void wait_to_retry(const catalog::Source&, Duration, const std::stop_token&);
    void try_now(const catalog::Source&);

  private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace yore::command
