// SPDX-License-Identifier: Apache-2.0
/// How a clone is made: of a moment, or of another clone as it is now.
#include <yore/base/error.h>
#include <yore/base/log.h>

#include "command/clones_state.h"

namespace yore::command {
namespace {

using Phase = CloneRecord::Phase;

/// Moments have an @, which no clone's name has.
bool names_clone(const std::string& moment) {
    return moment.find('@') == std::string::npos;
}

/// What is to be so for a copy, besides what is for every clone.
void check_copy(const CloneClaim& original, const NewClone& wanted) {
    const std::string& name = original->record.name;
    if (!original.is_mounted())
        throw Error(Errc::invalid, fmt::format("clone {} is not mounted", name),
                    {fmt::format("`yore clone mount {}` mounts it", name)});
    if (wanted.server && !original->record.server)
        throw Error(Errc::invalid,
                    fmt::format("clone {} has no server, so a copy of it cannot have one", name),
                    {fmt::format("`yore clone create {} NAME --start` makes a clone with one",
                                 original->record.moment())});
    const std::uint64_t bytes = original->live->usage().bytes;
    if (wanted.bytes_max && bytes > *wanted.bytes_max)
        throw Error(Errc::invalid,
                    fmt::format("max_bytes {}: what is changed in clone {} takes {} already",
                                *wanted.bytes_max, name, bytes));
}

}  // namespace

std::uint32_t Clones::State::hold(const CloneRecord& record, const Moment& moment) {
    catalog::Hold hold{.source = record.source, .created = record.created, .clone = record.name};
    hold.snapshot = moment.snapshot;
    if (!moment.snapshot) hold.from = hold.to = moment.time;
    // From its base on: one that is rolled forward to a place between would not do.
    const auto base = catalog::SnapshotName::parse(record.base);
    if (!moment.snapshot && base)
        if (const auto stored = context.catalog().snapshot(record.source, *base))
            hold.from = stored->ended;
    return context.catalog().add_hold(hold).number;
}

/// A prune just before the hold may have taken what the moment means: then it is not found when the
/// mount opens it anew, and nothing is left of the clone.
/// A throwaway's phase stays what it is now: the next owner finds that it has no maker.
void Clones::State::make(CloneClaim& claim, std::optional<CloneClaim>& original,
                         const Moment& moment, const NewClone& wanted,
                         const std::stop_token& stop) {
    const auto number = hold(claim->record, moment);
    claim.change([&](CloneEntry& entry) { entry.record.hold = number; });
    try {
        save_phase(claim, Phase::making);
        if (original)
            (*original)->live->copy_to(claim->record.changes, stop);
        else
            clone::Clone::create(claim->record.changes);
        original.reset();
        mount(claim, stop);
        if (!wanted.throwaway) save_phase(claim, Phase::whole);
    } catch (...) {
        undo_making(claim);
        throw;
    }
}

void Clones::State::undo_making(CloneClaim& claim) {
    try {
        close(claim, InUse::detached);
        discard(claim->record);
    } catch (const std::exception& error) {
        log_error("clone {}: what is left of it goes when the next owner starts: {}",
                  claim->record.name, error.what());
    }
}

/// The original is claimed before the new one: two copies that are made of each other would wait
/// for ever.
CloneStatus Clones::create(const NewClone& wanted, Output& output, const std::stop_token& stop) {
    catalog::check_clone_name(wanted.name);
    check_clone_place(state_->context, wanted);
    std::optional<CloneClaim> original;
    if (names_clone(wanted.moment)) {
        if (!is_there(wanted.moment))
            throw Error(Errc::not_found, fmt::format("there is no clone {}", wanted.moment),
                        {"`yore clone list` shows all",
                         fmt::format("a moment of a source is written SOURCE@TIME, such as "
                                     "{}@latest",
                                     wanted.moment)});
        original.emplace(state_->entries, wanted.moment, stop);
    }
    CloneClaim claim(state_->entries, wanted.name);
    claim.erase_at_end();
    const Moment moment = original ? moment_of(state_->context, (*original)->record)
                                   : resolve_moment(state_->context, wanted.moment, output);
    CloneRecord record = plan_clone(state_->context, wanted, moment);
    if (original) {
        check_copy(*original, wanted);
        record.tablespaces = (*original)->record.tablespaces;
    }
    claim.change([&](CloneEntry& entry) {
        entry.record = record;
        entry.throwaway = wanted.throwaway;
        entry.fresh = !original;
        entry.copied = original.has_value();
    });
    state_->make(claim, original, moment, wanted, stop);
    claim.erase_at_end(false);
    if (!wanted.throwaway) log_info("clone {}: made of {}", record.name, wanted.moment);
    return state_->status_after(claim);
}

}  // namespace yore::command
