// SPDX-License-Identifier: Apache-2.0
#include "command/job.h"

#include <yore/base/error.h>
#include <yore/command/text.h>

#include "command/fields.h"

namespace yore::command {
namespace {

constexpr std::size_t source_bytes_max = 100;

nlohmann::json parsed(const std::string& text) {
    if (text.empty()) return nullptr;
    auto object = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
    return object.is_object() ? std::move(object) : nlohmann::json();
}

nlohmann::json optional_time(const std::optional<Timestamp>& time) {
    return time ? nlohmann::json(to_rfc3339(*time)) : nlohmann::json();
}

}  // namespace

std::string_view name_of(catalog::JobState state) {
    switch (state) {
        case catalog::JobState::running:
            return "running";
        case catalog::JobState::paused:
            return "paused";
        case catalog::JobState::done:
            return "done";
        case catalog::JobState::failed:
            return "failed";
        case catalog::JobState::cancelled:
            return "cancelled";
        case catalog::JobState::interrupted:
            return "interrupted";
    }
    return "unknown";
}

nlohmann::json describe(const catalog::Job& job) {
    nlohmann::json object{{"job", job.number},
                          {"command", job.command},
                          {"state", name_of(job.state)},
                          {"started", to_rfc3339(job.started)},
                          {"ended", optional_time(job.ended)},
                          {"scheduled", job.scheduled},
                          {"progress", parsed(job.progress)},
                          {"answer", parsed(job.answer)}};
    put_bytes(object, "source", job.source);
    return object;
}

ExitCode exit_code_of(const catalog::Job& job) {
    switch (job.state) {
        case catalog::JobState::done: {
            const auto answer = parsed(job.answer);
            const auto code = answer.is_object() ? answer.find("exit_code") : answer.end();
            const bool given = code != answer.end() && code->is_number_integer();
            return given ? ExitCode{code->get<int>()} : ExitCode::ok;
        }
        case catalog::JobState::cancelled:
        case catalog::JobState::interrupted:
            return ExitCode::interrupted;
        default:
            return ExitCode::failed;
    }
}

std::string source_of(const nlohmann::json& request) {
    std::string source = get_bytes(request, "source").value_or("");
    if (const auto moment = get_bytes(request, "moment"))
        source = moment->substr(0, moment->find('@'));
    for (const char* key : {"sources", "moments"}) {
        const auto found = request.find(key);
        if (found == request.end()) continue;
        const auto names = bytes_of_list(*found);
        if (names.size() == 1) source = names.front().substr(0, names.front().find('@'));
    }
    source.resize(std::min(source.size(), source_bytes_max));
    return source;
}

std::string compact(const nlohmann::json& object) {
    auto text = to_line(object);
    if (text.size() <= catalog::job_text_bytes_max) return text;
    auto scalars = nlohmann::json::object();
    for (const auto& [key, value] : object.items())
        if (!value.is_structured()) scalars[key] = value;
    text = to_line(scalars);
    return text.size() <= catalog::job_text_bytes_max ? text : std::string();
}

std::uint64_t requested_job(const nlohmann::json& request) {
    Fields fields(request);
    const auto number = fields.number("job");
    fields.done();
    if (!number) throw Error(Errc::invalid, "which job: `yore jobs list` shows their numbers");
    return *number;
}

}  // namespace yore::command
