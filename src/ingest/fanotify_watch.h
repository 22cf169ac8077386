// SPDX-License-Identifier: Apache-2.0
/// Watches a whole file system with one mark of fanotify(7), so that no directory is ever too new.
///
/// Events name directories by handles, which are looked for where they are when they are taken.
/// Needs CAP_SYS_ADMIN and CAP_DAC_READ_SEARCH.
#pragma once

#include <unordered_map>

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
    enum class Where { inside, outside, unknown };
    struct Seen {
        std::unordered_map<std::string, bool> handles;  ///< file_handle; whether a rename was seen
        bool lost = false;
    };
    void note(std::string_view events);
    Where find(const std::string& handle, const std::string& top, std::string& path) const;
    Where place_of(int directory, const std::string& top, std::string& path) const;

    const int source_;
    Seen seen_;           ///< under the reader's lock
    EventReader reader_;  ///< last: it calls `note`
};

}  // namespace yore::ingest
