// SPDX-License-Identifier: Apache-2.0
/// A real repository in a directory of its own, owned by this process, and both ways to run a
/// command on it: here, and through the socket. The same tests take both.
#pragma once

#include <yore/command/command.h>
#include <yore/command/text.h>
#include <yore/server/client.h>
#include <yore/server/owner.h>

#include <memory>
#include <string>
#include <vector>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "../support.h"

namespace yore::test {

/// The input of a command; the end comes after `text`.
class TextInput final : public command::Input {
  public:
    explicit TextInput(std::string text) : text_(std::move(text)) {}
    std::size_t read(MutableBytes into, const std::stop_token&) override;
    bool was_read() const { return reads_ > 0; }

  private:
    const std::string text_;
    std::size_t taken_ = 0;
    int reads_ = 0;
};

struct Heard final : command::Output {
    void event(const nlohmann::json& event) override { events.push_back(event); }
    void bytes(ByteView piece) override { content += as_text(piece); }
    /// Those of one kind: `entry`.
    std::vector<nlohmann::json> of(std::string_view kind) const;
    /// A field of each of them.
    std::vector<std::string> texts(std::string_view kind, const std::string& key) const;

    std::vector<nlohmann::json> events;
    std::string content;
    nlohmann::json result;
};

enum class Way { here, through_socket };
/// A test that asks runs once with each.
inline Way either_way() {
    return GENERATE(Way::here, Way::through_socket);
}
using Names = std::vector<std::string>;

class CommandFixture {
  public:
    /// Not encrypted, unless credentials are given.
    explicit CommandFixture(std::optional<store::Credentials> = {},
                            command::OwnerLife = command::OwnerLife::mounts);
    ~CommandFixture();

    Heard run(Way, const std::string& command, const nlohmann::json& request,
              const std::string& input = "");
    Heard run_with(Way, const std::string& command, const nlohmann::json& request, command::Input&,
                   std::stop_token = {});
    /// What it throws. Nothing: nullopt.
    std::optional<Errc> failure(Way, const std::string& command, const nlohmann::json& request,
                                const std::string& input = "");

    /// A file in the source's directory `source`, with what is above it.
    std::string write(const std::string& name, std::string_view content);
    std::string source() const { return scratch / "source"; }
    /// Declares `home` and takes a snapshot of it; its name.
    std::string snapshot(Way = Way::here);

    TemporaryDirectory scratch;
    SystemClock clock;
    SystemRandom random;
    server::Place place;
    std::unique_ptr<server::Owner> owner;
};

}  // namespace yore::test
