// SPDX-License-Identifier: Apache-2.0
#include <yore/command/text.h>

#include <nlohmann/json.hpp>

#include "../support.h"

using namespace yore;
using namespace yore::command;

namespace {

std::string random_bytes(SeededRandom& random, std::size_t size_max) {
    std::string bytes(random.below(size_max + 1), '\0');
    random.fill({reinterpret_cast<std::byte*>(bytes.data()), bytes.size()});
    return bytes;
}

}  // namespace

TEST_CASE("UTF-8 is what Unicode says, no more") {
    for (const char* good :
         {"", "a", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80", "\xed\x9f\xbf", "\xee\x80\x80",
          "\xef\xbf\xbf", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf", "caf\xc3\xa9"})
        CHECK(is_utf8(good));
    for (const char* bad :
         {"\x80", "\xbf", "\xc0\x80", "\xc1\xbf", "\xc2", "\xe0\x9f\xbf", "\xed\xa0\x80",
          "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xf5\x80", "\xe2\x82", "\xff", "a\xc3"})
        CHECK_FALSE(is_utf8(bad));
}

TEST_CASE("base64 is that of RFC 4648") {
    const std::pair<const char*, const char*> vectors[] = {{"", ""},
                                                           {"f", "Zg=="},
                                                           {"fo", "Zm8="},
                                                           {"foo", "Zm9v"},
                                                           {"foob", "Zm9vYg=="},
                                                           {"fooba", "Zm9vYmE="},
                                                           {"foobar", "Zm9vYmFy"}};
    for (const auto& [plain, text] : vectors) {
        CHECK(to_base64(plain) == text);
        CHECK(from_base64(text) == plain);
    }
    for (const char* bad :
         {"Z", "Zg", "Zg=", "Zh==", "Zm9=", "Zg==Zg==", "====", "Z===", "Zm9v\n", "Zm 9v", "Zm9-"})
        CHECK_FALSE(from_base64(bad));
}

TEST_CASE("any bytes come back from JSON as they were") {
    CAPTURE(test::test_seed());
    SeededRandom random(test::test_seed());
    for (int round = 0; round < 1000; ++round) {
        const auto bytes = random_bytes(random, 12);
        nlohmann::json object;
        put_bytes(object, "path", bytes);
        const auto read = nlohmann::json::parse(to_line(object));
        CHECK(get_bytes(read, "path") == bytes);
        const std::vector<std::string> list{bytes, "plain", random_bytes(random, 3)};
        CHECK(bytes_of_list(nlohmann::json::parse(to_line(list_of_bytes(list)))) == list);
    }
}

TEST_CASE("a name that is UTF-8 is a plain string, another one readable besides") {
    nlohmann::json object;
    put_bytes(object, "a", "caf\xc3\xa9");
    put_bytes(object, "b", "caf\xe9");
    CHECK(object ==
          nlohmann::json{{"a", "caf\xc3\xa9"}, {"b", "caf\xef\xbf\xbd"}, {"b_base64", "Y2Fm6Q=="}});
}

TEST_CASE("texts of another form are refused") {
    const auto invalid = [](const char* text) {
        const auto object = nlohmann::json::parse(text);
        return test::code_thrown_by([&] { get_bytes(object, "p"); }) == Errc::invalid;
    };
    CHECK(invalid(R"({"p": 7})"));
    CHECK(invalid(R"({"p": "x", "p_base64": "!"})"));
    CHECK(invalid(R"({"p_base64": 7})"));
    for (const char* list : {"7", "[7]", R"([{"base64": "!"}])", R"([{"base64": "", "x": 1}])"})
        CHECK(test::code_thrown_by([&] { bytes_of_list(nlohmann::json::parse(list)); }) ==
              Errc::invalid);
}

TEST_CASE("an error goes through JSON with its code and hints") {
    const Error error(Errc::busy, "in use by \xff", {"wait", "or not"});
    const auto back = error_of(nlohmann::json::parse(to_line(error_record(error))));
    REQUIRE(back);
    CHECK(back->code() == Errc::busy);
    CHECK(std::string(back->what()) == "in use by \xef\xbf\xbd");
    CHECK(back->hints() == std::vector<std::string>{"wait", "or not"});
    CHECK_FALSE(error_of({{"result", "ls"}}));
    CHECK_FALSE(error_of(nlohmann::json::array()));
}
