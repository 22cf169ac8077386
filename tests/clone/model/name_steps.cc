// SPDX-License-Identifier: Apache-2.0
/// Operations that make, remove and move names.
#include <array>
#include <cstdio>

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/fs.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "model/steps.h"

namespace yore::test {
namespace {

const std::vector<mode_t> masks{0, 022, 027, 077};
const std::vector<mode_t> modes{0777, 0644, 0600, 0755, 0400, 0, 01777, 02775, 04755, 06711};

Step make_directory(Choices& choices) {
    const std::string path = choices.new_path();
    const mode_t mode = choices.of(modes), mask = choices.of(masks);
    choices.add(path);
    return {fmt::format("mkdir {} {:o}, umask {:o}", quoted(path), mode, mask),
            [=](Side& side) {
                ::umask(mask);
                return outcome_of(::mkdir(side.at(path).c_str(), mode));
            },
            {parent_of(path)}};
}

/// Nodes of devices are made, never opened.
Step make_node(Choices& choices) {
    const std::string path = choices.new_path();
    const mode_t type = choices.of<mode_t>({S_IFIFO, S_IFSOCK, S_IFCHR, S_IFBLK, S_IFREG, S_IFREG});
    const mode_t mode = type | (choices.of(modes) & ~mode_t{S_ISGID}), mask = choices.of(masks);
    const dev_t device = makedev(240, static_cast<unsigned>(choices.below(1000)));
    choices.add(path);
    return {fmt::format("mknod {} {:o}, umask {:o}", quoted(path), mode, mask),
            [=](Side& side) {
                ::umask(mask);
                return outcome_of(::mknod(side.at(path).c_str(), mode, device));
            },
            {parent_of(path)}};
}

Step make_symlink(Choices& choices) {
    const std::string path = choices.new_path();
    const std::string target = choices.one_in(8) ? "/no/where" : choices.path();
    choices.add(path);
    return {
        fmt::format("symlink {} -> {}", quoted(path), quoted(target)),
        [=](Side& side) { return outcome_of(::symlink(target.c_str(), side.at(path).c_str())); },
        {parent_of(path)}};
}

Step read_symlink(Choices& choices) {
    const std::string path = choices.path();
    return {"readlink " + quoted(path), [=](Side& side) {
                std::array<char, 512> target{};
                const ssize_t count =
                    ::readlink(side.at(path).c_str(), target.data(), target.size());
                Outcome outcome = outcome_of(count);
                if (count > 0) outcome.seen.assign(target.data(), static_cast<std::size_t>(count));
                return outcome;
            }};
}

Step make_link(Choices& choices) {
    const std::string from = choices.path(), to = choices.new_path();
    choices.add(to);
    return {
        fmt::format("link {} as {}", quoted(from), quoted(to)),
        [=](Side& side) { return outcome_of(::link(side.at(from).c_str(), side.at(to).c_str())); },
        {from, parent_of(to)}};
}

Step remove_file(Choices& choices) {
    const std::string path = choices.path();
    return {"unlink " + quoted(path),
            [=](Side& side) { return outcome_of(::unlink(side.at(path).c_str())); },
            {parent_of(path)}};
}

Step remove_directory(Choices& choices) {
    const std::string path = choices.path();
    return {"rmdir " + quoted(path),
            [=](Side& side) { return outcome_of(::rmdir(side.at(path).c_str())); },
            {parent_of(path)}};
}

Step rename_to(const std::string& from, const std::string& to, unsigned flags) {
    return {fmt::format("rename {} to {}, flags {}", quoted(from), quoted(to), flags),
            [=](Side& side) {
                return outcome_of(::renameat2(AT_FDCWD, side.at(from).c_str(), AT_FDCWD,
                                              side.at(to).c_str(), flags));
            },
            {parent_of(from), parent_of(to)}};
}

Step rename(Choices& choices) {
    const std::string from = choices.path();
    const std::string to = choices.one_in(2) ? choices.path() : choices.new_path();
    choices.add(to);
    return rename_to(from, to, choices.of<unsigned>({0, 0, 0, RENAME_NOREPLACE, RENAME_EXCHANGE}));
}

Step rename_into_itself(Choices& choices) {
    const std::string from = choices.path();
    const std::string to = from + "/" + choices.name();
    return rename_to(from, to, choices.of<unsigned>({0, RENAME_EXCHANGE}));
}

/// As editors and databases do: all of it written beside, then put in its place.
Step replace_file(Choices& choices) {
    const std::string path = choices.path(), beside = path + ".new";
    const std::string bytes = choices.bytes(choices.length());
    return {fmt::format("replace {} by {} bytes", quoted(path), bytes.size()), [=](Side& side) {
                ::umask(022);
                const Fd fd(::open(side.at(beside).c_str(), O_WRONLY | O_CREAT | O_EXCL, 0644));
                if (!fd) return outcome_of(-1);
                const long written = ::write(fd.get(), bytes.data(), bytes.size());
                const Outcome moved =
                    outcome_of(::rename(side.at(beside).c_str(), side.at(path).c_str()));
                if (moved.result < 0) ::unlink(side.at(beside).c_str());
                return Outcome{written, moved.error_number};
            }};
}

}  // namespace

std::vector<StepKind> name_steps() {
    return {{24, make_directory},    {10, make_node},
            {8, make_symlink},       {3, read_symlink},
            {12, make_link},         {14, remove_file},
            {10, remove_directory},  {24, rename},
            {2, rename_into_itself}, {6, replace_file, Step::Kind::program}};
}

}  // namespace yore::test
