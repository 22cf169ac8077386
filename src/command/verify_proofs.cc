// SPDX-License-Identifier: Apache-2.0
#include "command/verify_proofs.h"

#include <yore/base/error.h>
#include <yore/catalog/job.h>
#include <yore/command/text.h>

#include "command/comparison.h"
#include "command/moment.h"
#include "command/prove.h"
#include "command/reporter.h"

namespace yore::command {
namespace {

/// A job's record takes all of them, or none.
constexpr std::size_t outputs_bytes_max = catalog::job_text_bytes_max * 3 / 4;

ProofOrder order_of(Context& context, const std::string& text, const ProofsWanted& wanted) {
    const std::string time = wanted.random ? "" : "latest";
    if (text.find('@') == text.npos)
        return {find_source(context.catalog(), text), time, wanted.compare};
    if (wanted.compare)
        throw Error(Errc::invalid,
                    fmt::format("{}: which moment is compared is the backup's end", text),
                    {"name the source alone"});
    const auto [name, named_time] = split_moment(text);
    return {find_source(context.catalog(), name), named_time};
}

bool is_for_all(Context& context, const catalog::Source& source, const ProofsWanted& wanted) {
    return wanted.compare ? can_be_compared(context.catalog(), source)
                          : can_be_proven(context.catalog(), source);
}

void check_comparable(const catalog::Source& source) {
    if (source.kind != catalog::SourceKind::postgresql)
        throw Error(Errc::invalid,
                    fmt::format("source {} is a {}: base backups of PostgreSQL clusters are "
                                "compared",
                                source.name, catalog::name_of(source.kind)));
}

std::vector<ProofOrder> orders_of(Context& context, const ProofsWanted& wanted) {
    std::vector<ProofOrder> orders;
    for (const std::string& text : wanted.moments)
        orders.push_back(order_of(context, text, wanted));
    if (wanted.moments.empty())
        for (const auto& source : context.catalog().sources())
            if (is_for_all(context, source, wanted))
                orders.push_back(order_of(context, source.name, wanted));
    if (orders.empty() && !wanted.compare)
        throw Error(Errc::invalid, "no source says how a moment of it is checked",
                    {"`yore source set SOURCE --verify-command CMD` does"});
    for (const ProofOrder& order : orders)
        wanted.compare ? check_comparable(order.source) : check_provable(order.source);
    return orders;
}

/// The end of it that takes so many bytes as JSON.
std::string fitted(std::string text, std::size_t bytes_max) {
    while (!text.empty() && to_line(text).size() > bytes_max)
        text.erase(0, std::max<std::size_t>(text.size() / 8, 1));
    return text;
}

nlohmann::json describe(const ProofOrder& order, const Proven& proven, std::size_t bytes_max) {
    auto object = command::describe(proven.proof);
    object["source"] = order.source.name;
    std::string output = fitted(proven.output, bytes_max);
    object["output_cut"] = proven.cut || output.size() < proven.output.size();
    put_bytes(object, "output", output);
    return object;
}

ExitCode exit_code_for(std::uint64_t failed, std::uint64_t not_tried) {
    if (failed > 0) return ExitCode::damaged;
    return not_tried > 0 ? ExitCode::failed : ExitCode::ok;
}

}  // namespace

nlohmann::json verify_proofs(Context& context, const ProofsWanted& wanted, const Call& call) {
    const auto orders = orders_of(context, wanted);
    Reporter reporter(call.output);
    std::uint64_t passed = 0, failed = 0, not_tried = 0;
    auto proofs = nlohmann::json::array();
    for (const ProofOrder& order : orders) {
        reporter.pause_point();
        const Proven proven = prove(context, order, call);
        const auto outcome = proven.proof.outcome;
        passed += outcome == catalog::ProofOutcome::passed;
        failed += outcome == catalog::ProofOutcome::failed;
        not_tried += outcome == catalog::ProofOutcome::not_tried;
        proofs.push_back(describe(order, proven, outputs_bytes_max / orders.size()));
        reporter.event("proof", proofs.back());
    }
    nlohmann::json result{{"level", 3},
                          {"passed", passed},
                          {"failed", failed},
                          {"not_tried", not_tried},
                          {"proofs", std::move(proofs)}};
    if (const ExitCode code = exit_code_for(failed, not_tried); code != ExitCode::ok)
        result["exit_code"] = static_cast<int>(code);
    return result;
}

}  // namespace yore::command
