// SPDX-License-Identifier: Apache-2.0
#include "command/row_sums.h"

#include <yore/base/error.h>
#include <yore/cluster/client.h>

#include <algorithm>
#include <set>

namespace yore::command {
namespace {

constexpr const char* first_database = "postgres";
/// Statements of one run of psql: its words may take some MB.
constexpr std::size_t batch_tables = 100;

/// Relations with fields that change in place, without a commit of their own: by VACUUM, and by
/// those that make indexes. A state between two commits may have them already.
struct InPlace {
    std::string_view relation;  ///< its number, the same in every cluster
    std::string_view fields;
};
constexpr InPlace in_place[] = {
    {"1259",
     "relpages,reltuples,relallvisible,relallfrozen,relhasindex,relhasrules,relhastriggers,"
     "relfrozenxid,relminmxid"},          // pg_class
    {"1262", "datfrozenxid,datminmxid"},  // pg_database
};

/// Of a row, as SQL.
std::string text_of_row(std::string_view relation) {
    for (const InPlace& each : in_place)
        if (each.relation == relation)
            return fmt::format("(to_jsonb(yore_row) - '{{{}}}'::text[])::text", each.fields);
    return "ROW(yore_row.*)::text";  // also where a field has this name
}

/// The server makes the statement that reads the table, out of its number: no name that somebody
/// chose gets into ours.
std::string sum_statement(const std::string& relation) {
    return fmt::format(
        "SELECT {0}, x[1], x[2] FROM (SELECT regexp_match(query_to_xml(format($yore$SELECT count(*)"
        " AS c, coalesce(sum(hashtextextended({1} COLLATE \"C\", 0)::numeric), 0) AS s FROM ONLY "
        "%s AS yore_row$yore$, {0}::regclass), false, true, '')::text, "
        "'<c>(.*)</c>.*<s>(.*)</s>') AS x) AS sums",
        relation, text_of_row(relation));
}

std::vector<std::string> split(std::string_view line, char separator) {
    std::vector<std::string> parts;
    for (std::size_t at = 0; at <= line.size();) {
        const auto end = std::min(line.find(separator, at), line.size());
        parts.emplace_back(line.substr(at, end - at));
        at = end + 1;
    }
    return parts;
}

struct Table {
    std::string relation, name;
};

/// Catalogs that all databases share are those of the first one; the statistics of ANALYZE are no
/// data.
std::vector<Table> tables_of(const cluster::ServerAccess& access, const std::string& database,
                             const std::stop_token& stop) {
    constexpr const char* query = R"(
        SELECT c.oid, regexp_replace(current_database() || '.' || n.nspname || '.' || c.relname,
                                     '[[:cntrl:]]', ' ', 'g')
        FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        WHERE c.relkind IN ('r', 'm') AND c.relpersistence = 'p' AND c.relispopulated
            AND c.oid NOT IN (2619, 3429)
            AND (NOT c.relisshared OR current_database() =
                (SELECT min(datname::text) FROM pg_catalog.pg_database WHERE datallowconn))
        ORDER BY 1)";
    std::vector<Table> tables;
    for (const std::string& row : cluster::query_rows(access, database, query, stop)) {
        const auto fields = split(row, '\t');
        if (fields.size() == 2) tables.push_back({fields[0], fields[1]});
    }
    return tables;
}

class Reader {
  public:
    Reader(const cluster::ServerAccess& access, const std::stop_token& stop)
        : access_(access), stop_(stop) {}

    void read(const std::string& database) {
        const auto tables = tables_of(access_, database, stop_);
        for (std::size_t first = 0; first < tables.size(); first += batch_tables) {
            const auto end = std::min(first + batch_tables, tables.size());
            read(database, {tables.begin() + static_cast<std::ptrdiff_t>(first),
                            tables.begin() + static_cast<std::ptrdiff_t>(end)});
        }
    }
    RowSums take() { return std::move(sums_); }

  private:
    void read(const std::string& database, const std::vector<Table>&);

    const cluster::ServerAccess& access_;
    const std::stop_token stop_;
    RowSums sums_;
};

/// One table that cannot be read keeps no other from being read.
void Reader::read(const std::string& database, const std::vector<Table>& tables) {
    std::vector<std::string> words{"-X", "-w", "-q", "-A", "-t", "-F", "\t"};
    for (const char* setting :
         {"search_path = ''", "statement_timeout = 0", "lock_timeout = 0", "row_security = off"})
        words.insert(words.end(), {"-c", fmt::format("SET {}", setting)});
    for (const Table& table : tables)
        words.insert(words.end(), {"-c", sum_statement(table.relation)});
    std::string output;
    const auto end =
        cluster::run_client(access_,
                            {.program = "psql",
                             .words = words,
                             .variables = {{"PGDATABASE", database}, {"LC_ALL", "C"}},
                             .output = [&](ByteView piece) { output += as_text(piece); }},
                            stop_);
    for (const Table& table : tables)
        sums_[{database, table.relation}] = {table.name, {}, {}, end.complaints};
    for (const std::string& line : split(output, '\n')) {
        const auto fields = split(line, '\t');
        if (fields.size() != 3) continue;
        const auto found = sums_.find({database, fields[0]});
        if (found == sums_.end() || fields[1].empty()) continue;
        found->second.rows = fields[1];
        found->second.sum = fields[2];
        found->second.reason.clear();
    }
}

/// What is wrong with a table that both have.
std::string difference(const RowSum& here, const RowSum& there, std::string_view name) {
    if (here.rows.empty()) return fmt::format("cannot be read: {}", here.reason);
    if (there.rows.empty()) return fmt::format("cannot be read in {}: {}", name, there.reason);
    if (here.rows != there.rows)
        return fmt::format("{} rows, and {} in {}", here.rows, there.rows, name);
    return fmt::format("its {} rows are not those of {}", here.rows, name);
}

bool are_equal(const RowSum& here, const RowSum& there) {
    return !here.rows.empty() && here.rows == there.rows && here.sum == there.sum;
}

}  // namespace

RowSums row_sums(const cluster::ServerAccess& access, const std::stop_token& stop) {
    (void)cluster::query_rows(access, first_database, "ALTER SYSTEM SET autovacuum = off", stop);
    (void)cluster::query_rows(access, first_database, "SELECT pg_reload_conf()", stop);
    Reader reader(access, stop);
    for (const std::string& database :
         cluster::query_rows(access, first_database,
                             "SELECT datname FROM pg_database WHERE datallowconn ORDER BY 1", stop))
        reader.read(database);
    return reader.take();
}

std::vector<ClusterFinding> differences(const RowSums& here, const RowSums& there,
                                        std::string_view name) {
    std::vector<ClusterFinding> found;
    const auto add = [&](const RowSum& sum, std::string text, bool of_host) {
        found.push_back({fmt::format("table \"{}\"", sum.table), std::move(text), of_host});
    };
    for (const auto& [key, mine] : here) {
        const auto other = there.find(key);
        if (other == there.end())
            add(mine, fmt::format("is not in {}", name), false);
        else if (!are_equal(mine, other->second))
            add(mine, difference(mine, other->second, name),
                mine.rows.empty() && other->second.rows.empty());
    }
    for (const auto& [key, other] : there)
        if (!here.contains(key)) add(other, fmt::format("is in {} alone", name), false);
    return found;
}

}  // namespace yore::command
