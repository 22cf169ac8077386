// SPDX-License-Identifier: Apache-2.0
#include <yore/catalog/catalog.h>

#include "catalog/proof_records.h"
#include "golden_files.h"
#include "memory_store.h"

using namespace yore;
using namespace yore::catalog;
using namespace yore::test;

namespace {

Proof example() {
    return {.state = "2026-11-21T14-07-32.719573Z",
            .time = {1'795'270'052'719'573'000},
            .snapshot = "2026-11-21T02-00-00Z",
            .started = {1'795'280'000'000'000'001},
            .ended = {1'795'280'009'000'000'002},
            .outcome = ProofOutcome::failed,
            .reason = "exit status 1",
            .job = 12,
            .passed = Proof::Passed{{1'795'190'000'000'000'003}, {1'795'180'000'000'000'004}}};
}

}  // namespace

TEST_CASE("the record of a proof has the bytes of its golden file, and is read") {
    CHECK(to_hex(proof_key(258)) == golden("proof-key-1.hex"));
    CHECK(to_hex(encode(example())) == golden("proof-1.hex"));
    CHECK(parse_proof_key(from_hex(golden("proof-key-1.hex"))) == 258);
    CHECK(decode_proof(from_hex(golden("proof-1.hex"))) == example());
}

TEST_CASE("the record of a comparison holds with what") {
    Proof proof = example();
    proof.compared = "2026-11-22T02-00-00Z";
    CHECK(to_hex(encode(proof)) == golden("proof-2.hex"));
    CHECK(decode_proof(from_hex(golden("proof-2.hex"))) == proof);
}

TEST_CASE("a proof that was never come to, and none that passed, is read as it was") {
    const Proof proof{.started = {1}, .ended = {2}, .reason = "no server of PostgreSQL 13"};
    CHECK(decode_proof(encode(proof)) == proof);
}

TEST_CASE("the reason of a proof is cut where its record would be refused") {
    Proof proof = example();
    proof.reason.assign(proof_reason_bytes_max + 1, 'x');
    CHECK(decode_proof(encode(proof)).reason.size() == proof_reason_bytes_max);
}

TEST_CASE("a damaged record of a proof is refused, and left out of all") {
    survives_damage(encode(example()), [](const Bytes& bytes) { decode_proof(bytes); });
    CHECK(code_thrown_by([] { parse_proof_key(Bytes{std::byte{'o'}}); }) == Errc::corrupt);
    Proof odd = example();
    odd.outcome = ProofOutcome{9};
    CHECK(code_thrown_by([&] { decode_proof(encode(odd)); }) == Errc::unsupported);
    MemoryStore memory;
    const store::RecordChange changes[] = {put_proof(7, example()),
                                           {proof_key(8), to_bytes(as_bytes("no record"))}};
    memory.store.commit(changes);
    CHECK(load_proofs(memory.store) == std::map<std::uint32_t, Proof>{{7, example()}});
    CHECK(load_proof(memory.store, 7) == example());
    CHECK(load_proof(memory.store, 8) == std::nullopt);
    CHECK(load_proof(memory.store, 9) == std::nullopt);
}

TEST_CASE("a proof is kept until its source is purged") {
    MemoryStore memory;
    Catalog catalog(memory.store);
    const Source source = catalog.add_source(
        {0, "home", SourceKind::directory, {5}, {"/home", false, true, true, {}}});
    const store::RecordChange change[] = {put_proof(source.id, example())};
    memory.store.commit(change);
    catalog.set_retention("home", {.last = 1});
    CHECK(load_proof(memory.store, source.id) == example());
    catalog.purge_source("home", {6});
    CHECK(load_proofs(memory.store).empty());
}
