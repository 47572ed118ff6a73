/*
 * history_register.c - records single calls on registers, and decides whether a history is linearizable.
 *
 * The search walks the list of calls and answers in the order of their ticks. A call that the register's state allows
 * is taken next and lifted out of the list; an answer that is met belongs to a call that was not taken in time, so the
 * last choice is undone.
 *
 * Invariants:
 *   1. Registers are independent, so each key is decided by itself.
 *   2. A set of taken calls with a state is explored once; sets are compared bit by bit, never by their hash alone.
 *   3. A call of unknown outcome has no answer in the list: it may be taken anywhere, or never.
 */
#include "storage_testutil/generate.h"
#include "storage_testutil/history.h"

#include "storage/operations.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum { MEMORY_BYTES_MAX = 512 << 20, BUCKET_COUNT = 1 << 16 };

/* ---- the search ---- */

typedef struct Entry {
    struct Entry *previous, *next;
    struct Entry *answer; /* of a call; NULL for an answer, and for a call whose outcome is unknown */
    const TestutilRegisterCall *call;
    size_t call_index;
    int is_answer;
} Entry;

typedef struct Explored {
    struct Explored *next;
    uint64_t state;
    uint64_t taken[];
} Explored;

typedef struct Choice {
    Entry *entry;
    uint64_t state; /* before it */
} Choice;

typedef struct Search {
    const TestutilRegisterCall *calls;
    size_t call_count, answer_count, word_count;
    Entry head;
    Entry *entries;
    uint64_t *taken;
    uint64_t state;
    Choice *choices;
    size_t choice_count;
    Explored **buckets;
    size_t memory_used;
    size_t deepest; /* most choices at a dead end, and the answer that was in the way there */
    const TestutilRegisterCall *stuck_at;
    uint64_t stuck_state;
} Search;

/* Whether the call can be next in this state, and what the state is then. */
static int can_take(const TestutilRegisterCall *call, uint64_t state, uint64_t *ret_state)
{
    *ret_state = state;
    switch (call->kind) {
    case TESTUTIL_REGISTER_GET:
        return call->value == state;
    case TESTUTIL_REGISTER_SET:
        *ret_state = call->value;
        return 1;
    case TESTUTIL_REGISTER_DELETE:
        *ret_state = 0;
        return 1;
    default:
        if (call->outcome == TESTUTIL_REGISTER_CONFLICT)
            return state != call->expected;
        *ret_state = call->value;
        return state == call->expected;
    }
}

static uint64_t hash_of(const Search *self, uint64_t state)
{
    uint64_t hash = state * UINT64_C(0x9e3779b97f4a7c15);

    for (size_t i = 0; i < self->word_count; i++)
        hash = (hash ^ self->taken[i]) * UINT64_C(0xff51afd7ed558ccd) + (hash >> 29);
    return (hash ^ (hash >> 32)) % BUCKET_COUNT;
}

/* 1 when it is new, 0 when it was explored before, -1 out of memory. */
static int remember(Search *self, uint64_t state)
{
    size_t taken_size = self->word_count * sizeof(uint64_t);
    Explored **bucket = &self->buckets[hash_of(self, state)];

    for (const Explored *explored = *bucket; explored != NULL; explored = explored->next) {
        if (explored->state == state && memcmp(explored->taken, self->taken, taken_size) == 0)
            return 0;
    }
    Explored *explored = self->memory_used > MEMORY_BYTES_MAX ? NULL : malloc(sizeof(*explored) + taken_size);
    if (explored == NULL)
        return -1;
    explored->state = state;
    explored->next = *bucket;
    memcpy(explored->taken, self->taken, taken_size);
    *bucket = explored;
    self->memory_used += sizeof(*explored) + taken_size;
    return 1;
}

static void unlink_entry(Entry *entry)
{
    entry->previous->next = entry->next;
    if (entry->next != NULL)
        entry->next->previous = entry->previous;
}

static void relink_entry(Entry *entry)
{
    entry->previous->next = entry;
    if (entry->next != NULL)
        entry->next->previous = entry;
}

