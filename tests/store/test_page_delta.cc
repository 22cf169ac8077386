// SPDX-License-Identifier: Apache-2.0
#include "store/page_delta.h"
#include "store_fixture.h"

using namespace yore;
using namespace yore::store;
using namespace yore::test;

namespace {

struct Deltas {
    std::optional<Bytes> make(ByteView plain, ByteView base) const {
        Bytes out(plain.size() + 64);
        const auto size = make_delta(compressor, plain, base, out);
        if (!size) return std::nullopt;
        out.resize(*size);
        return out;
    }
    std::optional<Bytes> apply(ByteView delta, ByteView base, std::size_t size) const {
        Bytes plain(size, std::byte{0x5a});
        if (!apply_delta(compressor, delta, base, plain)) return std::nullopt;
        return plain;
    }
    Compressor compressor;
};

/// `size` bytes, most of them those of `base`.
Bytes changed_from(const Bytes& base, std::size_t size, SeededRandom& random) {
    Bytes plain = base;
    plain.resize(size, std::byte{7});
    for (std::uint64_t i = random.below(12); size > 0 && i > 0; --i)
        plain[random.below(size)] = static_cast<std::byte>(random.below(256));
    return plain;
}

}  // namespace

TEST_CASE("A delta gives back what it was made of, whatever the lengths of both") {
    CAPTURE(test_seed());
    SeededRandom random(test_seed());
    const Deltas deltas;
    const std::size_t page = delta_page_bytes;
    for (const std::size_t base_size : {std::size_t{1}, page - 1, page, 3 * page + 17, 16 * page})
        for (const std::size_t size : {std::size_t{0}, std::size_t{1}, page, page + 1, 16 * page}) {
            const Bytes base = text_bytes(random, base_size);
            const Bytes plain = changed_from(base, size, random);
            CAPTURE(base_size, size);
            const auto delta = deltas.make(plain, base);
            REQUIRE(delta);
            const auto back = deltas.apply(*delta, base, size);
            REQUIRE(back);
            CHECK(equal(*back, plain));
        }
}

TEST_CASE("A delta holds nothing of pages that did not change") {
    SeededRandom random(1);
    const Deltas deltas;
    const Bytes base = random_bytes(random, 64 << 10);
    Bytes plain = base;
    CHECK(deltas.make(plain, base)->size() == 6);  // check and mask
    plain[5 * delta_page_bytes] ^= std::byte{1};
    CHECK(deltas.make(plain, base)->size() < 40);
    CHECK_FALSE(deltas.make(plain, {}));
    CHECK(deltas.make(random_bytes(random, 64 << 10), base)->size() > 64 << 10);
    Bytes small(1000);
    CHECK_FALSE(make_delta(deltas.compressor, random_bytes(random, 64 << 10), base, small));
}

TEST_CASE("A damaged delta, or one against another base, gives no bytes") {
    CAPTURE(test_seed());
    SeededRandom random(test_seed());
    const Deltas deltas;
    const Bytes base = text_bytes(random, 5 * delta_page_bytes + 100);
    Bytes plain = base;
    for (std::size_t page = 0; page < 6; page += 2) plain[page * delta_page_bytes] ^= std::byte{1};
    const Bytes delta = *deltas.make(plain, base);
    for (std::size_t at = 0; at < delta.size(); ++at) {
        CAPTURE(at);
        CHECK_FALSE(deltas.apply(ByteView(delta).first(at), base, plain.size()));
        Bytes damaged = delta;
        damaged[at] ^= static_cast<std::byte>(1 + random.below(255));
        const auto back = deltas.apply(damaged, base, plain.size());
        CHECK((!back || equal(*back, plain)));  // the mask's last bits stand for no page
    }
    Bytes longer = delta;
    longer.push_back(std::byte{0});
    CHECK_FALSE(deltas.apply(longer, base, plain.size()));
    CHECK_FALSE(deltas.apply(delta, base, plain.size() - 1));
    CHECK_FALSE(deltas.apply(delta, base, plain.size() + delta_page_bytes));
    CHECK_FALSE(deltas.apply(delta, ByteView(base).first(base.size() - 1), plain.size()));
    CHECK_FALSE(deltas.apply(delta, {}, plain.size()));
    Bytes other = base;
    other[delta_page_bytes] ^= std::byte{1};
    CHECK_FALSE(deltas.apply(delta, other, plain.size()));
}
