/* core/capabilities.h - what capabilities and weakenings are called, in texts and in JSON. */
#ifndef CORE_CAPABILITIES_H
#define CORE_CAPABILITIES_H

#include "storage/backend.h"

/* Of the bit 1 << `bit_index`; NULL beyond the last that there is. */
const char *capability_name(unsigned int bit_index);
const char *weakening_name(unsigned int bit_index);

/* An array of the names of the bits, as a member of the object that is open. Unknown bits are left out. */
void json_capability_names(StorageJson *json, const char *member, uint64_t capabilities);
void json_weakening_names(StorageJson *json, const char *member, uint32_t weakenings);

#endif
