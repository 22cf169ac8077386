// SPDX-License-Identifier: Apache-2.0
#include "command/fields.h"

#include <yore/command/text.h>

#include <fmt/ranges.h>

namespace yore::command {
namespace {

/// Of the other form of a text (text.h).
constexpr std::string_view exact_suffix = "_base64";

[[noreturn]] void refuse(const std::string& key, std::string_view why) {
    throw Error(Errc::invalid, fmt::format("request: {} {}", key, why));
}

}  // namespace

Fields::Fields(const nlohmann::json& request) : request_(request) {
    if (!request.is_object()) throw Error(Errc::invalid, "request: not a JSON object");
}

const nlohmann::json* Fields::find(const std::string& key) {
    known_.insert(key);
    const auto found = request_.find(key);
    return found == request_.end() || found->is_null() ? nullptr : &*found;
}

std::optional<std::string> Fields::optional_text(const std::string& key) {
    known_.insert(key);
    known_.insert(key + std::string(exact_suffix));
    return doing([] { return "request"; }, [&] { return get_bytes(request_, key); });
}

std::string Fields::text(const std::string& key) {
    auto value = optional_text(key);
    if (!value) refuse(key, "is missing");
    return *value;
}

bool Fields::flag(const std::string& key) {
    const auto* value = find(key);
    if (value == nullptr) return false;
    if (!value->is_boolean()) refuse(key, "is neither true nor false");
    return value->get<bool>();
}

std::optional<std::uint64_t> Fields::number(const std::string& key) {
    const auto* value = find(key);
    if (value == nullptr) return std::nullopt;
    // Off the wire it is unsigned; made in this process it may be signed, and means the same.
    const bool whole = value->is_number_unsigned() ||
                       (value->is_number_integer() && value->get<std::int64_t>() >= 0);
    if (!whole) refuse(key, "is not a whole number from 0");
    return value->get<std::uint64_t>();
}

std::optional<double> Fields::fraction(const std::string& key) {
    const auto* value = find(key);
    if (value == nullptr) return std::nullopt;
    if (!value->is_number()) refuse(key, "is not a number");
    return value->get<double>();
}

std::optional<Duration> Fields::duration(const std::string& key) {
    const auto text = optional_text(key);
    if (!text) return std::nullopt;
    const auto duration = parse_duration(*text);
    if (!duration)
        throw Error(Errc::invalid, fmt::format("{}: {} is not a duration", key, *text),
                    {"such as 30m, 36h, 30d or 8w"});
    return duration;
}

std::vector<std::string> Fields::texts(const std::string& key) {
    const auto* value = find(key);
    if (value == nullptr) return {};
    return doing([&] { return "request: " + key; }, [&] { return bytes_of_list(*value); });
}

std::vector<std::pair<std::string, std::string>> Fields::pairs(const std::string& key) {
    const auto* value = find(key);
    if (value == nullptr) return {};
    if (!value->is_object()) refuse(key, "is not an object");
    std::vector<std::pair<std::string, std::string>> pairs;
    for (const auto& [name, text] : value->items()) {
        if (!text.is_string()) refuse(key, "has a value that is not a text");
        pairs.emplace_back(name, text.get<std::string>());
    }
    return pairs;
}

void Fields::done() const {
    for (const auto& [key, value] : request_.items())
        if (!known_.contains(key))
            throw Error(Errc::invalid, fmt::format("request: {} is not known", key), {names()});
}

std::string Fields::names() const {
    std::vector<std::string> names;
    for (const std::string& name : known_)
        if (!name.ends_with(exact_suffix)) names.push_back(name);
    if (names.empty()) return "it has no fields";
    return fmt::format("its fields are {}", fmt::join(names, ", "));
}

}  // namespace yore::command
