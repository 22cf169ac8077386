// SPDX-License-Identifier: Apache-2.0
#include "model/revival.h"

#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <latch>
#include <memory>
#include <thread>

#include <fmt/format.h>
#include <spawn.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include "model/digest.h"
#include "model/model.h"

namespace yore::test {
namespace {

constexpr std::uint64_t steps_between_kills = 30;
constexpr std::chrono::nanoseconds kill_delay_max = std::chrono::microseconds(200);

/// In a process of its own, which a page that cannot be read kills.
Outcome perform_apart(Side& side, const Step& step) {
    int ends[2];
    if (::pipe(ends) != 0) return outcome_of(-1);
    Fd read_end(ends[0]), write_end(ends[1]);
    const pid_t child = ::fork();
    if (child == 0) {
        const Outcome outcome = perform(side, step);
        std::string told(sizeof outcome.result + sizeof outcome.error_number, '\0');
        std::memcpy(told.data(), &outcome.result, sizeof outcome.result);
        std::memcpy(told.data() + sizeof outcome.result, &outcome.error_number,
                    sizeof outcome.error_number);
        told += outcome.seen;
        const bool is_whole =
            ::write(ends[1], told.data(), told.size()) == static_cast<ssize_t>(told.size());
        ::_exit(is_whole ? 0 : 1);
    }
    write_end = Fd();
    std::string told(4096, '\0');
    const ssize_t count = ::read(read_end.get(), told.data(), told.size());
    int status = 0;
    ::waitpid(child, &status, 0);
    Outcome outcome{-1, EFAULT};
    constexpr std::size_t fixed = sizeof outcome.result + sizeof outcome.error_number;
    if (status != 0 || count < static_cast<ssize_t>(fixed)) return outcome;
    std::memcpy(&outcome.result, told.data(), sizeof outcome.result);
    std::memcpy(&outcome.error_number, told.data() + sizeof outcome.result,
                sizeof outcome.error_number);
    outcome.seen = told.substr(fixed, static_cast<std::size_t>(count) - fixed);
    return outcome;
}

bool is_file(const std::map<std::string, std::string>& tree, const std::string& path) {
    const auto found = tree.find(path);
    return found != tree.end() && found->second.starts_with("10");  // S_IFREG, in octal
}

/// Bytes, mode and times, into the file that is there.
bool copy_over(const std::string& from, const std::string& to) {
    const char* words[] = {"cp",
                           "--preserve=mode,ownership,timestamps",
                           "--sparse=always",
                           "--",
                           from.c_str(),
                           to.c_str(),
                           nullptr};
    pid_t child = 0;
    int status = 1;
    if (::posix_spawnp(&child, words[0], nullptr, nullptr, const_cast<char**>(words), environ) != 0)
        return false;
    return ::waitpid(child, &status, 0) == child && status == 0;
}

}  // namespace

bool Revival::revive() {
    tried_.close_all();
    const std::unique_ptr<FILE, int (*)(FILE*)> told(::popen(command_.c_str(), "re"), ::pclose);
    return told && std::fscanf(told.get(), "%d", &server_) == 1;
}

std::optional<std::string> Revival::run(const Step& step) {
    if (server_ == 0 && !revive()) return "there is no server";
    if (random_() % steps_between_kills == 0) {
        auto wrong = settle(step, perform_and_kill(step));
        model_.close_all();
        return wrong;
    }
    const Outcome model = perform(model_, step), tried = perform(tried_, step);
    if (model == tried) return std::nullopt;
    return fmt::format("outcome: {} in the model, {} where tried", text_of(model), text_of(tried));
}

Outcome Revival::perform_and_kill(const Step& step) {
    const std::chrono::nanoseconds delay(random_() % kill_delay_max.count());
    std::latch both_ready(2);
    const std::jthread killer([&] {
        both_ready.arrive_and_wait();
        const auto began = std::chrono::steady_clock::now();
        while (std::chrono::steady_clock::now() - began < delay) {
        }
        ::kill(server_, SIGKILL);
        struct statvfs told {};
        while (::statvfs(tried_.top().c_str(), &told) == 0) std::this_thread::yield();
    });
    both_ready.arrive_and_wait();
    return step.kind == Step::Kind::mapping ? perform_apart(tried_, step) : perform(tried_, step);
}

std::optional<std::string> Revival::settle(const Step& step, const Outcome& tried) {
    if (!revive()) return "it could not be brought back";
    if (tried.error_number != 0 && tree_difference(model_.top(), tried_.top()).empty()) {
        ++counts_.nothing;
        return std::nullopt;
    }
    const auto before = description_of_tree(model_.top());
    const bool is_acknowledged = perform(model_, step) == tried;
    const std::string wrong = tree_difference(model_.top(), tried_.top());
    if (wrong.empty()) {
        ++(is_acknowledged ? counts_.acknowledged : counts_.all);
        return std::nullopt;
    }
    if (is_acknowledged) return "acknowledged before the server was killed:\n" + wrong;
    const auto after = description_of_tree(model_.top());
    for (const auto& [path, text] : description_of_tree(tried_.top())) {
        const bool is_written =
            is_file(before, path) && is_file(after, path) && before.at(path) != after.at(path);
        if (is_written && after.at(path) != text && !copy_over(tried_.at(path), model_.at(path)))
            return "cp fails for " + path;
    }
    ++counts_.a_part;
    const std::string still = tree_difference(model_.top(), tried_.top());
    if (still.empty()) return std::nullopt;
    return "in progress when the server was killed:\n" + still;
}

}  // namespace yore::test
