// SPDX-License-Identifier: Apache-2.0
/// A RocksDB backend on a disk in memory.
#pragma once

#include <yore/store/rocks_backend.h>

#include <memory>

#include "volatile_disk.h"

namespace yore::test {

using DiskPointer = std::shared_ptr<VolatileDisk>;

class Machine {
  public:
    explicit Machine(DiskPointer disk) : disk_(std::move(disk)), env_(NewCompositeEnv(disk_)) {}
    VolatileDisk& disk() { return *disk_; }
    store::RocksOptions options() { return {.env = env_.get()}; }
    void create() { store::create_rocks_backend("/r", options()); }
    std::unique_ptr<store::Backend> open() { return store::open_rocks_backend("/r", options()); }
    std::unique_ptr<store::Backend> open_read_only() {
        return store::open_rocks_backend("/r", {.read_only = true, .env = env_.get()});
    }

  private:
    DiskPointer disk_;
    std::unique_ptr<rocksdb::Env> env_;
};

inline DiskPointer disk_with_repository() {
    auto disk = std::make_shared<VolatileDisk>();
    Machine(disk).create();
    return disk->after_power_loss({});
}

}  // namespace yore::test
