// SPDX-License-Identifier: Apache-2.0
#include "ingest/follower.h"

#include <yore/base/error.h>
#include <yore/base/log.h>
#include <yore/tree/edit.h>

#include <algorithm>
#include <cerrno>
#include <condition_variable>
#include <mutex>

#include <fcntl.h>

#include "ingest/mount_list.h"
#include "ingest/moved_names.h"
#include "ingest/walk.h"

namespace yore::ingest {
namespace {

using Clocks = std::chrono::steady_clock;
using Kind = format::JournalRecord::Kind;

constexpr std::string_view lost_events = "events of changes were lost";
constexpr std::uint64_t cache_bytes = 64u << 20;
constexpr std::uint64_t held_bytes_max = 32u << 20;

std::chrono::nanoseconds to_chrono(Duration duration) {
    return std::chrono::nanoseconds(duration.ns);
}

void sleep_until(std::chrono::steady_clock::time_point time, const std::stop_token& stop) {
    std::mutex mutex;
    std::condition_variable_any never;
    std::unique_lock lock(mutex);
    never.wait_until(lock, stop, time, [] { return false; });
}

Fd open_source(const std::string& path) {
    Fd fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!fd) throw system_error("open", path, errno);
    return fd;
}

}  // namespace

Follower::Follower(catalog::Catalog& catalog, const catalog::Source& source,
                   const FollowOptions& options, const Clock& clock, const MakeWatch& make_watch,
                   std::stop_token stop)
    : catalog_(catalog),
      source_(source),
      options_(options),
      clock_(clock),
      stop_(std::move(stop)),
      directory_(open_source(source.directory.path)),
      held_(catalog.store()),
      cache_(catalog.store(), cache_bytes),
      bounds_(catalog.store().keys().gear),
      watch_(make_watch(directory_.get())),
      journal_(catalog, source, path_of(directory_.get()), clock.now()),
      links_(cache_),
      pace_(
          {options.limits.busy_quiet, options.limits.busy_interval, options.limits.busy_at_once}) {
    cache_.set_maker(&held_);
}

Follower::~Follower() {
    cache_.set_maker(nullptr);
}

Followed Follower::run() {
    begin();
    try {
        while (!stop_.stop_requested()) step();
    } catch (const Error& error) {
        if (error.code() != Errc::cancelled) throw;
        rescan_why_.emplace();  // it was stopped while it looked
    }
    close();
    return done_;
}

/// What happened since the first event that was not looked at is not known.
void Follower::close() {
    const bool knows_all = !rescan_why_ && !watch_->wait_until(Clocks::now(), {}).any;
    if (!journal_.is_empty())
        heartbeat(SegmentEnd::closed, knows_all ? clock_.now() : known_until_);
}

/// The newest stored tree, to find out what is unchanged: none may be too old for that.
NodeId Follower::find_base() {
    pin_ = catalog_.store().pin();
    const auto& last = journal_.last_before();
    if (last && last->tree_after) {
        trust_ = TrustRule(last->first_time, last->last_time);
        return last->tree_after->root;
    }
    if (const auto snapshot = catalog_.latest(source_.id)) {
        trust_ = TrustRule(*snapshot);
        return snapshot->root;
    }
    tree::Entry top;
    top.name = "root";
    top.attributes.kind = tree::FileKind::directory;
    top.child = empty_directory_;
    tree::DirectoryBuilder root(held_, bounds_);
    root.add(top);
    return root.finish().top;
}

void Follower::begin() {
    empty_directory_ = tree::DirectoryBuilder(held_, bounds_).finish().top;
    segment_began_ = Clocks::now();
    state_ = find_base();
    const auto& last = journal_.last_before();
    if (last) known_until_ = last->last_time;
    take_changes();  // all is looked at anyway
    Look all = look_at_all();
    all.is_whole = true;
    take_in(std::move(all), last ? std::optional<std::string>("it was not followed") : std::nullopt,
            Clocks::now());
    next_rescan_ = Clocks::now() + to_chrono(options_.limits.rescan);
}

