/*
 * config/order.c - whether the parts of a plan may stand as they do.
 *
 * From the bottom up it carries what the stack has so far, and asks each layer whether that is enough and not too weak.
 * Then each part's own rules. It knows no type: who needs, adds, removes, weakens and forbids what is in the tables.
 *
 * 1. Parts are counted from the top, layers first, the backend last: index layer_count.
 * 2. A part without type was reported. What stands above it is not blamed for lacking what the part might have had.
 */
#include "config/order.h"

#include "core/capabilities.h"

#include <stdio.h>
#include <string.h>

#define PLACE_SIZE 32

typedef struct Order {
    ConfigPlan *plan;
    ConfigReport *report;
} Order;

/* The type of a part (1), NULL when the document names none that there is. */
static const StorageConfigType *type_at(const Order *self, size_t index)
{
    return index == self->plan->layer_count ? self->plan->backend.type : self->plan->layers[index].type;
}

/* "layers[2]" or "backend". */
static const char *place_of(const Order *self, size_t index, char buffer[PLACE_SIZE])
{
    if (index == self->plan->layer_count)
        (void)snprintf(buffer, PLACE_SIZE, "backend");
    else
        (void)snprintf(buffer, PLACE_SIZE, "layers[%zu]", index);
    return buffer;
}

/* Reports `text` at a part: refused ones are problems. */
static void report_at(const Order *self, size_t index, uint32_t severity, const char *text)
{
    ConfigPath layers = {.key = "layers"}, layer = {.parent = &layers, .index = index}, backend = {.key = "backend"};
    const ConfigPath *path = index == self->plan->layer_count ? &backend : &layer;
    if (severity == STORAGE_ORDER_REFUSED)
        report_problem(self->report, path, "%s", text);
    else
        report_warning(self->report, path, "%s", text);
}

/* ---- what the stack below a layer has ---- */

/* The layer below `index` that takes `bit` from what is below it; beyond the backend: nothing below ever had it. */
static size_t find_remover(const Order *self, size_t index, uint64_t bit)
{
    size_t backend = self->plan->layer_count, remover = backend + 1;
    int has_bit = (self->plan->backend.type->adds & bit) != 0;
    for (size_t i = backend; i-- > index + 1;) {
        const StorageConfigType *type = type_at(self, i);
        if (has_bit && (type->removes & bit) != 0)
            remover = i;
        has_bit = (has_bit && (type->removes & bit) == 0) || (type->adds & bit) != 0;
    }
    return remover;
}

/* The nearest part below `index` that has the weakening. There is one. */
static size_t find_weak(const Order *self, size_t index, uint32_t bit)
{
    do {
        index++;
    } while (type_at(self, index) == NULL || (type_at(self, index)->weakens & bit) == 0);
    return index;
}

static void report_lacking(const Order *self, size_t index, unsigned int bit_index)
{
    const char *name = type_at(self, index)->name, *capability = capability_name(bit_index);
    size_t remover = find_remover(self, index, UINT64_C(1) << bit_index);
    char text[256], place[PLACE_SIZE];
    if (remover < self->plan->layer_count)
        (void)snprintf(text, sizeof(text),
                       "\"%s\" needs the capability \"%s\", which \"%s\" (%s) takes away; move it below that", name,
                       capability, type_at(self, remover)->name, place_of(self, remover, place));
    else
        (void)snprintf(text, sizeof(text),
                       "\"%s\" needs the capability \"%s\", which \"%s\" (backend) does not have; take another backend",
                       name, capability, self->plan->backend.type->name);
    report_at(self, index, STORAGE_ORDER_REFUSED, text);
}

static void report_weak(const Order *self, size_t index, unsigned int bit_index)
{
    size_t weak = find_weak(self, index, UINT32_C(1) << bit_index);
    char text[256], place[PLACE_SIZE];
    (void)snprintf(text, sizeof(text), "\"%s\" must not stand above \"%s\" (%s), which has the weakening \"%s\"; %s",
                   type_at(self, index)->name, type_at(self, weak)->name, place_of(self, weak, place),
                   weakening_name(bit_index),
                   weak == self->plan->layer_count ? "take another backend" : "move it below that");
    report_at(self, index, STORAGE_ORDER_REFUSED, text);
}

