// SPDX-License-Identifier: Apache-2.0
#include "command/key_slots.h"

#include <yore/base/error.h>
#include <yore/command/text.h>

namespace yore::command {
namespace {

constexpr std::size_t secret_bytes_max = 64u << 10;

std::string_view name_of(store::SlotKind kind) {
    return kind == store::SlotKind::passphrase ? "passphrase" : "keyfile";
}

}  // namespace

nlohmann::json describe(const store::KeySlot& slot) {
    nlohmann::json object{
        {"id", slot.id.hex()}, {"kind", name_of(slot.kind)}, {"created", to_rfc3339(slot.created)}};
    put_bytes(object, "label", slot.label);
    if (slot.kind == store::SlotKind::passphrase)
        object["scrypt"] = {{"log2_n", slot.cost.log2_n}, {"r", slot.cost.r}, {"p", slot.cost.p}};
    return object;
}

store::SlotId find_slot(const store::KeyFile& file, const std::string& digits) {
    std::optional<store::SlotId> found;
    for (const store::KeySlot& slot : file.slots()) {
        if (digits.empty() || !slot.id.hex().starts_with(digits)) continue;
        if (found)
            throw Error(Errc::invalid, fmt::format("several key slots start with {}", digits));
        found = slot.id;
    }
    if (!found)
        throw Error(Errc::not_found, fmt::format("there is no key slot {}", digits),
                    {"`yore key list` shows all"});
    return *found;
}

store::Credentials read_new_secret(const std::string& kind, const Call& call) {
    store::Credentials credentials;
    if (kind == "passphrase") {
        credentials.kind = store::SlotKind::passphrase;
    } else if (kind == "keyfile") {
        credentials.kind = store::SlotKind::key_file;
    } else {
        throw Error(Errc::invalid,
                    fmt::format("a secret is a passphrase or a keyfile, not {}", kind));
    }
    crypto::SecretBytes all(secret_bytes_max + 1);
    std::size_t size = 0;
    while (size < all.size()) {
        const std::size_t count = call.input.read(all.span().subspan(size), call.stop);
        if (count == 0) break;
        size += count;
    }
    if (size == all.size()) throw Error(Errc::invalid, "the new secret is longer than 64 KiB");
    credentials.secret = crypto::SecretBytes::copy_of(all.view().first(size));
    return credentials;
}

}  // namespace yore::command
