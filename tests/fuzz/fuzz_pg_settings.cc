// SPDX-License-Identifier: Apache-2.0
// Files of settings and backup labels. What was rewritten once is fit; a value that was read is
// read again when it is written; a block of settings that was added goes again.
#include <yore/postgresql/backup_label.h>
#include <yore/postgresql/config_rewrite.h>
#include <yore/postgresql/recovery_settings.h>

#include "fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace yore;
    using namespace yore::postgresql;
    const std::string text(as_text(fuzz::input(data, size)));
    fuzz::expecting({Errc::corrupt, Errc::unsupported}, [&] { parse_backup_label(text); });

    const ConfigRewrite once = rewrite_config(text, "conf.d/a.conf", config_rules());
    YORE_ENSURE(once.left_out.empty() == (once.text == text));
    YORE_ENSURE(rewrite_config(once.text, "conf.d/a.conf", config_rules()).left_out.empty());
    for (const ConfigEntry& entry : once.entries) {
        if (entry.value.find('\0') != std::string::npos) continue;
        const std::string line = entry.name + " = " + quoted_config_value(entry.value);
        YORE_ENSURE(parse_config_line(line) == entry);
    }

    const std::vector<Setting> settings{{"a", "1", "why"}};
    const std::string without = without_recovery_settings(text);
    const std::string with = with_recovery_settings(text, settings);
    YORE_ENSURE(with_recovery_settings(with, settings) == with);
    YORE_ENSURE(with.starts_with(without));
    return 0;
}
