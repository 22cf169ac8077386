// SPDX-License-Identifier: Apache-2.0
/// status: a few lines a source, then the repository, then what should be looked at.
#include <yore/command/age_text.h>

#include <memory>

#include <fmt/format.h>

#include "cli/presentation.h"
#include "cli/sizes.h"
#include "cli/terminal.h"

namespace yore::cli {
namespace {

/// `3 days ago`, by the field `age_seconds`.
std::string ago(const nlohmann::json& object) {
    constexpr std::int64_t ns_per_second = 1'000'000'000;
    const auto seconds = static_cast<std::int64_t>(number_in(object, "age_seconds"));
    return command::age_text(Duration{seconds * ns_per_second}) + " ago";
}

class StatusText {
  public:
    explicit StatusText(const Screen& screen) : screen_(screen) {}

    void add_source(const nlohmann::json& row) {
        text_ += fmt::format("{}  {}{}\n", row.value("source", ""), row.value("kind", ""),
                             row.value("removed", false) ? ", removed" : "");
        add_newest(row);
        add_recovery(row["recovery"]);
        add_log(row["log"]);
        add_proof(row["proof"]);
        add_failed_job(row["failed_job"]);
        add_clones(row["clones"]);
    }
    void add_attention(const nlohmann::json& row) {
        attention_ += fmt::format("{:<8}  {}\n{:<8}  hint: {}\n", row.value("urgency", ""),
                                  screen_.name(bytes_in(row, "text")), "",
                                  screen_.name(bytes_in(row, "hint")));
    }
    std::string text(const Invocation& invocation, const nlohmann::json& result) {
        text_ += "repository\n";
        add_space(invocation, result);
        add_verifies(result);
        return text_ + (attention_.empty() ? "all is well\n" : "\n" + attention_);
    }

  private:
    void line(std::string_view name, std::string_view text) {
        text_ += fmt::format("  {:<9}  {}\n", name, text);
    }

    void add_newest(const nlohmann::json& row) {
        const auto& newest = row["newest"];
        if (!newest.is_object()) return line("snapshots", "none");
        line("snapshots", fmt::format("{}, {}; {} stored", newest.value("name", ""), ago(newest),
                                      grouped(number_in(row, "snapshots"))));
    }
    void add_recovery(const nlohmann::json& recovery) {
        if (!recovery.is_object()) return line("recovery", "nothing can be restored");
        auto text =
            fmt::format("{} to {}", recovery.value("from", ""), recovery.value("until", ""));
        if (number_in(recovery, "windows") > 1)
            text += fmt::format("; {}, {}", counted(number_in(recovery, "windows"), "window"),
                                counted(number_in(recovery, "gaps"), "gap"));
        if (number_in(recovery, "uncertain") > 0)
            text +=
                fmt::format("; {}", counted(number_in(recovery, "uncertain"), "uncertain span"));
        line("recovery", text);
    }
    void add_log(const nlohmann::json& log) {
        if (!log.is_object()) return;
        std::string text = log.value("state", "");
        constexpr double ms_per_s = 1000;
        if (log.contains("behind_ms"))
            text += fmt::format(", {:.1f} s behind",
                                static_cast<double>(number_in(log, "behind_ms")) / ms_per_s);
        if (log["known_until"].is_string())
            text += ", stored until " + log.value("known_until", "");
        line("log", text);
    }
    void add_proof(const nlohmann::json& proof) {
        if (!proof.is_object()) return line("level 3", "never tried");
        auto text = proof_text(screen_, proof);
        text.pop_back();  // its end of line
        line("level 3", fmt::format("{}, {}", ago(proof), text));
    }
    void add_failed_job(const nlohmann::json& job) {
        if (!job.is_object()) return;
        auto text = fmt::format("job {}, {}, {}", number_in(job, "job"), job.value("command", ""),
                                job.value("state", ""));
        if (job.contains("age_seconds")) text += " " + ago(job);
        if (job["why"].is_string()) text += ": " + screen_.name(bytes_in(job, "why"));
        if (job.value("mended", false)) text += " (succeeded since)";
        line("failed", text);
    }
    void add_clones(const nlohmann::json& clones) {
        std::string text;
        for (const auto& clone : clones)
            text += fmt::format("{}{} ({})", text.empty() ? "" : ", ", clone.value("clone", ""),
                                clone.value("state", ""));
        if (!text.empty()) line("clones", text);
    }
    void add_space(const Invocation& invocation, const nlohmann::json& result) {
        auto text = size_text(invocation, result, "disk_bytes") + " on disk";
        if (result["free_bytes"].is_number())
            text += fmt::format(", {} free", size_text(invocation, result, "free_bytes"));
        if (result.value("read_only", false)) text += ", read-only";
        line("space", text);
    }
    void add_verifies(const nlohmann::json& result) {
        for (const std::uint64_t level : {1u, 2u}) {
            std::string text = "never";
            for (const auto& verify : result["verifies"])
                if (number_in(verify, "level") == level)
                    text = fmt::format(
                        "{} {} ({})", verify.value("passed", false) ? "passed" : "failed",
                        ago(verify), seconds_between(verify["started"], verify["ended"]));
            line(fmt::format("level {}", level), text);
        }
    }

    const Screen& screen_;
    std::string text_, attention_;
};

Presentation present_status(const Invocation& invocation, Screen& screen) {
    const auto text = std::make_shared<StatusText>(screen);
    Presentation presentation;
    presentation.row = [text](const nlohmann::json& row) {
        if (row.value("event", "") == "source")
            text->add_source(row);
        else
            text->add_attention(row);
    };
    presentation.result = [text, &invocation, &screen](const nlohmann::json& result) {
        screen.out(text->text(invocation, result));
    };
    return presentation;
}

}  // namespace

const Presentations& status_presentations() {
    static const Presentations table{{"status", present_status}};
    return table;
}

}  // namespace yore::cli
