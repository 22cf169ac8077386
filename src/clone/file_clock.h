// SPDX-License-Identifier: Apache-2.0
/// The time that the kernel would give a file now: from a file.
///
/// Times of data files are the kernel's, and which is later than which decides what `make` builds.
/// The kernel's clock for files ticks coarsely, and finer once a time was looked at; no other clock
/// goes with it.
#pragma once

#include <yore/base/fd.h>
#include <yore/base/time.h>

#include <string>

#include <sys/stat.h>

namespace yore::clone {

/// Any thread.
class FileClock final : public Clock {
  public:
    /// The file at `path`, of the file system whose clock it is; made if it is missing.
    explicit FileClock(const std::string& path);
    Timestamp now() const override;

  private:
    Fd file_;
};

timespec to_timespec(Timestamp);
Timestamp to_timestamp(const timespec&);

}  // namespace yore::clone
