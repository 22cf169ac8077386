// SPDX-License-Identifier: Apache-2.0
#include "cli/arguments.h"

#include <yore/base/time.h>
#include <yore/command/command.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <sstream>

#include "cli/sizes.h"
#include "cli/verbs.h"

namespace yore::cli {
namespace {

struct GlobalTexts {
    std::string repository, cache_size;
    std::string passphrase_file, passphrase_command, key_file;
};

void add_global_options(CLI::App& app, Invocation& invocation, GlobalTexts& texts) {
    app.add_option("--repo", texts.repository, "The repository [YORE_REPO]")->type_name("DIR");
    app.add_flag("--json", invocation.json, "Answer in JSON, an object on each line");
    app.add_flag("-q,--quiet", invocation.quiet, "No progress, no remarks");
    app.add_option("--passphrase-file", texts.passphrase_file,
                   "Read the passphrase from a file [YORE_PASSPHRASE_FILE]")
        ->type_name("FILE");
    app.add_option("--passphrase-command", texts.passphrase_command,
                   "Run a command that prints the passphrase [YORE_PASSPHRASE_COMMAND]")
        ->type_name("COMMAND");
    app.add_option("--key-file", texts.key_file, "Open with a key file [YORE_KEY_FILE]")
        ->type_name("FILE");
    app.add_option("--cache-size", texts.cache_size,
                   "Memory for decoded content, such as 512M [256M]")
        ->type_name("SIZE")
        ->check(is_size());
}

std::optional<std::string> optional_of(const std::string& text) {
    return text.empty() ? std::nullopt : std::optional(text);
}

std::optional<std::string> absolute_of(const std::string& text) {
    return text.empty() ? std::nullopt : std::optional(absolute_path(text));
}

std::optional<std::string> environment(const char* name) {
    const char* value = std::getenv(name);
    return value == nullptr || *value == '\0' ? std::nullopt : std::optional<std::string>(value);
}

std::optional<std::string> absolute_environment(const char* name) {
    const auto value = environment(name);
    return value ? std::optional(absolute_path(*value)) : std::nullopt;
}

void take_globals(Invocation& invocation, const GlobalTexts& texts) {
    invocation.repository = absolute_of(texts.repository);
    if (!invocation.repository) invocation.repository = absolute_environment("YORE_REPO");
    if (const auto size = parse_size(texts.cache_size)) invocation.cache_bytes = *size;
    SecretSource& secret = invocation.secret;
    secret.passphrase_file = absolute_of(texts.passphrase_file);
    secret.passphrase_command = optional_of(texts.passphrase_command);
    secret.key_file = absolute_of(texts.key_file);
    if (secret.given()) return;  // what was typed outweighs the environment
    secret.passphrase_file = absolute_environment("YORE_PASSPHRASE_FILE");
    secret.passphrase_command = environment("YORE_PASSPHRASE_COMMAND");
    secret.key_file = absolute_environment("YORE_KEY_FILE");
}

/// CLI11 names the verb that failed nowhere, so the text does.
Answer wrongly_called(const CLI::App& app, const char* what) {
    std::string verb;
    for (const CLI::App* at = &app; !at->get_subcommands().empty();) {
        at = at->get_subcommands().front();
        verb += " " + at->get_name();
    }
    // What is called wrongly must not look like the end of the log to PostgreSQL.
    const auto code_of_mistake =
        verb == " log fetch" ? command::ExitCode::unavailable : command::ExitCode::usage;
    return {static_cast<int>(code_of_mistake), "",
            fmt::format("yore: {}\nhint: `yore{} --help` shows what it takes\n", what, verb)};
}

Answer mistake(const CLI::App& app, const CLI::ParseError& error) {
    std::ostringstream out, err;
    const int code = app.exit(error, out, err);
    if (code == 0) return {0, out.str(), err.str()};
    return wrongly_called(app, error.what());
}

}  // namespace

std::variant<Invocation, Answer> parse(int argc, const char* const* argv) {
    Invocation invocation;
    GlobalTexts texts;
    CLI::App app{"Backups that are directories: a deduplicating, encrypted repository, mounted.",
                 "yore"};
    app.set_version_flag("--version", "yore " YORE_VERSION);
    app.set_help_flag("-h,--help", "Show this");
    app.require_subcommand(1);
    app.fallthrough();  // options of all verbs may stand behind the verb
    app.footer(
        "These options may stand behind a verb, too. A moment is SOURCE@TIME, such as "
        "home@latest,\n"
        "home@now-2h or home@2026-11-21T14:07Z. `man yore` has it all.");
    add_global_options(app, invocation, texts);
    add_repository_verbs(app, invocation);
    add_source_verbs(app, invocation);
    add_reading_verbs(app, invocation);
    add_keeping_verbs(app, invocation);
    add_time_verbs(app, invocation);
    add_job_verbs(app, invocation);
    add_mount_verbs(app, invocation);
    add_clone_verbs(app, invocation);
    add_cluster_verbs(app, invocation);
    try {
        app.parse(argc, argv);
        take_globals(invocation, texts);
    } catch (const CLI::ParseError& error) {
        return mistake(app, error);
    } catch (const std::exception& error) {  // a path that cannot be made absolute
        return wrongly_called(app, error.what());
    }
    return invocation;
}

CLI::App* add_verb(CLI::App& parent, Invocation& invocation, const std::string& name,
                   const std::string& what_it_does, std::function<void()> fill) {
    auto* verb = parent.add_subcommand(name, what_it_does);
    verb->fallthrough();
    const std::string above = parent.get_parent() == nullptr ? "" : parent.get_name();
    verb->callback([&invocation, above, name, fill = std::move(fill)] {
        invocation.verb = above.empty() ? name : above + " " + name;
        invocation.command = above.empty() ? name : above + "-" + name;
        fill();
    });
    return verb;
}

std::string absolute_path(const std::string& path) {
    const auto absolute = std::filesystem::absolute(path);
    // What `..` means after a link, only the file system knows.
    const bool climbs = std::ranges::count(absolute, "..") > 0;
    auto normal =
        (climbs ? std::filesystem::weakly_canonical(absolute) : absolute.lexically_normal())
            .string();
    if (normal.size() > 1 && normal.ends_with('/')) normal.pop_back();
    return normal;
}

void add_new_secret_options(CLI::App& verb, SecretSource& secret) {
    verb.add_option("--new-passphrase-file", secret.passphrase_file,
                    "Read the new passphrase from a file")
        ->type_name("FILE");
    verb.add_option("--new-passphrase-command", secret.passphrase_command,
                    "Run a command that prints the new passphrase")
        ->type_name("COMMAND");
    verb.add_option("--new-key-file", secret.key_file,
                    "The new secret is a key file; it is made when it is not there")
        ->type_name("FILE");
}

CLI::Validator is_size() {
    return {[](std::string& text) {
                return parse_size(text) ? std::string()
                                        : fmt::format("{} is not a size such as 64M", text);
            },
            ""};
}

CLI::Validator is_duration() {
    return {[](std::string& text) {
                return parse_duration(text)
                           ? std::string()
                           : fmt::format("{} is not a duration such as 36h or 30d", text);
            },
            ""};
}

}  // namespace yore::cli
