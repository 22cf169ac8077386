// SPDX-License-Identifier: Apache-2.0
#include <yore/postgresql/config_file.h>

#include <rapidcheck.h>

#include "../support.h"

using namespace yore;
using namespace yore::postgresql;

TEST_CASE("A line of settings is read as PostgreSQL reads it") {
    struct Line {
        std::string_view line, name, value;
    };
    for (const Line& expected : {
             Line{"port = 5432", "port", "5432"},
             Line{"port=5432", "port", "5432"},
             Line{"  Port\t5432 # the usual", "port", "5432"},
             Line{"port 5432\r", "port", "5432"},
             Line{"shared_buffers = 128MB", "shared_buffers", "128MB"},
             Line{"x = -1.5e3", "x", "-1.5e3"},
             Line{"x = +1", "x", "+1"},
             Line{"archive_command = 'cp %p \"/a b/%f\"' # x", "archive_command",
                  "cp %p \"/a b/%f\""},
             Line{"archive_command = ''", "archive_command", ""},
             Line{"x = 'it''s'", "x", "it's"},
             Line{"x = 'it\\'s'", "x", "it's"},
             Line{"x = 'a\\\\b'", "x", "a\\b"},
             Line{"x = '\\b\\f\\n\\r\\t\\q'", "x", "\b\f\n\r\tq"},
             Line{"x = '\\101\\60\\0'", "x", std::string_view("A0\0", 3)},
             Line{"x'#'", "x", "#"},
             Line{"auto_explain.log_min_duration = 3s", "auto_explain.log_min_duration", "3s"},
             Line{"include 'a.conf'", "include", "a.conf"},
             Line{"include_dir=conf.d", "include_dir", "conf.d"},
         }) {
        CAPTURE(expected.line);
        const auto entry = parse_config_line(expected.line);
        REQUIRE(entry);
        CHECK(entry->name == expected.name);
        CHECK(entry->value == expected.value);
    }
}

TEST_CASE("Comments, blank lines and broken lines say nothing") {
    for (const char* line :
         {"", " \t\r", "# port = 1", "#yore# port = 1", "port", "port =", "port = # 1", "= 1",
          "1 = 1", "a. = 1", "x = 'open", "x = 'open\\", "x = 'open''"}) {
        CAPTURE(line);
        CHECK_FALSE(parse_config_line(line));
    }
}

TEST_CASE("Any value that is written is read as it was") {
    rc::check([](const std::string& value) {
        RC_PRE(value.find('\0') == std::string::npos);
        const std::string quoted = quoted_config_value(value);
        RC_ASSERT(lines_of(quoted).size() == 1u);
        RC_ASSERT(parse_config_line("x = " + quoted + "  # why") == (ConfigEntry{"x", value}));
    });
    CHECK(test::code_thrown_by([] { quoted_config_value({"\0", 1}); }) == Errc::invalid);
}

TEST_CASE("A text is its lines") {
    using Lines = std::vector<std::string_view>;
    CHECK(lines_of("").empty());
    CHECK(lines_of("a") == Lines{"a"});
    CHECK(lines_of("a\n") == Lines{"a"});
    CHECK(lines_of("\na\n\nb") == Lines{"", "a", "", "b"});
}

TEST_CASE("A path leads out of the tree when it is absolute or climbs") {
    for (const char* path : {"/", "/var/log", "..", "../log", "a/../../b", "./.."}) {
        CAPTURE(path);
        CHECK(place_of(path, "") == ConfigPlace::outside);
    }
    CHECK(place_of("../x", "conf.d") == ConfigPlace::in_tree);
    CHECK(place_of("../../x", "conf.d") == ConfigPlace::outside);
    CHECK(path_in_tree("../x", "conf.d") == "x");
    CHECK(path_in_tree("./a//b/", "conf.d") == "conf.d/a/b");
    CHECK(path_in_tree("a/../..", "c/d") == "c");
    CHECK(path_in_tree("", "") == "");
}
