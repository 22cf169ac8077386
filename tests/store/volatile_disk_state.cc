// SPDX-License-Identifier: Apache-2.0
#include "volatile_disk_state.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>

namespace yore::test {
namespace {

using rocksdb::IOStatus;

void apply_to(std::string& content, const DiskWrite& write) {
    if (write.truncate_to) {
        content.resize(*write.truncate_to);
        return;
    }
    content.resize(std::max(content.size(), write.offset + write.data.size()));
    std::memcpy(content.data() + write.offset, write.data.data(), write.data.size());
}

/// How many of the first of `count` changes survive.
std::size_t survivors_of(std::size_t count, Survival survival) {
    if (survival.everything) return count;
    return survival.random ? survival.random->below(count + 1) : 0;
}

}  // namespace

std::string normal(std::string path) {
    for (auto twice = path.find("//"); twice != std::string::npos; twice = path.find("//"))
        path.erase(twice, 1);
    while (path.size() > 1 && path.back() == '/') path.pop_back();
    return path;
}

std::string parent_of(const std::string& path) {
    const auto slash = path.rfind('/');
    return slash == 0 || slash == std::string::npos ? "/" : path.substr(0, slash);
}

std::string name_of(const std::string& path) {
    return path.substr(path.rfind('/') + 1);
}

IOStatus absent(const std::string& path) {
    return IOStatus::PathNotFound(path, "No such file or directory");
}

void VolatileDisk::File::write(DiskWrite write) {
    apply_to(current, write);
    unsynced.push_back(std::move(write));
}

void VolatileDisk::File::sync() {
    for (const DiskWrite& write : unsynced) apply_to(durable, write);
    unsynced.clear();
}

std::string VolatileDisk::File::survivor(Survival survival) const {
    if (survival.everything) return current;
    std::string content = durable;
    const std::size_t kept = survivors_of(unsynced.size(), survival);
    for (std::size_t i = 0; i < kept; ++i) apply_to(content, unsynced[i]);
    if (survival.random == nullptr || kept == unsynced.size()) return content;
    DiskWrite torn = unsynced[kept];
    torn.data.resize(survival.random->below(torn.data.size() + 1));
    if (!torn.data.empty()) apply_to(content, torn);
    return content;
}

namespace {
void apply_change(VolatileDisk::Directory::Entries& entries,
                  const VolatileDisk::Directory::Change& change) {
    for (const auto& [name, file] : change) {
        if (file)
            entries[name] = file;
        else
            entries.erase(name);
    }
}
}  // namespace

void VolatileDisk::Directory::change(Change change) {
    apply_change(current, change);
    unsynced.push_back(std::move(change));
}

void VolatileDisk::Directory::sync() {
    for (const Change& change : unsynced) apply_change(durable, change);
    unsynced.clear();
}

bool VolatileDisk::Directory::survives(Survival survival) const {
    return is_durable || survivors_of(1, survival) == 1;
}

VolatileDisk::Directory::Entries VolatileDisk::Directory::survivors(Survival survival) const {
    Entries entries = durable;
    const std::size_t kept = survivors_of(unsynced.size(), survival);
    for (std::size_t i = 0; i < kept; ++i) apply_change(entries, unsynced[i]);
    return entries;
}

VolatileDisk::State::Verdict VolatileDisk::State::step(StepKind kind, const std::string& path) {
    if (power_is_off) return {IOStatus::IOError("the power is off"), false};
    ++steps;
    switch (judge ? judge({steps, kind, path}) : Outcome::happens) {
        case Outcome::happens:
            return {IOStatus::OK(), true};
        case Outcome::power_off:
            power_is_off = true;
            return {IOStatus::IOError("the power goes"),
                    kind != StepKind::sync && kind != StepKind::sync_directory};
        case Outcome::fails:
            return {IOStatus::IOError(path, "Input/output error"), false};
        case Outcome::disk_full:
            return {IOStatus::NoSpace(path, "No space left on device"), false};
        case Outcome::is_ignored:
            return {IOStatus::OK(), false};
    }
    std::abort();
}

VolatileDisk::Directory* VolatileDisk::State::directory(const std::string& path) {
    const auto found = directories.find(path);
    return found == directories.end() ? nullptr : &found->second;
}

std::shared_ptr<VolatileDisk::File> VolatileDisk::State::file(const std::string& path) {
    Directory* parent = directory(parent_of(path));
    if (parent == nullptr) return nullptr;
    const auto found = parent->current.find(name_of(path));
    return found == parent->current.end() ? nullptr : found->second;
}

IOStatus VolatileDisk::State::write(const std::string& path, File& file, DiskWrite write) {
    std::scoped_lock lock(mutex);
    Verdict verdict = step(StepKind::write, path);
    if (verdict.happens) file.write(std::move(write));
    return verdict.status;
}

IOStatus VolatileDisk::State::sync(const std::string& path, File& file) {
    std::scoped_lock lock(mutex);
    Verdict verdict = step(StepKind::sync, path);
    if (verdict.happens) file.sync();
    // The kernel takes the pages for clean now: a later sync does not bring them back.
    if (!verdict.status.ok() && !power_is_off) file.unsynced.clear();
    return verdict.status;
}

}  // namespace yore::test
