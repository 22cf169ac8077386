// SPDX-License-Identifier: Apache-2.0
//
// Setting up a context costs more than sealing a small message: an allocation or two, the look-up
// of the cipher, the key schedule and GHASH's tables. All of that depends on the key alone. So each
// key keeps contexts that are ready, and a call changes only the nonce and the direction. The
// contexts lie in slots that are taken and given back by one atomic exchange: no lock, no list.
#include <yore/base/error.h>
#include <yore/crypto/aead.h>

#include <algorithm>
#include <atomic>
#include <new>
#include <utility>

#include <openssl/err.h>
#include <openssl/evp.h>

namespace yore::crypto {
namespace {

struct ContextFree {
    void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
};
using Context = std::unique_ptr<EVP_CIPHER_CTX, ContextFree>;

const unsigned char* in(ByteView bytes) {
    return reinterpret_cast<const unsigned char*>(bytes.data());
}
unsigned char* out(MutableBytes bytes) {
    return reinterpret_cast<unsigned char*>(bytes.data());
}

const EVP_CIPHER* the_cipher() {
    // Fetched once and kept until the process ends, as OpenSSL's own default methods are.
    static const EVP_CIPHER* const cipher = EVP_CIPHER_fetch(nullptr, "AES-256-GCM", nullptr);
    if (cipher == nullptr) {
        throw Error(Errc::unsupported, "OpenSSL offers no AES-256-GCM here",
                    {"look at the providers in /etc/ssl/openssl.cnf"});
    }
    return cipher;
}

Context make_context(const SecretKey& key) {
    Context context(EVP_CIPHER_CTX_new());
    if (!context ||
        EVP_EncryptInit_ex2(context.get(), the_cipher(), in(key.view()), nullptr, nullptr) != 1) {
        throw std::bad_alloc();
    }
    return context;
}

enum class Direction { open = 0, seal = 1 };

/// Starts a message on a context whose key is set: nonce, direction, associated data.
void begin(EVP_CIPHER_CTX* context, Direction direction, const Nonce& nonce,
           std::initializer_list<ByteView> associated) {
    YORE_ENSURE(EVP_CipherInit_ex2(context, nullptr, nullptr, in(nonce),
                                   static_cast<int>(direction), nullptr) == 1);
    int done = 0;
    for (ByteView part : associated) {
        YORE_ENSURE(part.size() <= Aes256Gcm::message_bytes_max);
        if (part.empty()) continue;
        YORE_ENSURE(EVP_CipherUpdate(context, nullptr, &done, in(part),
                                     static_cast<int>(part.size())) == 1);
    }
}

void transform(EVP_CIPHER_CTX* context, ByteView from, MutableBytes to) {
    int done = 0;
    if (from.empty()) return;
    YORE_ENSURE(
        EVP_CipherUpdate(context, out(to), &done, in(from), static_cast<int>(from.size())) == 1);
    YORE_ENSURE(static_cast<std::size_t>(done) == from.size());
}

/// Which slot a thread looks at first: threads that go on seldom meet in one.
std::size_t first_slot() {
    static std::atomic<std::size_t> threads{0};
    thread_local const std::size_t mine = threads.fetch_add(1, std::memory_order_relaxed);
    return mine;
}

}  // namespace

struct Aes256Gcm::State {
    static constexpr std::size_t slot_count = 16;

    explicit State(const SecretKey& k) : key(k.clone()) { give_back(make_context(key)); }
    State(const State&) = delete;
    State& operator=(const State&) = delete;
    ~State() {
        for (auto& slot : slots) Context(slot.load(std::memory_order_relaxed)).reset();
    }

    Context take() {
        for (std::size_t i = 0; i < slot_count; ++i) {
            auto& slot = slots[(first_slot() + i) % slot_count];
            if (slot.load(std::memory_order_relaxed) == nullptr) continue;
            if (auto* context = slot.exchange(nullptr, std::memory_order_acquire)) {
                return Context(context);
            }
        }
        return make_context(key);
    }

    /// All slots full: the context goes.
    void give_back(Context context) {
        for (std::size_t i = 0; i < slot_count && context; ++i) {
            auto& slot = slots[(first_slot() + i) % slot_count];
            EVP_CIPHER_CTX* expected = nullptr;
            if (slot.compare_exchange_strong(expected, context.get(), std::memory_order_release,
                                             std::memory_order_relaxed)) {
                std::ignore = context.release();
            }
        }
    }

    SecretKey key;
    std::array<std::atomic<EVP_CIPHER_CTX*>, slot_count> slots{};
};

Aes256Gcm::Aes256Gcm(const SecretKey& key) : state_(std::make_unique<State>(key)) {}
Aes256Gcm::Aes256Gcm(Aes256Gcm&&) noexcept = default;
Aes256Gcm& Aes256Gcm::operator=(Aes256Gcm&&) noexcept = default;
Aes256Gcm::~Aes256Gcm() = default;

void Aes256Gcm::seal(const Nonce& nonce, std::initializer_list<ByteView> associated, ByteView plain,
                     MutableBytes sealed) const {
    YORE_ENSURE(plain.size() <= message_bytes_max);
    YORE_ENSURE(sealed.size() == plain.size() + tag_bytes);
    Context context = state_->take();
    begin(context.get(), Direction::seal, nonce, associated);
    transform(context.get(), plain, sealed.first(plain.size()));
    MutableBytes tag = sealed.last(tag_bytes);
    int done = 0;
    YORE_ENSURE(EVP_CipherFinal_ex(context.get(), out(tag), &done) == 1 && done == 0);
    YORE_ENSURE(EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_GET_TAG, tag_bytes, out(tag)) ==
                1);
    state_->give_back(std::move(context));
}

bool Aes256Gcm::open(const Nonce& nonce, std::initializer_list<ByteView> associated,
                     ByteView sealed, MutableBytes plain) const {
    if (sealed.size() < tag_bytes || sealed.size() - tag_bytes > message_bytes_max) {
        wipe(plain);
        return false;
    }
    YORE_ENSURE(plain.size() == sealed.size() - tag_bytes);
    std::array<std::byte, tag_bytes> tag;
    std::copy_n(sealed.end() - tag_bytes, tag_bytes, tag.begin());
    Context context = state_->take();
    begin(context.get(), Direction::open, nonce, associated);
    transform(context.get(), sealed.first(plain.size()), plain);
    YORE_ENSURE(EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_SET_TAG, tag_bytes, tag.data()) ==
                1);
    std::array<unsigned char, tag_bytes> rest;
    int done = 0;
    bool genuine = EVP_CipherFinal_ex(context.get(), rest.data(), &done) == 1;
    if (!genuine) {
        ERR_clear_error();
        wipe(plain);
    }
    state_->give_back(std::move(context));
    return genuine;
}

}  // namespace yore::crypto
