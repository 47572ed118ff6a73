/*
 * core/context.c - requests of a caller, results of a call, error texts, children for layers.
 *
 * Invariants:
 *   1. A context from storage_context_new is the root of its children; only roots are cancelled.
 *   2. `cancelled` is read and written atomically; everything else belongs to the thread of the call, except the wait
 *      pair of a root, which its lock guards.
 *   3. Token and organization of a root are copies that it owns; those of a child are borrowed from its parent.
 */
#include "core/context.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

typedef struct StorageErrorList {
    size_t count; /* texts that the call produced */
    size_t kept;  /* of them, how many are here */
    char *texts[CONTEXT_ERROR_COUNT_MAX];
} StorageErrorList;

typedef struct HeapContext {
    StorageContext base;
    pthread_mutex_t lock; /* of base.wait_mutex and base.wait_condition */
} HeapContext;

StorageContext *storage_context_new(void)
{
    HeapContext *self = storage_allocate_zero(sizeof(*self));
    if (self == NULL)
        return NULL;
    if (pthread_mutex_init(&self->lock, NULL) != 0) {
        storage_release(self);
        return NULL;
    }
    self->base.struct_size = sizeof(StorageContext);
    self->base.flags = CONTEXT_HEAP;
    return &self->base;
}

static void drop_requests(StorageContext *ctx)
{
    storage_release((void *)(uintptr_t)ctx->token.data);
    storage_release((void *)(uintptr_t)ctx->organization.data);
    ctx->token = ctx->organization = (StorageSlice){NULL, 0};
}

static void drop_errors(StorageErrorList *errors)
{
    for (size_t i = 0; i < errors->kept; i++)
        storage_release(errors->texts[i]);
    errors->count = errors->kept = 0;
}

void storage_context_free(StorageContext *ctx)
{
    if (ctx == NULL)
        return;
    drop_requests(ctx);
    context_clear_results(ctx);
    storage_release(ctx->errors);
    (void)pthread_mutex_destroy(&((HeapContext *)ctx)->lock);
    storage_release(ctx);
}

void storage_context_reset(StorageContext *ctx)
{
    if (ctx == NULL)
        return;
    drop_requests(ctx);
    context_clear_results(ctx);
    ctx->attempts = 0;
    ctx->deadline_ns = 0;
    ctx->consistency = ctx->durability = 0;
    __atomic_store_n(&ctx->cancelled, 0, __ATOMIC_RELEASE);
}

void context_init_unattended(StorageContext *ctx)
{
    *ctx = (StorageContext){.struct_size = sizeof(*ctx), .flags = CONTEXT_DISCARDS_TEXT, .attempts = 1};
}

void context_clear_results(StorageContext *ctx)
{
    ctx->status = STORAGE_OK;
    ctx->attempts = 1;
    ctx->revision = 0;
    ctx->retry_after_ns = 0;
    if (ctx->errors != NULL)
        drop_errors(ctx->errors);
}

void storage_context_clear(StorageContext *ctx)
{
    if (ctx != NULL && ctx->entered == NULL)
        context_clear_results(ctx);
}

/* ---- requests ---- */

void storage_context_set_deadline(StorageContext *ctx, uint64_t deadline_ns)
{
    if (ctx != NULL)
        ctx->deadline_ns = deadline_ns;
}

static StorageStatus replace_bytes(StorageSlice *field, StorageSlice bytes)
{
    void *copy = NULL;
    if (bytes.size > CONTEXT_TOKEN_SIZE_MAX || (bytes.size > 0 && bytes.data == NULL))
        return STORAGE_INVALID_ARGUMENT;
    if (bytes.size > 0) {
        copy = storage_allocate(bytes.size);
        if (copy == NULL)
            return STORAGE_NO_MEMORY;
        memcpy(copy, bytes.data, bytes.size);
    }
    storage_release((void *)(uintptr_t)field->data);
    *field = (StorageSlice){copy, bytes.size};
    return STORAGE_OK;
}

StorageStatus storage_context_set_token(StorageContext *ctx, StorageSlice token)
{
    return ctx == NULL ? STORAGE_INVALID_ARGUMENT : replace_bytes(&ctx->token, token);
}

StorageStatus storage_context_set_organization(StorageContext *ctx, StorageSlice organization)
{
    return ctx == NULL ? STORAGE_INVALID_ARGUMENT : replace_bytes(&ctx->organization, organization);
}

void storage_context_set_consistency(StorageContext *ctx, uint32_t consistency)
{
    if (ctx != NULL)
        ctx->consistency = consistency;
}

void storage_context_set_durability(StorageContext *ctx, uint32_t durability)
{
    if (ctx != NULL)
        ctx->durability = durability;
}

/* ---- results ---- */

uint64_t storage_context_revision(const StorageContext *ctx)
{
    return ctx == NULL ? 0 : ctx->revision;
}

uint64_t storage_context_retry_after_ns(const StorageContext *ctx)
{
    return ctx == NULL ? 0 : ctx->retry_after_ns;
}

uint32_t storage_context_attempts(const StorageContext *ctx)
{
    return ctx == NULL ? 0 : ctx->attempts;
}

size_t storage_context_error_count(const StorageContext *ctx)
{
    return ctx == NULL || ctx->errors == NULL ? 0 : ctx->errors->count;
}

const char *storage_context_error_text(const StorageContext *ctx, size_t index)
{
    if (ctx == NULL || ctx->errors == NULL || index >= ctx->errors->kept)
        return "";
    return ctx->errors->texts[index];
}

