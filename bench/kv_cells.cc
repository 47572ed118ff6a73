/* kv_cells.cc - see kv_cells.h. */
#include "kv_cells.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <numeric>
#include <thread>

namespace
{

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start)
{
    return std::chrono::duration<double>(Clock::now() - start).count();
}

/* splitmix64 (Steele, Lea, Flood 2014): a bijection of 64-bit numbers, so no two keys are the same. */
uint64_t mix(uint64_t number)
{
    number += 0x9E3779B97F4A7C15u;
    number = (number ^ (number >> 30)) * 0xBF58476D1CE4E5B9u;
    number = (number ^ (number >> 27)) * 0x94D049BB133111EBu;
    return number ^ (number >> 31);
}

class Random
{
  public:
    explicit Random(uint64_t seed) : state_(seed)
    {
    }

    /* A number below `limit`, which fits 32 bits. */
    uint64_t below(uint64_t limit)
    {
        state_ += 0x9E3779B97F4A7C15u;
        return ((mix(state_) >> 32) * limit) >> 32;
    }

  private:
    uint64_t state_;
};

void fill_value(char *value, uint64_t number)
{
    std::memset(value, 'v', value_size);
    std::memcpy(value, &number, sizeof(number));
}

uint64_t work(const Cell &cell, Contender &contender, const KeySet &keys, uint64_t seed, const std::atomic<bool> &stop)
{
    char key[key_size], value[value_size], buffer[key_size + value_size];
    Random random(seed);
    uint64_t done_count = 0;

    fill_value(value, seed);
    while (!stop.load(std::memory_order_relaxed)) {
        if (cell.scans) {
            done_count += contender.scan(buffer);
            continue;
        }
        std::string_view text = keys.write(random.below(keys.count()), key);
        if (cell.set_percent > 0 && random.below(100) < cell.set_percent) {
            contender.set(text, {value, value_size});
        } else if (contender.get(text, buffer) != value_size) {
            std::fprintf(stderr, "kv_bench: a value has another size than was set\n");
            std::exit(1);
        }
        done_count += 1;
    }
    return done_count;
}

} // namespace

uint64_t KeySet::number(uint64_t index) const
{
    return shape_ == KeyShape::spread ? mix(index) : index;
}

std::string_view KeySet::write(uint64_t index, char *text) const
{
    uint64_t rest = number(index);
    for (size_t digit = key_size; digit-- > 0; rest >>= 4)
        text[digit] = "0123456789abcdef"[rest & 15];
    return {text, key_size};
}

std::vector<uint64_t> KeySet::in_key_order() const
{
    std::vector<uint64_t> order(count_);
    std::iota(order.begin(), order.end(), uint64_t{0});
    std::sort(order.begin(), order.end(), [this](uint64_t a, uint64_t b) { return number(a) < number(b); });
    return order;
}

std::vector<uint64_t> KeySet::in_random_order(uint64_t seed) const
{
    std::vector<uint64_t> order(count_);
    std::iota(order.begin(), order.end(), uint64_t{0});
    Random random(seed);
    for (uint64_t rest = count_; rest > 1; rest--)
        std::swap(order[rest - 1], order[random.below(rest)]);
    return order;
}

std::vector<Cell> slice_cells()
{
    return {
        {"get, random, 1 thread", 1, 0, false},     {"get, random, 2 threads", 2, 0, false},
        {"set, random, 1 thread", 1, 100, false},   {"set, random, 2 threads", 2, 100, false},
        {"95% get 5% set, 2 threads", 2, 5, false}, {"full scan (rows), 1 thread", 1, 0, true},
    };
}

double run_slice(const Cell &cell, Contender &contender, const KeySet &keys, double seconds, uint64_t seed)
{
    std::atomic<bool> stop{false};
    std::atomic<unsigned> ready_count{0};
    std::atomic<bool> go{false};
    std::vector<uint64_t> done_counts(cell.thread_count);
    std::vector<double> durations(cell.thread_count);
    std::vector<std::thread> threads;

    for (unsigned index = 0; index < cell.thread_count; index++) {
        threads.emplace_back([&, index] {
            ready_count.fetch_add(1);
            while (!go.load(std::memory_order_acquire))
                std::this_thread::yield();
            auto start = Clock::now();
            done_counts[index] = work(cell, contender, keys, mix(seed + index), stop);
            durations[index] = seconds_since(start);
        });
    }
    while (ready_count.load() < cell.thread_count)
        std::this_thread::yield();
    go.store(true, std::memory_order_release);
    std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
    stop.store(true, std::memory_order_relaxed);

    /* Each thread by its own time: a scan runs on after the stop, until it is whole. */
    double rate = 0;
    for (unsigned index = 0; index < cell.thread_count; index++) {
        threads[index].join();
        rate += static_cast<double>(done_counts[index]) / durations[index];
    }
    return rate;
}

double load(Contender &contender, const KeySet &keys, const std::vector<uint64_t> &order)
{
    char key[key_size], value[value_size];
    auto start = Clock::now();
    for (uint64_t index : order) {
        fill_value(value, index);
        contender.set(keys.write(index, key), {value, value_size});
    }
    return static_cast<double>(order.size()) / seconds_since(start);
}
