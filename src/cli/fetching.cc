// SPDX-License-Identifier: Apache-2.0
#include "cli/fetching.h"

#include <yore/base/error.h>
#include <yore/base/file.h>

#include <cerrno>
#include <cstdio>

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

namespace yore::cli {

FetchedFile::FetchedFile(std::string destination, command::Output& other)
    : destination_(std::move(destination)), other_(other) {}

FetchedFile::~FetchedFile() {
    if (!temporary_.empty()) ::unlink(temporary_.c_str());
}

void FetchedFile::bytes(ByteView bytes) {
    if (!file_) {
        std::string name = destination_.substr(0, destination_.rfind('/') + 1) + ".yore-XXXXXX";
        file_ = Fd(::mkostemp(name.data(), O_CLOEXEC));
        if (!file_) throw system_error("make a file beside", destination_, errno);
        temporary_ = std::move(name);
    }
    write_all(file_.get(), bytes);
}

void FetchedFile::put_in_place() {
    bytes({});  // there is a file, also when it is empty
    file_.close();
    if (::rename(temporary_.c_str(), destination_.c_str()) != 0)
        throw system_error("rename to", destination_, errno);
    temporary_.clear();
}

}  // namespace yore::cli
