// SPDX-License-Identifier: Apache-2.0
/// What is told of a cluster's databases and tables.
#include <fmt/format.h>

#include "cli/presentation.h"
#include "cli/sizes.h"

namespace yore::cli {
namespace {

std::string table_line(const Invocation& invocation, const Screen& screen,
                       const nlohmann::json& table) {
    const auto kind = table.value("kind", "");
    const auto rows = table["rows"].is_number()
                          ? fmt::format("  some {} rows", number_in(table, "rows"))
                          : std::string();
    return fmt::format("  {:>10}  {}{}{}\n", size_text(invocation, table, "bytes"),
                       screen.name(table.value("schema", "") + "." + table.value("table", "")),
                       kind == "table" ? "" : "  (" + kind + ")", rows);
}

Presentation present_tables(const Invocation& invocation, Screen& screen) {
    Presentation presentation;
    presentation.row = [&](const nlohmann::json& row) {
        if (row.value("event", "") == "database")
            screen.out(fmt::format("{}  {}\n", screen.name(row.value("database", "")),
                                   size_text(invocation, row, "bytes")));
        if (row.value("event", "") == "table") screen.out(table_line(invocation, screen, row));
    };
    return presentation;
}

}  // namespace

const Presentations& cluster_presentations() {
    static const Presentations table{{"tables", present_tables}};
    return table;
}

}  // namespace yore::cli
