/*
 * storage/storage.h - everything that a user of the library needs. Writers of backends and layers include
 * storage/backend.h as well, and storage/registry.h to make them known to configurations.
 */
#ifndef STORAGE_STORAGE_H
#define STORAGE_STORAGE_H

#include "storage/config.h"
#include "storage/context.h"
#include "storage/environment.h"
#include "storage/ledger.h"
#include "storage/memory.h"
#include "storage/operations.h"
#include "storage/read_only.h"
#include "storage/registry.h"
#include "storage/status.h"
#include "storage/transaction.h"
#include "storage/types.h"
#include "storage/units.h"
#include "storage/version.h"
#include "storage/watch.h"

#endif
