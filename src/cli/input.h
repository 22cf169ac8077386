// SPDX-License-Identifier: Apache-2.0
/// What a command may read: standard input, a new secret.
#pragma once

#include <yore/base/fd.h>
#include <yore/command/command.h>
#include <yore/crypto/secret.h>

#include <string>

namespace yore::cli {

using command::NoInput;

/// A stop wakes it even when nothing comes.
class FdInput final : public command::Input {
  public:
    explicit FdInput(int fd) : fd_(fd) {}
    std::size_t read(MutableBytes into, const std::stop_token&) override;

  private:
    const int fd_;
};

class FileInput final : public command::Input {
  public:
    /// Throws with the code of the errno.
    explicit FileInput(const std::string& path);
    std::size_t read(MutableBytes into, const std::stop_token&) override;

  private:
    const std::string path_;
    const Fd file_;
};

class SecretInput final : public command::Input {
  public:
    explicit SecretInput(crypto::SecretBytes secret) : secret_(std::move(secret)) {}
    std::size_t read(MutableBytes into, const std::stop_token&) override;

  private:
    const crypto::SecretBytes secret_;
    std::size_t taken_ = 0;
};

}  // namespace yore::cli
