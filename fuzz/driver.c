/*
 * driver.c - runs a fuzz target without libFuzzer: every file of a corpus, then mutations of them.
 *
 *   fuzz_config [-runs=N] [-dict=FILE] FILE|DIRECTORY...
 *
 * The seed is printed; STORAGE_SEED gives it back. Inputs are run in a child, so that one that kills it can be told:
 * it is written to the file crash-input in the working directory.
 */
#include "fuzz.h"

#include <dirent.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "storage_testutil/generate.h"

#define INPUT_SIZE_MAX 65536
#define MUTANT_SIZE_MAX 4096 /* of what grows; larger files are only replayed */
#define INPUT_COUNT_MAX 4096
#define TOKEN_COUNT_MAX 512
#define TOKEN_SIZE_MAX 64
#define CHANGE_COUNT_MAX 6 /* in one mutant */

typedef struct Bytes {
    uint8_t *data;
    size_t size;
} Bytes;

typedef struct Driver {
    Bytes inputs[INPUT_COUNT_MAX];
    size_t input_count;
    Bytes tokens[TOKEN_COUNT_MAX];
    size_t token_count;
    uint64_t run_count;
    TestutilRandom random;
} Driver;

/* What the child tries now; the parent reads it when the child died. */
typedef struct Trial {
    uint64_t run_no;
    size_t size;
    uint8_t data[INPUT_SIZE_MAX];
} Trial;

/* ---- corpus and dictionary ---- */

static Bytes read_file(const char *path)
{
    Bytes bytes = {malloc(INPUT_SIZE_MAX), 0};
    FILE *file = fopen(path, "re");
    fuzz_require(file != NULL && bytes.data != NULL, "corpus", "%s cannot be read", path);
    bytes.size = fread(bytes.data, 1, INPUT_SIZE_MAX, file);
    fuzz_require(ferror(file) == 0, "corpus", "%s cannot be read", path);
    fclose(file);
    return bytes;
}

static void add_file(Driver *self, const char *path)
{
    fuzz_require(self->input_count < INPUT_COUNT_MAX, "corpus", "more than %d inputs", INPUT_COUNT_MAX);
    self->inputs[self->input_count++] = read_file(path);
}

static int is_visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

/* In order of names, so that a seed means the same everywhere. */
static void add_directory(Driver *self, const char *directory)
{
    struct dirent **entries = NULL;
    int count = scandir(directory, &entries, is_visible, alphasort);
    fuzz_require(count >= 0, "corpus", "%s cannot be read", directory);
    for (int i = 0; i < count; i++) {
        char path[4096];
        (void)snprintf(path, sizeof(path), "%s/%s", directory, entries[i]->d_name);
        add_file(self, path);
        free(entries[i]);
    }
    free(entries);
}

static void add_path(Driver *self, const char *path)
{
    struct stat status;
    fuzz_require(stat(path, &status) == 0, "corpus", "%s is not there", path);
    if (S_ISDIR(status.st_mode))
        add_directory(self, path);
    else
        add_file(self, path);
}

/* The text between the first and the last quote of a line, with \\, \" and \xHH. */
static void add_token(Driver *self, const char *line)
{
    const char *position = strchr(line, '"'), *end = strrchr(line, '"');
    Bytes token = {malloc(TOKEN_SIZE_MAX), 0};
    fuzz_require(token.data != NULL && position != NULL && end > position, "dictionary", "no token in: %s", line);
    for (position++; position < end && token.size < TOKEN_SIZE_MAX; position++) {
        char digits[3] = "";
        if (*position == '\\' && position[1] == 'x' && end - position > 3) {
            memcpy(digits, position + 2, 2);
            token.data[token.size++] = (uint8_t)strtoul(digits, NULL, 16);
            position += 3;
            continue;
        }
        position += *position == '\\';
        token.data[token.size++] = (uint8_t)*position;
    }
    self->tokens[self->token_count++] = token;
}

static void add_dictionary(Driver *self, const char *path)
{
    char line[256];
    FILE *file = fopen(path, "re");
    fuzz_require(file != NULL, "dictionary", "%s cannot be read", path);
    while (fgets(line, sizeof(line), file) != NULL && self->token_count < TOKEN_COUNT_MAX)
        if (line[0] != '#' && line[0] != '\n')
            add_token(self, line);
    fclose(file);
}

/* ---- mutation ---- */

static Bytes pick(Driver *self, const Bytes *table, size_t count)
{
    return table[testutil_random_below(&self->random, count)];
}

/* Puts `bytes` in at `offset`, as far as there is room. */
static void insert(Trial *trial, size_t offset, const uint8_t *bytes, size_t size)
{
    size_t room = trial->size < MUTANT_SIZE_MAX ? MUTANT_SIZE_MAX - trial->size : 0;
    if (size > room)
        size = room;
    memmove(trial->data + offset + size, trial->data + offset, trial->size - offset);
    memcpy(trial->data + offset, bytes, size);
    trial->size += size;
}

static void cut(Trial *trial, size_t offset, size_t size)
{
    memmove(trial->data + offset, trial->data + offset + size, trial->size - offset - size);
    trial->size -= size;
}

