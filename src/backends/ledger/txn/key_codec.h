/* txn/key_codec.h - numbers in the keys of system trees, so that the order of bytes is the order of numbers. */
#ifndef LEDGER_TXN_KEY_CODEC_H
#define LEDGER_TXN_KEY_CODEC_H

#include <stdint.h>

static inline void key_store_u32(unsigned char *bytes, uint32_t number)
{
    for (int i = 0; i < 4; i++)
        bytes[i] = (unsigned char)(number >> (24 - 8 * i));
}

static inline void key_store_u64(unsigned char *bytes, uint64_t number)
{
    key_store_u32(bytes, (uint32_t)(number >> 32));
    key_store_u32(bytes + 4, (uint32_t)number);
}

static inline uint32_t key_load_u32(const unsigned char *bytes)
{
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | (uint32_t)bytes[3];
}

static inline uint64_t key_load_u64(const unsigned char *bytes)
{
    return (uint64_t)key_load_u32(bytes) << 32 | key_load_u32(bytes + 4);
}

/* Times are signed: with the sign bit flipped they are in order. */
static inline void key_store_time(unsigned char *bytes, int64_t time_ns)
{
    key_store_u64(bytes, (uint64_t)time_ns ^ (UINT64_C(1) << 63));
}

static inline int64_t key_load_time(const unsigned char *bytes)
{
    return (int64_t)(key_load_u64(bytes) ^ (UINT64_C(1) << 63));
}

#endif
