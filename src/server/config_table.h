// SPDX-License-Identifier: Apache-2.0
/// Reads a TOML table key by key, and goes on after each mistake: the reader of the file is told
/// of all at once.
#pragma once

namespace yore::server {
/// Thrown in place of an assertion: toml++ 3.3 takes some wrong texts (`[[$a]]`) for faults of its
/// own, and a mistake in a file may not stop a server.
struct ParserGaveUp {};
[[noreturn]] inline void parser_gave_up() {
    throw ParserGaveUp{};
}
}  // namespace yore::server

// Compiled in, for that and so that the fuzzer sees into it.
#define TOML_HEADER_ONLY 1
#define TOML_EXCEPTIONS 1
#define TOML_ENABLE_FORMATTERS 0
#define TOML_ASSERT(expr) ((expr) ? void(0) : ::yore::server::parser_gave_up())

#include <yore/server/config.h>

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <toml++/toml.h>

namespace yore::server {

/// Of `known` the word that `typed` was probably meant to be; none is near: nullopt.
std::optional<std::string> nearest_word(std::string_view typed,
                                        const std::vector<std::string>& known);

class ConfigTable {
  public:
    /// `name` is put before the keys in mistakes: `source.`. Both arguments outlive this.
    ConfigTable(const toml::table&, std::string name, std::vector<ConfigMistake>&);

    /// Absent or wrong: nullopt, and what is wrong is noted. So with all below.
    std::optional<std::string> text(const std::string& key);
    /// Absolute, without `.` and `..` and a slash at its end.
    std::optional<std::string> path(const std::string& key);
    std::optional<bool> flag(const std::string& key);
    std::optional<std::uint32_t> number(const std::string& key);
    std::vector<std::string> texts(const std::string& key);
    /// Each `[[key]]`.
    std::vector<ConfigTable> tables(const std::string& key);

    /// Notes a mistake if it is absent.
    void require(const std::string& key);
    bool has(const std::string& key) const { return table_.contains(key); }
    /// Notes a mistake at the key, or, when it is absent, at the table.
    void refuse(const std::string& key, std::string text, std::string hint = {});
    /// A word that is no key: present, it is refused with a better reason than that.
    void reserve(const std::string& key, const std::string& text, const std::string& hint = {});
    /// Notes each key that nobody asked for. Call last.
    void finish();

  private:
    const toml::node* find(const std::string& key);
    void refuse_kind(const std::string& key, const toml::node&, std::string_view wanted);

    const toml::table& table_;
    const std::string name_;
    std::vector<ConfigMistake>& mistakes_;
    std::vector<std::string> known_;
};

}  // namespace yore::server