static void flip(Search *self, const Entry *entry)
{
    self->taken[entry->call_index / 64] ^= UINT64_C(1) << (entry->call_index % 64);
}

static void take(Search *self, Entry *entry, uint64_t state)
{
    self->choices[self->choice_count++] = (Choice){entry, self->state};
    self->state = state;
    unlink_entry(entry);
    if (entry->answer != NULL) {
        unlink_entry(entry->answer);
        self->answer_count--;
    }
}

/* Undoes the last choice. The entry goes back where it was, as everything after it is back already. */
static Entry *undo(Search *self)
{
    Choice choice = self->choices[--self->choice_count];

    self->state = choice.state;
    if (choice.entry->answer != NULL) {
        relink_entry(choice.entry->answer);
        self->answer_count++;
    }
    relink_entry(choice.entry);
    flip(self, choice.entry);
    return choice.entry;
}

static void note_dead_end(Search *self, const Entry *entry)
{
    if (self->stuck_at != NULL && self->choice_count <= self->deepest)
        return;
    self->deepest = self->choice_count;
    self->stuck_at = entry->call;
    self->stuck_state = self->state;
}

static TestutilVerdict search(Search *self)
{
    Entry *entry = self->head.next;
    uint64_t state;

    while (self->answer_count > 0) {
        if (entry->is_answer) {
            note_dead_end(self, entry);
            if (self->choice_count == 0)
                return TESTUTIL_HISTORY_WRONG;
            entry = undo(self)->next;
            continue;
        }
        if (!can_take(entry->call, self->state, &state)) {
            entry = entry->next;
            continue;
        }
        flip(self, entry);
        int is_new = remember(self, state);
        if (is_new < 0)
            return TESTUTIL_HISTORY_UNDECIDED;
        if (is_new) {
            take(self, entry, state);
            entry = self->head.next;
        } else {
            flip(self, entry);
            entry = entry->next;
        }
    }
    return TESTUTIL_HISTORY_CORRECT;
}

/* ---- setting it up ---- */

static uint64_t tick_of(const Entry *entry)
{
    return entry->is_answer ? entry->call->responded : entry->call->invoked;
}

static int compare_entries(const void *a, const void *b)
{
    uint64_t tick_a = tick_of(*(Entry *const *)a), tick_b = tick_of(*(Entry *const *)b);

    return tick_a < tick_b ? -1 : tick_a > tick_b;
}

/* Makes the list of calls and answers in the order of their ticks. */
static int link_entries(Search *self)
{
    Entry **order = malloc((2 * self->call_count + 1) * sizeof(*order));
    size_t count = 0;

    if (order == NULL)
        return 0;
    for (size_t i = 0; i < self->call_count; i++) {
        const TestutilRegisterCall *call = &self->calls[i];
        Entry *entry = &self->entries[2 * i];
        *entry = (Entry){.call = call, .call_index = i};
        order[count++] = entry;
        if (call->outcome == TESTUTIL_REGISTER_UNKNOWN)
            continue;
        entry->answer = entry + 1;
        *entry->answer = (Entry){.call = call, .call_index = i, .is_answer = 1};
        order[count++] = entry->answer;
        self->answer_count++;
    }
    qsort(order, count, sizeof(*order), compare_entries);
    Entry *last = &self->head;
    for (size_t i = 0; i < count; i++) {
        order[i]->previous = last;
        last->next = order[i];
        last = order[i];
    }
    free(order);
    return 1;
}

static void describe_call(const TestutilRegisterCall *call, TestutilText *text)
{
    static const char *const kinds[] = {"", "get", "set", "delete", "compare_and_set"};

    testutil_text_add(text, "thread %u %s", call->thread_no, kinds[call->kind]);
    if (call->kind == TESTUTIL_REGISTER_COMPARE_AND_SET)
        testutil_text_add(text, " from %llu", (unsigned long long)call->expected);
    if (call->kind != TESTUTIL_REGISTER_DELETE)
        testutil_text_add(text, call->kind == TESTUTIL_REGISTER_GET ? " found %llu" : " to %llu",
                          (unsigned long long)call->value);
    testutil_text_add(text, "%s [%llu, %llu]", call->outcome == TESTUTIL_REGISTER_CONFLICT ? " conflicted" : "",
                      (unsigned long long)call->invoked, (unsigned long long)call->responded);
}

