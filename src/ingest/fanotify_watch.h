// SPDX-License-Identifier: Apache-2.0
/// Watches a whole file system with one mark of fanotify(7), so that no directory is ever too new.
///
/// Events name directories by handles, which are looked for where they are when they are taken.
/// Those that were found to be no part of the source are remembered until some directory of the
/// file system is renamed: else whatever is written there, also our own commits, would set a
/// follower to work. Needs CAP_SYS_ADMIN and CAP_DAC_READ_SEARCH.
#pragma once

#include <unordered_map>
#include <vector>

#include "ingest/change_watch.h"
#include "ingest/event_reader.h"

namespace yore::ingest {

class FanotifyWatch final : public ChangeWatch {
  public:
    FanotifyWatch(int source, Duration rest);

    Pending wait_until(Time until, const std::stop_token& stop) override {
        return reader_.wait_until(until, stop);
    }
    Changes take() override;

  private:
    /// `gone`: it is nowhere, or no directory.
    enum class Where { inside, outside, gone, unknown };
    struct Seen {
        std::unordered_map<std::string, bool> handles;  ///< file_handle; whether a rename was seen
        bool lost = false;
    };
    /// Whether any may concern the source.
    bool note(std::string_view events);
    Where find(const std::string& handle, const std::string& top, std::string& path) const;
    Where place_of(int directory, const std::string& top, std::string& path) const;
    void forget_outside();
    void remember(std::vector<std::string>&& outside, std::uint64_t renames);

    const int source_;
    // Under the reader's lock.
    Seen seen_;
    /// Handles of directories since the last rename; whether anything changed there meanwhile.
    std::unordered_map<std::string, bool> outside_;
    std::uint64_t renames_ = 0;  ///< of directories, seen so far
    EventReader reader_;         ///< last: it calls `note`
};

}  // namespace yore::ingest
