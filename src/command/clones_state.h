// SPDX-License-Identifier: Apache-2.0
/// What Clones keeps, and what its calls are made of.
#pragma once

#include <yore/command/clones.h>
#include <yore/command/context.h>
#include <yore/view/identity.h>

#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

#include "command/clone_entries.h"
#include "command/clone_plan.h"
#include "command/moment.h"

namespace yore::command {

struct Clones::State {
    explicit State(Context& context_in) : context(context_in) {}

    Context& context;
    std::optional<view::Identities> identities;
    CloneEntries entries;

    bool stays() const { return context.options().life != OwnerLife::command; }
    const std::string& repository() const { return context.directory(); }
    std::string directory_of(const CloneRecord& record) const {
        return clone_mountpoint(context, record);
    }
    CloneStatus status(const CloneEntry&) const;
    CloneStatus status_after(const CloneClaim&);
    void save_phase(CloneClaim&, CloneRecord::Phase);

    // How one is made (clones_make.cc).
    std::uint32_t hold(const CloneRecord&, const Moment&);
    /// `original` is let go as soon as it is copied.
    void make(CloneClaim&, std::optional<CloneClaim>& original, const Moment&, const NewClone&,
              const std::stop_token&);
    void undo_making(CloneClaim&);

    static void refuse_damaged(const CloneClaim&);
    void mount(CloneClaim&, const std::stop_token&);
    void start_server(CloneClaim&, const std::stop_token&);
    void close(CloneClaim&, InUse, cluster::Server::End = cluster::Server::End::at_once);
    void make_anew(CloneClaim&);
    void discard(const CloneRecord&);
    void release_holds(std::string_view name);
    void release_stray_holds();
    void end_what_was_begun(CloneClaim&);
    void settle(CloneClaim&);
    void mount_at_start(const std::string& name, const std::stop_token&);
    std::optional<Timestamp> next_end(std::string& name) const;
};

}  // namespace yore::command