const char *storage_context_public_text(const StorageContext *ctx)
{
    return storage_status_text(ctx == NULL ? STORAGE_OK : ctx->status);
}

void storage_context_set_revision(StorageContext *ctx, uint64_t revision)
{
    ctx->revision = revision;
}

void storage_context_set_retry_after_ns(StorageContext *ctx, uint64_t retry_after_ns)
{
    ctx->retry_after_ns = retry_after_ns;
}

static void keep_text(StorageContext *ctx, char *text)
{
    if (ctx->errors == NULL)
        ctx->errors = storage_allocate_zero(sizeof(*ctx->errors));
    if (ctx->errors == NULL) {
        storage_release(text);
        return;
    }
    ctx->errors->count++;
    if (text == NULL)
        return;
    if (ctx->errors->kept < CONTEXT_ERROR_COUNT_MAX)
        ctx->errors->texts[ctx->errors->kept++] = text;
    else
        storage_release(text);
}

static void make_one_line(char *text)
{
    for (; *text != '\0'; text++)
        if ((unsigned char)*text < 0x20 || *text == 0x7f)
            *text = ' ';
}

StorageStatus storage_fail(StorageContext *ctx, StorageStatus status, const char *format, ...)
{
    char line[1024];
    size_t size;
    char *text;
    va_list arguments;
    if (ctx == NULL)
        return status;
    ctx->status = status;
    if ((ctx->flags & CONTEXT_DISCARDS_TEXT) != 0)
        return status;
    va_start(arguments, format);
    (void)vsnprintf(line, sizeof(line), format, arguments);
    va_end(arguments);
    make_one_line(line);
    size = strlen(line) + 1;
    text = storage_allocate(size);
    if (text != NULL)
        memcpy(text, line, size);
    keep_text(ctx, text);
    return status;
}

/* ---- children ---- */

void storage_context_child_begin(StorageContext *child, StorageContext *parent)
{
    /* Field by field: `cancelled` and the wait pair of the parent may be written by another thread at this moment. */
    *child = (StorageContext){.struct_size = sizeof(*child),
                              .parent = parent,
                              .deadline_ns = parent->deadline_ns,
                              .token = parent->token,
                              .organization = parent->organization,
                              .consistency = parent->consistency,
                              .durability = parent->durability,
                              .payload_hash = parent->payload_hash,
                              .entered = parent->entered,
                              .flags = parent->flags & CONTEXT_DISCARDS_TEXT};
    context_clear_results(child);
}

void storage_context_child_end(StorageContext *child)
{
    StorageContext *parent = child->parent;
    parent->revision = child->revision;
    parent->retry_after_ns = child->retry_after_ns;
    if (child->attempts > parent->attempts)
        parent->attempts = child->attempts;
    if (child->errors == NULL)
        return;
    if (parent->errors == NULL) {
        parent->errors = child->errors;
    } else {
        for (size_t i = 0; i < child->errors->kept; i++)
            keep_text(parent, child->errors->texts[i]);
        parent->errors->count += child->errors->count - child->errors->kept;
        storage_release(child->errors);
    }
    child->errors = NULL;
}

/* ---- cancellation, deadline, waiting (invariant 2) ---- */

static StorageContext *root_of(StorageContext *ctx)
{
    while (ctx->parent != NULL)
        ctx = ctx->parent;
    return ctx;
}

void storage_context_cancel(StorageContext *ctx)
{
    HeapContext *self = (HeapContext *)ctx;
    if (ctx == NULL)
        return;
    __atomic_store_n(&ctx->cancelled, 1, __ATOMIC_RELEASE);
    (void)pthread_mutex_lock(&self->lock);
    if (ctx->wait_mutex != NULL) {
        (void)pthread_mutex_lock(ctx->wait_mutex);
        (void)pthread_cond_broadcast(ctx->wait_condition);
        (void)pthread_mutex_unlock(ctx->wait_mutex);
    }
    (void)pthread_mutex_unlock(&self->lock);
}

StorageStatus storage_context_check(StorageContext *ctx, const StorageBackend *backend)
{
    for (const StorageContext *each = ctx; each != NULL; each = each->parent)
        if (__atomic_load_n(&each->cancelled, __ATOMIC_ACQUIRE) != 0)
            return storage_fail(ctx, STORAGE_CANCELLED, "the context was cancelled; reset it before it is used again");
    if (ctx->deadline_ns != 0 && storage_monotonic_ns(backend) >= ctx->deadline_ns)
        return storage_fail(ctx, STORAGE_TIMEOUT, "the deadline of the context has passed");
    return STORAGE_OK;
}

static void set_wait_pair(StorageContext *ctx, void *mutex, void *condition)
{
    StorageContext *root = root_of(ctx);
    int may_be_cancelled = (root->flags & CONTEXT_HEAP) != 0;
    if (may_be_cancelled)
        (void)pthread_mutex_lock(&((HeapContext *)root)->lock);
    root->wait_mutex = ctx->wait_mutex = mutex;
    root->wait_condition = ctx->wait_condition = condition;
    if (may_be_cancelled)
        (void)pthread_mutex_unlock(&((HeapContext *)root)->lock);
}

void storage_wait_begin(StorageContext *ctx, void *mutex, void *condition)
{
    set_wait_pair(ctx, mutex, condition);
}

void storage_wait_end(StorageContext *ctx)
{
    set_wait_pair(ctx, NULL, NULL);
}
