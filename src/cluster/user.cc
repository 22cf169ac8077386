// SPDX-License-Identifier: Apache-2.0
#include "cluster/user.h"

#include <yore/base/error.h>

#include <cerrno>
#include <string_view>

#include <grp.h>
#include <pwd.h>
#include <sys/fsuid.h>
#include <sys/stat.h>
#include <unistd.h>

namespace yore::cluster {
namespace {

constexpr std::string_view kept_names[] = {"PATH", "LANG", "LANGUAGE", "TZ", "LC_"};

}  // namespace

User owner_of(const std::string& directory) {
    struct stat status {};
    if (::stat(directory.c_str(), &status) != 0) throw system_error("stat", directory, errno);
    if (status.st_uid == 0)
        throw Error(Errc::invalid,
                    fmt::format("{} belongs to root, and no server runs as root", directory),
                    {"`chown -R postgres: DIR`, then start it with pg_ctl"});
    if (::geteuid() != 0 && ::geteuid() != status.st_uid)
        throw Error(Errc::invalid, fmt::format("{} belongs to somebody else", directory),
                    {"a server is started by the owner of its data directory, or by root"});
    User user{status.st_uid, status.st_gid, {}, {}};
    if (::geteuid() != 0) return user;
    const passwd* entry = ::getpwuid(status.st_uid);
    if (entry == nullptr)
        throw Error(
            Errc::invalid,
            fmt::format("{} belongs to user {}, who is not known here", directory, status.st_uid),
            {"`chown -R postgres: DIR`, then start it with pg_ctl"});
    // The directory's group is what a backup says; the user's groups are this machine's.
    user.gid = entry->pw_gid;
    user.name = entry->pw_name;
    int count = 0;
    ::getgrouplist(entry->pw_name, user.gid, nullptr, &count);
    user.groups.resize(static_cast<std::size_t>(count));
    ::getgrouplist(entry->pw_name, user.gid, user.groups.data(), &count);
    return user;
}

bool become(const User& user) {
    return ::geteuid() != 0 || (::setgroups(user.groups.size(), user.groups.data()) == 0 &&
                                ::setgid(user.gid) == 0 && ::setuid(user.uid) == 0);
}

// setfsuid(2) is of one thread, and takes the capabilities on files away with root's id.
ActAs::ActAs(const User& user) : is_root_(::geteuid() == 0) {
    if (!is_root_) return;
    ::setfsgid(user.gid);
    ::setfsuid(user.uid);
}

ActAs::~ActAs() {
    if (!is_root_) return;
    ::setfsuid(0);
    ::setfsgid(::getegid());
}

std::vector<char*> kept_environment() {
    std::vector<char*> kept;
    for (char** variable = environ; *variable != nullptr; ++variable)
        for (const std::string_view name : kept_names) {
            const std::string_view text = *variable;
            if (text.starts_with(name) && (name.ends_with('_') || text[name.size()] == '='))
                kept.push_back(*variable);
        }
    kept.push_back(nullptr);
    return kept;
}

}  // namespace yore::cluster