/* A part of an input, up to 64 bytes. */
static Bytes pick_part(Driver *self)
{
    Bytes part = pick(self, self->inputs, self->input_count);
    size_t start = testutil_random_below(&self->random, part.size + 1);
    size_t size = testutil_random_below(&self->random, 64);
    return (Bytes){part.data + start, size < part.size - start ? size : part.size - start};
}

static void change(Driver *self, Trial *trial)
{
    size_t offset = testutil_random_below(&self->random, trial->size + 1);
    size_t left = trial->size - offset, size = testutil_random_below(&self->random, left < 16 ? left + 1 : 16);
    uint8_t byte = (uint8_t)testutil_random_next(&self->random);
    Bytes bytes = {&byte, 1};
    switch (testutil_random_below(&self->random, 6)) {
    case 0:
        cut(trial, offset, size);
        return;
    case 1:
        if (left > 0)
            trial->data[offset] ^= (uint8_t)(1u << (byte & 7));
        return;
    case 2:
        break;
    case 3:
        cut(trial, offset, size);
        bytes = pick_part(self);
        break;
    case 4:
        bytes = pick_part(self);
        break;
    default:
        if (self->token_count > 0)
            bytes = pick(self, self->tokens, self->token_count);
        break;
    }
    insert(trial, offset, bytes.data, bytes.size);
}

static void mutate(Driver *self, Trial *trial)
{
    Bytes input = pick(self, self->inputs, self->input_count);
    trial->size = input.size < MUTANT_SIZE_MAX ? input.size : MUTANT_SIZE_MAX;
    memcpy(trial->data, input.data, trial->size);
    for (uint64_t left = 1 + testutil_random_below(&self->random, CHANGE_COUNT_MAX); left > 0; left--)
        change(self, trial);
}

/* ---- running ---- */

/* In a block of its very size, so that a read beyond it shows. */
static void try_input(Trial *trial)
{
    uint8_t *copy = malloc(trial->size > 0 ? trial->size : 1);
    fuzz_require(copy != NULL, "memory", "none for %zu bytes", trial->size);
    memcpy(copy, trial->data, trial->size);
    (void)LLVMFuzzerTestOneInput(copy, trial->size);
    free(copy);
    trial->run_no++;
}

static void run_all(Driver *self, Trial *trial)
{
    for (size_t i = 0; i < self->input_count; i++) {
        trial->size = self->inputs[i].size;
        memcpy(trial->data, self->inputs[i].data, trial->size);
        try_input(trial);
    }
    for (uint64_t i = 0; i < self->run_count; i++) {
        mutate(self, trial);
        try_input(trial);
    }
}

static int report_death(const Trial *trial, int wait_status, uint64_t planned_count)
{
    FILE *file = fopen("crash-input", "we");
    if (WIFSIGNALED(wait_status))
        printf("run %llu died of signal %d\n", (unsigned long long)trial->run_no, WTERMSIG(wait_status));
    else
        printf("run %llu of %llu ended the process with %d\n", (unsigned long long)trial->run_no,
               (unsigned long long)planned_count, WEXITSTATUS(wait_status));
    if (file != NULL && fwrite(trial->data, 1, trial->size, file) == trial->size && fclose(file) == 0)
        printf("the input is in the file crash-input\n");
    return EXIT_FAILURE;
}

static void free_inputs(Driver *self)
{
    for (size_t i = 0; i < self->input_count; i++)
        free(self->inputs[i].data);
    for (size_t i = 0; i < self->token_count; i++)
        free(self->tokens[i].data);
}

int main(int argument_count, char **arguments)
{
    static Driver driver;
    uint64_t planned_count;
    int wait_status = 0;
    pid_t child;
    Trial *trial = mmap(NULL, sizeof(*trial), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    fuzz_require(trial != MAP_FAILED, "memory", "none for the inputs");
    for (int i = 1; i < argument_count; i++) {
        if (strncmp(arguments[i], "-runs=", 6) == 0)
            driver.run_count = strtoull(arguments[i] + 6, NULL, 10);
        else if (strncmp(arguments[i], "-dict=", 6) == 0)
            add_dictionary(&driver, arguments[i] + 6);
        else
            add_path(&driver, arguments[i]);
    }
    fuzz_require(driver.input_count > 0, "corpus", "no input; name files or directories");
    driver.random = testutil_random_seeded(testutil_seed("fuzz", testutil_seed_fresh()));
    planned_count = driver.input_count + driver.run_count;
    fflush(stdout);
    child = fork();
    if (child == 0) {
        (void)LLVMFuzzerInitialize(&argument_count, &arguments);
        run_all(&driver, trial);
    }
    if (child != 0)
        fuzz_require(child > 0 && waitpid(child, &wait_status, 0) == child, "fork", "no child");
    free_inputs(&driver);
    if (child == 0)
        return EXIT_SUCCESS; /* leaks are looked for now */
    if (wait_status != 0 || trial->run_no != planned_count)
        return report_death(trial, wait_status, planned_count);
    printf("%llu inputs, %llu mutants\n", (unsigned long long)driver.input_count, (unsigned long long)driver.run_count);
    return EXIT_SUCCESS;
}
