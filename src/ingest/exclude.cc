// SPDX-License-Identifier: Apache-2.0
#include "ingest/exclude.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <ranges>
#include <utility>

namespace yore::ingest {
namespace {

using ByteSet = std::bitset<256>;

/// Git cuts blanks off the end of a pattern, but for escaped ones.
std::string_view without_trailing_spaces(std::string_view pattern) {
    std::size_t end = 0;
    for (std::size_t i = 0; i < pattern.size(); ++i) {
        if (pattern[i] == '\\')
            i = std::min(i + 1, pattern.size() - 1);
        else if (pattern[i] == ' ')
            continue;
        end = i + 1;
    }
    return pattern.substr(0, end);
}

/// `alpha` of `[:alpha:]`, in the C locale. Unknown: nullopt, and the pattern never matches.
std::optional<ByteSet> named_class(std::string_view name) {
    using Test = int (*)(int);
    static constexpr std::array<std::pair<std::string_view, Test>, 12> classes = {{
        {"alnum", std::isalnum},
        {"alpha", std::isalpha},
        {"blank", std::isblank},
        {"cntrl", std::iscntrl},
        {"digit", std::isdigit},
        {"graph", std::isgraph},
        {"lower", std::islower},
        {"print", std::isprint},
        {"punct", std::ispunct},
        {"space", std::isspace},
        {"upper", std::isupper},
        {"xdigit", std::isxdigit},
    }};
    const auto found = std::ranges::find(classes, name, &std::pair<std::string_view, Test>::first);
    if (found == classes.end()) return std::nullopt;
    ByteSet bytes;
    for (int b = 0; b < 128; ++b) bytes[static_cast<std::size_t>(b)] = found->second(b) != 0;
    return bytes;
}

/// Reads what stands between `[` and `]`.
class ClassParser {
  public:
    /// `rest` starts behind the `[`. No closing bracket: nullopt.
    explicit ClassParser(std::string_view rest) : rest_(rest) {}
    std::optional<ByteSet> parse() {
        const bool negated = at() == '!' || at() == '^';
        if (negated) ++next_;
        bool first = true;
        while (first || at() != ']') {
            if (next_ >= rest_.size() || !parse_item()) return std::nullopt;
            first = false;
        }
        ++next_;
        if (negated) bytes_.flip();
        bytes_[static_cast<unsigned char>('/')] = false;
        return bytes_;
    }
    std::size_t consumed() const { return next_; }

  private:
    char at(std::size_t ahead = 0) const {
        return next_ + ahead < rest_.size() ? rest_[next_ + ahead] : '\0';
    }
    std::optional<unsigned char> take_byte() {
        if (at() == '\\') ++next_;
        if (next_ >= rest_.size()) return std::nullopt;
        return static_cast<unsigned char>(rest_[next_++]);
    }
    bool parse_item() {
        if (at() == '[' && at(1) == ':')
            if (const auto end = rest_.find(']', next_ + 2);
                end != std::string_view::npos && end > next_ + 2 && rest_[end - 1] == ':') {
                const auto named = named_class(rest_.substr(next_ + 2, end - 1 - (next_ + 2)));
                if (!named) return false;
                bytes_ |= *named;
                next_ = end + 1;
                return true;
            }
        const auto low = take_byte();
        if (!low) return false;
        auto high = low;
        if (at() == '-' && at(1) != ']' && at(1) != '\0') {
            ++next_;
            high = take_byte();
            if (!high) return false;
        }
        bytes_[*low] = true;
        for (unsigned b = *low; b <= *high; ++b) bytes_[b] = true;
        return true;
    }

