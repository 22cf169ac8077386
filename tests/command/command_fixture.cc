// SPDX-License-Identifier: Apache-2.0
#include "command_fixture.h"

#include <yore/command/init.h>

#include <algorithm>
#include <fstream>

#include <unistd.h>

namespace yore::test {

std::size_t TextInput::read(MutableBytes into, const std::stop_token&) {
    reads_ += 1;
    // A byte or a few at a time: nobody may rely on more.
    const std::size_t count = std::min({into.size(), text_.size() - taken_, std::size_t{7}});
    std::copy_n(as_bytes(text_).begin() + static_cast<std::ptrdiff_t>(taken_), count, into.begin());
    taken_ += count;
    return count;
}

std::vector<nlohmann::json> Heard::of(std::string_view kind) const {
    std::vector<nlohmann::json> found;
    std::ranges::copy_if(events, std::back_inserter(found),
                         [&](const nlohmann::json& event) { return event["event"] == kind; });
    return found;
}

std::vector<std::string> Heard::texts(std::string_view kind, const std::string& key) const {
    std::vector<std::string> found;
    for (const auto& event : of(kind)) found.push_back(*command::get_bytes(event, key));
    return found;
}

CommandFixture::CommandFixture(std::optional<store::Credentials> credentials,
                               command::OwnerLife life)
    : place{scratch / "run"} {
    std::optional<store::Credentials> same;
    if (credentials)
        same = {credentials->kind, crypto::SecretBytes::copy_of(credentials->secret.view())};
    const auto directory = scratch / "repository";
    command::init({directory, std::move(credentials), "first", crypto::scrypt_for_tests}, clock,
                  random);
    command::ContextOptions options;
    options.cache_bytes = 16u << 20;
    options.owner = {::getpid(), "yore test", clock.now()};
    options.life = life;
    owner = server::Owner::take(command::unlock(directory, command::load_key_file(directory), same),
                                std::move(options), place, clock, random);
    std::filesystem::create_directory(source());
}

CommandFixture::~CommandFixture() = default;

Heard CommandFixture::run_with(Way way, const std::string& name, const nlohmann::json& request,
                               command::Input& input, std::stop_token stop) {
    Heard heard;
    const auto asked = request.is_null() ? nlohmann::json::object() : request;
    const command::Call call{asked, heard, input, std::move(stop)};
    if (way == Way::here) {
        heard.result = command::run(owner->context(), name, call);
    } else {
        auto result = server::Client(place).run(name, call);
        REQUIRE(result);
        heard.result = std::move(*result);
    }
    return heard;
}

Heard CommandFixture::run(Way way, const std::string& name, const nlohmann::json& request,
                          const std::string& input) {
    TextInput text(input);
    return run_with(way, name, request, text);
}

std::optional<Errc> CommandFixture::failure(Way way, const std::string& name,
                                            const nlohmann::json& request,
                                            const std::string& input) {
    return code_thrown_by([&] { run(way, name, request, input); });
}

std::string CommandFixture::write(const std::string& name, std::string_view content) {
    const auto path = source() + "/" + name;
    std::filesystem::create_directories(std::filesystem::path(path).parent_path());
    std::ofstream(path, std::ios::binary) << content;
    return path;
}

std::string CommandFixture::snapshot(Way way) {
    if (!owner->context().catalog().source("home"))
        run(way, "source-add", {{"name", "home"}, {"directory", source()}});
    return run(way, "snapshot", {{"source", "home"}}).result["name"];
}

}  // namespace yore::test
