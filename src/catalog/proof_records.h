// SPDX-License-Identifier: Apache-2.0
/// The records of proofs (src/format/catalog.fbs), and their keys.
///
///     'o' source          what level 3 of verify found last of it
#pragma once

#include <yore/catalog/proof.h>

namespace yore::catalog {

Bytes proofs_prefix();
Bytes proof_key(std::uint32_t source);
/// Another length or letter: `corrupt`.
std::uint32_t parse_proof_key(ByteView);
Bytes encode(const Proof&);
/// Not such a record, or not within its limits: `corrupt`; an outcome that this version does not
/// know: `unsupported`.
Proof decode_proof(ByteView);

}  // namespace yore::catalog
