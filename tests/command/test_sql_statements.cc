// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include "../support.h"
#include "command/sql_statements.h"

using namespace yore;
using namespace yore::command;
using namespace yore::test;

namespace {

std::vector<std::string> texts(std::string_view sql) {
    std::vector<std::string> all;
    for (const auto& statement : split_sql(sql)) all.push_back(statement.text);
    return all;
}
using Texts = std::vector<std::string>;

}  // namespace

TEST_CASE("statements end at semicolons, and the last one at the end") {
    CHECK(texts("") == Texts{});
    CHECK(texts(" ;; \n; ") == Texts{});
    CHECK(texts("SELECT 1; SELECT\n 2 ;\nSELECT 3") == Texts{"SELECT 1", "SELECT\n 2", "SELECT 3"});
}

TEST_CASE("semicolons in quotes, comments and parentheses end nothing") {
    CHECK(texts("SELECT ';', 'it''s;', \"a;b\"; SELECT 2") ==
          Texts{"SELECT ';', 'it''s;', \"a;b\"", "SELECT 2"});
    CHECK(texts("SELECT E'\\';', 'a\\'; SELECT 2") == Texts{"SELECT E'\\';', 'a\\'", "SELECT 2"});
    CHECK(texts("SELECT $$;$$, $a$;$$;$a$; SELECT $1; SELECT a$b;") ==
          Texts{"SELECT $$;$$, $a$;$$;$a$", "SELECT $1", "SELECT a$b"});
    CHECK(texts("-- no; \nSELECT 1 -- one;\n; /* a; /* b; */ c; */ SELECT 2") ==
          Texts{"SELECT 1", "SELECT 2"});
    CHECK(texts("CREATE RULE r AS ON INSERT TO t DO (SELECT 1; SELECT 2); SELECT 3").size() == 2);
}

TEST_CASE("each statement has its line, and its database where one is named") {
    CHECK(split_sql(
              "SELECT 1;\n\\connect shop\n-- why\n\nSELECT 2;\n\\c \"other one\"  \nSELECT 3") ==
          std::vector<SqlStatement>{
              {"", "SELECT 1", 1}, {"shop", "SELECT 2", 5}, {"other one", "SELECT 3", 7}});
}

TEST_CASE("what does not end, and psql's other commands, are refused with their line") {
    const auto refusal = [](std::string_view sql) -> std::string {
        try {
            split_sql(sql);
        } catch (const Error& error) {
            CHECK(error.code() == Errc::invalid);
            return error.what();
        }
        return {};
    };
    CHECK(refusal("SELECT 1;\nSELECT 'x").find("line 2: a quote") != std::string::npos);
    CHECK(refusal("SELECT $x$ $y$").find("line 1: a quote") != std::string::npos);
    CHECK(refusal("\n/* /* */").find("line 2: a comment") != std::string::npos);
    CHECK(refusal("SELECT 1;\n\\! rm -r /").find("line 2: \\!") != std::string::npos);
    CHECK(refusal("\\connect").find("\\connect") != std::string::npos);
}
