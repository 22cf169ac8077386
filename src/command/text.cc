// SPDX-License-Identifier: Apache-2.0
#include <yore/base/utf8.h>
#include <yore/command/text.h>

#include <array>
#include <cstdint>

#include <nlohmann/json.hpp>

namespace yore::command {
namespace {

constexpr std::string_view base64_digits =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

std::optional<std::uint32_t> digit_value(char c) {
    const auto at = base64_digits.find(c);
    if (at == std::string_view::npos) return std::nullopt;
    return static_cast<std::uint32_t>(at);
}

std::uint8_t byte_at(std::string_view text, std::size_t at) {
    return static_cast<std::uint8_t>(text[at]);
}

std::string exact_bytes(const nlohmann::json& value, const std::string& what) {
    auto bytes = value.is_string() ? from_base64(value.get_ref<const std::string&>())
                                   : std::optional<std::string>();
    if (!bytes) throw Error(Errc::invalid, fmt::format("{} is not base64", what));
    return *bytes;
}

constexpr std::array codes{
    Errc::invalid,   Errc::not_found, Errc::exists,      Errc::corrupt,
    Errc::wrong_key, Errc::busy,      Errc::unsupported, Errc::read_only,
    Errc::no_space,  Errc::denied,    Errc::io,          Errc::cancelled,
};

Errc code_named(std::string_view name) {
    for (const Errc code : codes)
        if (name_of(code) == name) return code;
    return Errc::io;
}

}  // namespace

bool is_utf8(std::string_view text) {
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t length = utf8_length(text, at);
        if (length == 0) return false;
        at += length;
    }
    return true;
}

std::string to_base64(std::string_view bytes) {
    std::string text;
    text.reserve((bytes.size() + 2) / 3 * 4);
    for (std::size_t at = 0; at < bytes.size(); at += 3) {
        const std::size_t count = std::min<std::size_t>(3, bytes.size() - at);
        std::uint32_t group = 0;
        for (std::size_t i = 0; i < 3; ++i)
            group = group << 8 | (i < count ? byte_at(bytes, at + i) : 0u);
        for (std::size_t i = 0; i < 4; ++i)
            text += i <= count ? base64_digits[group >> (18 - 6 * i) & 63] : '=';
    }
    return text;
}

std::optional<std::string> from_base64(std::string_view text) {
    if (text.size() % 4 != 0) return std::nullopt;
    std::string bytes;
    for (std::size_t at = 0; at < text.size(); at += 4) {
        const bool last = at + 4 == text.size();
        std::size_t padding = 0;
        if (last && text[at + 3] == '=') padding = text[at + 2] == '=' ? 2 : 1;
        std::uint32_t group = 0;
        for (std::size_t i = 0; i < 4; ++i) {
            const auto value = i + padding < 4 ? digit_value(text[at + i]) : std::optional(0u);
            if (!value) return std::nullopt;
            group = group << 6 | *value;
        }
        // Bits that no byte holds must be zero: one text for the same bytes.
        if (padding != 0 && (group & ((1u << (8 * padding)) - 1)) != 0) return std::nullopt;
        for (std::size_t i = 0; i + padding < 3; ++i)
            bytes += static_cast<char>(group >> (16 - 8 * i) & 0xff);
    }
    return bytes;
}

void put_bytes(nlohmann::json& object, const std::string& key, std::string_view bytes) {
    if (is_utf8(bytes)) {
        object[key] = bytes;
        return;
    }
    object[key] = readable_utf8(bytes);
    object[key + "_base64"] = to_base64(bytes);
}

std::optional<std::string> get_bytes(const nlohmann::json& object, const std::string& key) {
    if (const auto exact = object.find(key + "_base64"); exact != object.end())
        return exact_bytes(*exact, key + "_base64");
    const auto text = object.find(key);
    if (text == object.end()) return std::nullopt;
    if (!text->is_string()) throw Error(Errc::invalid, fmt::format("{} is not a text", key));
    return text->get<std::string>();
}

nlohmann::json list_of_bytes(const std::vector<std::string>& items) {
    auto list = nlohmann::json::array();
    for (const std::string& item : items) {
        if (is_utf8(item)) {
            list.push_back(item);
        } else {
            list.push_back({{"base64", to_base64(item)}});
        }
    }
    return list;
}

std::vector<std::string> bytes_of_list(const nlohmann::json& list) {
    if (!list.is_array()) throw Error(Errc::invalid, "not a list");
    std::vector<std::string> items;
    for (const auto& item : list) {
        if (item.is_string()) {
            items.push_back(item.get<std::string>());
        } else if (item.is_object() && item.contains("base64") && item.size() == 1) {
            items.push_back(exact_bytes(item["base64"], "base64"));
        } else {
            throw Error(Errc::invalid, "an item of a list is not a text");
        }
    }
    return items;
}

std::string to_line(const nlohmann::json& value) {
    return value.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

nlohmann::json error_record(const Error& error) {
    nlohmann::json facts{{"code", name_of(error.code())}, {"text", error.what()}};
    facts["hints"] = error.hints();
    return {{"error", std::move(facts)}};
}

std::optional<Error> error_of(const nlohmann::json& record) {
    const auto facts = record.is_object() ? record.find("error") : record.end();
    if (!record.is_object() || facts == record.end() || !facts->is_object()) return std::nullopt;
    return Error(code_named(facts->value("code", "io")), facts->value("text", "unknown error"),
                 facts->value("hints", std::vector<std::string>()));
}

}  // namespace yore::command
