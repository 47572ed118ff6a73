/*
 * kv_cells.h - the workload of kv_bench: the keys, and one slice of one cell on one contender.
 *
 * A cell is a mix of operations on a number of threads. Keys have 16 bytes, values 100. Which key comes next is decided
 * by a generator of its own per thread, from the seed, so every contender is asked for the same keys.
 */
#ifndef BENCH_KV_CELLS_H
#define BENCH_KV_CELLS_H

#include "kv_contenders.h"

constexpr size_t key_size = 16;
constexpr size_t value_size = 100;

enum class KeyShape {
    spread, /* sixteen hexadecimal digits, all over the key space */
    padded  /* counted up from zero: a long prefix in common */
};

class KeySet
{
  public:
    KeySet(uint64_t count, KeyShape shape) : count_(count), shape_(shape)
    {
    }

    uint64_t count() const
    {
        return count_;
    }

    /* Writes key `index`, key_size bytes, to `text`. */
    std::string_view write(uint64_t index, char *text) const;
    /* The indexes of all keys, in key order or shuffled. */
    std::vector<uint64_t> in_key_order() const;
    std::vector<uint64_t> in_random_order(uint64_t seed) const;

  private:
    uint64_t number(uint64_t index) const;

    uint64_t count_;
    KeyShape shape_;
};

struct Cell {
    const char *name;
    unsigned thread_count;
    unsigned set_percent; /* the others are gets */
    bool scans;           /* whole scans instead; what is counted is rows */
};

std::vector<Cell> slice_cells();

/* Operations (or rows) a second of one slice on a populated contender. */
double run_slice(const Cell &cell, Contender &contender, const KeySet &keys, double seconds, uint64_t seed);

/* Inserts every key in the order given. Returns inserts a second. */
double load(Contender &contender, const KeySet &keys, const std::vector<uint64_t> &order);

#endif
