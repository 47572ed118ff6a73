/*
 * cli/bench/report.c - what a benchmark measured.
 *
 * Both forms show the same figures; JSON has them in nanoseconds. Lines of the table fit 80 columns. A phase is printed
 * when it is over, so that a run that is stopped leaves what it measured.
 */
#include "bench/report.h"

#include "json.h"
#include "output.h"

#include <inttypes.h>
#include <stdio.h>

static const struct {
    uint32_t per_100000;
    const char *title, *json_name;
} percentiles[] = {
    {50000, "p50", "p50_ns"},
    {95000, "p95", "p95_ns"},
    {99000, "p99", "p99_ns"},
    {99900, "p99.9", "p99_9_ns"},
};

enum { PERCENTILE_COUNT = sizeof(percentiles) / sizeof(percentiles[0]) };

const char *bench_duration_text(uint64_t duration_ns, char buffer[BENCH_DURATION_TEXT_SIZE])
{
    static const char *const units[] = {"ns", "us", "ms", "s"};
    double number = (double)duration_ns;
    size_t unit = 0;
    for (; unit < 3 && number >= 999.5; unit++)
        number /= 1000;
    (void)snprintf(buffer, BENCH_DURATION_TEXT_SIZE, "%.*f%s",
                   unit == 0 || number >= 99.95 ? 0
                   : number >= 9.995            ? 1
                                                : 2,
                   number, units[unit]);
    return buffer;
}

static double per_second(uint64_t count, uint64_t elapsed_ns)
{
    return elapsed_ns > 0 ? (double)count * 1e9 / (double)elapsed_ns : 0;
}

/* ---- the table ---- */

/* A column of a duration; nothing to show when no operation was done. */
static void print_duration(const BenchHistogram *histogram, uint64_t duration_ns)
{
    char text[BENCH_DURATION_TEXT_SIZE];
    output_format(" %6s", histogram->count > 0 ? bench_duration_text(duration_ns, text) : "-");
}

static void print_row(const char *name, const BenchHistogram *histogram, uint64_t elapsed_ns)
{
    output_format("  %-17s %9" PRIu64 " %8.0f", name, histogram->count, per_second(histogram->count, elapsed_ns));
    print_duration(histogram, bench_histogram_mean(histogram));
    for (size_t i = 0; i < PERCENTILE_COUNT; i++)
        print_duration(histogram, bench_histogram_percentile(histogram, percentiles[i].per_100000));
    print_duration(histogram, histogram->maximum_ns);
    output_text("\n");
}

static void print_title(const BenchPhase *phase)
{
    const char *between = "";
    char text[BENCH_DURATION_TEXT_SIZE];
    output_format("%s%s%s: ", output_style(STYLE_BOLD), phase->workload->name, output_style(STYLE_NONE));
    for (BenchKind kind = 0; kind < BENCH_LOAD; kind++) {
        if (phase->workload->percent[kind] == 0)
            continue;
        output_format("%s%" PRIu32 "%% %s", between, phase->workload->percent[kind], bench_kind_name(kind));
        between = ", ";
    }
    if (phase->workload == &bench_workload_load)
        output_format("%" PRIu64 " records, %.0f/s", phase->tally.record_count,
                      per_second(phase->tally.record_count, phase->elapsed_ns));
    else
        output_format(", %s", bench_distribution_name(phase->distribution));
    output_format(", in %s%s\n", bench_duration_text(phase->elapsed_ns, text), phase->was_stopped ? ", stopped" : "");
}

/* The answers other than OK of one kind of operation, on one line. */
static void print_answers(const BenchTally *tally, BenchKind kind)
{
    const char *between = ": ";
    for (size_t i = 0; i < BENCH_STATUS_COUNT; i++) {
        if (tally->answers[kind][i] == 0)
            continue;
        if (between[0] == ':')
            output_format("  %s answered", bench_kind_name(kind));
        output_format("%s%s %" PRIu64, between, storage_status_name(bench_statuses[i]), tally->answers[kind][i]);
        between = ", ";
    }
    if (between[0] == ',')
        output_text("\n");
}

static void print_phase(const BenchPhase *phase)
{
    const BenchTally *tally = &phase->tally;
    print_title(phase);
    output_format("  %-17s %9s %8s %6s", "operation", "done", "a second", "mean");
    for (size_t i = 0; i < PERCENTILE_COUNT; i++)
        output_format(" %6s", percentiles[i].title);
    output_format(" %6s\n", "max");
    for (BenchKind kind = 0; kind < BENCH_KIND_COUNT; kind++)
        if (tally->latency[kind] != NULL)
            print_row(kind == BENCH_LOAD ? "commit" : bench_kind_name(kind), tally->latency[kind], phase->elapsed_ns);
    for (BenchKind kind = 0; kind < BENCH_KIND_COUNT; kind++)
        print_answers(tally, kind);
    if (tally->latency[BENCH_SCAN] != NULL)
        output_format("  scans read %" PRIu64 " rows, %.0f/s\n", tally->row_count,
                      per_second(tally->row_count, phase->elapsed_ns));
}

