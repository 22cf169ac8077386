// SPDX-License-Identifier: Apache-2.0
/// The files that hold the bytes of a clone's changed files, a sparse one each, and the space that
/// they take.
#pragma once

#include <yore/base/fd.h>
#include <yore/base/guarded.h>
#include <yore/view/writable_view.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <unordered_map>
#include <vector>

namespace yore::clone {

using view::InodeNumber;

/// A file's number and generation: truncating a file to nothing makes a new one.
struct DataName {
    InodeNumber number = 0;
    std::uint32_t generation = 0;
    bool operator==(const DataName&) const = default;
};

/// Any thread.
class DataFiles {
  public:
    /// Makes the directory; its parent is there. A file system that shows zeros as holes, or is not
    /// known to tell data from holes: Errc::unsupported.
    static void create(const std::string& directory);
    /// Counts what is there; files that `is_wanted` does not know are removed.
    DataFiles(std::string directory, std::optional<std::uint64_t> bytes_max,
              const std::function<bool(const DataName&)>& is_wanted);

    /// Open files are shared, and kept open while they are used lately.
    using File = std::shared_ptr<const Fd>;
    /// New and empty, whatever a crash left there.
    File make(const DataName&);
    /// It is missing: null.
    File open(const DataName&);
    /// The file is found again after a loss of power when it returns.
    void keep(const DataName&);
    /// Its space is free again when nobody has it open.
    void remove(const DataName&);
    /// The same, when what refers to it is durably gone: by `remove_doomed`.
    void doom(const DataName&);
    std::vector<DataName> take_doomed();
    /// Waits until there are some, and then `rest`, so that there are more. Stopped: false.
    bool wait_for_doomed(const std::stop_token&, std::chrono::milliseconds rest);

    std::uint64_t block_bytes() const { return block_bytes_; }
    std::uint64_t bytes() const {
        const std::int64_t sum = bytes_.load(std::memory_order_relaxed);
        return sum < 0 ? 0 : static_cast<std::uint64_t>(sum);
    }
    std::optional<std::uint64_t> bytes_max() const { return bytes_max_; }
    /// A file grew or shrank by so much.
    void note(std::int64_t difference) { bytes_.fetch_add(difference, std::memory_order_relaxed); }
    /// There is room for so much more within the limit.
    bool has_room(std::uint64_t more) const {
        return !bytes_max_ || (bytes() <= *bytes_max_ && more <= *bytes_max_ - bytes());
    }
    const std::string& directory() const { return directory_; }

  private:
    static constexpr std::size_t open_max = 512;
    struct Hash {
        std::size_t operator()(const DataName& name) const {
            return std::hash<std::uint64_t>()(name.number * 0x9e3779b97f4a7c15 + name.generation);
        }
    };
    using Order = std::list<std::pair<DataName, File>>;
    struct Open {
        Order order;  ///< newest first
        std::unordered_map<DataName, Order::iterator, Hash> files;
    };
    std::string folder_of(const DataName&) const;
    std::string path_of(const DataName&) const;
    File remember(const DataName&, Fd);
    void forget(const DataName&);

    const std::string directory_;
    const std::optional<std::uint64_t> bytes_max_;
    const std::uint64_t block_bytes_;
    std::atomic<std::int64_t> bytes_{0};  ///< file systems change their minds about sizes
    Guarded<Open> open_;
    std::mutex doomed_mutex_;
    std::condition_variable_any doomed_changed_;
    std::vector<DataName> doomed_;
};

/// Makes the second, which is empty, the first: its size, its data and its holes, and its times.
/// Stopped: Errc::cancelled.
void copy_file(const Fd& from, const Fd& to, const std::stop_token&);

/// What a file takes on the disk, in bytes.
std::uint64_t stored_bytes(int fd);

}  // namespace yore::clone
