// SPDX-License-Identifier: Apache-2.0
#include "restore/run.h"

#include <yore/base/file.h>
#include <yore/base/path.h>

#include <algorithm>
#include <cerrno>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace yore::restore {
namespace {

constexpr std::size_t queue_max = 256;  ///< also bounds the directories held open
constexpr auto progress_interval = std::chrono::milliseconds(200);

std::vector<std::string> components(const std::string& path) {
    std::vector<std::string> parts;
    for (std::size_t begin = 0; begin < path.size();) {
        const std::size_t end = std::min(path.find('/', begin), path.size());
        if (end > begin) parts.push_back(path.substr(begin, end - begin));
        begin = end + 1;
    }
    return parts;
}

}  // namespace

Run::Run(const store::ObjectCache& cache, const RestoreOptions& options, std::stop_token stop)
    : cache_(cache),
      options_(options),
      owners_(options.owners ? Owners::set : Owners::leave),
      stop_(std::move(stop)) {
    pieces_.set_capacity(queue_max);
}

void Run::report(const std::string& path, const std::string& text) {
    ++problems_;
    if (options_.problem)
        reporting_.with([&](int&) { options_.problem(catalog::Problem{path, text}); });
}

void Run::stop_all(const Error& error) {
    fatal_.with([&](auto& fatal) {
        if (!fatal) fatal = error;
    });
    stopping_ = true;
}

Progress Run::counts() const {
    return {.files_done = files_done_,
            .bytes_done = bytes_done_,
            .files_kept = files_kept_,
            .files_total = files_total_,
            .bytes_total = bytes_total_,
            .problems = problems_};
}

void Run::tell_progress(bool always) {
    if (!options_.progress) return;
    const auto now = std::chrono::steady_clock::now();
    if (!always && now - told_ < progress_interval) return;
    told_ = now;
    options_.progress(counts());
}

Run::Selected Run::find_path(const tree::EntryView& top, const std::string& path) const {
    Selected found{.parent = {}, .parents = {}, .entry = top};
    for (const std::string& name : components(path)) {
        std::optional<tree::EntryView> next;
        if (const auto child = found.entry.child())
            next = tree::Directory(cache_, *child).find(name);
        if (!next)
            throw Error(Errc::not_found, fmt::format("no such path in the snapshot: {}", path),
                        {"paths are relative to the top of the source; `yore ls` lists them"});
        if (!found.parents.empty())
            found.parent += (found.parent.empty() ? "" : "/") + std::string(found.entry.name());
        found.parents.push_back(found.entry);
        found.entry = *next;
    }
    return found;
}

std::vector<Run::Selected> Run::select(const tree::EntryView& top) const {
    std::vector<std::string> paths;
    for (const std::string& path : options_.paths) {
        std::string joined;
        for (const std::string& part : components(path))
            joined += (joined.empty() ? "" : "/") + part;
        if (joined.empty()) return {};  // the top itself: everything
        paths.push_back(joined);
    }
    std::ranges::sort(paths);
    std::vector<Selected> selected;
    std::string last;
    for (const std::string& path : paths) {
        if (!last.empty() && is_at_or_below(path, last)) continue;
        selected.push_back(find_path(top, path));
        last = path;
    }
    return selected;
}

std::shared_ptr<TargetDirectory> Run::directory_of(Fd fd, std::string path,
                                                   std::shared_ptr<TargetDirectory> parent,
                                                   const tree::EntryView& entry) {
    auto finish = [this](TargetDirectory& directory) {
        attempt(directory.path(), [&] {
            for (const std::string& text :
                 set_metadata({directory.fd()}, *directory.entry(), cache_, owners_))
                report(directory.path(), text);
        });
    };
    return std::make_shared<TargetDirectory>(std::move(fd), std::move(path), std::move(parent),
                                             entry, finish);
}

std::shared_ptr<TargetDirectory> Run::parent_directory(const Selected& selected) {
    std::shared_ptr<TargetDirectory> here = parents_.at("");
    for (std::size_t i = 1; i < selected.parents.size(); ++i) {
        const std::string path = here->path_of(selected.parents[i].name());
        std::shared_ptr<TargetDirectory>& next = parents_[path];
        if (!next) {
            std::vector<Frame> stack;
            if (!enter(here, selected.parents[i], false, stack)) return nullptr;
            next = stack.back().directory;
        }
        here = next;
    }
    return here;
}

RestoreResult Run::operator()(NodeId snapshot_root) {
    std::optional<tree::EntryView> top;
    tree::Directory(cache_, snapshot_root).scan("", [&](const tree::EntryView& entry) {
        top = entry;
        return false;
    });
    if (!top || !top->child())
        throw Error(Errc::corrupt, fmt::format("node {}: a snapshot's root holds no directory",
                                               snapshot_root.short_hex()));
    const std::vector<Selected> selected = select(*top);
    auto count = [&](const tree::EntryView& entry) {
        const bool directory = entry.kind() == tree::FileKind::directory;
        files_total_ += directory ? entry.totals().files : 1;
        bytes_total_ += directory ? entry.totals().bytes : entry.attributes().size;
    };
    if (selected.empty()) count(*top);
    for (const Selected& one : selected) count(one.entry);

    make_directories(options_.target, 0700);
    top_ = open_file(options_.target, O_RDONLY | O_DIRECTORY);
    std::vector<std::jthread> workers;
    for (unsigned i = 0; i < std::max(2u, std::thread::hardware_concurrency()); ++i)
        workers.emplace_back([this] { work(); });
    attempt("", [&] {
        Fd again = open_below(top_.get(), "");
        if (selected.empty()) {
            walk({directory_of(std::move(again), "", nullptr, *top),
                  std::make_unique<tree::DirectoryCursor>(cache_, *top->child()), false});
            return;
        }
        parents_[""] =
            std::make_shared<TargetDirectory>(std::move(again), "", nullptr, std::nullopt, nullptr);
        for (const Selected& one : selected) {
            std::vector<Frame> stack;
            const auto parent = parent_directory(one);
            if (parent) place(parent, one.entry, false, stack);
            if (!stack.empty()) walk(std::move(stack.back()));
        }
    });
    for (std::size_t i = 0; i < workers.size(); ++i) pieces_.push(Piece{});
    workers.clear();
    parents_.clear();
    tell_progress(true);
    if (auto error = fatal_.with([](auto& fatal) { return fatal; })) throw *error;
    return {counts()};
}

void Run::walk(Frame top) {
    std::vector<Frame> stack;
    stack.push_back(std::move(top));
    while (!stack.empty() && !stopping_) {
        if (stop_.stop_requested())
            throw Error(Errc::cancelled, "restore stopped; start it again to go on");
        tell_progress(false);
        const tree::EntryView* current = nullptr;
        // A damaged node ends its directory, not the restore.
        const std::string path = stack.back().directory->path();
        if (!attempt(path, [&] { current = stack.back().cursor->current(); }) || !current) {
            stack.pop_back();
            continue;
        }
        const tree::EntryView entry = *current;
        const Frame& frame = stack.back();
        const std::shared_ptr<TargetDirectory> directory = frame.directory;
        const bool fresh = frame.fresh;
        if (!attempt(path, [&] { stack.back().cursor->advance(); })) stack.pop_back();
        place(directory, entry, fresh, stack);
    }
}

}  // namespace yore::restore
