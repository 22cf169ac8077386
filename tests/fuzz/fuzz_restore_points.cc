// SPDX-License-Identifier: Apache-2.0
// Lists of restore points: what the check lets pass can be read and searched.
#include <yore/format/restore_points.h>

#include "fuzz.h"

namespace {

using namespace yore;
using namespace yore::format;

void read_all(ByteView node) {
    const RestorePoints list(node);
    const auto points = list.all();
    YORE_ENSURE(points.size() == list.count());
    YORE_ENSURE(list.at(list.count() - 1) == points.back());
    YORE_ENSURE(list.last_at_or_before(points.back().position) == list.count() - 1);
    const auto later = list.first_later_than(points.front().time);
    YORE_ENSURE(!later || points[*later].time > points.front().time);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    fuzz::expecting({Errc::corrupt, Errc::unsupported}, [&] {
        check_restore_points(fuzz::input(data, size));
        read_all(fuzz::input(data, size));
    });
    return 0;
}