void Follower::step() {
    if (rescan_why_) return rescan(Clocks::now());
    const Time check = Clocks::now() + to_chrono(options_.limits.check);
    const Time wake = std::min({next_heartbeat_, next_rescan_, next_put_off_, check});
    const auto pending = watch_->wait_until(wake, stop_);
    if (pending.any) {
        tell_pending(pending);
        settle(pending);
        if (stop_.stop_requested()) return;
        follow(take_changes(), pending.first);
        tell_pending({});
    }
    const Time now = Clocks::now();
    if (now >= next_put_off_) follow({}, now);
    if (now >= next_rescan_)
        rescan(now);
    else if (now >= next_heartbeat_ && !rescan_why_)
        heartbeat(segment_end(), clock_.now());
    else
        check_source();
}

void Follower::tell_pending(const ChangeWatch::Pending& pending) {
    if (pending.any == done_.pending_since.has_value()) return;
    done_.pending_since.reset();
    if (pending.any) {
        const std::chrono::nanoseconds waited = Clocks::now() - pending.first;
        done_.pending_since = clock_.now() + Duration{-waited.count()};
    }
    tell();
}

void Follower::tell() const {
    if (options_.progress) options_.progress(done_);
}

/// Until nothing more comes for a while, or for as long as changes may wait.
void Follower::settle(ChangeWatch::Pending pending) const {
    const FollowLimits& limits = options_.limits;
    const Time latest = pending.first + to_chrono(limits.delay_max);
    while (!stop_.stop_requested()) {
        const Time due = std::min(pending.last + to_chrono(limits.quiet), latest);
        if (Clocks::now() >= due) return;
        sleep_until(due, stop_);
        pending = watch_->wait_until(Clocks::now(), stop_);
    }
}

/// What is pending, of a source that can still be followed.
ChangeWatch::Changes Follower::take_changes() {
    ChangeWatch::Changes changes = watch_->take();
    check_source();
    if (changes.mounts) check_watchable(directory_.get(), source_.directory);
    return changes;
}

void Follower::follow(const ChangeWatch::Changes& changes, Time first_event) {
    if (changes.lost || changes.elsewhere) {
        rescan_why_ = changes.lost ? lost_events : "";
        return rescan(first_event);
    }
    Focus focus;
    for (const std::string& directory : std::exchange(put_off_, {})) focus.add(directory);
    next_put_off_ = Time::max();
    for (const std::string& directory : changes.directories) focus.add(directory);
    if (focus.empty()) return;
    std::vector<Change> moves;
    const NodeId before = after_moves(changes, moves);
    take_in(look_around(focus, std::move(moves), before), {}, first_event);
}

/// The tree with what was renamed in its new places, so that a directory is not read for that.
NodeId Follower::after_moves(const ChangeWatch::Changes& changes, std::vector<Change>& moves) {
    if (changes.moved.empty()) return state_;
    tree::TreeEdit edit(cache_, state_);
    for (MovedName& move : find_moves(cache_, state_, directory_.get(), changes.moved)) {
        edit.move(move.from, move.to);
        moves.push_back({Kind::move, {std::move(move.from), std::move(move.to)}});
    }
    if (moves.empty()) return state_;
    links_.forget();
    return edit.finish(held_, bounds_).top;
}

/// Looks where events point, and at the other names of files that changed there.
Follower::Look Follower::look_around(const Focus& focus, std::vector<Change> moves,
                                     const NodeId& before) {
    Look first = look(&focus, before);
    compare(first, before);
    if (!first.is_whole) {
        const Focus more = links_.touched_by(first.changes, before);
        if (!more.empty()) {
            look_again(first, more);
            first.changes.clear();
            compare(first, before);
        }
    }
    first.changes.insert(first.changes.begin(), std::make_move_iterator(moves.begin()),
                         std::make_move_iterator(moves.end()));
    return first;
}

