// SPDX-License-Identifier: Apache-2.0
/// A RocksDB backend on a disk in memory.
#pragma once

#include <yore/store/rocks_backend.h>

#include <memory>

#include <rocksdb/system_clock.h>

#include "volatile_disk.h"

namespace yore::test {

using DiskPointer = std::shared_ptr<VolatileDisk>;

/// After each error in the background RocksDB rests for a second.
class ImpatientClock final : public rocksdb::SystemClockWrapper {
  public:
    using SystemClockWrapper::SystemClockWrapper;
    const char* Name() const override { return "ImpatientClock"; }
    void SleepForMicroseconds(int microseconds) override {
        target_->SleepForMicroseconds(microseconds / 100);
    }
};

class MachineEnv final : public rocksdb::EnvWrapper {
  public:
    explicit MachineEnv(DiskPointer disk) : EnvWrapper(NewCompositeEnv(disk)) {
        file_system_ = std::move(disk);
        system_clock_ = std::make_shared<ImpatientClock>(rocksdb::SystemClock::Default());
    }
};

class Machine {
  public:
    explicit Machine(DiskPointer disk)
        : disk_(std::move(disk)), env_(std::make_unique<MachineEnv>(disk_)) {}
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
