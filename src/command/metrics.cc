// SPDX-License-Identifier: Apache-2.0
/// metrics: nothing asked. Hands out what a monitoring system asks for, as Prometheus' text. The
/// result has `bytes`.
#include <yore/command/metrics.h>

#include "command/fields.h"
#include "command/metric_facts.h"
#include "command/run.h"

namespace yore::command {

std::string metrics_text(Context& context) {
    return metrics_text(gather_facts(context));
}

nlohmann::json run_metrics(Context& context, const Call& call) {
    Fields(call.request).done();
    const auto text = metrics_text(context);
    call.output.bytes(as_bytes(text));
    return {{"bytes", text.size()}};
}

}  // namespace yore::command
