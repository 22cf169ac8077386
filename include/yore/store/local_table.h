// SPDX-License-Identifier: Apache-2.0
/// A table of rows on the local disk that belongs to one process: for state that is not part of a
/// repository. Rows are not sealed.
///
/// What was written is there after a kill of the process; after a loss of power, what was written
/// before the last `sync`, and of later writes the first ones, in their order.
#pragma once

#include <yore/base/bytes.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace yore::store {

struct RowChange {
    Bytes key;
    std::optional<Bytes> value;  ///< nullopt removes the row
};

/// Any thread. After a write or sync that failed, writes throw until it is opened anew; after one
/// that found the disk full, until there is space.
class LocalTable {
  public:
    /// Makes the directory `path`, whose parent is there. It is there already: Errc::exists.
    static void create(const std::string& path);
    /// Not a table, or a damaged one: `corrupt`. Another process has it open: `busy`.
    explicit LocalTable(const std::string& path);
    ~LocalTable();

    /// Absent: nullopt. Damaged: `corrupt`.
    std::optional<Bytes> get(ByteView key) const;
    /// In key order from `first` (inclusive) while keys start with `prefix`; `visit` returns false
    /// to stop.
    void scan(ByteView prefix, ByteView first,
              const std::function<bool(ByteView key, ByteView value)>& visit) const;

    /// All of the changes, or none.
    void write(const std::vector<RowChange>&);
    /// What was written before is durable when it returns. Costs nothing when all of it is.
    void sync();

  private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace yore::store
