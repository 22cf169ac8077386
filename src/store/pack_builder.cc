// SPDX-License-Identifier: Apache-2.0
#include "store/pack_builder.h"

#include <yore/base/error.h>

#include <utility>

namespace yore::store {
namespace {

constexpr Effort index_effort{1};  // ids do not compress, the rest is little

}  // namespace

PackBuilder::PackBuilder(StoreState& store, Domain domain)
    : store_(&store),
      sealer_(std::make_shared<const Sealer>(store.seal_keys, seal_kind(domain), store.random)) {
    store_->random.fill(pack_.index.pack.bytes);
    pack_.index.domain = domain;
    pack_.is_inline = true;
}

bool PackBuilder::full() const {
    return pack_.stored_bytes >= store_->options.pack_bytes_target ||
           pack_.index.items.size() >= format::pack_items_max;
}

void PackBuilder::append(SealedObject&& object) {
    YORE_ENSURE(object.domain == pack_.index.domain);
    if (empty()) pack_.number = store_->next_pack_number();
    const std::uint64_t bytes_then = pack_.stored_bytes + object.sealed.size();
    if (pack_.is_inline && bytes_then > inline_bytes_max) move_to_file();
    if (sink_) {
        sink_->append(object.sealed);
    } else {
        pack_.inline_items.push_back(to_bytes(object.sealed));
    }
    pack_.stored_bytes = bytes_then;
    pack_.plain_bytes += object.item.plain_bytes;
    pack_.index.items.push_back(std::move(object.item));
}

void PackBuilder::move_to_file() {
    sink_ = store_->backend->create_pack(pack_.index.domain, pack_.number);
    for (const Bytes& item : pack_.inline_items) sink_->append(item);
    pack_.inline_items = {};
    pack_.is_inline = false;
}

FinishedPack PackBuilder::finish() {
    Buffer sealed = store_->codec.pack(*sealer_, {SealKind::pack_index, pack_.index.pack.view()},
                                       format::encode_pack_index(pack_.index), index_effort);
    if (sink_) {
        sink_->finish(sealed);
        sink_.reset();
    } else {
        pack_.sealed_index = to_bytes(sealed);
    }
    return std::move(pack_);
}

}  // namespace yore::store