static void explain(const Search *self, TestutilVerdict verdict, TestutilText *text)
{
    if (verdict == TESTUTIL_HISTORY_UNDECIDED) {
        testutil_text_add(text, "key %u: undecided after %zu bytes of explored states", self->calls[0].key_no,
                          self->memory_used);
    } else if (verdict == TESTUTIL_HISTORY_WRONG) {
        testutil_text_add(text,
                          "key %u: after %zu of %zu calls, when it was %llu, nothing explains: ", self->calls[0].key_no,
                          self->deepest, self->call_count, (unsigned long long)self->stuck_state);
        describe_call(self->stuck_at, text);
    }
}

static void search_done(Search *self)
{
    for (size_t i = 0; self->buckets != NULL && i < BUCKET_COUNT; i++) {
        while (self->buckets[i] != NULL) {
            Explored *explored = self->buckets[i];
            self->buckets[i] = explored->next;
            free(explored);
        }
    }
    free(self->buckets);
    free(self->entries);
    free(self->taken);
    free(self->choices);
}

static TestutilVerdict check_key(const TestutilRegisterCall *calls, size_t count, TestutilText *ret_reason)
{
    Search self = {.calls = calls, .call_count = count, .word_count = count / 64 + 1};
    TestutilVerdict verdict = TESTUTIL_HISTORY_UNDECIDED;

    self.entries = calloc(2 * count + 1, sizeof(*self.entries));
    self.taken = calloc(self.word_count, sizeof(*self.taken));
    self.choices = calloc(count + 1, sizeof(*self.choices));
    self.buckets = calloc(BUCKET_COUNT, sizeof(Explored *));
    if (self.entries != NULL && self.taken != NULL && self.choices != NULL && self.buckets != NULL &&
        link_entries(&self))
        verdict = search(&self);
    if (ret_reason != NULL)
        explain(&self, verdict, ret_reason);
    search_done(&self);
    return verdict;
}

static int compare_keys(const void *a, const void *b)
{
    uint32_t key_a = ((const TestutilRegisterCall *)a)->key_no, key_b = ((const TestutilRegisterCall *)b)->key_no;

    return key_a < key_b ? -1 : key_a > key_b;
}

TestutilVerdict testutil_register_check(const TestutilRegisterCall *calls, size_t count, TestutilText *ret_reason)
{
    TestutilRegisterCall *by_key = malloc((count + 1) * sizeof(*by_key));
    TestutilVerdict verdict = TESTUTIL_HISTORY_CORRECT;

    if (by_key == NULL)
        return TESTUTIL_HISTORY_UNDECIDED;
    if (count > 0) {
        memcpy(by_key, calls, count * sizeof(*by_key));
        qsort(by_key, count, sizeof(*by_key), compare_keys);
    }
    for (size_t first = 0, end = 0; first < count && verdict == TESTUTIL_HISTORY_CORRECT; first = end) {
        while (end < count && by_key[end].key_no == by_key[first].key_no)
            end++;
        verdict = check_key(&by_key[first], end - first, ret_reason);
    }
    free(by_key);
    return verdict;
}

/* ---- recording ---- */

typedef struct ThreadLog {
    TestutilRegisterCall *calls;
    size_t count;
    char padding[48]; /* threads do not meet in a cache line */
} ThreadLog;

struct TestutilRegisterHistory {
    atomic_uint_fast64_t tick;
    size_t thread_count, call_count_max;
    ThreadLog *logs;
};

