// SPDX-License-Identifier: Apache-2.0
#include "command/sql_statements.h"

#include <yore/base/error.h>

#include <algorithm>

namespace yore::command {
namespace {

constexpr std::string_view spaces = " \t\r\n\f\v";

bool is_word(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           (static_cast<unsigned char>(c) & 0x80u) != 0;
}

class Splitter {
  public:
    explicit Splitter(std::string_view text) : text_(text) {}

    std::vector<SqlStatement> all() {
        while (at_ < text_.size()) step();
        end_statement();
        return std::move(statements_);
    }

  private:
    char here() const { return text_[at_]; }
    bool starts(std::string_view word) const { return text_.substr(at_).starts_with(word); }
    std::size_t line_of(std::size_t at) const {
        return 1 + static_cast<std::size_t>(std::ranges::count(text_.substr(0, at), '\n'));
    }
    Error endless(const char* what, std::size_t from) const {
        return Error(Errc::invalid,
                     fmt::format("SQL, line {}: {} that does not end", line_of(from), what));
    }

    void step() {
        if (starts("--")) return skip_line();
        if (starts("/*")) return skip_comment();
        if (here() == '\'' || here() == '"') return take_quoted(here());
        if (here() == '$' && (at_ == 0 || !is_word(text_[at_ - 1])) && take_dollar_quoted()) return;
        if (here() == '\\' && !begun()) return take_command();
        if (here() == ';' && depth_ == 0) {
            end_statement();
            ++at_;
            return;
        }
        if (here() == '(') ++depth_;
        if (here() == ')' && depth_ > 0) --depth_;
        take(1);
    }

    bool begun() const { return current_.find_first_not_of(spaces) != current_.npos; }

    void take(std::size_t count) {
        if (!begun()) begin_ = at_;
        current_ += text_.substr(at_, count);
        at_ += count;
    }

    /// A comment is as good as a space.
    void skip_to(std::size_t end) {
        current_ += ' ';
        at_ = end;
    }
    void skip_line() { skip_to(std::min(text_.find('\n', at_), text_.size())); }
    void skip_comment() {
        std::size_t at = at_;
        int depth = 0;
        do {
            const auto opens = text_.find("/*", at), closes = text_.find("*/", at);
            if (closes == text_.npos) throw endless("a comment", at_);
            depth += opens < closes ? 1 : -1;
            at = std::min(opens, closes) + 2;
        } while (depth > 0);
        skip_to(at);
    }

    /// `E'…'` alone knows backslashes; a quote twice is one that ends and one that begins.
    void take_quoted(char quote) {
        const bool escapes = quote == '\'' && at_ > 0 && (text_[at_ - 1] | 0x20) == 'e' &&
                             (at_ == 1 || !is_word(text_[at_ - 2]));
        std::size_t end = at_ + 1;
        while (end < text_.size() && text_[end] != quote)
            end += escapes && text_[end] == '\\' ? 2 : 1;
        if (end >= text_.size()) throw endless("a quote", at_);
        take(end + 1 - at_);
    }

    /// `$$…$$`, `$tag$…$tag$`; anything else (`$1`): false.
    bool take_dollar_quoted() {
        std::size_t end = at_ + 1;
        while (end < text_.size() && is_word(text_[end])) ++end;
        if (end >= text_.size() || text_[end] != '$') return false;
        const bool is_digit = text_[at_ + 1] >= '0' && text_[at_ + 1] <= '9';
        if (is_digit) return false;
        const std::string_view tag = text_.substr(at_, end + 1 - at_);
        const auto close = text_.find(tag, end + 1);
        if (close == text_.npos) throw endless("a quote", at_);
        take(close + tag.size() - at_);
        return true;
    }

    void take_command() {
        const auto end = std::min(text_.find('\n', at_), text_.size());
        std::string_view line = text_.substr(at_, end - at_);
        const auto word_end = std::min(line.find_first_of(spaces), line.size());
        const std::string_view word = line.substr(0, word_end);
        const auto first = line.find_first_not_of(spaces, word_end);
        if ((word != "\\c" && word != "\\connect") || first == line.npos)
            throw Error(Errc::invalid,
                        fmt::format("SQL, line {}: {} is no statement", line_of(at_), word),
                        {"of psql's commands there is `\\connect DATABASE`"});
        line = line.substr(first, line.find_last_not_of(spaces) + 1 - first);
        if (line.size() > 1 && line.front() == '"' && line.back() == '"')
            line = line.substr(1, line.size() - 2);
        database_ = line;
        at_ = end;
    }

    void end_statement() {
        const auto first = current_.find_first_not_of(spaces);
        if (first != current_.npos) {
            const auto last = current_.find_last_not_of(spaces);
            statements_.push_back(
                {database_, current_.substr(first, last + 1 - first), line_of(begin_)});
        }
        current_.clear();
        depth_ = 0;
    }

    const std::string_view text_;
    std::size_t at_ = 0, begin_ = 0, depth_ = 0;
    std::string current_, database_;
    std::vector<SqlStatement> statements_;
};

}  // namespace

std::vector<SqlStatement> split_sql(std::string_view text) {
    return Splitter(text).all();
}

}  // namespace yore::command
