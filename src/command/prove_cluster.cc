// SPDX-License-Identifier: Apache-2.0
#include "command/prove_cluster.h"

#include <yore/base/contained_command.h>
#include <yore/base/error.h>
#include <yore/cluster/client.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <sstream>
#include <thread>
#include <utility>

#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "command/cluster_findings.h"
#include "command/sql_statements.h"
#include "command/throwaway_server.h"

namespace yore::command {
namespace {

constexpr const char* first_database = "postgres";
constexpr std::size_t statement_bytes_told = 100;
constexpr int not_runnable = 126;  ///< and above: what a shell ends with that finds no program
constexpr int first_with_pg_amcheck = 14, first_with_database_collations = 15;

/// A token that is stopped from outside, or when a time is over.
class Deadline {
  public:
    Deadline(Duration limit, const std::stop_token& outer)
        : forward_(outer, [this] { stop_.request_stop(); }),
          timer_([this, limit](const std::stop_token& ended) { wait(limit, ended); }) {}
    std::stop_token token() const { return stop_.get_token(); }
    bool is_over() const { return over_; }

  private:
    void wait(Duration limit, const std::stop_token& ended) {
        std::mutex alone;
        std::unique_lock lock(alone);
        std::condition_variable_any().wait_for(lock, ended, std::chrono::nanoseconds(limit.ns),
                                               [] { return false; });
        if (ended.stop_requested()) return;
        over_ = true;
        stop_.request_stop();
    }

    std::stop_source stop_;
    std::atomic<bool> over_ = false;
    std::stop_callback<std::function<void()>> forward_;
    std::jthread timer_;
};

std::string quoted_literal(std::string_view text) {
    std::string quoted = "'";
    for (const char c : text) quoted += c == '\'' ? std::string("''") : std::string(1, c);
    return quoted + "'";
}

std::string quoted_word(const std::string& text) {
    std::string quoted = "'";
    for (const char c : text) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
    return quoted + "'";
}

/// Who owns a directory; who runs this: empty.
std::string owner_of(const std::string& directory) {
    struct stat status {};
    if (::stat(directory.c_str(), &status) != 0) throw system_error("stat", directory, errno);
    if (status.st_uid == ::geteuid()) return {};
    const passwd* entry = ::getpwuid(status.st_uid);
    return entry != nullptr ? entry->pw_name : std::to_string(status.st_uid);
}

std::string first_line(std::string_view text) {
    return std::string(text.substr(0, text.find('\n')));
}

std::string last_line(std::string_view text) {
    while (text.ends_with('\n')) text.remove_suffix(1);
    const auto newline = text.rfind('\n');
    return std::string(newline == text.npos ? text : text.substr(newline + 1));
}

/// The first that is not `t`.
std::optional<std::string> wrong_row(const std::string& output) {
    std::istringstream rows(output);
    for (std::string row; std::getline(rows, row);)
        if (row != "t") return row;
    return std::nullopt;
}

class ClusterCheck {
  public:
    ClusterCheck(Context& context, const ProofOrder& order, const Moment& moment,
                 const std::stop_token& stop, std::string& output)
        : order_(order),
          stop_(stop),
          server_(context, moment, {}, ThrowawayServer::Reuse::none, stop),
          output_(output) {}

    /// Before the other checks, which may write.
    void compare_rows(const RowSums& there, const std::string& backup) {
        const auto here = row_sums(server_.access(), stop_);
        auto found = differences(here, there, fmt::format("base backup {}", backup));
        tell(fmt::format("{} tables compared with base backup {}: {} differ\n", here.size(), backup,
                         found.size()));
        for (const auto& each : found) tell(fmt::format("{}: {}\n", each.object, each.text));
        add(std::move(found));
    }
    /// The server is ended behind it.
    std::vector<ClusterFinding> findings() {
        for (const std::string& warning : server_.warnings()) tell("warning: " + warning + "\n");
        check_structures();
        check_assertions();
        check_checksums();
        std::ranges::for_each(findings_, [&](ClusterFinding& finding) { look_at_host(finding); });
        return std::move(findings_);
    }

  private:
    void tell(std::string_view text) { output_ += text; }
    std::vector<std::string> rows(const std::string& database, const std::string& query) const {
        return cluster::query_rows(server_.access(), database, query, stop_);
    }
    void add(std::vector<ClusterFinding> found) {
        findings_.insert(findings_.end(), found.begin(), found.end());
    }

