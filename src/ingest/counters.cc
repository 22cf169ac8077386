// SPDX-License-Identifier: Apache-2.0
#include "ingest/counters.h"

#include <chrono>

namespace yore::ingest {

ProgressTicker::ProgressTicker(const Counters& counters,
                               std::optional<std::uint64_t> bytes_expected,
                               const std::function<void(const Progress&)>& tell)
    : counters_(counters), bytes_expected_(bytes_expected), tell_(tell) {
    if (!tell_) return;
    thread_ = std::jthread([this](const std::stop_token& stop) {
        std::unique_lock lock(mutex_);
        while (!wake_.wait_for(lock, stop, std::chrono::milliseconds(200),
                               [&] { return stop.stop_requested(); }))
            this->tell();
        this->tell();
    });
}

ProgressTicker::~ProgressTicker() = default;

void ProgressTicker::tell() const {
    Progress progress;
    progress.files_done = counters_.files.get();
    progress.directories_done = counters_.directories.get();
    progress.bytes_done = counters_.bytes.get();
    progress.bytes_read = counters_.bytes_read.get();
    progress.bytes_new = counters_.bytes_new.get();
    progress.bytes_stored = counters_.bytes_stored.get();
    progress.bytes_expected = bytes_expected_;
    progress.problems = counters_.problems.get();
    tell_(progress);
}

void Problems::add(std::string_view path, std::string text) {
    counters_.problems.add(1);
    catalog::Problem problem{path.empty() ? "." : std::string(path), std::move(text)};
    if (tell_) tell_(problem);
    if (first_.size() < catalog::problems_max) first_.push_back(std::move(problem));
}

}  // namespace yore::ingest