TestutilRegisterHistory *testutil_register_history_new(size_t thread_count, size_t call_count_max)
{
    TestutilRegisterHistory *self = calloc(1, sizeof(*self));

    if (self == NULL || (self->logs = calloc(thread_count, sizeof(*self->logs))) == NULL)
        testutil_fail(__FILE__, __LINE__, "no memory for a history");
    self->thread_count = thread_count;
    self->call_count_max = call_count_max;
    for (size_t i = 0; i < thread_count; i++) {
        self->logs[i].calls = calloc(call_count_max, sizeof(TestutilRegisterCall));
        if (self->logs[i].calls == NULL)
            testutil_fail(__FILE__, __LINE__, "no memory for a history");
    }
    return self;
}

void testutil_register_history_free(TestutilRegisterHistory *self)
{
    for (size_t i = 0; self != NULL && i < self->thread_count; i++)
        free(self->logs[i].calls);
    if (self != NULL)
        free(self->logs);
    free(self);
}

static uint64_t read_number(StorageSlice bytes)
{
    uint64_t number = 0;

    if (bytes.size == sizeof(number))
        memcpy(&number, bytes.data, sizeof(number));
    return bytes.size == sizeof(number) ? number : UINT64_MAX;
}

static StorageStatus call_stack(StorageBackend *backend, TestutilRegisterCall *call)
{
    char buffer[TESTUTIL_KEY_BUFFER_SIZE];
    StorageSlice key = testutil_key(buffer, sizeof(buffer), "register", call->key_no);
    StorageSlice bytes = storage_bytes(&call->value, sizeof(call->value));
    StorageExpected expected = storage_expect_value(storage_bytes(&call->expected, sizeof(call->expected)));
    StorageValue value;
    StorageStatus status;

    switch (call->kind) {
    case TESTUTIL_REGISTER_GET:
        status = storage_get(backend, key, &value, NULL);
        call->value = status == STORAGE_OK ? read_number(storage_value_slice(&value)) : 0;
        storage_value_release(&value);
        return status;
    case TESTUTIL_REGISTER_SET:
        return storage_set(backend, key, bytes, NULL, NULL);
    case TESTUTIL_REGISTER_DELETE:
        return storage_delete(backend, key, NULL);
    default:
        return storage_compare_and_set(backend, key, call->expected == 0 ? storage_expect_absent() : expected, bytes,
                                       NULL, NULL);
    }
}

StorageStatus testutil_register_call(TestutilRegisterHistory *self, size_t thread_no, StorageBackend *backend,
                                     uint32_t key_no, uint32_t kind, uint64_t value, uint64_t expected,
                                     uint64_t *ret_value)
{
    ThreadLog *log = &self->logs[thread_no];
    TestutilRegisterCall call = {
        .key_no = key_no, .kind = kind, .thread_no = (uint32_t)thread_no, .value = value, .expected = expected};

    if (log->count == self->call_count_max)
        return STORAGE_OK;
    call.invoked = atomic_fetch_add(&self->tick, 1);
    StorageStatus status = call_stack(backend, &call);
    call.responded = atomic_fetch_add(&self->tick, 1);
    if (status == STORAGE_CONFLICT)
        call.outcome = TESTUTIL_REGISTER_CONFLICT;
    else if (status < 0)
        call.outcome = TESTUTIL_REGISTER_UNKNOWN;
    if (status >= 0 || status == STORAGE_CONFLICT || kind != TESTUTIL_REGISTER_GET)
        log->calls[log->count++] = call;
    if (ret_value != NULL)
        *ret_value = call.value;
    return status;
}

TestutilRegisterCall *testutil_register_history_calls(const TestutilRegisterHistory *self, size_t *ret_count)
{
    size_t count = 0;

    for (size_t i = 0; i < self->thread_count; i++)
        count += self->logs[i].count;
    TestutilRegisterCall *calls = malloc((count + 1) * sizeof(*calls));
    if (calls == NULL)
        testutil_fail(__FILE__, __LINE__, "no memory for a history");
    *ret_count = 0;
    for (size_t i = 0; i < self->thread_count; i++) {
        memcpy(calls + *ret_count, self->logs[i].calls, self->logs[i].count * sizeof(*calls));
        *ret_count += self->logs[i].count;
    }
    return calls;
}
