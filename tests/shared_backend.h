// SPDX-License-Identifier: Apache-2.0
/// A backend on another one, for tests.
#pragma once

#include <yore/store/backend.h>

#include <memory>
#include <utility>

namespace yore::test {

/// Passes every call on. Lets a test look at a backend that a store owns, and hand it to the next
/// store; what a test wants otherwise is overridden.
class SharedBackend : public store::Backend {
  public:
    explicit SharedBackend(std::shared_ptr<store::Backend> shared) : shared_(std::move(shared)) {}
    std::unique_ptr<store::PackSink> create_pack(Domain domain, std::uint64_t number) override {
        return shared_->create_pack(domain, number);
    }
    bool read(Domain domain, Location location, Buffer& into) const override {
        return shared_->read(domain, location, into);
    }
    std::optional<Bytes> read_pack_index(Domain domain, std::uint64_t number) const override {
        return shared_->read_pack_index(domain, number);
    }
    void drop_pack(Domain domain, std::uint64_t number) override {
        shared_->drop_pack(domain, number);
    }
    Append append(const store::CommitBatch& batch) override { return shared_->append(batch); }
    std::optional<Bytes> read_commit(CommitNumber number) const override {
        return shared_->read_commit(number);
    }
    CommitNumber last_commit() const override { return shared_->last_commit(); }
    std::optional<Bytes> get(store::Table table, ByteView key) const override {
        return shared_->get(table, key);
    }
    void scan(store::Table table, ByteView prefix, ByteView first,
              const std::function<bool(ByteView, ByteView)>& visit) const override {
        shared_->scan(table, prefix, first, visit);
    }
    void append_tail(const store::TailKey& key, ByteView sealed) override {
        shared_->append_tail(key, sealed);
    }
    void scan_tails(const store::TailKey& first, const TailVisitor& visit) const override {
        shared_->scan_tails(first, visit);
    }
    std::optional<StoredPiece> last_piece(store::TailId tail, std::uint64_t below) const override {
        return shared_->last_piece(tail, below);
    }
    std::optional<store::TailKey> lost_piece() const override { return shared_->lost_piece(); }
    std::uint64_t stored_bytes() const override { return shared_->stored_bytes(); }

  private:
    std::shared_ptr<store::Backend> shared_;
};

}  // namespace yore::test
