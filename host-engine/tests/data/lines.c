// Compiled to lines.wasm, with debug information:
//   clang-19 --target=wasm32 -nostdlib -O1 -g -ffile-prefix-map=$PWD=. -Wl,--no-entry -o lines.wasm lines.c
__attribute__((noinline)) static int divide(int by) {
    return 7 / by;
}

__attribute__((export_name("run"))) int run(void) {
    volatile int zero = 0;
    return divide(zero);
}
