// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include "../support.h"
#include "clone/acl.h"

using namespace yore;
using clone::Acl;

namespace {

// Version 2; owner rwx, user 5 rw-, group r-x, mask rwx, others ---.
const Bytes extended = test::from_hex(
    "02000000 01000700ffffffff 0200060005000000"
    " 04000500ffffffff 10000700ffffffff 20000000ffffffff");
const Bytes plain = test::from_hex("02000000 01000600ffffffff 04000400ffffffff 20000400ffffffff");

}  // namespace

TEST_CASE("an ACL says the nine bits, with its mask for the group's") {
    CHECK(Acl::parse(plain)->permissions() == 0644);
    CHECK(Acl::parse(plain)->is_plain());
    CHECK(Acl::parse(extended)->permissions() == 0770);
    CHECK_FALSE(Acl::parse(extended)->is_plain());
    CHECK(Acl::parse(extended)->value() == extended);
}

TEST_CASE("chmod changes the mask, not what users were granted") {
    auto acl = Acl::parse(extended).value();
    acl.set_permissions(0640);
    CHECK(acl.permissions() == 0640);
    CHECK(acl.value() == test::from_hex("02000000 01000600ffffffff 0200060005000000"
                                        " 04000500ffffffff 10000400ffffffff 20000000ffffffff"));
}

TEST_CASE("a new file gets of a default ACL what its mode has too") {
    auto acl = Acl::parse(extended).value();
    CHECK(acl.restrict_to(0666) == 0660);
    CHECK(acl.permissions() == 0660);
}

TEST_CASE("what is not an ACL is refused") {
    for (const char* bad :
         {"", "02000000", "01000000 01000600ffffffff 04000400ffffffff 20000400ffffffff",
          "02000000 01000600ffffff", "02000000 01000600ffffffff"})
        CHECK_FALSE(Acl::parse(test::from_hex(bad)));
}