    void check_structures();
    /// A session of its own, as the superuser; rows as they are.
    cluster::ClientEnd run_psql(const std::string& database, const std::string& statements,
                                std::string& output) const {
        return cluster::run_client(
            server_.access(),
            {.program = "psql",
             .words = {"-X", "-w", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-c", statements},
             .variables = {{"PGDATABASE", database}, {"LC_ALL", "C"}},
             .output = [&](ByteView piece) { output += as_text(piece); }},
            stop_);
    }
    /// A check that could not be made.
    void add_failure(std::string object, const cluster::ClientEnd& end) {
        const bool of_host = end.complaints.find("is not available") != std::string::npos;
        findings_.push_back({std::move(object), end.complaints, of_host});
    }
    void check_by_pg_amcheck();
    void check_by_sql(const std::string& database);
    void check_assertions();
    void check_assertion(std::size_t number, const SqlStatement&);
    void check_checksums();
    bool depends_on_collation(const ClusterFinding&) const;
    std::optional<std::string> other_collation(const std::string& database) const;
    void look_at_host(ClusterFinding&) const;

    const ProofOrder& order_;
    const std::stop_token stop_;
    ThrowawayServer server_;
    std::vector<ClusterFinding> findings_;
    std::vector<std::pair<AmcheckObject, std::string>> other_orders_;  ///< of indexes, and why
    std::string& output_;
};

void ClusterCheck::check_structures() {
    if (server_.access().version >= first_with_pg_amcheck) {
        check_by_pg_amcheck();
    } else {
        for (const std::string& database :
             rows(first_database, "SELECT datname FROM pg_database WHERE datallowconn ORDER BY 1"))
            check_by_sql(database);
    }
    for (const ClusterFinding& finding : findings_)
        if (is_of_order(finding) && depends_on_collation(finding))
            if (const auto why = other_collation(object_of(finding).database))
                other_orders_.emplace_back(object_of(finding), *why);
}

void ClusterCheck::check_by_pg_amcheck() {
    std::string output;
    const auto end =
        cluster::run_client(server_.access(),
                            {.program = "pg_amcheck",
                             .words = {"--all", "--install-missing", "--heapallindexed"},
                             .variables = {{"LC_ALL", "C"}},
                             .output = [&](ByteView piece) { output += as_text(piece); }},
                            stop_);
    tell(output);
    add(read_amcheck(output));
    if (end.status != 0 && findings_.empty()) add_failure("pg_amcheck", end);
}

/// Before pg_amcheck there is no check of tables.
void ClusterCheck::check_by_sql(const std::string& database) {
    constexpr const char* check_all = R"(
        SET client_min_messages = error;
        CREATE EXTENSION IF NOT EXISTS amcheck;
        CREATE FUNCTION pg_temp.check_indexes() RETURNS SETOF text LANGUAGE plpgsql AS $$
        DECLARE index record;
        BEGIN
            FOR index IN
                SELECT c.oid, format('%s.%s.%s', current_database(), n.nspname, c.relname) AS name
                FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                    JOIN pg_am a ON a.oid = c.relam JOIN pg_index i ON i.indexrelid = c.oid
                WHERE a.amname = 'btree' AND c.relkind = 'i' AND c.relpersistence <> 't'
                    AND i.indisready AND i.indisvalid
            LOOP
                BEGIN
                    PERFORM bt_index_check(index.oid::regclass, true);
                EXCEPTION WHEN OTHERS THEN
                    RETURN NEXT format('WARNING: btree index "%s": %s', index.name, SQLERRM);
                END;
            END LOOP;
        END $$;
        SELECT * FROM pg_temp.check_indexes();)";
    std::string output;
    const auto end = run_psql(database, check_all, output);
    tell(output);
    add(read_warnings(output));
    if (end.status != 0) add_failure(fmt::format("database \"{}\"", database), end);
}

void ClusterCheck::check_assertions() {
    std::size_t number = 0;
    for (const SqlStatement& statement : split_sql(order_.source.check.sql))
        check_assertion(++number, statement);
}

/// Every row that it returns is `t`, of which there may be none.
void ClusterCheck::check_assertion(std::size_t number, const SqlStatement& statement) {
    const std::string object = fmt::format("assertion {} (line {})", number, statement.line);
    const std::string text = first_line(statement.text).substr(0, statement_bytes_told);
    std::string output;
    const auto end = run_psql(statement.database.empty() ? first_database : statement.database,
                              statement.text, output);
    const auto wrong = end.status == 0 ? wrong_row(output) : std::nullopt;
    tell(fmt::format("{}: {}: {}\n", object, text,
                     end.status == 0 && !wrong ? "holds" : "does not hold"));
    if (end.status != 0)
        findings_.push_back({object, fmt::format("`{}`: {}", text, end.complaints)});
    if (wrong) findings_.push_back({object, fmt::format("`{}` returned `{}`", text, *wrong)});
}

void ClusterCheck::check_checksums() {
    if (rows(first_database, "SHOW data_checksums") != std::vector<std::string>{"on"}) {
        tell("the cluster has no page checksums\n");
        return;
    }
    server_.end_server(stop_);
    // The directories above it are ours alone: the cluster's user could not come back to it by its
    // path, as PostgreSQL's programs do.
    const CommandEnd end =
        run_contained({.shell_text = fmt::format(
                           "exec 9<. && cd / && LC_ALL=C exec {} --check -D /proc/self/fd/9",
                           quoted_word(server_.access().programs + "/pg_checksums")),
                       .directory = server_.directory(),
                       .user = owner_of(server_.directory()),
                       .time_limit = order_.longest(),
                       .variables = {}},
                      stop_);
    tell(end.output);
    const auto found = read_checksums(end.output);
    add(found);
    if (end.status != 0 && found.empty())
        findings_.push_back({"pg_checksums", last_line(end.output), end.status >= not_runnable});
}

/// Whether one of its columns is sorted by a collation other than that of bytes.
bool ClusterCheck::depends_on_collation(const ClusterFinding& finding) const {
    const auto [database, relation] = object_of(finding);
    if (relation.empty()) return false;
    const auto found = rows(
        database, fmt::format("SELECT count(*) > 0 FROM pg_index, unnest(indcollation::oid[]) AS c "
                              "WHERE indexrelid = {}::regclass AND c NOT IN (0, 950, 951)",
                              quoted_literal(relation)));
    return found == std::vector<std::string>{"t"};
}

/// Why texts of a database may be in another order here: of what this host lacks, as of the backup,
/// or of what the database itself has noted. There is no such reason: nullopt.
std::optional<std::string> ClusterCheck::other_collation(const std::string& database) const {
    for (const std::string& warning : server_.warnings())
        if (warning.starts_with("collation ")) return warning;
    std::string query =
        "SELECT format('collation %s is of version %s here, not %s', collname, "
        "pg_collation_actual_version(oid), collversion) FROM pg_collation "
        "WHERE collversion <> pg_collation_actual_version(oid)";
    if (server_.access().version >= first_with_database_collations)
        query +=
            " UNION ALL SELECT format('the collation of the database is of version %s here, not "
            "%s', pg_database_collation_actual_version(oid), datcollversion) FROM pg_database "
            "WHERE datname = current_database() AND "
            "datcollversion <> pg_database_collation_actual_version(oid)";
    auto found = rows(database, query);
    if (found.empty()) return std::nullopt;
    return std::move(found.back());
}

void ClusterCheck::look_at_host(ClusterFinding& finding) const {
    if (is_of_library(finding.text)) finding.of_host = true;
    const auto object = object_of(finding);
    for (const auto& [index, why] : other_orders_) {
        if (index != object || !is_of_order(finding)) continue;
        finding.of_host = true;
        finding.text = fmt::format("not in the order of this host: {}", why);
        return;
    }
}

/// What keeps a server from starting here says nothing of the cluster.
bool is_of_host(const Error& error) {
    if (error.code() != Errc::io) return true;
    return is_of_library(error.what()) ||
           std::ranges::any_of(error.hints(), [](const std::string& hint) {
               return hint.starts_with("library ") || hint.starts_with("collation ");
           });
}

void judge_error(const Error& error, Proven& proven, std::string& output) {
    const bool of_host = is_of_host(error) && error.code() != Errc::corrupt;
    output += error.full_text() + "\n";
    proven.proof.outcome =
        of_host ? catalog::ProofOutcome::not_tried : catalog::ProofOutcome::failed;
    proven.proof.reason = first_line(error.what());
    for (const std::string& hint : error.hints())
        if (of_host) proven.proof.reason += "; " + hint;
}

void keep_last(std::string output, Proven& proven) {
    proven.cut = output.size() > command_output_bytes_max;
    if (proven.cut) output.erase(0, output.size() - command_output_bytes_max);
    proven.output = std::move(output);
}

}  // namespace

void prove_by_server(Context& context, const ProofOrder& order, const MomentToProve& to_prove,
                     const Call& call, Proven& proven) {
    const Deadline deadline(order.longest(), call.stop);
    const auto& comparison = to_prove.comparison;
    std::string output;
    try {
        std::optional<RowSums> there;  // one server after the other: they take memory
        if (comparison) there = row_sums_of(context, order.source, *comparison, deadline.token());
        ClusterCheck check(context, order, to_prove.moment, deadline.token(), output);
        if (there) {
            proven.proof.compared = comparison->backup.name.text();
            check.compare_rows(*there, proven.proof.compared);
        }
        auto verdict = judge(check.findings());
        proven.proof.outcome = verdict.outcome;
        proven.proof.reason = std::move(verdict.reason);
    } catch (const Error& error) {
        const bool stopped = error.code() == Errc::cancelled;
        if (stopped && !deadline.is_over()) throw;
        if (!stopped) judge_error(error, proven, output);
        if (stopped) proven.proof.outcome = catalog::ProofOutcome::failed;
        if (stopped)
            proven.proof.reason =
                fmt::format("the check did not end within {}", to_text(order.longest()));
    }
    keep_last(std::move(output), proven);
}

}  // namespace yore::command
