// SPDX-License-Identifier: Apache-2.0
#include "ingest/postgresql/slot_watch.h"

#include <yore/base/log.h>

#include <algorithm>
#include <chrono>

#include "ingest/postgresql/conninfo.h"
#include "ingest/postgresql/slots.h"

namespace yore::ingest {
namespace {

using postgresql::Lsn;
using Steady = std::chrono::steady_clock;

/// A host that takes longer to fail most likely does not answer at all. The others, and who waits
/// for this thread to end, are not to wait for it every time.
constexpr std::chrono::seconds slow_to_fail{2};
constexpr std::chrono::minutes left_alone_for{1};

/// How far a server's log is certain: of a standby, what it has replayed.
Lsn certain_end(Connection& connection) {
    const auto rows = connection.rows(
        "select case when pg_is_in_recovery() then pg_last_wal_replay_lsn() "
        "else pg_current_wal_flush_lsn() end");
    return postgresql::parse_lsn(rows.at(0).at(0).value_or("")).value_or(Lsn{});
}

/// Its state (`wal_status`); there is none: nullopt.
std::optional<std::string> state_of_slot(Connection& connection, const std::string& name) {
    const auto rows = connection.rows(
        fmt::format("select coalesce(wal_status, '') from pg_replication_slots where slot_name = "
                    "{}",
                    quoted_literal(name)));
    return rows.empty() ? std::nullopt : rows.at(0).at(0);
}

void advance_slot(Connection& connection, const std::string& name, Lsn to) {
    connection.rows(
        fmt::format("select pg_replication_slot_advance(slot_name, {1}) from pg_replication_slots "
                    "where slot_name = {0} and restart_lsn < {1}::pg_lsn",
                    quoted_literal(name), quoted_literal(postgresql::to_text(to))));
}

}  // namespace

SlotWatch::SlotWatch(const catalog::Catalog& catalog, const catalog::Source& source,
                     const ClusterFollowOptions& options, std::stop_token stop)
    : catalog_(catalog),
      source_(source.id),
      options_(options),
      stop_(std::move(stop)),
      thread_([this](const std::stop_token& end) { run(end); }) {}

void SlotWatch::note(const Feed& feed) {
    const std::scoped_lock lock(mutex_);
    has_new_host_ |= !feed_ || feed_->host != feed.host;
    feed_ = feed;
    if (has_new_host_) changed_.notify_all();
}

void SlotWatch::run(const std::stop_token& end) {
    do {
        try {
            look();
        } catch (const std::exception& error) {
            log_warning("the slots of a followed source are not looked after: {}", error.what());
        }
        std::unique_lock lock(mutex_);
        changed_.wait_for(lock, end, std::chrono::nanoseconds(options_.slot_interval.ns),
                          [&] { return has_new_host_; });
        has_new_host_ = false;
    } while (!end.stop_requested());
}

void SlotWatch::look() {
    std::optional<Feed> feed;
    {
        const std::scoped_lock lock(mutex_);
        feed = feed_;
    }
    const auto source = catalog_.source(source_);
    if (!source || source->removed) return;
    const auto hosts = conninfo_of_each_host(source->postgresql.conninfo);
    if (hosts.size() == 1) feed.reset();
    if (!feed && source->postgresql.pinned_bytes_max == 0) return;
    for (const std::string& host : hosts) look_at(host, *source, feed);
}

void SlotWatch::look_at(const std::string& conninfo, const catalog::Source& source,
                        const std::optional<Feed>& feed) {
    auto& left_alone_until = left_alone_until_[conninfo];
    const auto is_due = [&] {
        return !stop_.stop_requested() && Steady::now() >= left_alone_until;
    };
    if (!is_due()) return;
    std::string wrong;
    const auto attempt = [&](auto&& act) {
        const auto began = Steady::now();
        try {
            if (is_due()) act();
        } catch (const Error& error) {
            wrong = error.what();
            if (Steady::now() - began > slow_to_fail)
                left_alone_until = Steady::now() + left_alone_for;
        }
    };
    if (feed) attempt([&] { visit(conninfo, source, *feed); });
    if (source.postgresql.pinned_bytes_max != 0)
        attempt([&] {
            Connection connection(conninfo, stop_);
            keep_to_limit(connection, source);
        });
    if (stop_.stop_requested()) return;
    std::string& told = told_[conninfo];
    if (wrong != told && !wrong.empty())
        log_warning("source {}: a slot is not looked after: {}", source.name, wrong);
    told = wrong;
}

void SlotWatch::visit(const std::string& conninfo, const catalog::Source& source,
                      const Feed& feed) {
    Connection connection(conninfo, stop_, Connection::Kind::both);
    if (connection.host() != feed.host) keep_slot(connection, conninfo, source, feed);
}

/// Who removes the source, or takes the host out of its conninfo, drops the slot: none is left
/// behind when that happened since the source was read. Then false.
bool SlotWatch::make_slot_of_host(Connection& connection, const std::string& conninfo,
                                  const std::string& slot) const {
    make_slot(connection, slot);
    const auto source = catalog_.source(source_);
    const bool is_its_host =
        source && !source->removed &&
        conninfo_of_each_left_host(conninfo, source->postgresql.conninfo).empty();
    if (!is_its_host) drop_slot(connection, slot);
    return is_its_host;
}

/// At a host that the log does not come from: there, and as far as what is durable here, so that
/// the host keeps what is not. One on another timeline is left alone: what is durable here need not
/// be its log.
void SlotWatch::keep_slot(Connection& connection, const std::string& conninfo,
                          const catalog::Source& source, const Feed& feed) const {
    const Lsn to = std::min(certain_end(connection), feed.durable.at);
    const ServerLog log = ask_for_log(connection);  // later: a promotion between would show
    if (log.format.system_identifier != feed.system_identifier)
        throw Error(Errc::invalid, connection.host() + " is another cluster");
    if (log.end.timeline != feed.durable.timeline) return;
    const std::string slot = replication_slot_name(source.name);
    auto state = state_of_slot(connection, slot);
    if (state == "lost") {
        drop_slot(connection, slot);
        state.reset();
    }
    if (!state) {
        const std::uint64_t limit = source.postgresql.pinned_bytes_max;
        if (limit != 0 && log.end.at.value - to.value > limit / 2) return;
        if (!make_slot_of_host(connection, conninfo, slot)) return;
        log_info(
            "source {}: a slot at {} keeps what is not stored yet, in case that becomes the "
            "primary",
            source.name, connection.host());
    }
    advance_slot(connection, slot, to);
}

/// A slot that somebody reads is left to the reader, who sees the same; when it is held up, the
/// server ends the connection (`wal_sender_timeout`).
void SlotWatch::keep_to_limit(Connection& connection, const catalog::Source& source) const {
    const std::string slot = replication_slot_name(source.name);
    const auto from = slot_position(connection, slot);
    const Lsn end = ask_for_log(connection).end.at;
    if (!from || end <= *from) return;
    const std::uint64_t kept = end.value - from->value;
    if (kept <= source.postgresql.pinned_bytes_max || is_beginning_) return;
    try {
        if (!drop_slot(connection, slot)) return;
    } catch (const Error& error) {
        if (error.code() != Errc::busy) throw;
        return;
    }
    tell_dropped_slot(source, options_, connection.host(), kept);
}

namespace {

/// Ends at once, also while it waits for a host.
class WatchedSlots {
  public:
    WatchedSlots(const catalog::Catalog& catalog, const catalog::Source& source,
                 std::function<void()> dropped, const std::stop_token& stop)
        : options_{.slot_dropped = std::move(dropped)},
          forward_(stop, [this] { ended_.request_stop(); }),
          watch_(catalog, source, options_, ended_.get_token()) {}
    ~WatchedSlots() { ended_.request_stop(); }

  private:
    const ClusterFollowOptions options_;
    std::stop_source ended_;
    std::stop_callback<std::function<void()>> forward_;
    SlotWatch watch_;
};

}  // namespace

std::shared_ptr<void> watch_slots(const catalog::Catalog& catalog, const catalog::Source& source,
                                  std::function<void()> dropped, const std::stop_token& stop) {
    return std::make_shared<WatchedSlots>(catalog, source, std::move(dropped), stop);
}

}  // namespace yore::ingest