/* ---- JSON ---- */

static void print_kind_json(const BenchPhase *phase, BenchKind kind)
{
    const BenchHistogram *histogram = phase->tally.latency[kind];
    const char *between = "";
    output_format("\"%s\":{\"done\":%" PRIu64 ",\"failed\":%" PRIu64 ",\"per_second\":%.1f", bench_kind_name(kind),
                  histogram->count, bench_tally_failed_count(&phase->tally, kind),
                  per_second(histogram->count, phase->elapsed_ns));
    output_format(",\"mean_ns\":%" PRIu64 ",\"min_ns\":%" PRIu64, bench_histogram_mean(histogram),
                  histogram->count > 0 ? histogram->minimum_ns : 0);
    for (size_t i = 0; i < PERCENTILE_COUNT; i++)
        output_format(",\"%s\":%" PRIu64, percentiles[i].json_name,
                      bench_histogram_percentile(histogram, percentiles[i].per_100000));
    output_format(",\"max_ns\":%" PRIu64 ",\"answers\":{", histogram->maximum_ns);
    for (size_t i = 0; i < BENCH_STATUS_COUNT; i++) {
        if (phase->tally.answers[kind][i] == 0)
            continue;
        output_format("%s\"%s\":%" PRIu64, between, storage_status_name(bench_statuses[i]),
                      phase->tally.answers[kind][i]);
        between = ",";
    }
    output_text("}}");
}

static void print_phase_json(const BenchPhase *phase)
{
    const char *between = "";
    output_format("{\"workload\":\"%s\"", phase->workload->name);
    if (phase->workload != &bench_workload_load)
        output_format(",\"distribution\":\"%s\"", bench_distribution_name(phase->distribution));
    output_format(",\"elapsed_ns\":%" PRIu64 ",\"stopped\":%s", phase->elapsed_ns,
                  phase->was_stopped ? "true" : "false");
    if (phase->operation_count > 0)
        output_format(",\"wanted_operations\":%" PRIu64, phase->operation_count);
    else
        output_format(",\"wanted_ns\":%" PRIu64, phase->duration_ns);
    if (phase->failure != STORAGE_OK)
        output_format(",\"failure\":\"%s\"", storage_status_name(phase->failure));
    if (phase->workload == &bench_workload_load)
        output_format(",\"records\":%" PRIu64, phase->tally.record_count);
    if (phase->tally.latency[BENCH_SCAN] != NULL)
        output_format(",\"rows\":%" PRIu64, phase->tally.row_count);
    output_text(",\"operations\":{");
    for (BenchKind kind = 0; kind < BENCH_KIND_COUNT; kind++) {
        if (phase->tally.latency[kind] == NULL)
            continue;
        output_text(between);
        print_kind_json(phase, kind);
        between = ",";
    }
    output_text("}}");
}

/* What was measured; null when the stack cannot say. */
static void print_stack_json(StorageBackend *backend)
{
    StorageValue json;
    if (storage_describe(backend, STORAGE_DESCRIBE_STACK, &json, NULL) == STORAGE_OK)
        output_bytes(storage_value_slice(&json));
    else
        output_text("null");
    storage_value_release(&json);
}

/* ---- the report ---- */

void bench_report_begin(BenchReport *self, const BenchRun *run, uint64_t record_count)
{
    char size[STORAGE_UNITS_TEXT_SIZE], rate[STORAGE_UNITS_TEXT_SIZE];
    self->has_phase = 0;
    if (!self->is_json) {
        output_format("%" PRIu64 " records, values of %s, %" PRIu32 " thread%s, seed %" PRIu64, record_count,
                      storage_format_size(run->value_size, size), run->thread_count, run->thread_count == 1 ? "" : "s",
                      run->seed);
        if (run->rate.count > 0)
            output_format(", %s wanted", storage_format_rate(run->rate, rate));
        output_text("\n");
        return;
    }
    output_text("{\"stack\":");
    print_stack_json(run->backend);
    output_text(",\n\"parameters\":{");
    json_bytes(stdout, "key_prefix", run->prefix);
    output_format(",\"records\":%" PRIu64 ",\"value_size\":%" PRIu64 ",\"threads\":%" PRIu32 ",\"batch\":%" PRIu64
                  ",\"seed\":%" PRIu64 ",\"rate\":",
                  record_count, run->value_size, run->thread_count, run->batch_size, run->seed);
    if (run->rate.count > 0)
        output_format("\"%s\"", storage_format_rate(run->rate, rate));
    else
        output_text("null");
    output_text("},\"phases\":[");
}

void bench_report_phase(BenchReport *self, const BenchPhase *phase)
{
    if (self->is_json) {
        output_text(self->has_phase ? ",\n" : "\n");
        print_phase_json(phase);
    } else {
        output_text("\n");
        print_phase(phase);
    }
    self->has_phase = 1;
    output_flush();
}

void bench_report_end(BenchReport *self, int is_complete)
{
    if (self->is_json)
        output_format("],\n\"complete\":%s}\n", is_complete ? "true" : "false");
}
