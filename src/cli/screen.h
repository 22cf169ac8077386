// SPDX-License-Identifier: Apache-2.0
/// Standard output and standard error of the process.
#pragma once

#include <yore/base/bytes.h>

#include <string>
#include <string_view>

namespace yore::cli {

/// Any thread, one at a time.
class Screen {
  public:
    explicit Screen(bool quiet);
    ~Screen();  ///< flushes, as far as that goes

    /// To standard output; at once on a terminal, else when a good deal has come together.
    /// Closed (`| head`): throws `cancelled`, and `closed()` tells from then on.
    void out(std::string_view text);
    void out(ByteView bytes) { out(as_text(bytes)); }
    void flush();
    bool closed() const { return closed_; }

    /// To standard error: messages always, remarks unless `--quiet`.
    void message(std::string_view line);
    void remark(std::string_view line);

    /// A stored name for a person: escaped on a terminal, exact elsewhere.
    std::string name(std::string_view bytes) const;

    bool shows_progress() const { return err_is_terminal_ && !quiet_; }
    /// Replaces the progress line; "" takes it away.
    void progress(std::string_view line);

  private:
    const bool quiet_;
    const bool out_is_terminal_, err_is_terminal_;
    std::string waiting_;
    bool closed_ = false;
    bool progress_shown_ = false;
};

}  // namespace yore::cli
