/* test_wake.c - descriptors that poll() finds readable while they are raised. */
#include "unit.h"

#include <fcntl.h>
#include <poll.h>

#include "core/wake.h"

static int is_readable(int descriptor)
{
    struct pollfd polled = {.fd = descriptor, .events = POLLIN};
    return poll(&polled, 1, 0) == 1;
}

START_TEST(a_descriptor_is_readable_from_the_raise_to_the_lower)
{
    int descriptor = wake_open();
    ck_assert_int_ge(descriptor, 0);
    ck_assert(!is_readable(descriptor));
    wake_raise(descriptor);
    ck_assert(is_readable(descriptor));
    ck_assert(is_readable(descriptor));
    wake_lower(descriptor);
    ck_assert(!is_readable(descriptor));
    wake_close(descriptor);
}
END_TEST

START_TEST(raising_often_is_undone_by_one_lower)
{
    int descriptor = wake_open();
    for (int round = 0; round < 1000; round++)
        wake_raise(descriptor);
    wake_lower(descriptor);
    ck_assert(!is_readable(descriptor));
    wake_close(descriptor);
}
END_TEST

START_TEST(lowering_what_is_not_raised_does_not_block)
{
    int descriptor = wake_open();
    wake_lower(descriptor);
    wake_lower(descriptor);
    ck_assert(!is_readable(descriptor));
    wake_close(descriptor);
}
END_TEST

START_TEST(the_descriptor_is_closed_on_exec_and_by_the_close)
{
    int descriptor = wake_open();
    ck_assert_int_ne(fcntl(descriptor, F_GETFD) & FD_CLOEXEC, 0);
    ck_assert_int_ne(fcntl(descriptor, F_GETFL) & O_NONBLOCK, 0);
    wake_close(descriptor);
    ck_assert_int_eq(fcntl(descriptor, F_GETFD), -1);
}
END_TEST

UNIT_MAIN("wake", a_descriptor_is_readable_from_the_raise_to_the_lower, raising_often_is_undone_by_one_lower,
          lowering_what_is_not_raised_does_not_block, the_descriptor_is_closed_on_exec_and_by_the_close)
