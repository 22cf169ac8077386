// SPDX-License-Identifier: Apache-2.0
// A manifest, also with its checksum made right: in one piece and byte by byte it is the same, and
// what is written again is read again.
#include <yore/crypto/hash.h>
#include <yore/postgresql/backup_manifest.h>

#include "fuzz.h"

namespace {

using namespace yore;
using namespace yore::postgresql;

void read(const std::string& text) {
    std::vector<ManifestFile> files;
    read_backup_manifest(text, [&](const ManifestFile& file) { files.push_back(file); });
    std::size_t at = 0, met = 0;
    const NextPiece next = [&] { return as_bytes(std::string_view(text).substr(at++, 1)); };
    read_backup_manifest(next,
                         [&](const ManifestFile& file) { YORE_ENSURE(file == files.at(met++)); });
    const std::string again = edit_backup_manifest(text, {});
    YORE_ENSURE(edit_backup_manifest(again, {}) == again);
}

std::string with_right_sum(std::string text) {
    constexpr std::string_view key = "\n\"Manifest-Checksum\": \"";
    const auto place = text.rfind(key);
    if (place == text.npos || text.size() < place + key.size() + 64) return text;
    const auto sum = crypto::sha256(as_bytes(text).first(place + 1));
    return text.replace(place + key.size(), 64, to_hex(sum));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string text(as_text(fuzz::input(data, size)));
    for (const std::string& tried : {text, with_right_sum(text)})
        fuzz::expecting({Errc::corrupt, Errc::unsupported}, [&] { read(tried); });
    return 0;
}
