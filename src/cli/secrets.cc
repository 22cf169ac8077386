// SPDX-License-Identifier: Apache-2.0
#include "cli/secrets.h"

#include <yore/base/error.h>
#include <yore/base/file.h>
#include <yore/base/process.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

namespace yore::cli {
namespace {

constexpr const char* passphrase_variable = "YORE_PASSPHRASE";
constexpr std::size_t secret_bytes_max = 64u << 10;

crypto::SecretBytes read_all(int fd, const std::string& what) {
    crypto::SecretBytes all(secret_bytes_max + 1);
    std::size_t size = 0;
    while (size < all.size()) {
        const ssize_t count = ::read(fd, all.span().data() + size, all.size() - size);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) throw system_error("read", what, errno);
        if (count == 0) break;
        size += static_cast<std::size_t>(count);
    }
    if (size == all.size())
        throw Error(Errc::invalid, fmt::format("{} is longer than 64 KiB", what));
    return crypto::SecretBytes::copy_of(all.view().first(size));
}

crypto::SecretBytes without_newline(const crypto::SecretBytes& secret) {
    ByteView bytes = secret.view();
    if (!bytes.empty() && bytes.back() == std::byte{'\n'}) bytes = bytes.first(bytes.size() - 1);
    if (!bytes.empty() && bytes.back() == std::byte{'\r'}) bytes = bytes.first(bytes.size() - 1);
    return crypto::SecretBytes::copy_of(bytes);
}

crypto::SecretBytes read_secret_file(const std::string& path) {
    const Fd file = open_file(path, O_RDONLY);
    return read_all(file.get(), path);
}

/// Runs it with standard input and error of ours. The pipe is the only way that its output takes.
crypto::SecretBytes run_for_secret(const std::string& command) {
    int ends[2] = {-1, -1};
    if (::pipe2(ends, O_CLOEXEC) != 0) throw system_error("make", "pipe", errno);
    const Fd read_end(ends[0]);
    Fd write_end(ends[1]);
    const pid_t child =
        spawn_program("/bin/sh", {"sh", "-c", command}, {.output = write_end.get()});
    write_end.close();
    auto output = read_all(read_end.get(), "the output of the passphrase command");
    const int status = wait_for_program(child);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        throw Error(Errc::invalid, fmt::format("the passphrase command failed: {}", command),
                    {"it must print the passphrase and exit with 0"});
    return output;
}

bool has_slot(const store::KeyFile& file, store::SlotKind kind) {
    return std::ranges::any_of(file.slots(),
                               [&](const store::KeySlot& slot) { return slot.kind == kind; });
}

}  // namespace

std::optional<crypto::SecretBytes> take_environment_passphrase() {
    char* value = std::getenv(passphrase_variable);
    if (value == nullptr) return std::nullopt;
    const MutableBytes bytes(reinterpret_cast<std::byte*>(value), std::strlen(value));
    auto secret = crypto::SecretBytes::copy_of(bytes);
    crypto::wipe(bytes);
    ::unsetenv(passphrase_variable);
    if (secret.empty()) return std::nullopt;
    return secret;
}

std::optional<store::Credentials> read_secret(const SecretSource& source) {
    const int given = source.passphrase_file.has_value() + source.passphrase_command.has_value() +
                      source.key_file.has_value();
    if (given > 1)
        throw Error(Errc::invalid, "more than one secret is given",
                    {"a passphrase file, a passphrase command or a key file: one of them"});
    if (given == 0) return std::nullopt;
    store::Credentials credentials;
    if (source.key_file) {
        credentials.kind = store::SlotKind::key_file;
        credentials.secret = read_secret_file(*source.key_file);
    } else {
        credentials.secret =
            without_newline(source.passphrase_file ? read_secret_file(*source.passphrase_file)
                                                   : run_for_secret(*source.passphrase_command));
    }
    return credentials;
}

crypto::SecretBytes prompt_new(const std::string& question, const std::string& option) {
    for (;;) {
        auto first = prompt(question, option);
        if (first.empty()) throw Error(Errc::invalid, "an empty passphrase protects nothing");
        const auto second = prompt("The same again: ", option);
        if (crypto::equal_secret(first.view(), second.view())) return first;
        ::dprintf(STDERR_FILENO, "These differ; try again.\n");
    }
}

std::optional<store::Credentials> credentials_for(const store::KeyFile& file,
                                                  const SecretSource& source,
                                                  std::optional<crypto::SecretBytes> environment) {
    if (auto given = read_secret(source)) return given;
    if (environment)
        return store::Credentials{store::SlotKind::passphrase, std::move(*environment)};
    if (file.encryption() == store::Encryption::none) return std::nullopt;
    if (!has_slot(file, store::SlotKind::passphrase))
        throw Error(Errc::invalid, "this repository opens with a key file only",
                    {"`--key-file FILE` or YORE_KEY_FILE names it"});
    return store::Credentials{store::SlotKind::passphrase,
                              prompt("Passphrase: ", "--passphrase-file")};
}

}  // namespace yore::cli
