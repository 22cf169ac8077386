// SPDX-License-Identifier: Apache-2.0
/// What a command line asks for, in words that the rest of cli acts on.
#pragma once

#include <yore/cluster/start.h>
#include <yore/server/secret_source.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

namespace yore::cli {

using server::SecretSource;

struct Invocation {
    std::string verb;     ///< as typed: `key add`
    std::string command;  ///< of module command: `key-add`; `init`, `mount`, `umount` act here, too
    nlohmann::json request = nlohmann::json::object();

    enum class Input { nothing, standard_input, file, new_secret } input = Input::nothing;
    SecretSource new_secret;
    std::string input_file;

    // Options of all verbs.
    std::optional<std::string> repository;
    SecretSource secret;
    std::uint64_t cache_bytes = 256u << 20;
    bool json = false;
    bool quiet = false;

    // What is not the command's business.
    std::string config;                         ///< serve: its file
    bool check = false;                         ///< serve: only look at it
    bool replace = false;                       ///< serve: the owner there is, is asked to drain
    bool foreground = false;                    ///< mount
    std::optional<bool> encrypted;              ///< init; absent: as the secret that is given says
    std::optional<bool> with_key_file;          ///< init: the secret is a key file
    std::string label;                          ///< init
    std::string destination;                    ///< log fetch: the file that it makes
    std::optional<cluster::ClusterStart> start;  ///< restore: of a cluster, and then a server on it
    bool long_rows = false;                     ///< ls, find
    bool exact_sizes = false;                   ///< bytes instead of MiB
};

}  // namespace yore::cli
