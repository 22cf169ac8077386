// SPDX-License-Identifier: Apache-2.0
/// The one door to randomness.
#pragma once

#include <yore/base/bytes.h>
#include <yore/base/guarded.h>

#include <array>
#include <cstdint>

namespace yore {

/// Any thread.
class Random {
  public:
    virtual ~Random() = default;
    virtual void fill(MutableBytes) = 0;
};

/// From the kernel (getrandom): fit for keys, nonces and ids.
class SystemRandom final : public Random {
  public:
    void fill(MutableBytes) override;
};

/// The same bytes for the same seed on every machine (xoshiro256**). For tests, never for keys.
class SeededRandom final : public Random {
  public:
    explicit SeededRandom(std::uint64_t seed);
    void fill(MutableBytes) override;
    std::uint64_t next();
    /// Even over [0, bound); `bound` is not 0.
    std::uint64_t below(std::uint64_t bound);

  private:
    using State = std::array<std::uint64_t, 4>;
    static std::uint64_t step(State&);
    Guarded<State> state_;
};

}  // namespace yore
