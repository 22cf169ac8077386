// SPDX-License-Identifier: Apache-2.0
#include <yore/base/error.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace yore {

std::string_view name_of(Errc code) {
    switch (code) {
        case Errc::invalid:
            return "invalid";
        case Errc::not_found:
            return "not_found";
        case Errc::exists:
            return "exists";
        case Errc::corrupt:
            return "corrupt";
        case Errc::wrong_key:
            return "wrong_key";
        case Errc::busy:
            return "busy";
        case Errc::unsupported:
            return "unsupported";
        case Errc::read_only:
            return "read_only";
        case Errc::no_space:
            return "no_space";
        case Errc::denied:
            return "denied";
        case Errc::io:
            return "io";
        case Errc::cancelled:
            return "cancelled";
    }
    return "unknown";
}

int errno_of(Errc code) {
    switch (code) {
        case Errc::invalid:
            return EINVAL;
        case Errc::not_found:
            return ENOENT;
        case Errc::exists:
            return EEXIST;
        case Errc::corrupt:
            return EIO;
        case Errc::wrong_key:
            return EACCES;
        case Errc::busy:
            return EBUSY;
        case Errc::unsupported:
            return EOPNOTSUPP;
        case Errc::read_only:
            return EROFS;
        case Errc::no_space:
            return ENOSPC;
        case Errc::denied:
            return EACCES;
        case Errc::io:
            return EIO;
        case Errc::cancelled:
            return EINTR;
    }
    return EIO;
}

Errc code_of(int error_number) {
    switch (error_number) {
        case ENOENT:
        case ENOTDIR:
        case ENXIO:
        case ENODEV:
        case ESTALE:
            return Errc::not_found;
        case EEXIST:
        case ENOTEMPTY:
            return Errc::exists;
        case ENOSPC:
        case EDQUOT:
            return Errc::no_space;
        case EROFS:
            return Errc::read_only;
        case EACCES:
        case EPERM:
            return Errc::denied;
        case EBUSY:
        case ETXTBSY:
        case EAGAIN:
            return Errc::busy;
        case EINVAL:
        case EISDIR:
        case ELOOP:
        case ENAMETOOLONG:
        case EXDEV:
            return Errc::invalid;
        case EOPNOTSUPP:
        case ENOSYS:
            return Errc::unsupported;
        case EINTR:
        case ECANCELED:
            return Errc::cancelled;
        default:
            return Errc::io;
    }
}

std::string Error::full_text() const {
    std::string text = what();
    for (const std::string& hint : hints_) {
        text += "\nhint: ";
        text += hint;
    }
    return text;
}

Error Error::within(std::string_view step) const {
    return {code_, fmt::format("{}: {}", step, what()), hints_};
}

std::string reason_of(int error_number) {
    const char* known = strerrordesc_np(error_number);
    std::string reason = known != nullptr ? known : fmt::format("error {}", error_number);
    // "No such file" becomes "no such file", but "RPC ..." stays.
    auto is_upper = [&](std::size_t i) { return reason[i] >= 'A' && reason[i] <= 'Z'; };
    if (reason.size() > 1 && is_upper(0) && !is_upper(1)) {
        reason[0] = static_cast<char>(reason[0] - 'A' + 'a');
    }
    return reason;
}

Error system_error(std::string_view action, std::string_view object, int error_number) {
    return {code_of(error_number),
            fmt::format("{} {}: {}", action, object, reason_of(error_number))};
}

void broken_invariant(const char* condition, const char* file, int line) {
    std::fprintf(stderr, "yore: broken invariant: %s (%s:%d)\n", condition, file, line);
    std::abort();
}

}  // namespace yore
