// SPDX-License-Identifier: Apache-2.0
/// query: `moment` (of a cluster), `sql` (absent: it is the input), `database`, `format` (of
/// psql's), `tuples_only`, `write` (the answer may change rows: nothing of it is left), `programs`,
/// `role`. Hands out the bytes that psql prints. The result has the moment, and whether a clone
/// that ran already was asked.
#include <yore/base/error.h>
#include <yore/cluster/client.h>

#include "command/clone_fields.h"
#include "command/fields.h"
#include "command/moment.h"
#include "command/run.h"
#include "command/throwaway_server.h"

namespace yore::command {
namespace {

constexpr std::size_t sql_bytes_max = 16u << 20;

std::string all_of(Input& input, const std::stop_token& stop) {
    std::string text;
    Buffer piece(64u << 10);
    while (const std::size_t count = input.read(piece.span(), stop)) {
        text += as_text(piece.view().first(count));
        if (text.size() > sql_bytes_max)
            throw Error(Errc::invalid, "the SQL is too long: 16 MiB at most");
    }
    return text;
}

struct Query {
    std::string sql, database, format;
    bool tuples_only = false, write = false;

    std::vector<std::string> words() const {
        std::vector<std::string> words{"-X", "-w", "-q", "-v", "ON_ERROR_STOP=1"};
        if (!format.empty()) words.insert(words.end(), {"-P", "format=" + format});
        if (tuples_only) words.emplace_back("-t");
        words.insert(words.end(), {"-c", sql});
        return words;
    }
};

void ask(const cluster::ServerAccess& access, const Query& query, const Call& call) {
    const auto end = cluster::run_client(
        access,
        {"psql",
         query.words(),
         {{"PGDATABASE", query.database},
          {"PGOPTIONS", query.write ? "" : "-c default_transaction_read_only=on"}},
         [&](ByteView piece) { call.output.bytes(piece); }},
        call.stop);
    if (end.status == 0) return;
    std::vector<std::string> hints;
    if (end.complaints.find("read-only transaction") != end.complaints.npos)
        hints.emplace_back("`--write` lets a query change its own clone, which is gone afterwards");
    throw Error(Errc::io, end.complaints, hints);
}

}  // namespace

nlohmann::json run_query(Context& context, const Call& call) {
    Fields fields(call.request);
    const auto text = fields.text("moment");
    const auto sql = fields.optional_text("sql");
    Query query{"", fields.optional_text("database").value_or("postgres"),
                fields.optional_text("format").value_or(""), fields.flag("tuples_only"),
                fields.flag("write")};
    const CloneServerOptions server = server_in(fields);
    fields.done();
    query.sql = sql ? *sql : all_of(call.input, call.stop);
    const Moment moment = resolve_moment(context, text, call.output);
    using Reuse = ThrowawayServer::Reuse;
    const ThrowawayServer throwaway(context, moment, server,
                                    query.write ? Reuse::none : Reuse::untouched, call.stop);
    ask(throwaway.access(), query, call);
    return {{"moment", moment.name()}, {"reused", !throwaway.is_own()}};
}

}  // namespace yore::command
