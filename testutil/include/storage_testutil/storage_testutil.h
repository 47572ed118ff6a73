/* storage_testutil/storage_testutil.h - everything of the test library. */
#ifndef STORAGE_TESTUTIL_STORAGE_TESTUTIL_H
#define STORAGE_TESTUTIL_STORAGE_TESTUTIL_H

#include "storage_testutil/allocator.h"
#include "storage_testutil/assert.h"
#include "storage_testutil/clock.h"
#include "storage_testutil/contract.h"
#include "storage_testutil/factory.h"
#include "storage_testutil/fault.h"
#include "storage_testutil/generate.h"
#include "storage_testutil/history.h"
#include "storage_testutil/model.h"
#include "storage_testutil/random_test.h"

#endif
