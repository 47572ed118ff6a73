/*
 * page/codec.h - integers in pages: little-endian, byte by byte, at any address. Compilers make one move of each.
 *
 * LEB128 (DWARF 5, section 7.6): seven bits a byte, the low ones first, the top bit says that more follow.
 */
#ifndef LEDGER_PAGE_CODEC_H
#define LEDGER_PAGE_CODEC_H

#include <stdint.h>

#define CODEC_LEB128_SIZE_MAX 9u /* of 63 bits */

static inline uint16_t codec_load_u16(const unsigned char *bytes)
{
    return (uint16_t)(bytes[0] | (unsigned)bytes[1] << 8);
}

static inline uint32_t codec_load_u32(const unsigned char *bytes)
{
    return (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
}

static inline uint64_t codec_load_u64(const unsigned char *bytes)
{
    return (uint64_t)bytes[0] | (uint64_t)bytes[1] << 8 | (uint64_t)bytes[2] << 16 | (uint64_t)bytes[3] << 24 |
           (uint64_t)bytes[4] << 32 | (uint64_t)bytes[5] << 40 | (uint64_t)bytes[6] << 48 | (uint64_t)bytes[7] << 56;
}

static inline void codec_store_u16(unsigned char *bytes, uint16_t number)
{
    bytes[0] = (unsigned char)number;
    bytes[1] = (unsigned char)(number >> 8);
}

static inline void codec_store_u32(unsigned char *bytes, uint32_t number)
{
    bytes[0] = (unsigned char)number;
    bytes[1] = (unsigned char)(number >> 8);
    bytes[2] = (unsigned char)(number >> 16);
    bytes[3] = (unsigned char)(number >> 24);
}

static inline void codec_store_u64(unsigned char *bytes, uint64_t number)
{
    codec_store_u32(bytes, (uint32_t)number);
    codec_store_u32(bytes + 4, (uint32_t)(number >> 32));
}

static inline uint32_t codec_leb128_size(uint64_t number)
{
    return number == 0 ? 1 : (70u - (uint32_t)__builtin_clzll(number)) / 7;
}

/* Returns how many bytes it took. */
static inline uint32_t codec_leb128_store(unsigned char *bytes, uint64_t number)
{
    uint32_t size = 0;
    while (number >= 0x80) {
        bytes[size++] = (unsigned char)(number | 0x80);
        number >>= 7;
    }
    bytes[size++] = (unsigned char)number;
    return size;
}

/* Reads a number that is known to be well-formed; returns how many bytes it took. */
static inline uint32_t codec_leb128_load(const unsigned char *bytes, uint64_t *ret_number)
{
    uint64_t number = bytes[0] & 0x7f;
    uint32_t size = 1;
    while ((bytes[size - 1] & 0x80) != 0) {
        number |= (uint64_t)(bytes[size] & 0x7f) << (7 * size);
        size++;
    }
    *ret_number = number;
    return size;
}

/* Reads a number of which nothing is known, from at most `limit` bytes. Returns 0 when it is cut off, is not in its
 * shortest form, or has more than 63 bits; else how many bytes it took. */
static inline uint32_t codec_leb128_check(const unsigned char *bytes, uint32_t limit, uint64_t *ret_number)
{
    uint64_t number = 0;
    for (uint32_t size = 0; size < limit && size < CODEC_LEB128_SIZE_MAX; size++) {
        number |= (uint64_t)(bytes[size] & 0x7f) << (7 * size);
        if ((bytes[size] & 0x80) != 0)
            continue;
        if (size > 0 && bytes[size] == 0)
            return 0;
        *ret_number = number;
        return size + 1;
    }
    return 0;
}

#endif