/* Carries capabilities and weakenings from the backend to the top. */
static void check_layers(const Order *self)
{
    ConfigPlan *plan = self->plan;
    int is_known = plan->backend.type != NULL; /* 2 */
    if (is_known) {
        plan->capabilities = plan->backend.type->adds;
        plan->weakenings = plan->backend.type->weakens;
    }
    for (size_t i = plan->layer_count; i > 0; i--) {
        const StorageConfigType *type = type_at(self, i - 1);
        if (type == NULL) {
            is_known = 0;
            continue;
        }
        for (unsigned int bit = 0; is_known && capability_name(bit) != NULL; bit++)
            if ((type->needs & ~plan->capabilities) >> bit & 1)
                report_lacking(self, i - 1, bit);
        for (unsigned int bit = 0; weakening_name(bit) != NULL; bit++)
            if ((type->forbids & plan->weakenings) >> bit & 1)
                report_weak(self, i - 1, bit);
        plan->capabilities = (plan->capabilities & ~type->removes) | type->adds;
        plan->weakenings |= type->weakens;
    }
}

/* ---- rules ---- */

/* Whether the part at `index` breaks its rule because of a part of the type `other` at `other_index`. */
static int is_broken(const Order *self, StorageOrderRelation relation, size_t index, size_t other_index)
{
    switch (relation) {
    case STORAGE_ORDER_ABOVE:
        return other_index < index;
    case STORAGE_ORDER_BELOW:
        return other_index > index && other_index < self->plan->layer_count; /* of layers: nothing is below a backend */
    case STORAGE_ORDER_WITHOUT:
        return other_index != index;
    default:
        return other_index < index; /* ONCE: the first of them may stay */
    }
}

static void report_rule(const Order *self, const StorageOrderRule *rule, size_t index, size_t other_index)
{
    const char *name = type_at(self, index)->name, *other = type_at(self, other_index)->name;
    const char *must = rule->severity == STORAGE_ORDER_REFUSED ? "must" : "should";
    char text[768], place[PLACE_SIZE];
    (void)place_of(self, other_index, place);
    if (rule->relation == STORAGE_ORDER_WITHOUT)
        (void)snprintf(text, sizeof(text), "\"%s\" %s not be in one stack with \"%s\" (%s): %s; take one of them out",
                       name, must, other, place, rule->reason);
    else if (rule->relation == STORAGE_ORDER_ONCE)
        (void)snprintf(text, sizeof(text), "\"%s\" %s be in a stack once only (also %s): %s; take one of them out",
                       name, must, place, rule->reason);
    else
        (void)snprintf(text, sizeof(text), "\"%s\" %s stand %s \"%s\" (%s): %s; move it there", name, must,
                       rule->relation == STORAGE_ORDER_ABOVE ? "above" : "below", other, place, rule->reason);
    report_at(self, index, rule->severity, text);
}

/* Reports the first part because of which the rule is broken. */
static void check_rule(const Order *self, const StorageOrderRule *rule, size_t index)
{
    const char *other = rule->relation == STORAGE_ORDER_ONCE ? type_at(self, index)->name : rule->other;
    for (size_t i = 0; i <= self->plan->layer_count; i++) {
        const StorageConfigType *type = type_at(self, i);
        if (type == NULL || strcmp(type->name, other) != 0 || !is_broken(self, rule->relation, index, i))
            continue;
        report_rule(self, rule, index, i);
        return;
    }
}

void config_check_order(ConfigPlan *plan, ConfigReport *report)
{
    Order order = {plan, report};
    check_layers(&order);
    for (size_t i = 0; i <= plan->layer_count; i++) {
        const StorageConfigType *type = type_at(&order, i);
        for (size_t j = 0; type != NULL && j < type->rule_count; j++)
            check_rule(&order, &type->rules[j], i);
    }
}