    std::string_view rest_;
    std::size_t next_ = 0;
    ByteSet bytes_;
};

/// A component that is made of two or more stars alone.
bool is_double_star_at(std::string_view pattern, std::size_t start) {
    const std::size_t end = std::min(pattern.find('/', start), pattern.size());
    const std::string_view component = pattern.substr(start, end - start);
    return component.size() >= 2 && component.find_first_not_of('*') == std::string_view::npos;
}

std::optional<std::vector<Glob>> parse_components(std::string_view pattern) {
    std::vector<Glob> components(1);
    if (is_double_star_at(pattern, 0)) components.back().set_double_star();
    for (std::size_t i = 0; i < pattern.size(); ++i) {
        Glob& glob = components.back();
        switch (pattern[i]) {
            case '/':
                components.emplace_back();
                if (is_double_star_at(pattern, i + 1)) components.back().set_double_star();
                break;
            case '*':
                glob.add_star();
                break;
            case '?':
                glob.add_class(ByteSet().set());
                break;
            case '[': {
                ClassParser parser(pattern.substr(i + 1));
                const auto bytes = parser.parse();
                if (!bytes) return std::nullopt;
                glob.add_class(*bytes);
                i += parser.consumed();
                break;
            }
            case '\\':
                if (++i == pattern.size()) return std::nullopt;
                [[fallthrough]];
            default:
                glob.add_byte(static_cast<unsigned char>(pattern[i]));
        }
    }
    return components;
}

/// Takes the first component off `path`.
std::string_view take_component(std::string_view& path) {
    const std::size_t slash = path.find('/');
    const std::string_view component = path.substr(0, slash);
    path = slash == std::string_view::npos ? std::string_view() : path.substr(slash + 1);
    return component;
}

/// Only the last `**` is tried again with one component more.
bool match_components(const std::vector<Glob>& globs, std::string_view path) {
    std::size_t glob = 0;
    std::optional<std::size_t> retry_glob;
    std::string_view retry_path;
    while (!path.empty() || glob < globs.size()) {
        if (glob < globs.size() && globs[glob].is_double_star()) {
            if (path.empty()) return false;  // at the end it stands for one component at least
            if (++glob == globs.size()) return true;
            retry_glob = glob;
            retry_path = path;
            continue;
        }
        std::string_view rest = path;
        if (!path.empty() && glob < globs.size() && globs[glob].matches(take_component(rest))) {
            path = rest;
            ++glob;
            continue;
        }
        if (!retry_glob || retry_path.empty()) return false;
        take_component(retry_path);
        path = retry_path;
        glob = *retry_glob;
    }
    return true;
}

}  // namespace

void Glob::add_byte(unsigned char byte) {
    add_class(ByteSet().set(byte));
}

void Glob::add_class(const std::bitset<256>& bytes) {
    tokens_.push_back(classes_.size());
    classes_.push_back(bytes);
}

void Glob::add_star() {
    if (tokens_.empty() || tokens_.back() != star) tokens_.push_back(star);
}

bool Glob::matches(std::string_view name) const {
    std::size_t token = 0, at = 0;
    std::optional<std::size_t> retry_token;
    std::size_t retry_at = 0;
    while (at < name.size() || token < tokens_.size()) {
        if (token < tokens_.size() && tokens_[token] == star) {
            retry_token = ++token;
            retry_at = at;
            continue;
        }
        if (at < name.size() && token < tokens_.size() &&
            classes_[tokens_[token]][static_cast<unsigned char>(name[at])]) {
            ++at;
            ++token;
            continue;
        }
        if (!retry_token || retry_at >= name.size()) return false;
        at = ++retry_at;
        token = *retry_token;
    }
    return true;
}

std::optional<ExcludeRules::Rule> ExcludeRules::parse(std::string_view pattern) {
    Rule rule;
    if (pattern.starts_with('#')) return std::nullopt;
    pattern = without_trailing_spaces(pattern);
    if (pattern.starts_with('!')) {
        rule.negative = true;
        pattern.remove_prefix(1);
    }
    if (pattern.ends_with('/')) {
        rule.directories_only = true;
        pattern.remove_suffix(1);
    }
    rule.anchored = pattern.find('/') != std::string_view::npos;
    if (pattern.starts_with('/')) pattern.remove_prefix(1);
    auto components = parse_components(pattern);
    if (!components) return std::nullopt;
    for (const Glob& glob : *components)
        if (glob.empty()) return std::nullopt;  // no name is empty
    rule.components = std::move(*components);
    return rule;
}

ExcludeRules::ExcludeRules(const std::vector<std::string>& patterns) {
    for (const std::string& pattern : patterns)
        if (auto rule = parse(pattern)) rules_.push_back(std::move(*rule));
}

bool ExcludeRules::Rule::matches(std::string_view path, PathKind kind) const {
    if (directories_only && kind != PathKind::directory) return false;
    if (anchored) return match_components(components, path);
    const std::size_t slash = path.rfind('/');
    return components[0].matches(slash == std::string_view::npos ? path : path.substr(slash + 1));
}

bool ExcludeRules::excludes(std::string_view path, PathKind kind) const {
    for (const Rule& rule : rules_ | std::views::reverse)
        if (rule.matches(path, kind)) return !rule.negative;
    return false;
}

}  // namespace yore::ingest
