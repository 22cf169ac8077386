// SPDX-License-Identifier: Apache-2.0
#include "store/rocks_log.h"

#include <yore/base/log.h>

#include <array>
#include <cstdarg>
#include <cstdio>

namespace yore::store {
namespace {

using rocksdb::InfoLogLevel;

class RocksLog final : public rocksdb::Logger {
  public:
    RocksLog() : Logger(InfoLogLevel::WARN_LEVEL) {}

    void LogHeader(const char*, va_list) override {}  // a hundred lines of settings
    using Logger::Logv;
    void Logv(InfoLogLevel level, const char* format, va_list arguments) override {
        if (level < GetInfoLogLevel() || level > InfoLogLevel::FATAL_LEVEL) return;
        std::array<char, 2048> text{};
        std::vsnprintf(text.data(), text.size(), format, arguments);
        // What becomes an Error is logged where that ends; this is the way there.
        log_line(level == InfoLogLevel::WARN_LEVEL ? LogLevel::debug : LogLevel::warning,
                 fmt::format("rocksdb: {}", text.data()));
    }
};

}  // namespace

std::shared_ptr<rocksdb::Logger> rocks_log() {
    return std::make_shared<RocksLog>();
}

}  // namespace yore::store
