// SPDX-License-Identifier: Apache-2.0
/// Which paths a snapshot leaves out: patterns as in gitignore(5), the last match decides.
///
/// A pattern is taken apart once: into components at its slashes, each a list of tokens (a byte, a
/// class of bytes, `*`). Then a path is matched component by component, so that `*` cannot meet a
/// slash, and only the last `*` or `**` is ever tried again: no pattern takes exponential time.
#pragma once

#include <bitset>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace yore::ingest {

enum class PathKind : std::uint8_t { file, directory };

/// One component of a pattern.
class Glob {
  public:
    static constexpr std::size_t star = static_cast<std::size_t>(-1);

    void add_byte(unsigned char byte);
    void add_class(const std::bitset<256>& bytes);
    void add_star();
    bool matches(std::string_view name) const;
    bool empty() const { return tokens_.empty(); }
    /// `**` alone in its component.
    bool is_double_star() const { return double_star_; }
    void set_double_star() { double_star_ = true; }

  private:
    std::vector<std::size_t> tokens_;  ///< `star`, or an index into `classes_`
    std::vector<std::bitset<256>> classes_;
    bool double_star_ = false;
};

class ExcludeRules {
  public:
    /// Blank patterns and comments are skipped; one that is malformed never matches, as with git.
    explicit ExcludeRules(const std::vector<std::string>& patterns);

    bool empty() const { return rules_.empty(); }
    /// `path` is relative to the source. Whoever walks does not enter an excluded directory, so
    /// that nothing below it can be included again.
    bool excludes(std::string_view path, PathKind) const;

  private:
    struct Rule {
        bool negative = false, directories_only = false;
        bool anchored = false;  ///< else its one component is matched with the last of the path
        std::vector<Glob> components;
        bool matches(std::string_view path, PathKind) const;
    };
    static std::optional<Rule> parse(std::string_view pattern);

    std::vector<Rule> rules_;
};

}  // namespace yore::ingest
