// SPDX-License-Identifier: Apache-2.0
#include <yore/postgresql/backup_label.h>

#include "../support.h"

using namespace yore;
using namespace yore::postgresql;
using test::code_thrown_by;

namespace {

/// A PostgreSQL 15 wrote it.
const std::string label_text =
    "START WAL LOCATION: 0/2000028 (file 000000010000000000000002)\n"
    "CHECKPOINT LOCATION: 0/2000060\n"
    "BACKUP METHOD: streamed\n"
    "BACKUP FROM: primary\n"
    "START TIME: 2026-11-21 02:10:57 UTC\n"
    "LABEL: pg_basebackup: base backup\n"
    "START TIMELINE: 1\n";

const std::string history_text =
    "START WAL LOCATION: A/2000028 (file 000000030000000A00000002)\n"
    "STOP WAL LOCATION: A/2000138 (file 000000030000000A00000002)\n"
    "CHECKPOINT LOCATION: A/2000060\n"
    "BACKUP METHOD: streamed\n"
    "BACKUP FROM: standby\n"
    "START TIME: 2026-07-21 02:10:57 CEST\n"
    "LABEL: x\n"
    "START TIMELINE: 3\n"
    "STOP TIME: 2026-07-21 02:11:00 CEST\n"
    "STOP TIMELINE: 4\n";

std::string replaced(std::string text, std::string_view old_part, std::string_view new_part) {
    return text.replace(text.find(old_part), old_part.size(), new_part);
}

}  // namespace

TEST_CASE("Before 14 a primary was a master") {
    CHECK(parse_backup_label(replaced(label_text, "primary", "master")).from ==
          BackupLabel::From::primary);
}

TEST_CASE("A backup_label says where recovery starts") {
    const BackupLabel label = parse_backup_label(label_text);
    CHECK(label.start == Lsn{0x2000028});
    CHECK(label.start_file == "000000010000000000000002");
    CHECK(label.checkpoint == Lsn{0x2000060});
    CHECK(label.method == "streamed");
    CHECK(label.from == BackupLabel::From::primary);
    CHECK(label.start_time.text == "2026-11-21 02:10:57 UTC");
    CHECK(label.start_time.utc == parse_time("2026-11-21T02:10:57Z", {}));
    CHECK(label.label == "pg_basebackup: base backup");
    CHECK(label.start_timeline == Timeline{1});
    CHECK_FALSE(label.stop);
}

TEST_CASE("A backup's history file says where and when it was consistent") {
    const BackupLabel label = parse_backup_label(history_text);
    CHECK(label.start == Lsn{0xA02000028});
    CHECK(label.from == BackupLabel::From::standby);
    REQUIRE(label.stop);
    CHECK(label.stop->lsn == Lsn{0xA02000138});
    CHECK(label.stop->timeline == Timeline{4});
    CHECK(label.stop->time.text == "2026-07-21 02:11:00 CEST");
}

TEST_CASE("A time by a clock whose zone has no one meaning is only a text") {
    CHECK_FALSE(parse_backup_label(history_text).start_time.utc);
    CHECK(parse_backup_label(replaced(label_text, "UTC", "GMT")).start_time.utc);
}

TEST_CASE("An incremental backup is refused with what to do") {
    const std::string text =
        label_text + "INCREMENTAL FROM LSN: 0/1000028\nINCREMENTAL FROM TLI: 1\n";
    CHECK(code_thrown_by([&] { parse_backup_label(text); }) == Errc::unsupported);
}

TEST_CASE("A line that is not known is passed over") {
    CHECK(parse_backup_label(label_text + "NEW THING: 1\n").start == Lsn{0x2000028});
}

TEST_CASE("A damaged backup_label is refused") {
    const auto corrupt = [](const std::string& text) {
        INFO(text);
        CHECK(code_thrown_by([&] { parse_backup_label(text); }) == Errc::corrupt);
    };
    for (std::size_t length = 0; length < label_text.size(); ++length)
        corrupt(label_text.substr(0, length));
    corrupt(label_text + "LABEL: again\n");
    corrupt(label_text + "no colon\n");
    corrupt(replaced(label_text, "0/2000028", "0/0"));
    corrupt(replaced(label_text, "0/2000060", "0x2000060"));
    corrupt(replaced(label_text, "(file ", "("));
    corrupt(replaced(label_text, "primary", "elsewhere"));
    corrupt(replaced(label_text, "TIMELINE: 1", "TIMELINE: 0"));
    corrupt(replaced(label_text, "TIMELINE: 1", "TIMELINE: one"));
    corrupt(replaced(history_text, "STOP TIMELINE: 4\n", ""));
}
