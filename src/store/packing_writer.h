// SPDX-License-Identifier: Apache-2.0
/// The Writer: many threads prepare, one after the other append, one thread behind them makes full
/// packs durable and commits them.
///
/// Lock order: `Open::mutex` of a pack, then `Background::mutex`. Appending writes to the pack's
/// file under the pack's mutex, as the order of calls is the order on disk.
#pragma once

#include <yore/store/store.h>

#include <array>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <thread>
#include <vector>

#include "store/claims.h"
#include "store/pack_builder.h"
#include "store/store_state.h"

namespace yore::store {

std::unique_ptr<Writer> make_writer(StoreState&);

class PackingWriter final : public Writer {
  public:
    explicit PackingWriter(StoreState&);
    ~PackingWriter() override;

    Prepared prepare_chunk(ByteView plain, const ChunkHints&) override;
    Prepared prepare_node(ByteView plain) override;
    void append(Prepared&&) override;
    using Writer::commit;
    CommitNumber commit(std::span<const RecordChange>, std::span<const TailDrop>) override;

  private:
    /// An open pack of a quarter of the target may be committed early, so that a backup that is
    /// interrupted is not lost; smaller ones would only make many small files.
    static constexpr std::uint64_t early_pack_bytes_min = 32u << 20;
    static constexpr std::uint64_t uncommitted_packs_max = 4;
    static constexpr std::size_t waiting_packs_max = 2;
    /// Finished packs are committed at the latest when they hold this many objects: their index
    /// rows are in memory until then.
    static constexpr std::size_t uncommitted_items_max = 1u << 16;

    struct Open {
        std::mutex mutex;
        std::optional<PackBuilder> pack;
        /// That of `pack`, for threads that prepare while another one appends.
        Guarded<std::shared_ptr<const Sealer>> sealer;
    };
    struct Background {
        std::mutex mutex;
        std::condition_variable_any changed;
        std::deque<PackBuilder> full;        ///< to be finished, oldest first
        std::vector<FinishedPack> finished;  ///< to be committed
        bool working = false;                ///< somebody finishes or commits
        std::exception_ptr error;
    };

    Prepared claim(Domain, ByteView plain);
    void seal_whole(Prepared&, ByteView plain, Effort) const;
    bool seal_delta(Prepared&, ByteView plain, const ChunkHints&, Effort) const;

    void append_sealed(SealedObject&&);
    void start_pack(Domain);
    void hand_over(PackBuilder&&);
    std::vector<PackBuilder> take_open_packs();
    /// Waits until all full packs are finished and nobody works; then `working` is the caller's.
    std::vector<FinishedPack> begin_commit();
    void end_work();

    void run(std::stop_token);
    void work_once();
    std::optional<PackBuilder> next_full_pack();
    std::optional<PackBuilder> cut_early();
    bool interim_commit_is_due();
    CommitNumber commit_packs(std::vector<FinishedPack>&&, std::span<const RecordChange>,
                              std::span<const TailDrop>);
    void fail(std::exception_ptr) noexcept;
    void rethrow_failure();

    Open& open(Domain domain) { return open_[domain == Domain::chunk ? 0 : 1]; }
    const Open& open(Domain domain) const { return open_[domain == Domain::chunk ? 0 : 1]; }

    StoreState& store_;
    const std::shared_ptr<Claims> claims_ = std::make_shared<Claims>();
    CommitNumber built_on_;  ///< what was reused since was reused as of this commit, or later
    std::shared_ptr<void> build_;
    std::array<Open, 2> open_;
    Background background_;
    std::chrono::steady_clock::time_point last_commit_;  ///< of whoever holds `working`
    std::jthread thread_;                                ///< last: ends before what it uses goes
};

}  // namespace yore::store
