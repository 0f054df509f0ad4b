// What a program sees of its system through a libc, as text. Compiled twice with wasi-libc, as a reactor and as a command:
//   clang-19 --target=wasm32-wasi --sysroot=… -O1 -s -mexec-model=reactor -o libc-reactor.wasm libc.c
//   clang-19 --target=wasm32-wasi --sysroot=… -O1 -s -DCOMMAND -o libc-command.wasm libc.c
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define EXTISM(name) __attribute__((import_module("extism:host/env"), import_name(name)))
EXTISM("alloc") uint64_t extism_alloc(uint64_t length);
EXTISM("store_u8") void extism_store_u8(uint64_t at, uint8_t byte);
EXTISM("output_set") void extism_output_set(uint64_t at, uint64_t length);

static char text[4096];
static int started;

__attribute__((constructor)) static void construct(void) {
    started++;
}

static void say(const char *format, ...) {
    size_t used = strlen(text);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text + used, sizeof text - used, format, arguments);
    va_end(arguments);
}

static void output(void) {
    size_t length = strlen(text);
    uint64_t block = extism_alloc(length);
    for (size_t at = 0; at < length; at++) {
        extism_store_u8(block + at, text[at]);
    }
    extism_output_set(block, length);
}

static void look(void) {
    text[0] = 0;
    say("started %d\n", started);
    say("printf %d\n", printf("one line\nand a half"));
    say("fflush %d\n", fflush(stdout));
    say("stderr %d\n", fprintf(stderr, "an error\n"));
    say("stdin %d %d\n", getchar(), feof(stdin) != 0);
    errno = 0;
    say("fopen %d %d\n", fopen("/etc/passwd", "r") != NULL, errno != 0);
    errno = 0;
    say("open %d %d\n", open("file", O_CREAT | O_WRONLY, 0600), errno != 0);
    say("opendir %d\n", opendir("/") != NULL);
    say("mkdir %d unlink %d\n", mkdir("folder", 0700), unlink("file"));
    struct stat stat_of;
    say("stat %d fstat %d\n", stat("/", &stat_of), fstat(1, &stat_of));
    errno = 0;
    long at = lseek(9, 0, SEEK_SET);
    say("lseek 9 %ld %d\n", at, errno);
    errno = 0;
    long written = write(9, "x", 1);
    say("write 9 %ld %d\n", written, errno);
    errno = 0;
    int closed = close(9);
    say("close 9 %d %d\n", closed, errno);
    say("getenv %d\n", getenv("HOME") != NULL);
    say("time %d\n", time(NULL) > 1600000000);
    struct timespec first, second, wait = {0, 2000000};
    clock_gettime(CLOCK_MONOTONIC, &first);
    say("nanosleep %d\n", nanosleep(&wait, NULL));
    clock_gettime(CLOCK_MONOTONIC, &second);
    long long passed = (second.tv_sec - first.tv_sec) * 1000000000LL + second.tv_nsec - first.tv_nsec;
    say("passed %d\n", passed >= 2000000);
    unsigned char random[16] = {0};
    int filled = getentropy(random, sizeof random), any = 0;
    for (int i = 0; i < 16; i++) {
        any |= random[i];
    }
    say("getentropy %d %d\n", filled, any != 0);
}

__attribute__((export_name("look"))) int32_t look_export(void) {
    look();
    output();
    return 0;
}

__attribute__((export_name("quit"))) int32_t quit(void) {
    look();
    output();
    exit(0);
}

__attribute__((export_name("fail"))) int32_t fail(void) {
    exit(3);
}

__attribute__((export_name("abort"))) int32_t give_up(void) {
    abort();
}

#ifdef COMMAND
int main(int count, char **arguments) {
    look();
    say("arguments %d\n", count);
    output();
    return 0;
}
#endif
