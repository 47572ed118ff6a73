/*
 * kv_bench.cc - the memory backend beside a mutex around a balanced tree, in one interleaved run.
 *
 * Every round gives each contender a short slice of each cell, one after the other, and begins with another contender
 * each time, so that what disturbs the machine disturbs all of them. Reported are the median rate of each and the ratio
 * ours/theirs of the same round: median, smallest, largest. It does not judge: what a ratio should be is not its
 * business.
 */
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <thread>

#include "kv_cells.h"
#include "storage/version.h"

namespace
{

struct Options {
    uint64_t keys = 1000000;
    double seconds = 0.3;
    unsigned rounds = 7;
    unsigned load_rounds = 3;
    uint64_t seed = 1;
    KeyShape shape = KeyShape::spread;
    bool json = false;
};

struct Row {
    std::string name;
    std::vector<std::vector<double>> rates; /* by contender, by round */
};

struct Report {
    double load_before = 0, load_after = 0; /* of the machine, over the last minute */
    std::vector<Row> rows;
    std::vector<double> bytes_per_key; /* by contender */
    std::string memory_text;           /* what the memory backend says about itself */
};

constexpr const char *help_text =
    "Usage: kv_bench [options]\n"
    "Compares the memory backend with a mutex around a balanced tree, in one interleaved run.\n"
    "\n"
    "  --keys N          keys in each store (1000000)\n"
    "  --seconds S       length of a slice (0.3)\n"
    "  --rounds N        rounds of slices (7)\n"
    "  --load-rounds N   rounds of loading a fresh store, 0 for none (3)\n"
    "  --shape NAME      spread: keys all over the key space; padded: counted up (spread)\n"
    "  --seed N          of the order of keys (1)\n"
    "  --json            one JSON document instead of a table\n"
    "  --help\n";

[[noreturn]] void usage_error(const char *what, const char *text)
{
    std::fprintf(stderr, "kv_bench: %s: %s\n%s", what, text, help_text);
    std::exit(2);
}

double number_of(const char *option, const char *text, double smallest, double largest)
{
    char *end = nullptr;
    double number = text == nullptr ? 0 : std::strtod(text, &end);
    if (text == nullptr || end == text || *end != '\0' || !(number >= smallest && number <= largest))
        usage_error(option, "needs a number in its range");
    return number;
}

Options parse(int argument_count, char **arguments)
{
    Options options;
    for (int index = 1; index < argument_count; index++) {
        std::string_view name = arguments[index];
        if (name == "--help") {
            std::fputs(help_text, stdout);
            std::exit(0);
        }
        if (name == "--json") {
            options.json = true;
            continue;
        }
        const char *text = index + 1 < argument_count ? arguments[++index] : nullptr;
        if (name == "--keys")
            options.keys = static_cast<uint64_t>(number_of("--keys", text, 1, 4e9));
        else if (name == "--seconds")
            options.seconds = number_of("--seconds", text, 0.001, 3600);
        else if (name == "--rounds")
            options.rounds = static_cast<unsigned>(number_of("--rounds", text, 1, 10000));
        else if (name == "--load-rounds")
            options.load_rounds = static_cast<unsigned>(number_of("--load-rounds", text, 0, 10000));
        else if (name == "--seed")
            options.seed = static_cast<uint64_t>(number_of("--seed", text, 0, 9e15));
        else if (name == "--shape" && text != nullptr && std::strcmp(text, "spread") == 0)
            options.shape = KeyShape::spread;
        else if (name == "--shape" && text != nullptr && std::strcmp(text, "padded") == 0)
            options.shape = KeyShape::padded;
        else
            usage_error(arguments[index - (text == nullptr ? 0 : 1)], "unknown option or value");
    }
    return options;
}

double resident_bytes()
{
    unsigned long total = 0, resident = 0;
    std::FILE *file = std::fopen("/proc/self/statm", "r");
    if (file == nullptr || std::fscanf(file, "%lu %lu", &total, &resident) != 2)
        resident = 0;
    if (file != nullptr)
        std::fclose(file);
    return static_cast<double>(resident) * static_cast<double>(sysconf(_SC_PAGESIZE));
}

double median(std::vector<double> numbers)
{
    std::sort(numbers.begin(), numbers.end());
    size_t middle = numbers.size() / 2;
    return numbers.size() % 2 == 1 ? numbers[middle] : (numbers[middle - 1] + numbers[middle]) / 2;
}

double load_average()
{
    double load = 0;
    return getloadavg(&load, 1) == 1 ? load : 0;
}

/* ---- the run ---- */

/* Adds the rate of one round for each contender; they take turns in beginning. */
template <typename Function> void measure_round(Row &row, unsigned round, Function function)
{
    size_t count = row.rates.size();
    for (size_t turn = 0; turn < count; turn++) {
        size_t contender = (turn + round) % count;
        row.rates[contender].push_back(function(contender));
    }
}

std::vector<Row> measure_loads(const Options &options, const KeySet &keys, const std::vector<ContenderType> &types)
{
    struct {
        const char *name;
        std::vector<uint64_t> order;
    } const loads[] = {{"insert, random order, 1 thread", keys.in_random_order(options.seed + 1)},
                       {"insert, key order, 1 thread", keys.in_key_order()}};
    std::vector<Row> rows;
    for (const auto &each : loads) {
        Row row{each.name, std::vector<std::vector<double>>(types.size())};
        for (unsigned round = 0; round < options.load_rounds; round++) {
            measure_round(row, round, [&](size_t contender) {
                auto fresh = types[contender].open();
                return load(*fresh, keys, each.order);
            });
        }
        rows.push_back(row);
    }
    return rows;
}

Report run(const Options &options, const std::vector<ContenderType> &types)
{
    const KeySet keys(options.keys, options.shape);
    const std::vector<uint64_t> order = keys.in_random_order(options.seed);
    const std::vector<Cell> cells = slice_cells();
    std::vector<std::unique_ptr<Contender>> contenders;
    Report report;
    report.load_before = load_average();

    /* Memory is measured first, while the process has nothing that was freed and could be used again. */
    for (const ContenderType &type : types) {
        double before = resident_bytes();
        contenders.push_back(type.open());
        load(*contenders.back(), keys, order);
        report.bytes_per_key.push_back((resident_bytes() - before) / static_cast<double>(options.keys));
    }
    report.memory_text = contenders[0]->memory_text();

    for (const Cell &cell : cells)
        report.rows.push_back(Row{cell.name, std::vector<std::vector<double>>(types.size())});
    for (unsigned round = 0; round < options.rounds; round++) {
        for (size_t index = 0; index < cells.size(); index++) {
            measure_round(report.rows[index], round, [&](size_t contender) {
                return run_slice(cells[index], *contenders[contender], keys, options.seconds, options.seed + round);
            });
        }
    }
    contenders.clear();
    if (options.load_rounds > 0) {
        for (Row &row : measure_loads(options, keys, types))
            report.rows.push_back(row);
    }
    report.load_after = load_average();
    return report;
}

/* ---- the report ---- */

std::vector<double> ratios(const Row &row, size_t contender)
{
    std::vector<double> result;
    for (size_t round = 0; round < row.rates[0].size(); round++)
        result.push_back(row.rates[0][round] / row.rates[contender][round]);
    return result;
}

const char *shape_name(KeyShape shape)
{
    return shape == KeyShape::spread ? "spread" : "padded";
}

void print_table(const Options &options, const std::vector<ContenderType> &types, const Report &report)
{
    std::printf(
        "kv_bench %s: %llu keys of %zu bytes (%s), values of %zu bytes copied out; %u rounds of %.2f s slices\n",
        storage_version(), static_cast<unsigned long long>(options.keys), key_size, shape_name(options.shape),
        value_size, options.rounds, options.seconds);
    std::printf("%u processors, load average %.1f before and %.1f after, build type %s\n",
                std::thread::hardware_concurrency(), report.load_before, report.load_after, BUILD_TYPE);
    if (report.load_before > 1)
        std::printf("The machine was busy with something else: these figures compare, but do not measure.\n");
    std::printf("Rates in thousands a second (median), ratio ours/theirs: median (smallest to largest)\n\n");

    std::printf("%-32s %10s", "", types[0].name);
    for (size_t contender = 1; contender < types.size(); contender++)
        std::printf("  %10s  %-22s", types[contender].name, "ratio");
    std::printf("\n");
    for (const Row &row : report.rows) {
        std::printf("%-32s %10.0f", row.name.c_str(), median(row.rates[0]) / 1000);
        for (size_t contender = 1; contender < types.size(); contender++) {
            std::vector<double> all = ratios(row, contender);
            auto [smallest, largest] = std::minmax_element(all.begin(), all.end());
            std::printf("  %10.0f  %5.2f (%5.2f to %5.2f) ", median(row.rates[contender]) / 1000, median(all),
                        *smallest, *largest);
        }
        std::printf("\n");
    }
    std::printf("%-32s %10.0f", "memory, resident bytes per key", report.bytes_per_key[0]);
    for (size_t contender = 1; contender < types.size(); contender++)
        std::printf("  %10.0f  %5.2f %16s ", report.bytes_per_key[contender],
                    report.bytes_per_key[0] / report.bytes_per_key[contender], "");
    std::printf("\n\nmemory as the %s backend accounts for it: %s\n", types[0].name, report.memory_text.c_str());
}

void print_json(const Options &options, const std::vector<ContenderType> &types, const Report &report)
{
    std::printf("{\"version\":\"%s\",\"keys\":%llu,\"key_shape\":\"%s\",\"key_bytes\":%zu,\"value_bytes\":%zu,"
                "\"rounds\":%u,\"load_rounds\":%u,\"slice_seconds\":%g,\"seed\":%llu,\"processors\":%u,"
                "\"build_type\":\"%s\",\"load_before\":%.2f,\"load_after\":%.2f,\"contenders\":[",
                storage_version(), static_cast<unsigned long long>(options.keys), shape_name(options.shape), key_size,
                value_size, options.rounds, options.load_rounds, options.seconds,
                static_cast<unsigned long long>(options.seed), std::thread::hardware_concurrency(), BUILD_TYPE,
                report.load_before, report.load_after);
    for (size_t contender = 0; contender < types.size(); contender++)
        std::printf("%s{\"name\":\"%s\",\"resident_bytes_per_key\":%.1f}", contender == 0 ? "" : ",",
                    types[contender].name, report.bytes_per_key[contender]);
    std::printf("],\"cells\":[");
    for (size_t index = 0; index < report.rows.size(); index++) {
        const Row &row = report.rows[index];
        std::printf("%s{\"name\":\"%s\",\"rates\":{", index == 0 ? "" : ",", row.name.c_str());
        for (size_t contender = 0; contender < types.size(); contender++) {
            std::printf("%s\"%s\":[", contender == 0 ? "" : ",", types[contender].name);
            for (size_t round = 0; round < row.rates[contender].size(); round++)
                std::printf("%s%.0f", round == 0 ? "" : ",", row.rates[contender][round]);
            std::printf("]");
        }
        std::printf("},\"ratios\":{");
        for (size_t contender = 1; contender < types.size(); contender++)
            std::printf("%s\"%s\":%.3f", contender == 1 ? "" : ",", types[contender].name,
                        median(ratios(row, contender)));
        std::printf("}}");
    }
    std::printf("],\"memory\":%s}\n", report.memory_text.c_str());
}

} // namespace

int main(int argument_count, char **arguments)
{
    const Options options = parse(argument_count, arguments);
    const std::vector<ContenderType> types = contender_types();
    const Report report = run(options, types);
    if (options.json)
        print_json(options, types, report);
    else
        print_table(options, types, report);
    return 0;
}
