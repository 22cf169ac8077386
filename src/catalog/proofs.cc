// SPDX-License-Identifier: Apache-2.0
#include "catalog/key_bytes.h"
#include "catalog/proof_records.h"
#include "catalog/readable_records.h"
#include "catalog/record_bytes.h"
#include "format/catalog_generated.h"

namespace yore::catalog {
namespace {

namespace fb = format::catalog;
constexpr std::byte proof_letter{'o'};
constexpr char proof_identifier[] = "YCO1";
constexpr std::string_view record_name = "record of a proof";

std::string from_stored(const flatbuffers::String* stored) {
    if (stored == nullptr) return {};
    if (stored->size() > proof_reason_bytes_max) throw damaged(record_name, "a text is too long");
    return stored->str();
}

ProofOutcome known(std::uint8_t stored) {
    const ProofOutcome outcome{stored};
    switch (outcome) {
        case ProofOutcome::passed:
        case ProofOutcome::failed:
        case ProofOutcome::not_tried:
            return outcome;
    }
    throw Error(Errc::unsupported, fmt::format("{}: outcome {} is unknown", record_name, stored),
                {"it was made by a newer version"});
}

}  // namespace

std::string_view name_of(ProofOutcome outcome) {
    switch (outcome) {
        case ProofOutcome::passed:
            return "passed";
        case ProofOutcome::failed:
            return "failed";
        case ProofOutcome::not_tried:
            return "not-tried";
    }
    return "unknown";
}

Bytes proofs_prefix() {
    return {proof_letter};
}

Bytes proof_key(std::uint32_t source) {
    Bytes key = proofs_prefix();
    put(key, source);
    return key;
}

std::uint32_t parse_proof_key(ByteView key) {
    return open_key(key, proof_letter, 1 + 4).take32();
}

Bytes encode(const Proof& proof) {
    flatbuffers::FlatBufferBuilder builder;
    const auto text = [&](const std::string& value) -> flatbuffers::Offset<flatbuffers::String> {
        if (value.empty()) return {};
        return builder.CreateString(value);
    };
    const auto state = builder.CreateString(proof.state);
    const auto snapshot = text(proof.snapshot);
    const auto reason = text(proof.reason.substr(0, proof_reason_bytes_max));
    const auto compared = text(proof.compared);
    const auto passed = proof.passed.value_or(Proof::Passed{});
    return finish(builder,
                  fb::CreateProof(builder, state, proof.time.ns, snapshot, proof.started.ns,
                                  proof.ended.ns, static_cast<std::uint8_t>(proof.outcome), reason,
                                  proof.job, passed.ended.ns, passed.time.ns, compared),
                  proof_identifier);
}

Proof decode_proof(ByteView bytes) {
    const Verified<fb::Proof> stored(bytes, proof_identifier, record_name);
    Proof proof;
    proof.state = from_stored(stored->state());
    proof.time = {stored->time()};
    proof.snapshot = from_stored(stored->snapshot());
    proof.started = {stored->started()};
    proof.ended = {stored->ended()};
    proof.outcome = known(stored->outcome());
    proof.reason = from_stored(stored->reason());
    proof.job = stored->job();
    proof.compared = from_stored(stored->compared());
    if (stored->passed_ended() != 0)
        proof.passed = Proof::Passed{{stored->passed_ended()}, {stored->passed_time()}};
    return proof;
}

std::map<std::uint32_t, Proof> load_proofs(const store::Store& store) {
    std::map<std::uint32_t, Proof> proofs;
    each_readable(store, proofs_prefix(), [&](ByteView key, ByteView record) {
        proofs.emplace(parse_proof_key(key), decode_proof(record));
    });
    return proofs;
}

std::optional<Proof> load_proof(const store::Store& store, std::uint32_t source) {
    std::optional<Proof> proof;
    each_readable(store, proof_key(source),
                  [&](ByteView, ByteView record) { proof = decode_proof(record); });
    return proof;
}

store::RecordChange put_proof(std::uint32_t source, const Proof& proof) {
    return {proof_key(source), encode(proof)};
}

}  // namespace yore::catalog
