// SPDX-License-Identifier: Apache-2.0
#include "command/dump_options.h"

#include <yore/base/error.h>

#include <string_view>

namespace yore::command {
namespace {

/// As getopt_long(3) reads them: letters may be joined, long names cut short.
constexpr std::string_view refused_letters = "fjhpUdW";
constexpr std::string_view letters_with_value = "eEnNStTZF";
constexpr std::string_view refused_names[] = {"file",     "jobs",     "host",  "port",
                                              "username", "password", "dbname"};

[[noreturn]] void refuse(const std::string& option) {
    throw Error(Errc::invalid, fmt::format("{} is not for a dump that is a stream", option),
                {"`--database` names the database; the dump is written to standard output, in any "
                 "format but `directory`"});
}

bool is_directory_format(std::string_view value) {
    if (value.starts_with('=')) value.remove_prefix(1);
    return value.starts_with('d');
}

void check_long(const std::string& option) {
    const std::string_view whole = std::string_view(option).substr(2);
    const auto equals = whole.find('=');
    const auto name = whole.substr(0, equals);
    for (const std::string_view refused : refused_names)
        if (!name.empty() && refused.starts_with(name)) refuse(option);
    const bool is_format = name.size() > 1 && std::string_view("format").starts_with(name);
    if (is_format && equals != whole.npos && is_directory_format(whole.substr(equals)))
        refuse(option);
}

void check_letters(const std::string& option) {
    for (std::size_t i = 1; i < option.size(); ++i) {
        if (refused_letters.find(option[i]) != refused_letters.npos) refuse(option);
        if (letters_with_value.find(option[i]) == letters_with_value.npos) continue;
        if (option[i] == 'F' && is_directory_format(std::string_view(option).substr(i + 1)))
            refuse(option);
        return;
    }
}

}  // namespace

void check_dump_options(const std::vector<std::string>& options) {
    bool after_format = false;
    for (const std::string& option : options) {
        if (after_format && is_directory_format(option)) refuse(option);
        after_format = option == "-F" || option == "--format";
        if (option.starts_with("--"))
            check_long(option);
        else if (option.starts_with('-'))
            check_letters(option);
        else if (options.front() == option)
            refuse(option);  // pg_dump takes a word of its own for a database
    }
}

}  // namespace yore::command