Follower::Look Follower::look(const Focus* focus, const NodeId& before) {
    check_source();
    int error = 0;
    Fd root = open_at(directory_.get(), ".", OpenAs::directory, error);
    if (!root) throw system_error("open", source_.directory.path, error);
    const Timestamp started = clock_.now();
    Look found;
    found.run = std::make_unique<TreeRun>(TreeRun::Order{.store = catalog_.store(),
                                                         .cache = cache_,
                                                         .problem =
                                                             [](const catalog::Problem& problem) {
                                                                 log_debug("{}: {}", problem.path,
                                                                           problem.text);
                                                             },
                                                         .directories = &held_},
                                          stop_);
    TreeRun& run = *found.run;
    FileIntake intake({run.outbox(), run.cutter(), run.xattrs(), cache_, run.problems(),
                       run.counters(), run.group_sizes(), clock_, source_.directory.path});
    Walk walk({run.outbox(), intake, cache_, run.problems(), run.counters(), source_.directory,
               options_.avoid, trust_, clock_, focus, &pace_});
    const auto top = tree::Directory(cache_, before).find("root");
    const auto built = run.write([&] { return walk.run(std::move(root), top); });
    found.root = built ? built->top : before;
    note_put_off();
    trust_ = TrustRule(started, clock_.now());
    return found;
}

/// Files that were left as they were are looked at again when they may have become quiet.
void Follower::note_put_off() {
    put_off_.merge(pace_.take_put_off());
    pace_.forget(clock_.now());
    if (!put_off_.empty()) next_put_off_ = Clocks::now() + to_chrono(options_.limits.busy_quiet);
}

void Follower::compare(Look& look, const NodeId& before) const {
    std::size_t path_bytes = 0;
    scan_changes(cache_, before, look.root, [&](Change&& change) {
        for (const std::string& path : change.paths) path_bytes += path.size();
        look.changes.push_back(std::move(change));
        look.is_whole = look.changes.size() > options_.limits.changes_max ||
                        path_bytes > format::journal_bytes_max / 4;
        return !look.is_whole;
    });
}

/// Everything, and then what changed while that was read.
Follower::Look Follower::look_at_all() {
    Look all = look(nullptr, state_);
    const auto changes = take_changes();
    rescan_why_.reset();
    if (changes.lost || changes.elsewhere) rescan_why_ = changes.lost ? lost_events : "";
    Focus focus;
    for (const std::string& directory : changes.directories) focus.add(directory);
    if (!focus.empty()) look_again(all, focus);
    return all;
}

void Follower::look_again(Look& first, const Focus& focus) {
    first.run->writer().commit({});  // what is read again is compared with its chunks
    Look second = look(&focus, first.root);
    if (second.root != first.root) first = std::move(second);
}

/// When events were lost: what happened since the last moment is uncertain.
void Follower::rescan(Time first_event) {
    // What is pending is found with all else; that events were lost is not.
    if (take_changes().lost) rescan_why_ = lost_events;
    const std::string why = rescan_why_.value_or("");
    std::optional<std::string> lost;
    if (!why.empty()) {
        lost = why;
        log_warning("{}: {}; all of it is read again", source_.name, why);
    }
    Look all = look_at_all();
    compare(all, state_);
    if (lost && all.changes.empty()) all.is_whole = true;
    if (lost) ++done_.lost;
    links_.forget();
    take_in(std::move(all), std::move(lost), first_event);
    next_rescan_ = Clocks::now() + to_chrono(options_.limits.rescan);
}

Change Follower::whole_change(const NodeId& root) const {
    const auto top = tree::Directory(cache_, root).find("root");
    YORE_ENSURE(top.has_value());
    return {Kind::put, {""}, top->copy()};
}

