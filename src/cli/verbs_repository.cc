// SPDX-License-Identifier: Apache-2.0
/// init, info, stats, status, verify, key.
#include <yore/base/time.h>
#include <yore/command/text.h>

#include <memory>
#include <tuple>

#include "cli/verbs.h"

namespace yore::cli {
namespace {

void add_init(CLI::App& app, Invocation& invocation) {
    const auto encryption = std::make_shared<std::string>();
    auto* verb = add_verb(app, invocation, "init", "Make a repository", [&invocation, encryption] {
        if (encryption->empty()) return;
        invocation.encrypted = *encryption != "none";
        invocation.with_key_file = *encryption == "keyfile";
    });
    verb->add_option("--encryption", *encryption,
                     "passphrase, keyfile (made when it is not there) or none [passphrase]")
        ->check(CLI::IsMember({"passphrase", "keyfile", "none"}))
        ->type_name("KIND");
    verb->add_option("--label", invocation.label, "A name for the first key slot")
        ->type_name("TEXT");
}

/// `10%` or `0.1`. Not such a part: nullopt.
std::optional<double> parse_part(const std::string& text) {
    char* end = nullptr;
    const double value = std::strtod(text.c_str(), &end);
    if (end == text.c_str()) return std::nullopt;
    const std::string rest(end);
    const double part = rest == "%" ? value / 100 : value;
    if ((!rest.empty() && rest != "%") || !(part > 0 && part <= 1)) return std::nullopt;
    return part;
}

void add_verify(CLI::App& app, Invocation& invocation) {
    struct Options {
        VerifyOptions which;
        std::string sample;
        std::vector<std::string> moments;
    };
    const auto options = std::make_shared<Options>();
    auto* verb = add_verb(
        app, invocation, "verify", "Check that backups can be restored", [&invocation, options] {
            options->which.put(invocation.request);
            if (const auto part = parse_part(options->sample)) invocation.request["sample"] = *part;
            if (!options->moments.empty())
                invocation.request["moments"] = command::list_of_bytes(options->moments);
        });
    verb->add_option("moments", options->moments,
                     "Level 3 of these [each source that says how it is checked]")
        ->type_name("SOURCE[@TIME]");
    add_verify_options(*verb, options->which);
    verb->add_option("--sample", options->sample, "Level 2 of a part, chosen at random: 10%")
        ->check([](const std::string& text) {
            return parse_part(text) ? "" : text + " is not a part such as 10%";
        })
        ->type_name("PART");
}

}  // namespace

void VerifyOptions::put(nlohmann::json& request) const {
    if (level > 0) request["level"] = level;
    if (!max_time.empty()) request["max_time"] = max_time;
    if (!older_than.empty()) request["older_than"] = older_than;
    if (random) request["random"] = true;
    if (compare) request["compare"] = true;
}

void add_verify_options(CLI::App& verb, VerifyOptions& options) {
    verb.add_option(
            "--level", options.level,
            "1: records and what they refer to; 2: besides, every byte that is stored; 3: a moment "
            "of each source, put to use in a clone [1]")
        ->check(CLI::Range(1u, 3u))
        ->type_name("LEVEL");
    for (const auto& [name, value, what] :
         {std::tuple("--max-time", &options.max_time,
                     "Level 2 for so long, of what was read longest ago: 30m"),
          {"--older-than", &options.older_than, "Level 2 of what was not read since: 30d"}})
        verb.add_option(name, *value, what)->check(is_duration())->type_name("DURATION");
    verb.add_flag("--random", options.random, "Level 3 of random moments, not of the newest");
    verb.add_flag("--compare", options.compare,
                  "Level 3 of clusters: the moment at which the newest backup by a server ended, "
                  "compared with that backup");
}

namespace {

void add_key_add(CLI::App& key, Invocation& invocation) {
    const auto label = std::make_shared<std::string>();
    auto* verb =
        add_verb(key, invocation, "add", "Add a passphrase or a key file", [&invocation, label] {
            invocation.input = Invocation::Input::new_secret;
            command::put_bytes(invocation.request, "label", *label);
        });
    verb->add_option("--label", *label, "A name for the new key slot")->type_name("TEXT");
    add_new_secret_options(*verb, invocation.new_secret);
}

void add_key_slot_verbs(CLI::App& key, Invocation& invocation) {
    const auto slot = std::make_shared<std::string>();
    add_verb(key, invocation, "list", "List the key slots", [] {});
    auto* remove = add_verb(key, invocation, "remove", "Remove a key slot; the last one stays",
                            [&invocation, slot] { invocation.request["slot"] = *slot; });
    remove->add_option("slot", *slot, "Its id, or the first digits of it")
        ->required()
        ->type_name("SLOT");
    auto* rotate =
        add_verb(key, invocation, "rotate", "Give a key slot another secret", [&invocation, slot] {
            invocation.input = Invocation::Input::new_secret;
            if (!slot->empty()) invocation.request["slot"] = *slot;
        });
    rotate->add_option("slot", *slot, "Its id, or the first digits of it [the only one]")
        ->type_name("SLOT");
    add_new_secret_options(*rotate, invocation.new_secret);
}

}  // namespace

void add_repository_verbs(CLI::App& app, Invocation& invocation) {
    add_init(app, invocation);
    add_verb(app, invocation, "info", "Show what the repository is and who has it open", [] {});
    const auto of = std::make_shared<std::string>();
    auto* status =
        add_verb(app, invocation, "status", "Is everything all right?", [&invocation, of] {
            if (!of->empty()) command::put_bytes(invocation.request, "source", *of);
        });
    status->add_option("source", *of, "Of this one [all]")->type_name("SOURCE");
    auto* stats = add_verb(app, invocation, "stats", "Show how much is stored", [] {});
    stats->add_flag("-b,--bytes", invocation.exact_sizes, "Sizes in bytes");
    add_verb(app, invocation, "metrics", "Show figures for Prometheus, in its text format", [] {});
    add_verify(app, invocation);
    auto* key = app.add_subcommand("key", "Add, list, remove and rotate keys");
    key->require_subcommand(1);
    key->fallthrough();
    add_key_add(*key, invocation);
    add_key_slot_verbs(*key, invocation);
}

}  // namespace yore::cli
