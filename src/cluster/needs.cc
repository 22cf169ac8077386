// SPDX-License-Identifier: Apache-2.0
#include <yore/base/error.h>
#include <yore/cluster/needs.h>

#include <array>
#include <clocale>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string_view>

#include <dlfcn.h>
#include <gnu/libc-version.h>

namespace yore::cluster {
namespace {

namespace fs = std::filesystem;

/// `$libdir`, as packages and builds from source have it beside the programs: where PL/pgSQL is.
std::optional<fs::path> library_directory(const std::string& programs) {
    std::error_code failed;
    const fs::path server = fs::canonical(fs::path(programs) / "postgres", failed);
    if (failed) return std::nullopt;
    const fs::path top = server.parent_path().parent_path();
    for (const char* place : {"lib", "lib/postgresql", "lib64/pgsql", "lib64"})
        if (fs::exists(top / place / "plpgsql.so", failed)) return top / place;
    return std::nullopt;
}

/// expand_dynamic_library_name() in PostgreSQL's src/backend/utils/fmgr/dfmgr.c, without
/// `dynamic_library_path`.
bool is_there(std::string_view library, const fs::path& directory) {
    constexpr std::string_view macro = "$libdir/";
    if (library.starts_with(macro)) library.remove_prefix(macro.size());
    const std::string path = (directory / library).string();
    std::error_code failed;
    return fs::exists(path, failed) || fs::exists(path + ".so", failed);
}

/// `libc de_DE.UTF-8 2.36`.
struct Collation {
    std::string provider, locale, version;

    static std::optional<Collation> parse(std::string_view text) {
        const auto first = text.find(' '), last = text.rfind(' ');
        if (first == text.npos || first == last) return std::nullopt;
        return Collation{std::string(text.substr(0, first)),
                         std::string(text.substr(first + 1, last - first - 1)),
                         std::string(text.substr(last + 1))};
    }
};

/// The ICU that a process runs with, asked as PostgreSQL does (get_collation_actual_version() in
/// src/backend/utils/adt/pg_locale.c). Its functions have its major version in their names.
class Icu {
  public:
    explicit Icu(pid_t process) {
        constexpr std::string_view name = "/libicui18n.so.";
        std::ifstream maps(fmt::format("/proc/{}/maps", process));
        for (std::string line; std::getline(maps, line);) {
            const auto at = line.find(name), path = line.find('/');
            if (at == line.npos) continue;
            const std::string version = line.substr(at + name.size());
            load(line.substr(path), version.substr(0, version.find('.')));
            return;
        }
    }
    std::optional<std::string> version_of(const std::string& locale) const {
        if (open_ == nullptr || get_version_ == nullptr || to_text_ == nullptr || close_ == nullptr)
            return std::nullopt;
        int status = 0;  // above: an error
        void* collator = open_(locale.c_str(), &status);
        if (collator == nullptr || status > 0) return std::nullopt;
        std::array<std::uint8_t, 4> version{};
        std::array<char, 20> text{};
        get_version_(collator, version.data());
        to_text_(version.data(), text.data());
        close_(collator);
        return text.data();
    }

  private:
    /// Stays loaded, as libraries may not like to go.
    void load(const std::string& path, const std::string& major) {
        void* library = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
        if (library == nullptr) return;
        const auto find = [&](const char* name, auto& function) {
            function = reinterpret_cast<std::remove_reference_t<decltype(function)>>(
                ::dlsym(library, fmt::format("{}_{}", name, major).c_str()));
        };
        find("ucol_open", open_);
        find("ucol_close", close_);
        find("ucol_getVersion", get_version_);
        find("u_versionToString", to_text_);
    }

    void* (*open_)(const char* locale, int* status) = nullptr;
    void (*close_)(void*) = nullptr;
    void (*get_version_)(const void*, std::uint8_t* version) = nullptr;
    void (*to_text_)(const std::uint8_t* version, char* text) = nullptr;
};

bool knows_locale(const std::string& name) {
    const locale_t locale = ::newlocale(LC_COLLATE_MASK, name.c_str(), locale_t{});
    if (locale == locale_t{}) return false;
    ::freelocale(locale);
    return true;
}

}  // namespace

std::vector<std::string> missing_libraries(const std::vector<std::string>& libraries,
                                           const std::string& programs) {
    std::vector<std::string> missing;
    const auto directory = library_directory(programs);
    if (!directory) return missing;
    for (const std::string& library : libraries)
        if (!is_there(library, *directory))
            missing.push_back(
                fmt::format("library {} is not here ($libdir is {}): what uses it "
                            "fails",
                            library, directory->string()));
    return missing;
}

std::vector<std::string> other_collations(const std::vector<std::string>& collations,
                                          pid_t server) {
    std::vector<std::string> other;
    const Icu icu(server);
    for (const std::string& text : collations) {
        const auto collation = Collation::parse(text);
        if (!collation) continue;
        const auto& [provider, locale, version] = *collation;
        std::optional<std::string> here;
        if (provider == "libc" && !knows_locale(locale)) {
            other.push_back(fmt::format(
                "collation {} {} is not here: what uses it fails, up to whole databases", provider,
                locale));
        } else if (provider == "libc") {
            here = ::gnu_get_libc_version();
        } else if (provider == "icu") {
            here = icu.version_of(locale);
        }
        if (here && *here != version)
            other.push_back(
                fmt::format("collation {} {} is of version {} here, not {}: indexes on text that "
                            "it sorts may be wrong (`reindex`)",
                            provider, locale, *here, version));
    }
    return other;
}

}  // namespace yore::cluster
