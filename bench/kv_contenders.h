/*
 * kv_contenders.h - the stores that kv_bench compares, behind one interface.
 *
 * The memory backend, std::map behind std::mutex, and GLib's GTree behind GMutex where GLib is there. Each does the
 * same work: a value is copied into the caller's buffer, a scan copies every row out of one consistent view (so the
 * maps hold their mutex for the whole scan), a set stores a copy of its bytes. The maps overwrite a value of the same
 * size in place, which is the best that they can do.
 */
#ifndef BENCH_KV_CONTENDERS_H
#define BENCH_KV_CONTENDERS_H

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

class Contender
{
  public:
    virtual ~Contender() = default;
    /* Copies the value of `key` into `buffer`. Returns its size; a missing key ends the program. */
    virtual size_t get(std::string_view key, char *buffer) = 0;
    virtual void set(std::string_view key, std::string_view value) = 0;
    /* Copies every row, key then value, into `buffer`, one over the other. Returns how many there were. */
    virtual uint64_t scan(char *buffer) = 0;
    /* What the store itself says about its memory, or "". */
    virtual std::string memory_text()
    {
        return "";
    }
};

struct ContenderType {
    const char *name;
    std::function<std::unique_ptr<Contender>()> open;
};

/* The memory backend first; the others are what it is compared with. */
std::vector<ContenderType> contender_types();

#endif