/// Appends what a look found and makes it durable.
void Follower::take_in(Look&& look, std::optional<std::string> uncertain_why, Time first_event) {
    if (look.changes.empty() && !look.is_whole) return;
    const LogPosition after{journal_.next().value - 1};
    const Timestamp time = std::max(clock_.now(), known_until_);
    if (look.is_whole) {
        look.changes.clear();
        look.changes.push_back(whole_change(look.root));
        links_.forget();
    }
    done_.records += look.changes.size();
    for (Change& change : look.changes) journal_.append(std::move(change), time, empty_directory_);
    journal_.add_point();
    state_ = look.root;
    std::vector<store::RecordChange> besides;
    if (uncertain_why)
        besides = journal_.change_of(
            journal_.span_since(after, known_until_, time, std::move(*uncertain_why)));
    known_until_ = time;
    ++done_.moments;
    commit(look.run->writer(), look.is_whole ? SegmentEnd::closed : segment_end(),
           std::move(besides));
    done_.lag = {std::chrono::nanoseconds(Clocks::now() - first_event).count()};
    done_.pending_since.reset();
    tell();
}

Follower::SegmentEnd Follower::segment_end() const {
    const FollowLimits& limits = options_.limits;
    const bool is_full = journal_.records() >= limits.segment_records ||
                         journal_.commits() + 1 >= limits.segment_commits ||
                         journal_.bytes() > format::journal_bytes_max / 2 ||
                         held_.bytes() > held_bytes_max ||
                         Clocks::now() - segment_began_ > to_chrono(limits.segment_age);
    return is_full ? SegmentEnd::closed : SegmentEnd::open;
}

void Follower::commit(store::Writer& writer, SegmentEnd end,
                      std::vector<store::RecordChange> besides) {
    held_.write_tree(empty_directory_, writer);
    std::optional<catalog::TreeAfter> tree;
    if (end == SegmentEnd::closed) {
        held_.write_tree(state_, writer);
        const tree::Totals totals = tree::Directory(cache_, state_).totals();
        tree = {state_, totals.bytes, totals.files, totals.directories, totals.others};
    }
    journal_.commit(writer, known_until_, tree, std::move(besides));
    done_.known_until = known_until_;
    next_heartbeat_ = Clocks::now() + to_chrono(options_.limits.heartbeat);
    if (end == SegmentEnd::open) return;
    held_.clear();
    empty_directory_ = tree::DirectoryBuilder(held_, bounds_).finish().top;
    pin_ = catalog_.store().pin();
    segment_began_ = Clocks::now();
}

/// A record that changes nothing, so that the log is known until then.
void Follower::heartbeat(SegmentEnd end, Timestamp until) {
    check_source();
    known_until_ = std::max(until, known_until_);
    Change same = whole_change(state_);
    same.kind = Kind::update;
    same.entry.child.reset();
    journal_.append(std::move(same), known_until_, empty_directory_);
    commit(*catalog_.store().write(), end, {});
    tell();
}

/// It may have been removed, or another may stand in its place.
void Follower::check_source() const {
    const auto fed = catalog_.source(source_.id);
    if (!fed || fed->removed)
        throw Error(Errc::not_found, fmt::format("source {} was removed", source_.name));
    FileStatus here, there;
    const std::string& path = source_.directory.path;
    int error = 0;
    const Fd now(::open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (!now) error = errno;
    if (error == 0) error = status_of(now.get(), there);
    if (error == 0) error = status_of(directory_.get(), here);
    const auto hint = "follow it again: what was not followed is marked as uncertain";
    if (error == ENOENT || error == ENOTDIR)
        throw Error(Errc::not_found, fmt::format("{}: the directory is not there any more", path),
                    {hint});
    if (error != 0) throw system_error("follow", path, error);
    if (!here.same_file(there))
        throw Error(Errc::not_found, fmt::format("{}: another directory is there now", path),
                    {hint});
}

Followed follow_directory(catalog::Catalog& catalog, const catalog::Source& source,
                          const FollowOptions& options, const Clock& clock, std::stop_token stop) {
    if (source.kind != catalog::SourceKind::directory)
        throw Error(Errc::invalid,
                    fmt::format("source {} is a stream, not a directory", source.name));
    const WatchOptions watching{options.by, {options.limits.quiet.ns / 4}};
    const auto watch = [&](int directory) {
        return watch_changes(directory, source.directory, watching);
    };
    return Follower(catalog, source, options, clock, watch, std::move(stop)).run();
}

}  // namespace yore::ingest
