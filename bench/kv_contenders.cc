/* kv_contenders.cc - see kv_contenders.h. */
#include "kv_contenders.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <mutex>
#include <new>

#include "storage/storage.h"

#ifdef HAVE_GLIB
#include <glib.h>
#endif

namespace
{

[[noreturn]] void fail(const char *what)
{
    std::fprintf(stderr, "kv_bench: %s\n", what);
    std::exit(1);
}

/* ---- the memory backend ---- */

class MemoryBackend final : public Contender
{
  public:
    MemoryBackend()
    {
        check(storage_memory_open(nullptr, &backend_, nullptr), "storage_memory_open");
    }

    ~MemoryBackend() override
    {
        storage_close(backend_, nullptr);
    }

    size_t get(std::string_view key, char *buffer) override
    {
        StorageValue value;
        check(storage_get(backend_, slice(key), &value, nullptr), "storage_get");
        size_t size = value.size;
        std::memcpy(buffer, value.data, size);
        storage_value_release(&value);
        return size;
    }

    void set(std::string_view key, std::string_view value) override
    {
        check(storage_set(backend_, slice(key), slice(value), nullptr, nullptr), "storage_set");
    }

    uint64_t scan(char *buffer) override
    {
        StorageCursor *cursor = nullptr;
        const StorageEntry *row = nullptr;
        uint64_t row_count = 0;
        StorageStatus status = storage_scan(backend_, nullptr, nullptr, &cursor, nullptr);
        check(status, "storage_scan");
        while ((status = storage_cursor_next(cursor, &row, nullptr)) == STORAGE_OK) {
            std::memcpy(buffer, row->key.data, row->key.size);
            std::memcpy(buffer + row->key.size, row->value.data, row->value.size);
            row_count += 1;
        }
        if (status != STORAGE_END)
            fail("storage_cursor_next");
        storage_cursor_close(cursor);
        return row_count;
    }

    std::string memory_text() override
    {
        StorageValue json;
        check(storage_describe(backend_, STORAGE_DESCRIBE_MEMORY, &json, nullptr), "storage_describe");
        std::string text(static_cast<const char *>(json.data), json.size);
        storage_value_release(&json);
        return text;
    }

  private:
    static StorageSlice slice(std::string_view text)
    {
        return StorageSlice{text.data(), text.size()};
    }

    static void check(StorageStatus status, const char *what)
    {
        if (status != STORAGE_OK) {
            std::fprintf(stderr, "kv_bench: %s: %s\n", what, storage_status_name(status));
            std::exit(1);
        }
    }

    StorageBackend *backend_ = nullptr;
};

/* ---- std::map behind std::mutex ---- */

class StandardMap final : public Contender
{
  public:
    size_t get(std::string_view key, char *buffer) override
    {
        std::lock_guard<std::mutex> guard(mutex_);
        auto found = map_.find(key);
        if (found == map_.end())
            fail("std::map: a key is missing");
        std::memcpy(buffer, found->second.data(), found->second.size());
        return found->second.size();
    }

    void set(std::string_view key, std::string_view value) override
    {
        std::lock_guard<std::mutex> guard(mutex_);
        auto place = map_.lower_bound(key);
        if (place != map_.end() && place->first == key)
            place->second.assign(value);
        else
            map_.emplace_hint(place, key, value);
    }

    uint64_t scan(char *buffer) override
    {
        std::lock_guard<std::mutex> guard(mutex_);
        for (const auto &row : map_) {
            std::memcpy(buffer, row.first.data(), row.first.size());
            std::memcpy(buffer + row.first.size(), row.second.data(), row.second.size());
        }
        return map_.size();
    }

  private:
    std::mutex mutex_;
    std::map<std::string, std::string, std::less<>> map_; /* std::less<> looks a view up without copying it */
};

/* ---- GTree behind GMutex ---- */

#ifdef HAVE_GLIB

/* A stored text in one block: the view, then the bytes that it views. A key that is looked for is a view alone. */
struct Text {
    std::string_view view;

    char *bytes()
    {
        return reinterpret_cast<char *>(this + 1);
    }

    static Text *copy(std::string_view text)
    {
        auto *self = static_cast<Text *>(g_malloc(sizeof(Text) + text.size()));
        std::memcpy(self->bytes(), text.data(), text.size());
        return new (self) Text{{self->bytes(), text.size()}};
    }
};

int compare_texts(const void *a, const void *b, void *)
{
    return static_cast<const Text *>(a)->view.compare(static_cast<const Text *>(b)->view);
}

class GlibTree final : public Contender
{
  public:
    GlibTree() : tree_(g_tree_new_full(compare_texts, nullptr, g_free, g_free))
    {
        g_mutex_init(&mutex_);
    }

    ~GlibTree() override
    {
        g_tree_unref(tree_);
        g_mutex_clear(&mutex_);
    }

    size_t get(std::string_view key, char *buffer) override
    {
        Text wanted{key};
        g_mutex_lock(&mutex_);
        auto *value = static_cast<Text *>(g_tree_lookup(tree_, &wanted));
        if (value == nullptr)
            fail("GTree: a key is missing");
        size_t size = value->view.size();
        std::memcpy(buffer, value->view.data(), size);
        g_mutex_unlock(&mutex_);
        return size;
    }

    void set(std::string_view key, std::string_view value) override
    {
        Text wanted{key};
        g_mutex_lock(&mutex_);
        auto *before = static_cast<Text *>(g_tree_lookup(tree_, &wanted));
        if (before != nullptr && before->view.size() == value.size())
            std::memcpy(before->bytes(), value.data(), value.size());
        else
            g_tree_insert(tree_, Text::copy(key), Text::copy(value));
        g_mutex_unlock(&mutex_);
    }

    uint64_t scan(char *buffer) override
    {
        uint64_t row_count = 0;
        g_mutex_lock(&mutex_);
        for (GTreeNode *node = g_tree_node_first(tree_); node != nullptr; node = g_tree_node_next(node)) {
            const auto *key = static_cast<const Text *>(g_tree_node_key(node));
            const auto *value = static_cast<const Text *>(g_tree_node_value(node));
            std::memcpy(buffer, key->view.data(), key->view.size());
            std::memcpy(buffer + key->view.size(), value->view.data(), value->view.size());
            row_count += 1;
        }
        g_mutex_unlock(&mutex_);
        return row_count;
    }

  private:
    GMutex mutex_;
    GTree *tree_;
};

#endif

} // namespace

std::vector<ContenderType> contender_types()
{
    return {
        {"memory", [] { return std::make_unique<MemoryBackend>(); }},
        {"std::map", [] { return std::make_unique<StandardMap>(); }},
#ifdef HAVE_GLIB
        {"GTree", [] { return std::make_unique<GlibTree>(); }},
#endif
    };
}
