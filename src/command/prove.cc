// SPDX-License-Identifier: Apache-2.0
#include "command/prove.h"

#include <yore/base/contained_command.h>
#include <yore/base/error.h>
#include <yore/base/log.h>
#include <yore/command/text.h>
#include <yore/timeline/random_moment.h>
#include <yore/view/source_records.h>

#include "command/comparison.h"
#include "command/moment.h"
#include "command/prove_cluster.h"
#include "command/throwaway_clone.h"

namespace yore::command {
namespace {

using catalog::ProofOutcome, catalog::SourceKind;

constexpr Duration default_time_limit{600'000'000'000};
/// Every page of a large cluster is read several times.
constexpr Duration cluster_time_limit{24 * 3600'000'000'000};
/// A clone of a run that died goes when nobody can be in it any more.
constexpr Duration clone_stays_behind{3600'000'000'000};
/// Below it, a directory that other users can reach.
constexpr const char* public_directory = "/tmp/yore-verify";

std::string random_time(Context& context, const catalog::Source& source) {
    std::uint64_t random = 0;
    context.random().fill({reinterpret_cast<std::byte*>(&random), sizeof random});
    const view::SourceRecords records(context.catalog(), context.cache(), source.id);
    const auto time = timeline::random_moment(timeline::windows(records), random);
    return time ? to_rfc3339(*time) : "latest";
}

NewClone clone_for(const ProofOrder& order, const Moment& moment) {
    NewClone wanted;
    wanted.moment = moment.name();
    wanted.ttl = Duration{order.longest().ns + clone_stays_behind.ns};
    if (!order.source.check.user.empty()) {
        wanted.directory = public_directory;
        wanted.allow_other = true;
    }
    return wanted;
}

void judge(const CommandEnd& end, const ProofOrder& order, Proven& proven) {
    catalog::Proof& proof = proven.proof;
    proof.outcome = ProofOutcome::failed;
    if (end.how == CommandEnd::How::timed_out)
        proof.reason =
            fmt::format("the check command did not end within {}", to_text(order.longest()));
    else if (end.status > 128)
        proof.reason = fmt::format("the check command was ended by signal {}", end.status - 128);
    else if (end.status != 0)
        proof.reason = fmt::format("the check command ended with status {}", end.status);
    else
        proof.outcome = ProofOutcome::passed;
}

void prove_by_command(Context& context, const ProofOrder& order, const Moment& moment,
                      const Call& call, Proven& proven) {
    const ThrowawayClone clone(context, clone_for(order, moment), call.output, call.stop);
    const auto& check = order.source.check;
    CommandEnd end = run_contained(
        {.shell_text = check.command,
         .directory = clone.directory(),
         .user = check.user,
         .time_limit = order.longest(),
         .variables = {{"YORE_SOURCE", order.source.name}, {"YORE_MOMENT", moment.name()}}},
        call.stop);
    judge(end, order, proven);
    proven.output = std::move(end.output);
    proven.cut = end.cut;
}

void try_moment(Context& context, const ProofOrder& order, const Call& call, Proven& proven) {
    std::optional<Comparison> comparison;
    if (order.compare) comparison = find_comparison(context, order.source);
    const auto time = comparison           ? comparison->time
                      : order.time.empty() ? random_time(context, order.source)
                                           : order.time;
    const Moment moment = resolve_moment(context, order.source, time, call.output);
    proven.proof.state = moment.state;
    proven.proof.time = moment.time;
    proven.proof.snapshot = moment.plan.value("snapshot", "");
    if (order.source.kind == SourceKind::postgresql)
        prove_by_server(context, order, {moment, comparison}, call, proven);
    else
        prove_by_command(context, order, moment, call, proven);
}

void record(Context& context, const catalog::Source& source, const catalog::Proof& proof) {
    if (context.store().read_only()) return;
    try {
        const store::RecordChange change[] = {catalog::put_proof(source.id, proof)};
        context.store().commit(change);
    } catch (const Error& error) {
        log_warning("what verify found of source {} is not recorded: {}", source.name,
                    error.what());
    }
}

}  // namespace

Duration ProofOrder::longest() const {
    const bool is_cluster = source.kind == SourceKind::postgresql;
    return source.check.time_limit.value_or(is_cluster ? cluster_time_limit : default_time_limit);
}

bool can_be_proven(const catalog::Catalog& catalog, const catalog::Source& source) {
    if (source.removed) return false;
    return source.kind == SourceKind::postgresql ? !catalog.snapshot_names(source.id).empty()
                                                 : !source.check.command.empty();
}

void check_provable(const catalog::Source& source) {
    if (source.kind == SourceKind::postgresql) return;
    if (source.check.command.empty())
        throw Error(
            Errc::invalid, fmt::format("source {} has no check command", source.name),
            {fmt::format("`yore source set {} --verify-command CMD` names one", source.name)});
    check_command_user(source.check.user);
}

Proven prove(Context& context, const ProofOrder& order, const Call& call) {
    Proven proven;
    catalog::Proof& proof = proven.proof;
    proof.started = context.clock().now();
    proof.job = call.job;
    try {
        try_moment(context, order, call, proven);
    } catch (const Error& error) {
        if (error.code() == Errc::cancelled) throw;
        const bool damaged = error.code() == Errc::corrupt;
        proof.outcome = damaged ? ProofOutcome::failed : ProofOutcome::not_tried;
        proof.reason = error.what();
    }
    proof.ended = context.clock().now();
    const auto before = catalog::load_proof(context.store(), order.source.id);
    if (before) proof.passed = before->passed;
    if (proof.outcome == ProofOutcome::passed)
        proof.passed = catalog::Proof::Passed{proof.ended, proof.time};
    record(context, order.source, proof);
    return proven;
}

nlohmann::json describe(const catalog::Proof& proof) {
    nlohmann::json object{{"started", to_rfc3339(proof.started)},
                          {"ended", to_rfc3339(proof.ended)},
                          {"outcome", catalog::name_of(proof.outcome)},
                          {"state", nullptr},
                          {"time", nullptr},
                          {"snapshot", nullptr},
                          {"reason", nullptr},
                          {"job", nullptr},
                          {"last_passed", nullptr},
                          {"compared", nullptr}};
    if (!proof.state.empty()) {
        object["state"] = proof.state;
        object["time"] = to_rfc3339(proof.time);
    }
    if (!proof.snapshot.empty()) object["snapshot"] = proof.snapshot;
    if (!proof.reason.empty()) put_bytes(object, "reason", proof.reason);
    if (!proof.compared.empty()) object["compared"] = proof.compared;
    if (proof.job != 0) object["job"] = proof.job;
    if (proof.passed)
        object["last_passed"] = {{"ended", to_rfc3339(proof.passed->ended)},
                                 {"time", to_rfc3339(proof.passed->time)}};
    return object;
}

}  // namespace yore::command
