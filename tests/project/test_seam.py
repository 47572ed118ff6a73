#!/usr/bin/env python3
"""test_seam.py ROOT OBJECTS - nothing goes around the one seam to the machine.

Reads which functions of other libraries each object file of ours calls. Whatever reaches memory, clocks, randomness,
files or the process may be called only in the file that the seam has for it; every exception is listed with its reason.
The test knows the C library's functions by families (FAMILIES); a function that is in no family and not in HARMLESS is
reported too, so that a new way around the seam has to be decided on here.
"""

import re
import sys

from project import Report, files_of, output_lines

# family: (functions, {object: reason it may call them})
FAMILIES = {
    "memory": (
        r"malloc|calloc|realloc|reallocarray|free|aligned_alloc|posix_memalign|memalign|valloc|strdup|strndup"
        r"|v?asprintf|getline|getdelim|open_memstream|[a-z]*allocx|malloc_usable_size|je_.*|mallctl.*|s?brk",
        {"core/memory.c": "the allocation seam"}),
    "clock": (
        r"clock_gettime|clock_getres|gettimeofday|time|ftime|timespec_get|nanosleep|clock_nanosleep|usleep|sleep"
        r"|alarm|setitimer|timer_.*|timerfd_.*|times|clock",
        {"core/clock.c": "the clock seam"}),
    "randomness": (
        r"getrandom|getentropy|s?rand|rand_r|s?random|random_r|[demjnl]rand48|arc4random.*|RAND_.*",
        {"core/random.c": "the randomness seam"}),
    "files": (
        r"f?open(64|at|at64|dir)?|fdopen.*|freopen.*|creat(64)?|close|fclose|p?readv?(64)?|p?writev?(64)?|fread.*"
        r"|fwrite.*|f?stat(64|at|fs|vfs|x)?|lstat|__[fl]?xstat.*|lseek(64)?|fseeko?|f?truncate(64)?|f(data)?sync"
        r"|rename.*|unlink.*|remove|mkdir.*|rmdir|link|symlink|access|faccessat|flock|lockf|fcntl(64)?|ioctl|dup[23]?"
        r"|pipe2?|fallocate.*|posix_fallocate.*|sendfile|mkstemp.*|tmpfile|tmpnam|readlink.*|realpath|getcwd|readdir"
        r"|linkat|getrlimit(64)?|posix_fadvise(64)?",
        {"core/file.c": "the file seam",
         "core/wake.c": "read, write and close of wake-up descriptors (eventfd), which hold no data"}),
    "network": (
        r"socket|connect|bind|listen|accept4?|send(to|msg)?|recv(from|msg)?|getaddrinfo|poll|ppoll|select|epoll_.*"
        r"|eventfd.*",
        {"core/wake.c": "eventfd, what storage_watch_fd hands out"}),
    "process": (
        r"mmap(64)?|munmap|mremap|madvise|mprotect|fork|vfork|exec.*|posix_spawn.*|system|popen|wait.*|getpid|getppid"
        r"|kill|signal|sigaction|prctl|syscall|sysconf|getauxval|sched_.*|pthread_atfork|dl(open|sym)"
        r"|(secure_)?getenv|setenv|putenv",
        {"core/process.c": "mmap and madvise of the page that tells a forked child; getenv, for a configuration",
          "core/memory.c": "madvise: huge pages for large pools"}),
    "threads": (r"pthread_(create|join|detach|cancel|kill|attr.*)|thrd_.*", {}),
    "output and ends": (
        r"v?d?printf|v?fprintf|puts|fputs|fputc|putc(har)?|perror|syslog|stdout|stderr|exit|_exit|quick_exit|raise"
        r"|atexit",
        {}),
}

# Called anywhere: they compute, or synchronise threads of this process.
HARMLESS = re.compile(
    r"mem(cpy|cmp|move|set|chr|rchr|mem)|bcmp|(explicit_)?bzero"
    r"|str(n?len|n?cmp|n?casecmp|r?chr|str|n?cpy|n?cat|spn|cspn|to[dlfu].*|error_r|errordesc_np)|__xpg_strerror_r"
    r"|__errno_location|v?snprintf|qsort|bsearch|l?abs|__ctype_b_loc|__ctype_to.*_loc|to(lower|upper)"
    r"|abort|__assert_fail|__stack_chk_fail|__isoc99_.*|__.*_chk|_GLOBAL_OFFSET_TABLE_|__tls_get_addr"
    r"|pthread_(mutex|cond|condattr|mutexattr|rwlock|once|spin|key|self|equal|[gs]etspecific|barrier).*"
    r"|__popcountdi2|floor|ceil|fmod|isnan|XXH.*|cJSON_.*|EVP_.*|SHA256.*|OPENSSL_cleanse|CRYPTO_memcmp")


def outside_references(root, objects):
    """{source file: names} that the objects take from other libraries."""
    source_of = {path.replace("/", "_"): path for path in files_of(f"{root}/src", ["."], [".c"])}
    ours, wanted = set(), {}
    for line in output_lines("nm", "-A", "-f", "posix", objects):
        place, _, rest = line.partition(": ")
        source = source_of[re.search(r"([\w-]+\.c)\.o", place).group(1)]
        name, kind = rest.split()[:2]
        names = wanted.setdefault(source, set())
        if kind in "Uw":
            names.add(name)
        else:
            ours.add(name)
    return {source: names - ours for source, names in wanted.items()}


def main(root, objects):
    report = Report()
    violations = {family: [] for family in FAMILIES}
    unknown = []
    references = outside_references(root, objects)
    for source, names in sorted(references.items()):
        for name in sorted(names):
            families = [family for family, (functions, _) in FAMILIES.items() if re.fullmatch(functions, name)]
            for family in families:
                if source not in FAMILIES[family][1]:
                    violations[family].append(f"{source} calls {name}")
            if not families and not HARMLESS.fullmatch(name):
                unknown.append(f"{source} calls {name}: list it in a family or as harmless")
    report.case("objects of the library were read", [] if "core/memory.c" in references else ["no core/memory.c"])
    for family, problems in violations.items():
        report.case(f"the seam: {family}", problems)
    report.case("every outside function is known", unknown)
    report.finish()


if __name__ == "__main__":
    main(*sys.argv[1:])
