// SPDX-License-Identifier: Apache-2.0
/// Copies a clone as a kill of its process would leave it at one instant: all that was changed is
/// in rows and files by the end of each call. So the rows are copied, and the files that they name,
/// while nobody changes anything.
#include <yore/base/file.h>

#include <vector>

#include <fcntl.h>
#include <unistd.h>

#include "clone/state.h"

namespace yore::clone {
namespace {

constexpr std::size_t rows_at_once = 1024;

class Copier {
  public:
    Copier(Clone::State& from, const std::string& directory, const std::stop_token& stop)
        : from_(from),
          stop_(stop),
          table_(table_path(directory)),
          files_(files_path(directory), std::nullopt, [](const DataName&) { return true; }) {
        if (files_.block_bytes() != from_.files.block_bytes())
            throw Error(
                Errc::unsupported,
                fmt::format("{}: its file system has blocks of {} bytes, that of {} of {}",
                            directory, files_.block_bytes(), from_.home, from_.files.block_bytes()),
                {"what was changed is known by the block: name a directory on a file "
                 "system with the same ones"});
    }

    void run() {
        TableHead head = from_.head;
        head.salt = random_salt();
        rows_.push_back(put_head(head));
        from_.table.scan({}, {}, [&](ByteView key, ByteView value) {
            if (stop_.stop_requested()) throw Error(Errc::cancelled, "stopped");
            if (is_head(key) || is_without_name(key, value)) return true;
            rows_.push_back({to_bytes(key), to_bytes(value)});
            if (rows_.size() >= rows_at_once) write();
            return true;
        });
        write();
        table_.sync();
    }

  private:
    void write() {
        table_.write(rows_);
        rows_.clear();
    }
    static bool is_head(ByteView key) { return equal(key, head_key()); }
    /// Who has one open without a name has it of the first clone. Copies the bytes of the others.
    bool is_without_name(ByteView key, ByteView value) {
        if (starts_with(key, orphan_prefix())) return true;
        if (!starts_with(key, inode_prefix())) return false;
        const InodeNumber number = decode_inode_key(key);
        const InodeRow row = decode_inode(number, value);
        if (row.link_count == 0) return true;
        if (row.has_data) copy_data({number, row.generation});
        return false;
    }
    void copy_data(const DataName& name) {
        const auto data = from_.files.open(name);
        if (data) copy_file(*data, *files_.make(name), stop_);
    }
    static bool starts_with(ByteView key, const Bytes& prefix) {
        return key.size() >= prefix.size() && equal(key.first(prefix.size()), prefix);
    }

    Clone::State& from_;
    const std::stop_token& stop_;
    store::LocalTable table_;
    DataFiles files_;
    std::vector<store::RowChange> rows_;
};

}  // namespace

void Clone::copy_to(const std::string& directory, const std::stop_token& stop) {
    create(directory);
    {
        const std::shared_lock names(state_->names);
        const std::unique_lock writes(state_->writes);
        Copier(*state_, directory, stop).run();
    }
    const Fd made = open_file(directory, O_RDONLY | O_DIRECTORY);
    if (::syncfs(made.get()) != 0) throw system_error("sync", directory, errno);
}

}  // namespace yore::clone
