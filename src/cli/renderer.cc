// SPDX-License-Identifier: Apache-2.0
#include "cli/renderer.h"

#include <yore/base/error.h>
#include <yore/command/text.h>

#include <unistd.h>

#include "cli/presentation.h"
#include "cli/progress.h"
#include "cli/terminal.h"

namespace yore::cli {
namespace {

class JsonRenderer final : public Renderer {
  public:
    explicit JsonRenderer(Screen& screen) : screen_(screen) {}

    void event(const nlohmann::json& event) override {
        print(event);
        // Rows may wait for more of them; who asked what goes on is told at once.
        const auto& kind = event["event"];
        if (kind == "followed" || kind == "progress") screen_.flush();
    }
    void bytes(ByteView bytes) override {
        print({{"event", "bytes"}, {"base64", command::to_base64(as_text(bytes))}});
    }
    void result(const nlohmann::json& result) override {
        print(result);
        screen_.flush();
    }
    void error(const Error& error) override {
        print(command::error_record(error));
        screen_.flush();
    }
    void remark(const std::string&) override {}

  private:
    void print(const nlohmann::json& record) { screen_.out(command::to_line(record) + "\n"); }
    Screen& screen_;
};

class HumanRenderer final : public Renderer {
  public:
    HumanRenderer(const Invocation& invocation, Screen& screen, const Clock& clock)
        : invocation_(invocation),
          screen_(screen),
          clock_(clock),
          presentation_(presentation_of(invocation, screen)),
          progress_(clock.now()) {}

    void event(const nlohmann::json& event) override {
        const auto& kind = event["event"];
        if (kind == "progress") {
            show_progress(event);
        } else if (kind == "problem") {
            screen_.message(fmt::format("yore: {}: {}", printable(bytes_in(event, "path")),
                                        printable(bytes_in(event, "text"))));
        } else if (kind == "moment") {
            show_moment(event);
        } else {
            presentation_.row(event);
        }
    }
    void bytes(ByteView bytes) override { screen_.out(bytes); }
    void result(const nlohmann::json& result) override {
        screen_.progress("");
        presentation_.result(result);
        screen_.flush();
    }
    void error(const Error& error) override {
        const auto lines = error.hints();
        const auto verb = invocation_.verb.empty() ? "" : invocation_.verb + ": ";
        std::string text = fmt::format("yore: {}{}", verb, printable(error.what()));
        for (const std::string& hint : lines) text += "\nhint: " + printable(hint);
        screen_.message(text);
    }
    void remark(const std::string& text) override { screen_.remark("yore: " + printable(text)); }

  private:
    void show_progress(const nlohmann::json& event) {
        if (!screen_.shows_progress()) return;
        if (const auto line = progress_.line(event, clock_.now(), terminal_width(STDERR_FILENO)))
            screen_.progress(*line);
    }
    /// How a time was read; a name of a snapshot needs no echo.
    void show_moment(const nlohmann::json& event) {
        if (!event.contains("time")) return;
        remark(fmt::format("{} is {}: {}@{}", bytes_in(event, "text"), bytes_in(event, "time"),
                           bytes_in(event, "source"), bytes_in(event, "state")));
    }

    const Invocation& invocation_;
    Screen& screen_;
    const Clock& clock_;
    const Presentation presentation_;
    Progress progress_;
};

}  // namespace

std::unique_ptr<Renderer> make_renderer(const Invocation& invocation, Screen& screen,
                                        const Clock& clock) {
    if (invocation.json) return std::make_unique<JsonRenderer>(screen);
    return std::make_unique<HumanRenderer>(invocation, screen, clock);
}

}  // namespace yore::cli
