/*
 * planted.h - layers with a bug in them, each one that a real store has had. They are the negative controls: what finds
 * nothing over them finds nothing at all.
 */
#ifndef TESTS_PROPERTY_PLANTED_H
#define TESTS_PROPERTY_PLANTED_H

#include "storage_testutil/factory.h"

/*
 * Adds these layers to a registry:
 *   drops_deletes       every 7th delete is answered OK and not done
 *   stale_get           every 5th get gives the value that the key had at the first get
 *   forgets_expiry      compare_and_set writes without its expiry
 *   ignores_expected    compare_and_set always holds when the key is there
 *   tears_writes        of an ATOMIC write of several operations the last one is not done
 *   live_transactions   gets of a snapshot transaction see the newest commit
 *   lost_updates        a snapshot transaction is never told of a concurrent change
 *   wrong_revision      a conflict reports no current revision
 *   leaky_rollback      a rollback to a savepoint undoes nothing
 *   skips_rows          a scan leaves out keys that start with 0xFF
 *   silent_clear        clear_range does one delete a key, so watchers see no CLEARED
 *   weak_serializable   a serializable transaction is only a snapshot transaction
 */
void planted_register(TestutilRegistry *registry);

/* Their names, ended by NULL. */
extern const char *const planted_names[];

#endif
