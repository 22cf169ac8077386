// SPDX-License-Identifier: Apache-2.0
#include <yore/base/error.h>
#include <yore/base/file.h>
#include <yore/command/init.h>
#include <yore/command/text.h>
#include <yore/store/repository.h>

#include <filesystem>

#include <fcntl.h>
#include <nlohmann/json.hpp>

namespace yore::command {

nlohmann::json init(const InitOptions& options, const Clock& clock, Random& random) {
    const auto key_file = [&] {
        if (!options.credentials) return store::KeyFile::create_unencrypted(random, clock.now());
        return store::KeyFile::create_encrypted({*options.credentials, options.label, options.cost},
                                                random, clock.now());
    }();
    store::create_repository(options.directory, key_file);
    nlohmann::json result{{"result", "init"},
                          {"id", key_file.repository().hex()},
                          {"encryption", options.credentials ? "aes-256-gcm" : "none"}};
    put_bytes(result, "repository", options.directory);
    return result;
}

void create_key_file(const std::string& path, Random& random) {
    const Fd file = open_file(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
    const auto secret = store::make_key_file(random);
    write_all(file.get(), secret.view());
    sync_file(file.get(), path);
    sync_directory(std::filesystem::path(path).parent_path());
}

}  // namespace yore::command
