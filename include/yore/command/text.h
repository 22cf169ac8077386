// SPDX-License-Identifier: Apache-2.0
/// JSON and bytes: names of files need not be UTF-8, and nothing of them may be lost.
///
/// A field `path` is a JSON string. When the bytes are not UTF-8, `path` is readable but not exact
/// (U+FFFD for what is wrong), and a field `path_base64` beside it has the exact bytes. In a list,
/// such an item is the object {"base64": "…"}.
#pragma once

#include <yore/base/error.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

namespace yore::command {

bool is_utf8(std::string_view);

std::string to_base64(std::string_view bytes);
/// Not base64 with its padding: nullopt.
std::optional<std::string> from_base64(std::string_view);

void put_bytes(nlohmann::json& object, const std::string& key, std::string_view bytes);
/// Absent: nullopt. Neither form is right: Errc::invalid.
std::optional<std::string> get_bytes(const nlohmann::json& object, const std::string& key);

nlohmann::json list_of_bytes(const std::vector<std::string>&);
/// Not a list of that form: Errc::invalid.
std::vector<std::string> bytes_of_list(const nlohmann::json&);

/// On one line, without a newline; what is not UTF-8 becomes U+FFFD.
std::string to_line(const nlohmann::json&);

/// {"error": {"code": "busy", "text": "…", "hints": […]}}
nlohmann::json error_record(const Error&);
/// The other way round; nullopt when it is no such record. An unknown code reads as `io`.
std::optional<Error> error_of(const nlohmann::json& record);

}  // namespace yore::command
