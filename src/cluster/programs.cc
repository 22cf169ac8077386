// SPDX-License-Identifier: Apache-2.0
#include <yore/base/error.h>
#include <yore/base/process.h>
#include <yore/cluster/programs.h>

#include <utility>

#include <unistd.h>

#include "cluster/foreign_file.h"

namespace yore::cluster {
namespace {

bool can_run(const std::string& directory, const std::string& name) {
    return directory.starts_with('/') && ::access((directory + "/" + name).c_str(), X_OK) == 0;
}

}  // namespace

std::vector<std::string> package_directories(std::string_view version) {
    return {fmt::format("/usr/lib/postgresql/{}/bin", version),
            fmt::format("/usr/pgsql-{}/bin", version)};
}

std::string version_of(const std::string& data_directory) {
    const std::string path = data_directory + "/PG_VERSION";
    std::string version = read_foreign_file(path).value_or("");
    version.resize(version.find_last_not_of(" \n") + 1);
    if (version.empty() || version.find_first_not_of("0123456789.") != version.npos)
        throw Error(Errc::corrupt, fmt::format("{}: no version", path));
    return version;
}

std::string find_server_programs(const std::string& given, const std::string& version) {
    std::vector<std::string> places{given};
    if (given.empty()) {
        places = package_directories(version);
        for (std::string& directory : path_directories()) places.push_back(std::move(directory));
    }
    for (const std::string& place : places)
        if (can_run(place, "postgres")) return place;
    throw Error(Errc::not_found, fmt::format("there is no server of PostgreSQL {} here", version),
                {"`--bindir DIR` names where its `postgres` is"});
}

std::string find_client_program(const std::string& programs, const std::string& name) {
    if (can_run(programs, name)) return programs + "/" + name;
    for (const std::string& directory : path_directories())
        if (can_run(directory, name)) return directory + "/" + name;
    throw Error(Errc::not_found,
                fmt::format("there is no {} in {}, and none in PATH", name, programs),
                {"install the client programs of this version of PostgreSQL"});
}

}  // namespace yore::cluster
