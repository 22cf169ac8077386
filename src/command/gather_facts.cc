// SPDX-License-Identifier: Apache-2.0
#include <yore/base/error.h>
#include <yore/base/log.h>
#include <yore/command/context.h>
#include <yore/view/source_records.h>

#include <algorithm>

#include <sys/statvfs.h>

#include "command/metric_facts.h"
#include "command/verification.h"

namespace yore::command {
namespace {

SourceFacts facts_of(Context& context, const catalog::Source& source) {
    SourceFacts facts;
    facts.name = source.name;
    facts.kind = source.kind;
    facts.is_fed = !source.removed;
    facts.log_until = context.followers().known_until(source.id);
    facts.paused_since = context.followers().paused_since(source.id);
    facts.latest = context.catalog().latest(source.id);
    const view::SourceRecords records(context.catalog(), context.cache(), source.id);
    facts.snapshots = records.snapshot_count();
    facts.windows = timeline::windows(records);
    facts.proof = catalog::load_proof(context.store(), source.id);
    return facts;
}

std::optional<std::uint64_t> free_bytes(const std::string& directory) {
    struct statvfs space {};
    if (::statvfs(directory.c_str(), &space) != 0) return std::nullopt;
    return std::uint64_t{space.f_bavail} * space.f_frsize;
}

void add_followers(Context& context, std::vector<SourceFacts>& sources) {
    for (const FollowerStatus& follower : context.followers().list()) {
        const auto source = std::ranges::find(sources, follower.source, &SourceFacts::name);
        if (source != sources.end()) source->follower = follower;
    }
}

void add_clones(Context& context, MetricFacts& facts) {
    for (const CloneStatus& clone : context.clones().list()) {
        CloneFacts& added = facts.clones.emplace_back();
        added.name = clone.record.name;
        added.source = clone.record.source_name;
        added.state = name_of(clone.state);
        added.created = clone.record.created;
        if (clone.usage) added.changed_bytes = clone.usage->bytes;
    }
    context.clones().each_mount([&](const mount::WritableMount& mount) {
        facts.mounts.push_back({mount.directory(), std::nullopt, mount.times()});
    });
}

}  // namespace

MetricFacts gather_facts(Context& context) {
    MetricFacts facts;
    facts.now = context.clock().now();
    facts.started = context.options().owner.since;
    facts.version = YORE_VERSION;
    for (const catalog::Source& source : context.catalog().sources()) {
        try {
            facts.sources.push_back(facts_of(context, source));
        } catch (const Error& error) {
            log_error("metrics of source {}: {}", source.name, error.what());
            ++facts.unreadable_sources;
        }
    }
    add_followers(context, facts.sources);
    facts.jobs = context.jobs().list();
    facts.store = context.store().stats();
    facts.verified = summarize_verified(context);
    facts.commits = context.store().last_commit().value;
    facts.read_only = context.store().read_only();
    facts.free_bytes = free_bytes(context.directory());
    facts.cache = context.cache().stats();
    facts.cache_bytes_max = context.options().cache_bytes;
    context.mounts().each([&](const mount::Mount& mount) {
        facts.mounts.push_back({mount.directory(), mount.inodes(), mount.times()});
    });
    add_clones(context, facts);
    return facts;
}

}  // namespace yore::command
