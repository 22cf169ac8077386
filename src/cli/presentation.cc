// SPDX-License-Identifier: Apache-2.0
#include "cli/presentation.h"

#include <yore/base/time.h>
#include <yore/command/text.h>

#include <sstream>

#include <fmt/format.h>

#include "cli/sizes.h"

namespace yore::cli {

Presentation presentation_of(const Invocation& invocation, Screen& screen) {
    for (const auto* table :
         {&entry_presentations(), &record_presentations(), &status_presentations(),
          &time_presentations(), &outcome_presentations(), &keeping_presentations(),
          &serve_presentations(), &job_presentations(), &clone_presentations(),
          &cluster_presentations()}) {
        const auto found = table->find(invocation.command);
        if (found != table->end()) return found->second(invocation, screen);
    }
    return {};
}

std::string bytes_in(const nlohmann::json& object, const std::string& key) {
    return command::get_bytes(object, key).value_or("");
}

std::string source_place(const Screen& screen, const nlohmann::json& source) {
    return screen.name(bytes_in(source, source.contains("conninfo") ? "conninfo" : "directory"));
}

std::uint64_t number_in(const nlohmann::json& object, const std::string& key) {
    const auto found = object.find(key);
    // A number that came through the socket is unsigned; one made here may be a plain int.
    const bool usable = found != object.end() && found->is_number_integer() && *found >= 0;
    return usable ? found->get<std::uint64_t>() : 0;
}

std::string seconds_between(const nlohmann::json& from, const nlohmann::json& to) {
    if (!from.is_string() || !to.is_string()) return {};
    const auto started = parse_time(from.get<std::string>(), {});
    const auto ended = parse_time(to.get<std::string>(), {});
    if (!started || !ended || *ended < *started) return {};
    return human_seconds(static_cast<std::uint64_t>((*ended - *started).ns / 1'000'000'000));
}

std::string proof_text(const Screen& screen, const nlohmann::json& proof) {
    std::string text = proof.value("source", "");
    if (proof["state"].is_string()) text += "@" + proof.value("state", "");
    const bool tried = proof.value("outcome", "") != "not-tried";
    text += fmt::format(": {} ({})", tried ? proof.value("outcome", "") : "not tried",
                        seconds_between(proof["started"], proof["ended"]));
    if (const auto with = proof.find("compared"); with != proof.end() && with->is_string())
        text += fmt::format(", compared with base backup {}", with->get<std::string>());
    if (proof["reason"].is_string()) text += ": " + screen.name(bytes_in(proof, "reason"));
    return text + "\n";
}

std::string proof_output_text(const Screen& screen, const nlohmann::json& proof) {
    std::string text = proof.value("output_cut", false) ? "    …\n" : "";
    std::istringstream lines(bytes_in(proof, "output"));
    for (std::string line; std::getline(lines, line);)
        text += fmt::format("    {}\n", screen.name(line));
    return text;
}

std::string size_text(const Invocation& invocation, const nlohmann::json& object,
                      const std::string& key) {
    const auto bytes = number_in(object, key);
    return invocation.exact_sizes ? std::to_string(bytes) : human_size(bytes);
}

}  // namespace yore::cli
