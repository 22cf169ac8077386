// SPDX-License-Identifier: Apache-2.0
/// What appears below a path from one moment to another.
#pragma once

#include <yore/view/journal_scan.h>
#include <yore/view/versions.h>

#include <functional>
#include <set>
#include <stop_token>

#include "command/moment.h"

namespace yore::command {

/// Goes from each stored tree to the next. Between the two the journal says which names may have
/// appeared and gone again: only where it has one that was not there before, or that went in
/// between, the moment is opened and compared with the one before it.
class SpanScan {
  public:
    using Found = std::function<void(const std::string& path, const tree::EntryView&,
                                     const std::string& state)>;
    /// `from` and `to` are of one source, and outlive it. `path` is normal.
    SpanScan(Context&, const Moment& from, const Moment& to, std::string path, Found,
             std::stop_token);
    /// In the order of the states, in each by path.
    void run();

  private:
    using Paths = std::set<std::string, std::less<>>;
    struct Suspect {
        Timestamp time;
        std::optional<Timestamp> before;
    };

    void go_to(Timestamp, const NodeId& root, const std::string& state);
    std::vector<Suspect> suspects_until(Timestamp) const;
    void note_vanished(const format::JournalRecord&, Paths& vanished) const;
    bool may_show(const view::JournalStep&, std::size_t record, const Paths& vanished) const;
    bool may_appear(const std::string& path, const view::JournalStep&, std::size_t record) const;
    bool is_related(std::string_view path) const;
    void look_at(const Suspect&);
    void compare_with(const NodeId& root, const std::string& state);

    Context& context_;
    const Moment& from_;
    const Moment& to_;
    const std::string path_;
    const Found found_;
    const std::stop_token stop_;
    const view::SourceRecords records_;
    Timestamp time_;                ///< up to which it has come
    NodeId root_;                   ///< of the last state that was looked at
    std::shared_ptr<void> in_use_;  ///< of that
};

}  // namespace yore::command
