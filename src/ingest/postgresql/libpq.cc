// SPDX-License-Identifier: Apache-2.0
#include "ingest/postgresql/libpq.h"

#include <yore/base/error.h>

#include <dlfcn.h>

namespace yore::ingest {
namespace {

constexpr char file[] = "libpq.so.5";

Error not_loaded() {
    const char* why = ::dlerror();
    return Error(Errc::unsupported,
                 fmt::format("{}: {}", file, why == nullptr ? "it cannot be loaded" : why),
                 {"install libpq5: clusters are spoken to with it"});
}

template <class Function>
void load(void* library, const char* name, Function& into) {
    into = reinterpret_cast<Function>(::dlsym(library, name));
    if (into == nullptr) throw not_loaded();
}

Libpq load_libpq() {
    void* const library = ::dlopen(file, RTLD_NOW | RTLD_LOCAL);  // never unloaded
    if (library == nullptr) throw not_loaded();
    Libpq functions;
#define YORE_LIBPQ_LOAD(name) load(library, #name, functions.name);
    YORE_LIBPQ(YORE_LIBPQ_LOAD)
#undef YORE_LIBPQ_LOAD
    return functions;
}

}  // namespace

const Libpq& libpq() {
    static const Libpq functions = load_libpq();
    return functions;
}

}  // namespace yore::ingest
