/*
 * sample_types.h - types that exist in tests only, added through the public registry: options of every kind, and layers
 * with needs, effects and rules, so that what the library's own types do not use yet is tried too.
 *
 *   vessel    backend: an option of every kind, a check over two options
 *   loose     backend: weakens scans
 *   throttle  layer: a rate; above `remember`
 *   remember  layer: a capacity; not durable; warned of when above `shrink`
 *   shrink    layer: a choice
 *   solo      layer: at most once; never with `shrink`
 *   sync      layer: needs durable
 *   live      layer: weakens scans
 *   strict    layer: forbids live scans
 */
#ifndef SAMPLE_TYPES_H
#define SAMPLE_TYPES_H

#include "storage/registry.h"

/* A registry with the types of the library and these. The program ends when there is no memory or a table is refused.
 */
StorageRegistry *sample_registry_new(void);

#endif
