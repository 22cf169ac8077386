// SPDX-License-Identifier: Apache-2.0
/// What level 3 of verify found last of each source: a moment of it was put to use in a clone.
#pragma once

#include <yore/base/time.h>
#include <yore/store/store.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace yore::catalog {

enum class ProofOutcome : std::uint8_t {
    passed = 1,
    failed = 2,     ///< the check says that the moment is not as it should be
    not_tried = 3,  ///< the check could not be run here: nothing is known of the moment
};
std::string_view name_of(ProofOutcome);  ///< `passed`, `failed`, `not-tried`

struct Proof {
    std::string state = {};  ///< the name that always means the moment; empty: it was not come to
    Timestamp time = {};     ///< of the moment's restore point
    std::string snapshot = {};  ///< which it begins with; empty: nobody knows
    Timestamp started = {}, ended = {};
    ProofOutcome outcome = ProofOutcome::not_tried;
    std::string reason = {};  ///< at most proof_reason_bytes_max; empty when it passed
    std::uint64_t job = 0;    ///< that has its output; 0: none
    /// The backup by a server whose rows were compared with the moment's; empty: none was.
    std::string compared = {};
    /// The last one that passed, which may be this one.
    struct Passed {
        Timestamp ended, time;  ///< `time`: of the moment's restore point
        bool operator==(const Passed&) const = default;
    };
    std::optional<Passed> passed = {};
    bool operator==(const Proof&) const = default;
};
constexpr std::size_t proof_reason_bytes_max = 2000;

/// By the source's id. Safe from any thread; reads the store. What cannot be read is left out, and
/// the log says so.
std::map<std::uint32_t, Proof> load_proofs(const store::Store&);
/// There is none, or it cannot be read: nullopt.
std::optional<Proof> load_proof(const store::Store&, std::uint32_t source);
/// A reason that is too long is cut.
store::RecordChange put_proof(std::uint32_t source, const Proof&);

}  // namespace yore::catalog
