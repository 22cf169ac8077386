// SPDX-License-Identifier: Apache-2.0
// Hashing and sealing by message size. Compare with `openssl speed sha256` and
// `openssl speed -evp aes-256-gcm`: large messages should reach their figures.
#include <yore/base/random.h>
#include <yore/crypto/aead.h>
#include <yore/crypto/hash.h>
#include <yore/crypto/kdf.h>

#include <benchmark/benchmark.h>

using namespace yore;
using namespace yore::crypto;

namespace {

Bytes random_bytes(std::size_t size) {
    Bytes bytes(size);
    SeededRandom(size).fill(bytes);
    return bytes;
}

std::size_t message_bytes(const benchmark::State& state) {
    return static_cast<std::size_t>(state.range(0));
}

void set_bytes(benchmark::State& state) {
    state.SetBytesProcessed(state.iterations() * state.range(0));
}

void hash_sha256(benchmark::State& state) {
    Bytes data = random_bytes(message_bytes(state));
    for (auto _ : state) benchmark::DoNotOptimize(sha256(data));
    set_bytes(state);
}

void hash_hmac(benchmark::State& state) {
    Bytes data = random_bytes(message_bytes(state));
    static const HmacSha256 hmac(as_bytes("a key for all threads"));
    for (auto _ : state) benchmark::DoNotOptimize(hmac.digest(data));
    set_bytes(state);
}

const Aes256Gcm& shared_aead() {
    static const Aes256Gcm aead{SecretKey()};
    return aead;
}

void aead_seal(benchmark::State& state) {
    Bytes plain = random_bytes(message_bytes(state));
    Bytes sealed(plain.size() + Aes256Gcm::tag_bytes);
    Bytes id = random_bytes(32);
    Nonce nonce{};
    for (auto _ : state) {
        shared_aead().seal(nonce, {id}, plain, sealed);
        benchmark::ClobberMemory();
    }
    set_bytes(state);
}

void aead_open(benchmark::State& state) {
    Bytes plain = random_bytes(message_bytes(state));
    Bytes sealed(plain.size() + Aes256Gcm::tag_bytes);
    Bytes id = random_bytes(32);
    Nonce nonce{};
    shared_aead().seal(nonce, {id}, plain, sealed);
    bool genuine = true;
    for (auto _ : state) genuine &= shared_aead().open(nonce, {id}, sealed, plain);
    if (!genuine) state.SkipWithError("a sealed message did not open");
    set_bytes(state);
}

void aead_new_key(benchmark::State& state) {
    SecretKey base;
    Bytes salt = random_bytes(16);
    for (auto _ : state) {
        Aes256Gcm aead(hkdf_sha256(base.view(), salt, "pack"));
        benchmark::DoNotOptimize(aead);
    }
}

BENCHMARK(hash_sha256)->Arg(64)->Arg(4 << 10)->Arg(64 << 10);
BENCHMARK(hash_hmac)->Arg(64)->Arg(4 << 10)->Arg(64 << 10)->Arg(1 << 20);
BENCHMARK(hash_hmac)->Arg(64)->Threads(2)->UseRealTime();
BENCHMARK(aead_seal)->Arg(64)->Arg(4 << 10)->Arg(64 << 10)->Arg(1 << 20);
BENCHMARK(aead_open)->Arg(64)->Arg(4 << 10)->Arg(64 << 10)->Arg(1 << 20);
BENCHMARK(aead_open)->Arg(4 << 10)->Threads(2)->UseRealTime();
BENCHMARK(aead_new_key);

}  // namespace

BENCHMARK_MAIN();
