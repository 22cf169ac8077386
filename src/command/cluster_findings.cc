// SPDX-License-Identifier: Apache-2.0
#include "command/cluster_findings.h"

#include <algorithm>
#include <sstream>

#include <fmt/format.h>

namespace yore::command {
namespace {

constexpr std::string_view spaces = " \t\r";
constexpr std::size_t told_max = 3;

std::string trimmed(std::string_view text) {
    const auto first = text.find_first_not_of(spaces);
    if (first == text.npos) return {};
    return std::string(text.substr(first, text.find_last_not_of(spaces) + 1 - first));
}

std::string without(std::string text, std::string_view prefix) {
    return text.starts_with(prefix) ? trimmed(text.substr(prefix.size())) : text;
}

template <typename Take>
void each_line(std::string_view text, const Take& take) {
    std::istringstream lines{std::string(text)};
    for (std::string line; std::getline(lines, line);) take(line);
}

/// A dotted name is quoted by pg_amcheck as a whole, its parts are not: a part with a dot in it
/// cannot be told.
std::vector<std::string> parts_of(const std::string& name) {
    std::vector<std::string> parts;
    std::istringstream in(name);
    for (std::string part; std::getline(in, part, '.');) parts.push_back(part);
    return parts;
}

std::string quoted(const std::string& name) {
    std::string text = "\"";
    for (const char c : name) text += c == '"' ? std::string("\"\"") : std::string(1, c);
    return text + "\"";
}

}  // namespace

std::vector<ClusterFinding> read_amcheck(std::string_view output) {
    std::vector<ClusterFinding> findings;
    each_line(output, [&](const std::string& line) {
        const bool is_detail = line.starts_with(' ') || line.starts_with('\t');
        const bool is_object =
            !is_detail && line.ends_with(':') &&
            (line.starts_with("btree index ") || line.starts_with("heap table "));
        if (is_object) findings.push_back({line.substr(0, line.size() - 1), {}});
        if (is_detail && !findings.empty() && findings.back().text.empty())
            findings.back().text = without(trimmed(line), "ERROR:");
    });
    return findings;
}

std::vector<ClusterFinding> read_checksums(std::string_view output) {
    constexpr std::string_view mark = "checksum verification failed in file ";
    std::vector<ClusterFinding> findings;
    each_line(output, [&](const std::string& line) {
        const auto at = line.find(mark);
        if (at == line.npos) return;
        const auto colon = line.find(": ", at);
        const auto begin = at + mark.size();
        findings.push_back(
            {"file " + line.substr(begin, colon == line.npos ? colon : colon - begin),
             colon == line.npos ? "checksum verification failed" : line.substr(colon + 2)});
    });
    return findings;
}

std::vector<ClusterFinding> read_warnings(std::string_view output) {
    constexpr std::string_view mark = "WARNING:";
    std::vector<ClusterFinding> findings;
    each_line(output, [&](const std::string& line) {
        const auto at = line.find(mark);
        if (at == line.npos) return;
        const std::string text = trimmed(line.substr(at + mark.size()));
        const auto colon = text.find(": ");
        if (colon == text.npos) return;
        findings.push_back({text.substr(0, colon), text.substr(colon + 2)});
    });
    return findings;
}

bool is_of_order(const ClusterFinding& finding) {
    return finding.object.starts_with("btree index") &&
           (finding.text.find("order invariant violated") != std::string::npos ||
            finding.text.find("high key invariant violated") != std::string::npos ||
            finding.text.find("lacks matching index tuple") != std::string::npos);
}

bool is_of_library(std::string_view text) {
    return text.find("could not access file") != text.npos ||
           text.find("could not load library") != text.npos;
}

AmcheckObject object_of(const ClusterFinding& finding) {
    const auto open = finding.object.find('"'), close = finding.object.rfind('"');
    if (open == std::string::npos || close <= open) return {};
    const auto parts = parts_of(finding.object.substr(open + 1, close - open - 1));
    if (parts.size() != 3) return {};
    return {parts[0], quoted(parts[1]) + "." + quoted(parts[2])};
}

ClusterVerdict judge(const std::vector<ClusterFinding>& findings) {
    if (findings.empty()) return {};
    const bool failed = !std::ranges::all_of(findings, &ClusterFinding::of_host);
    ClusterVerdict verdict{
        failed ? catalog::ProofOutcome::failed : catalog::ProofOutcome::not_tried, {}};
    std::size_t told = 0, left = 0;
    for (const ClusterFinding& finding : findings) {
        if (failed && finding.of_host) continue;
        if (told == told_max) {
            ++left;
            continue;
        }
        verdict.reason +=
            fmt::format("{}{}: {}", told++ == 0 ? "" : "; ", finding.object, finding.text);
    }
    if (left > 0) verdict.reason += fmt::format("; and {} more", left);
    return verdict;
}

}  // namespace yore::command
