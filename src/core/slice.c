/* core/slice.c - borrowed bytes, their order, and their readable form in error texts. */
#include "storage/backend.h"

#include <string.h>

StorageSlice storage_string(const char *text)
{
    return storage_bytes(text, text == NULL ? 0 : strlen(text));
}

StorageSlice storage_bytes(const void *data, size_t size)
{
    return (StorageSlice){data, size};
}

int storage_slice_compare(StorageSlice a, StorageSlice b)
{
    size_t common = a.size < b.size ? a.size : b.size;
    int order = common == 0 ? 0 : memcmp(a.data, b.data, common);
    return order != 0 ? order : (a.size > b.size) - (a.size < b.size);
}

static int is_printable(StorageSlice key)
{
    const unsigned char *bytes = key.data;
    for (size_t i = 0; i < key.size; i++)
        if (bytes[i] < 0x20 || bytes[i] > 0x7e)
            return 0;
    return 1;
}

const char *storage_key_text(StorageSlice key, char *buffer, size_t buffer_size)
{
    static const char digits[] = "0123456789abcdef";
    const unsigned char *bytes = key.data;
    size_t used = 0, room = buffer_size - 4; /* for "..." and the end */
    if (is_printable(key)) {
        for (; used < key.size && used < room; used++)
            buffer[used] = (char)bytes[used];
    } else {
        buffer[used++] = '0';
        buffer[used++] = 'x';
        for (size_t i = 0; i < key.size && used + 2 <= room; i++) {
            buffer[used++] = digits[bytes[i] >> 4];
            buffer[used++] = digits[bytes[i] & 15];
        }
        if (used < 2 + 2 * key.size) {
            memcpy(buffer + used, "...", 4);
            return buffer;
        }
        buffer[used] = '\0';
        return buffer;
    }
    memcpy(buffer + used, used < key.size ? "..." : "", used < key.size ? 4 : 1);
    return buffer;
}
