// SPDX-License-Identifier: Apache-2.0
#include <yore/postgresql/wal_reader.h>

#include "postgresql/wal_machine.h"

namespace yore::postgresql {

WalReader::WalReader(const WalStream& stream, Lsn start)
    : machine_(std::make_unique<Machine>(stream, start)) {}
WalReader::WalReader(const WalStream& stream, ByteView state)
    : machine_(std::make_unique<Machine>(stream, state)) {}
WalReader::WalReader(WalReader&&) noexcept = default;
WalReader& WalReader::operator=(WalReader&&) noexcept = default;
WalReader::~WalReader() = default;

void WalReader::feed(ByteView bytes, WalListener& listener) {
    machine_->feed(bytes, listener);
}
Lsn WalReader::position() const {
    return machine_->position();
}
Lsn WalReader::end() const {
    return machine_->end();
}
const std::optional<WalStop>& WalReader::stop() const {
    return machine_->stop();
}
Bytes WalReader::state() const {
    return machine_->state();
}

}  // namespace yore::postgresql
