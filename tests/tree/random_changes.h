// SPDX-License-Identifier: Apache-2.0
/// Random changes that a model of a tree can take.
#pragma once

#include "model_tree.h"

namespace yore::test {

/// One change, as a journal's record has it.
struct RandomChange {
    enum class Kind { put, update, remove, move } kind;
    std::vector<std::string> paths;
    ModelItem item = {};  ///< put, update

    void apply(ModelTree& model) const {
        switch (kind) {
            case Kind::put:
                for (const std::string& path : paths) model.put(path, item);
                break;
            case Kind::update:
                for (const std::string& path : paths) model.update(path, item.entry);
                break;
            case Kind::remove:
                for (const std::string& path : paths) model.remove(path);
                break;
            case Kind::move:
                model.move(paths[0], paths[1]);
                break;
        }
    }
};

class RandomChanges {
  public:
    explicit RandomChanges(SeededRandom& random) : random_(random) {}

    /// One that the model can take.
    RandomChange next(const ModelTree& model) {
        const auto directories = model.paths(true), all = model.paths(false);
        const std::uint64_t dice = random_.below(20);
        if (dice == 0) return {RandomChange::Kind::update, {""}, directory(0)};
        const std::string path = somewhere(directories, all);
        if (dice < 8) return put(path, directories, all);
        if (dice < 11)
            return {
                RandomChange::Kind::update, {path}, random_.below(2) == 0 ? directory(0) : file()};
        if (dice < 14) return {RandomChange::Kind::remove, {path}};
        const std::string to = somewhere(directories, all);
        if (to.starts_with(path + "/") || path.starts_with(to + "/"))
            return {RandomChange::Kind::remove, {to}};
        return {RandomChange::Kind::move, {path, to}};
    }
    ModelItem file() {
        const auto number = static_cast<std::uint32_t>(random_.below(1u << 20));
        ModelItem item{small_file(number)};
        if (random_.below(4) == 0) item.entry.xattrs = random_xattrs(random_);
        return item;
    }
    ModelItem directory(unsigned depth) {
        ModelItem item;
        item.entry.attributes.kind = tree::FileKind::directory;
        item.entry.attributes.modified.ns = static_cast<std::int64_t>(random_.below(1u << 30));
        for (std::uint64_t i = depth == 0 ? 0 : random_.below(4); i > 0; --i)
            item.below[name()] = random_.below(3) == 0 ? directory(depth - 1) : file();
        return item;
    }

  private:
    /// Few, so that names meet.
    std::string name() { return fmt::format("n{}", random_.below(12)); }
    const std::string& one_of(const std::vector<std::string>& all) {
        return all[random_.below(all.size())];
    }
    std::string below(const std::string& directory) {
        return directory.empty() ? name() : directory + "/" + name();
    }
    /// A name that is there or is not; not the source's directory.
    std::string somewhere(const std::vector<std::string>& directories,
                          const std::vector<std::string>& all) {
        const std::string path = random_.below(2) == 0 ? one_of(all) : below(one_of(directories));
        return path.empty() ? name() : path;
    }
    RandomChange put(const std::string& path, const std::vector<std::string>& directories,
                     const std::vector<std::string>& all) {
        if (random_.below(3) == 0) return {RandomChange::Kind::put, {path}, directory(2)};
        RandomChange change{RandomChange::Kind::put, {path}, file()};
        const std::string other = somewhere(directories, all);  // another name of the same file
        const bool apart = !other.starts_with(path + "/") && !path.starts_with(other + "/");
        if (random_.below(3) == 0 && apart && other != path) change.paths.push_back(other);
        return change;
    }
    SeededRandom& random_;
};

}  // namespace yore::test
