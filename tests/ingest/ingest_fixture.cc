// SPDX-License-Identifier: Apache-2.0
#include "ingest_fixture.h"

#include <fstream>
#include <functional>

#include <fcntl.h>
#include <sys/stat.h>

#include "../shared_backend.h"

namespace yore::ingest::test {
namespace {

store::Keys keys_for_tests() {
    SeededRandom random(7);
    const store::KeyFile file = store::KeyFile::create_unencrypted(random, {});
    return store::derive(file, file.unlock({}));
}

constexpr std::uint64_t cache_bytes = 64u << 20;

class DamagingBackend final : public yore::test::SharedBackend {
  public:
    explicit DamagingBackend(Damage& damage)
        : SharedBackend(store::make_memory_backend()), damage_(damage) {}

    bool read(Domain domain, Location location, Buffer& into) const override {
        const bool found = SharedBackend::read(domain, location, into);
        if (!found || domain != Domain::node || damage_.good_node_reads == Damage::never)
            return found;
        if (--damage_.good_node_reads < 0) into.data()[into.size() / 2] ^= std::byte{1};
        return found;
    }

  private:
    Damage& damage_;
};

std::string describe_entry(const tree::EntryView& view) {
    const tree::Entry entry = view.copy();
    const tree::Attributes& a = entry.attributes;
    std::string text =
        fmt::format("kind {} mode {:o} {}:{} links {} size {} dev {} ino {} fs {} {} {} -> {}",
                    static_cast<int>(a.kind), a.permissions, a.uid, a.gid, a.link_count, a.size,
                    a.device, a.inode, a.file_system, a.modified.ns, a.changed.ns, entry.target);
    for (const tree::Xattr& xattr : entry.xattrs)
        text += fmt::format(" {}={}{}", xattr.name, to_hex(xattr.value),
                            xattr.chunk ? xattr.chunk->hex() : "");
    return text;
}

}  // namespace

Bench::Bench(catalog::DirectoryOptions options)
    : directory_(std::in_place),
      store_(std::make_unique<DamagingBackend>(damage_), keys_for_tests(), {}, clock_),
      catalog_(store_),
      cache_(std::make_unique<store::ObjectCache>(store_, cache_bytes)) {
    options.path = directory_->path() + "/source";
    REQUIRE(::mkdir(options.path.c_str(), 0755) == 0);
    source_ = catalog_.add_source(
        {0, "home", catalog::SourceKind::directory, clock_.now(), std::move(options)});
}

Bench::Bench(const Bench& other)
    : store_(std::make_unique<DamagingBackend>(damage_), keys_for_tests(), {}, clock_),
      catalog_(store_),
      cache_(std::make_unique<store::ObjectCache>(store_, cache_bytes)),
      source_(catalog_.add_source(other.source_)) {}

void Bench::write(const std::string& path, std::string_view content) {
    const std::string full = at(path);
    std::ofstream file(full, std::ios::binary | std::ios::trunc);
    file << content;
    file.close();
    REQUIRE(file.good());
}

void Bench::make_directory(const std::string& path) {
    REQUIRE(std::filesystem::create_directories(at(path)));
}

void Bench::let_time_pass() {
    std::this_thread::sleep_for(std::chrono::milliseconds(60));
}

catalog::Snapshot Bench::take(const SnapshotOptions& options, std::stop_token stop) {
    return take_directory_snapshot(catalog_, *cache_, source_, options, clock_, std::move(stop));
}

void Bench::forget_decoded() {
    cache_ = std::make_unique<store::ObjectCache>(store_, cache_bytes);
}

std::optional<tree::EntryView> Bench::find(const catalog::Snapshot& snapshot,
                                           const std::string& path) const {
    auto entry = tree::Directory(*cache_, snapshot.root).find("root");
    std::string_view rest = path;
    while (entry && !rest.empty()) {
        const std::string_view name = rest.substr(0, rest.find('/'));
        rest.remove_prefix(std::min(rest.size(), name.size() + 1));
        if (!entry->child()) return std::nullopt;
        entry = tree::Directory(*cache_, *entry->child()).find(name);
    }
    return entry;
}

tree::Entry Bench::entry(const catalog::Snapshot& snapshot, const std::string& path) const {
    const auto view = find(snapshot, path);
    REQUIRE(view.has_value());
    return view->copy();
}

std::string Bench::text(const tree::Content& content) const {
    const tree::ContentReader reader(*cache_, content);
    std::string text(reader.size(), '\0');
    const std::size_t got = reader.read(0, std::as_writable_bytes(std::span(text)));
    REQUIRE(got == text.size());
    return text;
}

std::string Bench::content(const catalog::Snapshot& snapshot, const std::string& path) const {
    const tree::Entry found = entry(snapshot, path);
    REQUIRE(found.attributes.size == found.content.size);
    return text(found.content);
}

Bench::Stored Bench::stored() const {
    Stored stored;
    for (const store::PackInfo& pack : store_.packs())
        store_.list_objects(pack.number, [&](const store::Store::Listed& object) {
            if (object.domain == Domain::node)
                ++stored.nodes;
            else
                ++stored.chunks;
            if (object.info.base) ++stored.deltas;
        });
    return stored;
}

std::vector<std::string> Bench::names(const catalog::Snapshot& snapshot,
                                      const std::string& path) const {
    const auto entry = find(snapshot, path);
    REQUIRE(entry.has_value());
    REQUIRE(entry->child().has_value());
    std::vector<std::string> names;
    tree::Directory(*cache_, *entry->child()).scan("", [&](const tree::EntryView& view) {
        names.emplace_back(view.name());
        return true;
    });
    return names;
}

std::string Bench::describe(const catalog::Snapshot& snapshot) const {
    std::string text;
    const std::function<void(const NodeId&, const std::string&)> walk =
        [&](const NodeId& node, const std::string& path) {
            tree::Directory(*cache_, node).scan("", [&](const tree::EntryView& view) {
                const std::string full = path + "/" + std::string(view.name());
                text += full + ": " + describe_entry(view) + "\n";
                if (view.kind() == tree::FileKind::regular)
                    text += this->text(view.content()) + "\n";
                if (view.child()) walk(*view.child(), full);
                return true;
            });
        };
    walk(snapshot.root, "");
    return text;
}

std::string file_text(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

std::string random_text(SeededRandom& random, std::size_t size) {
    std::string text(size, '\0');
    random.fill(std::as_writable_bytes(std::span(text)));
    return text;
}

}  // namespace yore::ingest::test
