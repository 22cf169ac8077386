// SPDX-License-Identifier: Apache-2.0
#include "volatile_disk.h"

#include <algorithm>
#include <utility>

#include "volatile_disk_files.h"

namespace yore::test {

VolatileDisk::VolatileDisk() : state_(std::make_unique<State>()) {
    state_->directories["/"].is_durable = true;
}
VolatileDisk::~VolatileDisk() = default;

void VolatileDisk::set_judge(Judge judge) {
    std::scoped_lock lock(state_->mutex);
    state_->judge = std::move(judge);
}
std::uint64_t VolatileDisk::steps() const {
    std::scoped_lock lock(state_->mutex);
    return state_->steps;
}
void VolatileDisk::set_free_bytes(std::optional<std::uint64_t> bytes) {
    std::scoped_lock lock(state_->mutex);
    state_->free_bytes = bytes;
}

std::shared_ptr<VolatileDisk> VolatileDisk::after_power_loss(
    std::optional<std::uint64_t> seed) const {
    if (!seed) return found_with({});
    SeededRandom random(*seed);
    return found_with({.random = &random});
}
std::shared_ptr<VolatileDisk> VolatileDisk::copy() const {
    return found_with({.everything = true});
}

std::shared_ptr<VolatileDisk> VolatileDisk::found_with(Survival survival) const {
    std::scoped_lock lock(state_->mutex);
    auto found = std::make_shared<VolatileDisk>();
    std::map<const File*, std::shared_ptr<File>> copies;  // a file with two names stays one
    for (const auto& [path, directory] : state_->directories) {
        if (!directory.survives(survival)) continue;
        Directory& copy = found->state_->directories[path];
        copy.is_durable = true;
        for (const auto& [name, file] : directory.survivors(survival)) {
            auto& twin = copies[file.get()];
            if (!twin) {
                twin = std::make_shared<File>();
                twin->durable = twin->current = file->survivor(survival);
            }
            copy.current[name] = copy.durable[name] = twin;
        }
    }
    return found;
}

std::vector<std::string> VolatileDisk::files() const {
    std::scoped_lock lock(state_->mutex);
    std::vector<std::string> paths;
    for (const auto& [path, directory] : state_->directories)
        for (const auto& [name, file] : directory.current) paths.push_back(path + "/" + name);
    std::ranges::sort(paths);
    return paths;
}
std::string VolatileDisk::content(const std::string& path) const {
    std::scoped_lock lock(state_->mutex);
    return state_->file(path)->current;
}
void VolatileDisk::set_content(const std::string& path, std::string content) {
    std::scoped_lock lock(state_->mutex);
    const auto file = state_->file(path);
    file->current = file->durable = std::move(content);
    file->unsynced.clear();
}

const char* VolatileDisk::Name() const {
    return "VolatileDisk";
}

IOStatus VolatileDisk::NewSequentialFile(const std::string& name, const FileOptions&,
                                         std::unique_ptr<FSSequentialFile>* result,
                                         IODebugContext*) {
    const std::string path = normal(name);
    std::scoped_lock lock(state_->mutex);
    auto file = state_->file(path);
    if (!file) return absent(path);
    *result = std::make_unique<DiskReader>(shared_from_this(), std::move(file));
    return IOStatus::OK();
}

IOStatus VolatileDisk::NewRandomAccessFile(const std::string& name, const FileOptions&,
                                           std::unique_ptr<FSRandomAccessFile>* result,
                                           IODebugContext*) {
    const std::string path = normal(name);
    std::scoped_lock lock(state_->mutex);
    auto file = state_->file(path);
    if (!file) return absent(path);
    *result = std::make_unique<DiskReader>(shared_from_this(), std::move(file));
    return IOStatus::OK();
}

IOStatus VolatileDisk::NewWritableFile(const std::string& name, const FileOptions&,
                                       std::unique_ptr<FSWritableFile>* result, IODebugContext*) {
    const std::string path = normal(name);
    std::scoped_lock lock(state_->mutex);
    Directory* parent = state_->directory(parent_of(path));
    if (parent == nullptr) return absent(path);
    auto file = std::make_shared<File>();
    const auto verdict = state_->step(StepKind::create, path);
    if (verdict.happens) parent->change({{name_of(path), file}});
    *result = std::make_unique<DiskWriter>(shared_from_this(), path, std::move(file));
    return verdict.status;
}

IOStatus VolatileDisk::ReopenWritableFile(const std::string& name, const FileOptions& options,
                                          std::unique_ptr<FSWritableFile>* result,
                                          IODebugContext* context) {
    const std::string path = normal(name);
    {
        std::scoped_lock lock(state_->mutex);
        if (auto file = state_->file(path)) {
            *result = std::make_unique<DiskWriter>(shared_from_this(), path, std::move(file));
            return IOStatus::OK();
        }
    }
    return NewWritableFile(name, options, result, context);
}

IOStatus VolatileDisk::NewRandomRWFile(const std::string& name, const FileOptions&,
                                       std::unique_ptr<FSRandomRWFile>* result, IODebugContext*) {
    const std::string path = normal(name);
    std::scoped_lock lock(state_->mutex);
    auto file = state_->file(path);
    if (!file) return absent(path);
    *result = std::make_unique<DiskUpdater>(shared_from_this(), path, std::move(file));
    return IOStatus::OK();
}

IOStatus VolatileDisk::NewDirectory(const std::string& name, const IOOptions&,
                                    std::unique_ptr<FSDirectory>* result, IODebugContext*) {
    const std::string path = normal(name);
    std::scoped_lock lock(state_->mutex);
    if (state_->directory(path) == nullptr) return absent(path);
    *result = std::make_unique<DiskDirectory>(shared_from_this(), path);
    return IOStatus::OK();
}

IOStatus VolatileDisk::FileExists(const std::string& name, const IOOptions&, IODebugContext*) {
    const std::string path = normal(name);
    std::scoped_lock lock(state_->mutex);
    const bool there = state_->file(path) || state_->directory(path) != nullptr;
    return there ? IOStatus::OK() : IOStatus::NotFound(path);
}

IOStatus VolatileDisk::GetChildren(const std::string& name, const IOOptions&,
                                   std::vector<std::string>* result, IODebugContext*) {
    const std::string path = normal(name);
    std::scoped_lock lock(state_->mutex);
    const Directory* directory = state_->directory(path);
    if (directory == nullptr) return absent(path);
    result->clear();
    for (const auto& [child, file] : directory->current) result->push_back(child);
    for (const auto& [other, content] : state_->directories)
        if (other != "/" && parent_of(other) == path) result->push_back(name_of(other));
    return IOStatus::OK();
}

IOStatus VolatileDisk::DeleteFile(const std::string& name, const IOOptions&, IODebugContext*) {
    const std::string path = normal(name);
    std::scoped_lock lock(state_->mutex);
    if (!state_->file(path)) return absent(path);
    const auto verdict = state_->step(StepKind::remove, path);
    if (verdict.happens) state_->directory(parent_of(path))->change({{name_of(path), nullptr}});
    return verdict.status;
}

IOStatus VolatileDisk::CreateDir(const std::string& name, const IOOptions&, IODebugContext*) {
    const std::string path = normal(name);
    std::scoped_lock lock(state_->mutex);
    if (state_->directory(parent_of(path)) == nullptr) return absent(path);
    if (state_->directory(path) != nullptr) return IOStatus::IOError(path, "File exists");
    const auto verdict = state_->step(StepKind::make_directory, path);
    if (verdict.happens) state_->directories[path];
    return verdict.status;
}

IOStatus VolatileDisk::CreateDirIfMissing(const std::string& name, const IOOptions& options,
                                          IODebugContext* context) {
    bool there = false;
    IsDirectory(name, options, &there, context);
    return there ? IOStatus::OK() : CreateDir(name, options, context);
}

IOStatus VolatileDisk::DeleteDir(const std::string&, const IOOptions&, IODebugContext*) {
    return IOStatus::NotSupported("DeleteDir");
}

IOStatus VolatileDisk::GetFileSize(const std::string& name, const IOOptions&, std::uint64_t* size,
                                   IODebugContext*) {
    const std::string path = normal(name);
    std::scoped_lock lock(state_->mutex);
    const auto file = state_->file(path);
    if (!file && state_->directory(path) == nullptr) return absent(path);
    *size = file ? file->current.size() : 0;
    return IOStatus::OK();
}

IOStatus VolatileDisk::GetFileModificationTime(const std::string&, const IOOptions&,
                                               std::uint64_t* time, IODebugContext*) {
    *time = 0;
    return IOStatus::OK();
}

IOStatus VolatileDisk::RenameFile(const std::string& from, const std::string& to, const IOOptions&,
                                  IODebugContext*) {
    const std::string source = normal(from), target = normal(to);
    std::scoped_lock lock(state_->mutex);
    const auto file = state_->file(source);
    if (!file) return absent(source);
    if (parent_of(source) != parent_of(target))
        return IOStatus::NotSupported("a rename to another directory");
    const auto verdict = state_->step(StepKind::rename, target);
    if (verdict.happens)
        state_->directory(parent_of(target))
            ->change({{name_of(source), nullptr}, {name_of(target), file}});
    return verdict.status;
}

IOStatus VolatileDisk::LinkFile(const std::string& from, const std::string& to, const IOOptions&,
                                IODebugContext*) {
    const std::string source = normal(from), target = normal(to);
    std::scoped_lock lock(state_->mutex);
    const auto file = state_->file(source);
    if (!file) return absent(source);
    const auto verdict = state_->step(StepKind::link, target);
    if (verdict.happens) state_->directory(parent_of(target))->change({{name_of(target), file}});
    return verdict.status;
}

namespace {
struct HeldLock final : FileLock {
    explicit HeldLock(std::string path_given) : path(std::move(path_given)) {}
    std::string path;
};
}  // namespace

IOStatus VolatileDisk::LockFile(const std::string& name, const IOOptions&, FileLock** result,
                                IODebugContext*) {
    const std::string path = normal(name);
    std::scoped_lock lock(state_->mutex);
    if (!state_->locks.insert(path).second) return IOStatus::IOError("lock " + path, "held");
    *result = new HeldLock(path);
    return IOStatus::OK();
}

IOStatus VolatileDisk::UnlockFile(FileLock* held, const IOOptions&, IODebugContext*) {
    const std::unique_ptr<HeldLock> owned(static_cast<HeldLock*>(held));
    std::scoped_lock lock(state_->mutex);
    state_->locks.erase(owned->path);
    return IOStatus::OK();
}

IOStatus VolatileDisk::GetTestDirectory(const IOOptions&, std::string* path, IODebugContext*) {
    *path = "/";
    return IOStatus::OK();
}

IOStatus VolatileDisk::GetAbsolutePath(const std::string& path, const IOOptions&,
                                       std::string* result, IODebugContext*) {
    *result = normal(path);
    return IOStatus::OK();
}

IOStatus VolatileDisk::GetFreeSpace(const std::string&, const IOOptions&, std::uint64_t* bytes,
                                    IODebugContext*) {
    std::scoped_lock lock(state_->mutex);
    if (!state_->free_bytes) return IOStatus::NotSupported("GetFreeSpace");
    *bytes = *state_->free_bytes;
    return IOStatus::OK();
}

IOStatus VolatileDisk::IsDirectory(const std::string& name, const IOOptions&, bool* result,
                                   IODebugContext*) {
    std::scoped_lock lock(state_->mutex);
    *result = state_->directory(normal(name)) != nullptr;
    return IOStatus::OK();
}

}  // namespace yore::test
