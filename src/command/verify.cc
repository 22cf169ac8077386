// SPDX-License-Identifier: Apache-2.0
/// verify: `level` (1, 2 or 3), `max_time`, `older_than`, `random`, `compare` (verification.h),
/// `sample` (0 < part <= 1, level 2), `moments` (SOURCE or SOURCE@TIME, level 3: verify_proofs.h).
/// Of the levels 1 and 2 events `progress`, `damage` for each damaged object, `needed` for each
/// path that needs one with its snapshots, `mended` for each that was damaged and is whole again.
/// The result says of level 2 how much of the packs was read, and of both how much is verified by
/// now. `exit_code` 4 when there is damage.
#include <yore/base/error.h>
#include <yore/command/text.h>
#include <yore/upkeep/verify.h>

#include "command/fields.h"
#include "command/reporter.h"
#include "command/run.h"
#include "command/verification.h"
#include "command/verify_proofs.h"

namespace yore::command {
namespace {

nlohmann::json describe(const upkeep::VerifyOptions::Progress& progress) {
    return {{"snapshots", progress.snapshots_done},
            {"nodes", progress.nodes},
            {"chunks", progress.chunks},
            {"bytes_read", progress.bytes_read},
            {"objects_read", progress.objects_read},
            {"damaged", progress.damaged}};
}

nlohmann::json describe(const upkeep::PacksRead& packs) {
    return {{"packs", packs.packs},
            {"packs_read", packs.packs_read},
            {"stored_bytes", packs.stored_bytes},
            {"stored_bytes_read", packs.stored_bytes_read},
            {"out_of_time", packs.out_of_time}};
}

nlohmann::json describe(const upkeep::Mended& mended) {
    return {{"object", mended.object},
            {"found", to_rfc3339(mended.found)},
            {"stored_anew", mended.stored_anew}};
}

nlohmann::json describe(const upkeep::Damage& damage) {
    nlohmann::json event;
    put_bytes(event, "object", damage.object);
    put_bytes(event, "text", damage.text);
    return event;
}

nlohmann::json describe(const upkeep::Need& need) {
    nlohmann::json event{{"object", need.object},
                         {"source", need.source},
                         {"snapshots", need.snapshots},
                         {"first", nullptr},
                         {"last", nullptr}};
    put_bytes(event, "path", need.path);
    if (need.snapshots > 0) {
        event["first"] = need.first;
        event["last"] = need.last;
    }
    return event;
}

upkeep::VerifyOptions read_options(Fields& fields, const VerifySpec& spec, Context& context) {
    upkeep::VerifyOptions options;
    options.level = spec.level;
    options.max_time = spec.max_time;
    options.older_than = spec.older_than;
    options.now = context.clock().now();
    options.sample = fields.fraction("sample").value_or(1.0);
    std::uint64_t seed = 0;
    context.random().fill({reinterpret_cast<std::byte*>(&seed), sizeof seed});
    options.seed = fields.number("seed").value_or(seed);
    fields.done();
    if (!(options.sample > 0 && options.sample <= 1))
        throw Error(Errc::invalid, "the sample is a part of all: above 0, at most 100 %");
    return options;
}

}  // namespace

nlohmann::json run_verify(Context& context, const Call& call) {
    Fields fields(call.request);
    const VerifySpec spec = read_verify(fields);
    const ProofsWanted wanted{fields.texts("moments"), spec.random, spec.compare};
    if (spec.level == 3) {
        fields.done();
        return verify_proofs(context, wanted, call);
    }
    if (!wanted.moments.empty())
        throw Error(Errc::invalid, "a moment is put to use by level 3: `--level 3`");
    auto options = read_options(fields, spec, context);
    Reporter reporter(call.output);
    options.progress = [&](const upkeep::VerifyOptions::Progress& progress) {
        reporter.progress(describe(progress));
    };
    options.on_damage = [&](const upkeep::Damage& damage) {
        reporter.event("damage", describe(damage));
    };
    options.on_need = [&](const upkeep::Need& need) { reporter.event("needed", describe(need)); };
    const auto turn = context.upkeep_turn(call.stop);
    const auto verified = upkeep::verify(context.catalog(), context.cache(), options, call.stop);
    for (const auto& mended : verified.mended) reporter.event("mended", describe(mended));
    auto result = describe(verified.counts);
    result["level"] = options.level;
    result["sample"] = options.sample;
    if (options.level == 2) result.update(describe(verified.packs));
    result["verified"] = describe_verified(context);
    if (verified.counts.damaged > 0) result["exit_code"] = static_cast<int>(ExitCode::damaged);
    return result;
}

}  // namespace yore::command
