;; The adapter: what a guest imports in the place of Extism's kernel, and of the host's functions.
;;
;; A guest's blocks lie in `$blocks`. What is known of them lies in `$lengths`, a second memory. The guest's instructions
;; reach neither: it has no memory of this module, and calls the functions below. `load` and `store` are given an address
;; of `$blocks` and no other, and WebAssembly sees to it that it lies inside. So nothing that a guest does can change a
;; length, or make a block where none is.
;;
;; The host reads and writes only the kernel's memory. A request is copied there, into one scratch block of the kernel's,
;; and the answer is copied from there. The kernel sees no other blocks than the input, the scratch block, the output and
;; the error, however many the guest has.
;;
;; Numbers of a guest are `i64`. They are compared, unsigned, before they are narrowed.
(module
  ;; -- What it stands on: the kernel, and the host's functions -------------------------------------------------------

  (import "extism:host/env" "alloc" (func $kernel_alloc (param i64) (result i64)))
  (import "extism:host/env" "free" (func $kernel_free (param i64)))
  (import "extism:host/env" "load_u64" (func $kernel_load_u64 (param i64) (result i64)))
  (import "extism:host/env" "store_u64" (func $kernel_store_u64 (param i64 i64)))
  (import "extism:host/env" "store_u8" (func $kernel_store_u8 (param i64 i32)))
  (import "extism:host/env" "input_length" (func $kernel_input_length (result i64)))
  (import "extism:host/env" "input_load_u64" (func $kernel_input_load_u64 (param i64) (result i64)))
  (import "extism:host/env" "input_load_u8" (func $kernel_input_load_u8 (param i64) (result i32)))
  (import "extism:host/env" "output_set" (func $kernel_output_set (param i64 i64)))
  (import "extism:host/env" "error_set" (func $kernel_error_set (param i64)))
  (import "extism:host/env" "get_log_level" (func $get_log_level (result i32)))
  (import "extism:host/env" "http_request" (func $http_request (param i64 i64) (result i64)))

  ;; Each is given the scratch block, its offset and in the upper half its size, and how many bytes the request has, of which no more were copied than it may have;
  ;; -1 is a handle that names no block. Each leaves its answer in the scratch block, and says how many bytes it has.
  ;; Where there is no room for it, the number is negative, and `take` gives it once there is.
  (import "hostfn:host" "take" (func $host_take (param i64 i64) (result i64)))
  (import "hostfn:host" "config_get" (func $host_config_get (param i64 i64) (result i64)))
  (import "hostfn:host" "var_get" (func $host_var_get (param i64 i64) (result i64)))
  (import "hostfn:host" "log_trace" (func $host_log_trace (param i64 i64) (result i64)))
  (import "hostfn:host" "log_debug" (func $host_log_debug (param i64 i64) (result i64)))
  (import "hostfn:host" "log_info" (func $host_log_info (param i64 i64) (result i64)))
  (import "hostfn:host" "log_warn" (func $host_log_warn (param i64 i64) (result i64)))
  (import "hostfn:host" "log_error" (func $host_log_error (param i64 i64) (result i64)))
  ;; The key first, and the value from the next whole word on. A value of no bytes is one that is removed.
  (import "hostfn:host" "var_set" (func $host_var_set (param i64 i64 i64) (result i64)))
  (@imports)

  ;; -- What it keeps -------------------------------------------------------------------------------------------------

  ;; The guest's blocks: from `$first` to `$end`, each of whole granules of 64 bytes.
  (memory $blocks 1 65535)
  ;; First the heads of the lists of free blocks, a word for each of 352 size classes. From 1536 on, a bit for each class
  ;; that may have one. From 2048 on, a word for each granule of `$blocks`, a sixteenth of its address further:
  ;; - where a block starts, its length in bytes: greater than zero;
  ;; - where a free block starts, the sign bit, and the granule of the next free block of its class;
  ;; - after that, in a free block of more than 32 granules, the sign bit, and how many it has;
  ;; - otherwise zero.
  (memory $lengths 1)
  ;; WASI looks for a memory of whoever calls it, and `proc_exit` is called from here.
  (export "memory" (memory $blocks))

  (global $first i32 (i32.const 64))
  (global $end (mut i32) (i32.const 64))
  ;; How far `$end` may go with the memory that is there.
  (global $room (mut i32) (i32.const 65536))

  ;; The kernel's block in which requests and answers are exchanged, how many bytes it has, in whole words, and both as the
  ;; host is told.
  (global $scratch (mut i64) (i64.const 0))
  (global $scratch_size (mut i64) (i64.const 0))
  (global $scratch_block (mut i64) (i64.const 0))
  ;; How large it is at first: as the last ones had to be, within reason.
  (global $scratch_usual (mut i64) (i64.const 256))
  ;; The kernel's block with the guest's error.
  (global $error (mut i64) (i64.const 0))
  ;; What the guest wants to be its output: an address of `$blocks`, and a number of bytes that lie in it.
  (global $output (mut i32) (i32.const 0))
  (global $output_length (mut i32) (i32.const 0))
  ;; The guest's block with its input, once it asked for one, and whether it freed it.
  (global $input (mut i64) (i64.const 0))
  (global $input_is_freed (mut i32) (i32.const 0))

  ;; -- A plugin call -------------------------------------------------------------------------------------------------

  ;; Forgets everything of the last plugin call, as the kernel does, which forgot its own blocks before.
  (func (export "begin")
    (if (i32.ne (global.get $end) (global.get $first))
      (then
        (memory.fill $blocks (global.get $first) (i32.const 0) (i32.sub (global.get $end) (global.get $first)))
        (memory.fill $lengths (i32.const 0) (i32.const 0)
          (i32.add (i32.const 2048) (i32.shr_u (global.get $end) (i32.const 4))))
        (global.set $end (global.get $first))))
    (global.set $scratch (i64.const 0))
    (global.set $scratch_size (i64.const 0))
    (global.set $error (i64.const 0))
    (global.set $output (i32.const 0))
    (global.set $output_length (i32.const 0))
    (global.set $input (i64.const 0))
    (global.set $input_is_freed (i32.const 0)))

  ;; Gives the kernel the output, as it is when the guest is done.
  (func $finish (export "finish")
    (local $copy i64)
    (if (i32.eqz (global.get $output_length)) (then (return)))
    (local.set $copy (call $kernel_alloc (i64.extend_i32_u (global.get $output_length))))
    (if (i64.eqz (local.get $copy)) (then (unreachable)))
    (call $copy_to_kernel (local.get $copy) (global.get $output) (global.get $output_length))
    (call $kernel_output_set (local.get $copy) (i64.extend_i32_u (global.get $output_length))))

  ;; -- Blocks --------------------------------------------------------------------------------------------------------

  ;; The length of a block, or zero where the handle names none. The only place where a guest's number becomes an
  ;; address of `$lengths`: past it, it is a granule from `$first` to `$end`.
  (func $length (param $handle i64) (result i32)
    (local $length i32)
    (if (i64.ge_u (i64.sub (local.get $handle) (i64.extend_i32_u (global.get $first)))
          (i64.extend_i32_u (i32.sub (global.get $end) (global.get $first))))
      (then (return (i32.const 0))))
    (if (i32.and (i32.wrap_i64 (local.get $handle)) (i32.const 63)) (then (return (i32.const 0))))
    (local.set $length
      (i32.load $lengths offset=2048 (i32.shr_u (i32.wrap_i64 (local.get $handle)) (i32.const 4))))
    (select (local.get $length) (i32.const 0) (i32.gt_s (local.get $length) (i32.const 0))))

  ;; The word about the granule at an address of `$blocks`.
  (func $mark (param $at i32) (result i32)
    (i32.load $lengths offset=2048 (i32.shr_u (local.get $at) (i32.const 4))))
  (func $set_mark (param $at i32) (param $mark i32)
    (i32.store $lengths offset=2048 (i32.shr_u (local.get $at) (i32.const 4)) (local.get $mark)))

  ;; Size classes: 1 to 32 granules, and then sixteen for each doubling. A block has as many granules as its class says, so
  ;; that no more than a sixteenth of it is lost; a free block has as many, or more. The last class, 351, is of 2 GiB.
  (func $class_of (param $granules i32) (result i32)
    (local $last i32) (local $power i32)
    (local.set $last (i32.sub (local.get $granules) (i32.const 1)))
    (if (i32.lt_u (local.get $last) (i32.const 32)) (then (return (local.get $last))))
    (local.set $power (i32.sub (i32.const 31) (i32.clz (local.get $last))))
    ;; The four bits below the highest: which sixteenth of the doubling it is.
    (i32.add
      (i32.sub (i32.shl (local.get $power) (i32.const 4)) (i32.const 48))
      (i32.and (i32.shr_u (local.get $last) (i32.sub (local.get $power) (i32.const 4))) (i32.const 15))))
  (func $granules_of (param $class i32) (result i32)
    (if (i32.lt_u (local.get $class) (i32.const 32)) (then (return (i32.add (local.get $class) (i32.const 1)))))
    (i32.shl
      (i32.add (i32.and (local.get $class) (i32.const 15)) (i32.const 17))
      (i32.sub (i32.shr_u (local.get $class) (i32.const 4)) (i32.const 1))))

  ;; The head of the list of a class: the granule of its first free block, or zero.
  (func $head (param $class i32) (result i32)
    (i32.load $lengths (i32.shl (local.get $class) (i32.const 2))))
  (func $set_head (param $class i32) (param $granule i32)
    (i32.store $lengths (i32.shl (local.get $class) (i32.const 2)) (local.get $granule)))

  ;; Makes a free block of so many granules.
  (func $put (param $block i32) (param $granules i32)
    (local $class i32) (local $word i32)
    ;; The largest class that it has room for.
    (local.set $class (call $class_of (local.get $granules)))
    (if (i32.gt_u (call $granules_of (local.get $class)) (local.get $granules))
      (then (local.set $class (i32.sub (local.get $class) (i32.const 1)))))
    (call $set_mark (local.get $block) (i32.or (i32.const 0x80000000) (call $head (local.get $class))))
    (call $set_head (local.get $class) (i32.shr_u (local.get $block) (i32.const 6)))
    (local.set $word (i32.shl (i32.shr_u (local.get $class) (i32.const 6)) (i32.const 3)))
    (i64.store $lengths offset=1536 (local.get $word)
      (i64.or (i64.load $lengths offset=1536 (local.get $word))
        (i64.shl (i64.const 1) (i64.extend_i32_u (local.get $class)))))
    (if (i32.ge_u (local.get $class) (i32.const 32))
      (then
        (call $set_mark
          (i32.add (local.get $block) (i32.const 64))
          (i32.or (i32.const 0x80000000) (local.get $granules))))))

  ;; Takes so many granules of the first free block of a class, whose rest stays free; or zero where it has none.
  (func $pull (param $class i32) (param $granules i32) (result i32)
    (local $block i32) (local $has i32)
    (local.set $block (i32.shl (call $head (local.get $class)) (i32.const 6)))
    (if (i32.eqz (local.get $block)) (then (return (i32.const 0))))
    (call $set_head (local.get $class) (i32.and (call $mark (local.get $block)) (i32.const 0x7fffffff)))
    (local.set $has (call $granules_of (local.get $class)))
    (if (i32.ge_u (local.get $class) (i32.const 32))
      (then
        (local.set $has
          (i32.and (call $mark (i32.add (local.get $block) (i32.const 64))) (i32.const 0x7fffffff)))
        (call $set_mark (i32.add (local.get $block) (i32.const 64)) (i32.const 0))))
    (if (i32.gt_u (local.get $has) (local.get $granules))
      (then
        (call $put
          (i32.add (local.get $block) (i32.shl (local.get $granules) (i32.const 6)))
          (i32.sub (local.get $has) (local.get $granules)))))
    (local.get $block))

  ;; So many granules of the smallest free block of a class above `$class`, or zero.
  (func $split (param $class i32) (param $granules i32) (result i32)
    (local $word i32) (local $classes i64) (local $block i32)
    (local.set $class (i32.add (local.get $class) (i32.const 1)))
    (local.set $word (i32.shr_u (local.get $class) (i32.const 6)))
    (local.set $classes (i64.shl (i64.const -1) (i64.extend_i32_u (local.get $class))))
    (loop $again
      (if (i32.gt_u (local.get $word) (i32.const 5)) (then (return (i32.const 0))))
      (local.set $classes
        (i64.and (local.get $classes)
          (i64.load $lengths offset=1536 (i32.shl (local.get $word) (i32.const 3)))))
      (if (i64.eqz (local.get $classes))
        (then
          (local.set $classes (i64.const -1))
          (local.set $word (i32.add (local.get $word) (i32.const 1)))
          (br $again)))
      (local.set $class
        (i32.add (i32.shl (local.get $word) (i32.const 6)) (i32.wrap_i64 (i64.ctz (local.get $classes)))))
      (local.set $block (call $pull (local.get $class) (local.get $granules)))
      (if (i32.eqz (local.get $block))
        (then
          ;; It had one once.
          (i64.store $lengths offset=1536 (i32.shl (local.get $word) (i32.const 3))
            (i64.and (i64.load $lengths offset=1536 (i32.shl (local.get $word) (i32.const 3)))
              (i64.xor (i64.shl (i64.const 1) (i64.extend_i32_u (local.get $class))) (i64.const -1))))
          (br $again))))
    (local.get $block))

  ;; Makes both memories reach to an address, or traps, or answers zero, where the plugin has no more memory.
  (func $grow (param $end i64) (result i32)
    (local $missing i64)
    (local.set $missing
      (i64.sub (local.get $end) (i64.shl (i64.extend_i32_u (memory.size $blocks)) (i64.const 16))))
    (if (i64.gt_s (local.get $missing) (i64.const 0))
      (then
        (if (i32.eq (i32.const -1) (memory.grow $blocks (call $pages (local.get $missing))))
          (then (return (i32.const 0))))))
    (local.set $missing
      (i64.sub (i64.add (i64.shr_u (local.get $end) (i64.const 4)) (i64.const 2048))
        (i64.shl (i64.extend_i32_u (memory.size $lengths)) (i64.const 16))))
    (if (i64.gt_s (local.get $missing) (i64.const 0))
      (then
        (if (i32.eq (i32.const -1) (memory.grow $lengths (call $pages (local.get $missing))))
          (then (return (i32.const 0))))))
    ;; No further than there are words for.
    (local.set $end (i64.shl (i64.extend_i32_u (memory.size $blocks)) (i64.const 16)))
    (local.set $missing
      (i64.shl
        (i64.sub (i64.shl (i64.extend_i32_u (memory.size $lengths)) (i64.const 16)) (i64.const 2048))
        (i64.const 4)))
    (global.set $room
      (i32.wrap_i64
        (select (local.get $end) (local.get $missing) (i64.lt_u (local.get $end) (local.get $missing)))))
    (i32.const 1))
  (func $pages (param $bytes i64) (result i32)
    (i32.wrap_i64 (i64.shr_u (i64.add (local.get $bytes) (i64.const 0xffff)) (i64.const 16))))

  ;; Most blocks are small, and this is for them: it calls nothing, as no engine puts a function into another.
  (func $alloc (export "extism:host/env alloc") (param $length i64) (result i64)
    (local $granules i32) (local $block i32) (local $head i32)
    (if (i64.gt_u (i64.sub (local.get $length) (i64.const 1)) (i64.const 2047))
      (then (return (call $alloc_large (local.get $length)))))
    (local.set $granules (i32.shr_u (i32.add (i32.wrap_i64 (local.get $length)) (i32.const 63)) (i32.const 6)))
    (local.set $head (i32.shl (i32.sub (local.get $granules) (i32.const 1)) (i32.const 2)))
    (local.set $block (i32.shl (i32.load $lengths (local.get $head)) (i32.const 6)))
    (if (local.get $block)
      (then
        (i32.store $lengths (local.get $head)
          (i32.and (i32.load $lengths offset=2048 (i32.shr_u (local.get $block) (i32.const 4)))
            (i32.const 0x7fffffff))))
      (else
        (local.set $block (global.get $end))
        (local.set $granules (i32.shl (local.get $granules) (i32.const 6)))
        (if (i32.gt_u (local.get $granules) (i32.sub (global.get $room) (local.get $block)))
          (then (return (call $alloc_large (local.get $length)))))
        (global.set $end (i32.add (local.get $block) (local.get $granules)))))
    (i32.store $lengths offset=2048 (i32.shr_u (local.get $block) (i32.const 4)) (i32.wrap_i64 (local.get $length)))
    (i64.extend_i32_u (local.get $block)))

  ;; The same of any length.
  (func $alloc_large (param $length i64) (result i64)
    (local $class i32) (local $granules i32) (local $block i32) (local $end i64)
    (if (i64.eqz (local.get $length)) (then (return (i64.const 0))))
    ;; A length has 31 bits. Asking for more than there can be lets the host say that there is no memory left.
    (if (i64.gt_u (local.get $length) (i64.const 0x7fffffff))
      (then
        (drop (memory.grow $blocks (i32.const 0xffff)))
        (return (i64.const 0))))
    (local.set $class
      (call $class_of (i32.wrap_i64 (i64.shr_u (i64.add (local.get $length) (i64.const 63)) (i64.const 6)))))
    (local.set $granules (call $granules_of (local.get $class)))
    (local.set $block (call $pull (local.get $class) (local.get $granules)))
    (if (i32.eqz (local.get $block))
      (then
        (local.set $end
          (i64.add (i64.extend_i32_u (global.get $end))
            (i64.shl (i64.extend_i32_u (local.get $granules)) (i64.const 6))))
        ;; Memory that is there is used before a larger block is split, and that before there is more memory.
        (if (i64.gt_u (local.get $end) (i64.extend_i32_u (global.get $room)))
          (then (local.set $block (call $split (local.get $class) (local.get $granules)))))
        (if (i32.eqz (local.get $block))
          (then
            (if (i64.gt_u (local.get $end) (i64.extend_i32_u (global.get $room)))
              (then (if (i32.eqz (call $grow (local.get $end))) (then (return (i64.const 0))))))
            (local.set $block (global.get $end))
            (global.set $end (i32.wrap_i64 (local.get $end)))))))
    (call $set_mark (local.get $block) (i32.wrap_i64 (local.get $length)))
    (i64.extend_i32_u (local.get $block)))

  (func $free (export "extism:host/env free") (param $handle i64)
    (local $length i32) (local $mark i32) (local $head i32)
    (local.set $length (call $length (local.get $handle)))
    (if (i32.eqz (local.get $length)) (then (return)))
    (if (i64.eq (local.get $handle) (global.get $input)) (then (global.set $input_is_freed (i32.const 1))))
    (local.set $length (i32.shr_u (i32.add (local.get $length) (i32.const 63)) (i32.const 6)))
    (if (i32.gt_u (local.get $length) (i32.const 32))
      (then
        (call $put (i32.wrap_i64 (local.get $handle)) (call $granules_of (call $class_of (local.get $length))))
        (return)))
    ;; As `$put` does, of a small block.
    (local.set $head (i32.sub (local.get $length) (i32.const 1)))
    (i64.store $lengths offset=1536 (i32.const 0)
      (i64.or (i64.load $lengths offset=1536 (i32.const 0)) (i64.shl (i64.const 1) (i64.extend_i32_u (local.get $head)))))
    (local.set $head (i32.shl (local.get $head) (i32.const 2)))
    (local.set $mark (i32.shr_u (i32.wrap_i64 (local.get $handle)) (i32.const 4)))
    (i32.store $lengths offset=2048 (local.get $mark)
      (i32.or (i32.const 0x80000000) (i32.load $lengths (local.get $head))))
    (i32.store $lengths (local.get $head) (i32.shr_u (local.get $mark) (i32.const 2))))

  (func $guest_length (export "extism:host/env length") (param $handle i64) (result i64)
    (i64.extend_i32_u (call $length (local.get $handle))))
  (export "extism:host/env length_unsafe" (func $guest_length))

  ;; An address has 32 bits; WebAssembly traps where they go past the memory.
  (func (export "extism:host/env load_u8") (param $at i64) (result i32)
    (if (i64.gt_u (local.get $at) (i64.const 0xffffffff)) (then (unreachable)))
    (i32.load8_u $blocks (i32.wrap_i64 (local.get $at))))
  (func (export "extism:host/env load_u64") (param $at i64) (result i64)
    (if (i64.gt_u (local.get $at) (i64.const 0xffffffff)) (then (unreachable)))
    (i64.load $blocks (i32.wrap_i64 (local.get $at))))
  (func (export "extism:host/env store_u8") (param $at i64) (param $value i32)
    (if (i64.gt_u (local.get $at) (i64.const 0xffffffff)) (then (unreachable)))
    (i32.store8 $blocks (i32.wrap_i64 (local.get $at)) (local.get $value)))
  (func (export "extism:host/env store_u64") (param $at i64) (param $value i64)
    (if (i64.gt_u (local.get $at) (i64.const 0xffffffff)) (then (unreachable)))
    (i64.store $blocks (i32.wrap_i64 (local.get $at)) (local.get $value)))

  ;; -- Exchanging with the host --------------------------------------------------------------------------------------

  ;; Makes sure of a scratch block with room for so many bytes and one more. What was in a smaller one is gone.
  (func $reserve (param $bytes i64)
    (local $size i64)
    (if (i64.lt_u (local.get $bytes) (global.get $scratch_size)) (then (return)))
    (if (i64.ne (global.get $scratch) (i64.const 0)) (then (call $kernel_free (global.get $scratch))))
    ;; The kernel clears what was used with every plugin call, four bytes at a time: hence no more than is needed often.
    (local.set $size (global.get $scratch_usual))
    (loop $again
      (if (i64.le_u (local.get $size) (local.get $bytes))
        (then
          (local.set $size (i64.shl (local.get $size) (i64.const 1)))
          (br $again))))
    (if (i64.le_u (local.get $size) (i64.const 4096)) (then (global.set $scratch_usual (local.get $size))))
    (global.set $scratch_size (local.get $size))
    (global.set $scratch (call $kernel_alloc (local.get $size)))
    (if (i64.eqz (global.get $scratch)) (then (unreachable)))
    (global.set $scratch_block (i64.or (global.get $scratch) (i64.shl (local.get $size) (i64.const 32)))))

  ;; Copies a block into the scratch block, in whole words, which both have no other than; and of one that is longer than
  ;; `$most` its start. Answers its length, or -1 where the handle names none.
  (func $send (param $handle i64) (param $most i64) (result i64)
    (local $length i64)
    (local.set $length (i64.extend_i32_u (call $length (local.get $handle))))
    (if (i64.gt_u (local.get $most) (local.get $length)) (then (local.set $most (local.get $length))))
    (if (i64.ge_u (local.get $most) (global.get $scratch_size)) (then (call $reserve (local.get $most))))
    (call $words_to_kernel
      (global.get $scratch) (i32.wrap_i64 (local.get $handle)) (i32.wrap_i64 (local.get $most)))
    ;; No block, and no handle either, is an empty request.
    (select (local.get $length) (i64.const -1)
      (i32.or (i64.eqz (local.get $handle)) (i64.ne (local.get $length) (i64.const 0)))))

  ;; As `$send`, of a block that the guest gives away.
  (func $give (param $handle i64) (result i64)
    (call $send (local.get $handle) (i64.const (@most_given)))
    (call $free (local.get $handle)))

  ;; Makes a block of what the host answered.
  (func $receive (param $length i64) (result i64)
    (local $handle i64) (local $to i32) (local $from i64) (local $end i64)
    (if (i64.lt_s (local.get $length) (i64.const 0))
      (then
        (call $reserve (i64.sub (i64.const 0) (local.get $length)))
        (local.set $length (call $host_take (global.get $scratch_block) (i64.const 0)))))
    (if (i64.gt_u (local.get $length) (global.get $scratch_size)) (then (unreachable)))
    (local.set $handle (call $alloc (local.get $length)))
    (if (i64.eqz (local.get $length)) (then (return (i64.const 0))))
    (if (i64.eqz (local.get $handle)) (then (unreachable)))
    (local.set $to (i32.wrap_i64 (local.get $handle)))
    (local.set $from (global.get $scratch))
    ;; Four words at a time, and then one.
    (local.set $end (i64.add (local.get $from) (i64.and (local.get $length) (i64.const -32))))
    (block $done
      (loop $again
        (br_if $done (i64.ge_u (local.get $from) (local.get $end)))
        (i64.store $blocks (local.get $to) (call $kernel_load_u64 (local.get $from)))
        (i64.store $blocks offset=8 (local.get $to)
          (call $kernel_load_u64 (i64.add (local.get $from) (i64.const 8))))
        (i64.store $blocks offset=16 (local.get $to)
          (call $kernel_load_u64 (i64.add (local.get $from) (i64.const 16))))
        (i64.store $blocks offset=24 (local.get $to)
          (call $kernel_load_u64 (i64.add (local.get $from) (i64.const 24))))
        (local.set $to (i32.add (local.get $to) (i32.const 32)))
        (local.set $from (i64.add (local.get $from) (i64.const 32)))
        (br $again)))
    (local.set $end (i64.add (local.get $from) (i64.and (local.get $length) (i64.const 24))))
    (block $done
      (loop $again
        (br_if $done (i64.ge_u (local.get $from) (local.get $end)))
        (i64.store $blocks (local.get $to) (call $kernel_load_u64 (local.get $from)))
        (local.set $to (i32.add (local.get $to) (i32.const 8)))
        (local.set $from (i64.add (local.get $from) (i64.const 8)))
        (br $again)))
    ;; Of the last word only what belongs to the answer: the rest of it is of an earlier one.
    (if (i64.ne (i64.and (local.get $length) (i64.const 7)) (i64.const 0))
      (then
        (i64.store $blocks (local.get $to)
          (i64.and (call $kernel_load_u64 (local.get $from))
            (i64.shr_u (i64.const -1)
              (i64.sub (i64.const 64) (i64.shl (i64.and (local.get $length) (i64.const 7)) (i64.const 3))))))))
    (local.get $handle))

  ;; Copies a block into one of the kernel's, in whole words: four at a time, and then one.
  (func $words_to_kernel (param $to i64) (param $from i32) (param $length i32)
    (local $end i32)
    (local.set $end (i32.add (local.get $from) (i32.and (local.get $length) (i32.const -32))))
    (block $done
      (loop $again
        (br_if $done (i32.ge_u (local.get $from) (local.get $end)))
        (call $kernel_store_u64 (local.get $to) (i64.load $blocks (local.get $from)))
        (call $kernel_store_u64 (i64.add (local.get $to) (i64.const 8)) (i64.load $blocks offset=8 (local.get $from)))
        (call $kernel_store_u64 (i64.add (local.get $to) (i64.const 16)) (i64.load $blocks offset=16 (local.get $from)))
        (call $kernel_store_u64 (i64.add (local.get $to) (i64.const 24)) (i64.load $blocks offset=24 (local.get $from)))
        (local.set $to (i64.add (local.get $to) (i64.const 32)))
        (local.set $from (i32.add (local.get $from) (i32.const 32)))
        (br $again)))
    (local.set $end (i32.add (local.get $from) (i32.and (local.get $length) (i32.const 31))))
    (block $done
      (loop $again
        (br_if $done (i32.ge_u (local.get $from) (local.get $end)))
        (call $kernel_store_u64 (local.get $to) (i64.load $blocks (local.get $from)))
        (local.set $to (i64.add (local.get $to) (i64.const 8)))
        (local.set $from (i32.add (local.get $from) (i32.const 8)))
        (br $again))))

  ;; Copies so many bytes and no more, to and from anywhere.
  (func $copy_to_kernel (param $to i64) (param $from i32) (param $length i32)
    (block $done
      (loop $words
        (br_if $done (i32.lt_u (local.get $length) (i32.const 8)))
        (call $kernel_store_u64 (local.get $to) (i64.load $blocks (local.get $from)))
        (local.set $to (i64.add (local.get $to) (i64.const 8)))
        (local.set $from (i32.add (local.get $from) (i32.const 8)))
        (local.set $length (i32.sub (local.get $length) (i32.const 8)))
        (br $words)))
    (block $done
      (loop $bytes
        (br_if $done (i32.eqz (local.get $length)))
        (call $kernel_store_u8 (local.get $to) (i32.load8_u $blocks (local.get $from)))
        (local.set $to (i64.add (local.get $to) (i64.const 1)))
        (local.set $from (i32.add (local.get $from) (i32.const 1)))
        (local.set $length (i32.sub (local.get $length) (i32.const 1)))
        (br $bytes))))

  ;; -- The input, the output and the error -----------------------------------------------------------------------------

  (func $input_length (export "extism:host/env input_length") (result i64)
    (if (result i64) (global.get $input_is_freed)
      (then (i64.const 0))
      (else (call $kernel_input_length))))

  ;; Kits read the input where it is, in the kernel; a copy is made for who wants a handle of it.
  (func (export "extism:host/env input_offset") (result i64)
    (local $length i64) (local $at i64) (local $to i32)
    (if (i64.ne (global.get $input) (i64.const 0)) (then (return (global.get $input))))
    (local.set $length (call $kernel_input_length))
    (if (i64.eqz (local.get $length)) (then (return (i64.const 0))))
    (global.set $input (call $alloc (local.get $length)))
    (if (i64.eqz (global.get $input)) (then (unreachable)))
    (local.set $to (i32.wrap_i64 (global.get $input)))
    (block $done
      (loop $words
        (br_if $done
          (i64.gt_u (i64.add (local.get $at) (i64.const 8)) (local.get $length)))
        (i64.store $blocks (local.get $to) (call $kernel_input_load_u64 (local.get $at)))
        (local.set $to (i32.add (local.get $to) (i32.const 8)))
        (local.set $at (i64.add (local.get $at) (i64.const 8)))
        (br $words)))
    (block $done
      (loop $bytes
        (br_if $done (i64.ge_u (local.get $at) (local.get $length)))
        (i32.store8 $blocks (local.get $to) (call $kernel_input_load_u8 (local.get $at)))
        (local.set $to (i32.add (local.get $to) (i32.const 1)))
        (local.set $at (i64.add (local.get $at) (i64.const 1)))
        (br $bytes)))
    (global.get $input))

  ;; What a guest changed in its copy it reads here too, as it would with the kernel alone.
  (func (export "extism:host/env input_load_u8") (param $at i64) (result i32)
    (if (i64.ge_u (local.get $at) (call $input_length)) (then (return (i32.const 0))))
    (if (i64.eqz (global.get $input)) (then (return (call $kernel_input_load_u8 (local.get $at)))))
    (i32.load8_u $blocks (i32.wrap_i64 (i64.add (global.get $input) (local.get $at)))))
  (func (export "extism:host/env input_load_u64") (param $at i64) (result i64)
    ;; Before the kernel sees it, whose own comparison such a number goes round.
    (if (i64.gt_u (local.get $at) (i64.const 0xffffffff)) (then (return (i64.const 0))))
    (if (i64.eqz (global.get $input)) (then (return (call $kernel_input_load_u64 (local.get $at)))))
    (if (i64.gt_u (i64.add (local.get $at) (i64.const 8)) (call $input_length)) (then (return (i64.const 0))))
    (i64.load $blocks (i32.wrap_i64 (i64.add (global.get $input) (local.get $at)))))

  ;; What does not lie in the memory is passed over, as the kernel does.
  (func (export "extism:host/env output_set") (param $at i64) (param $length i64)
    (if (i64.gt_u (local.get $at) (i64.const 0xffffffff)) (then (return)))
    (if (i64.gt_u (local.get $length) (i64.const 0xffffffff)) (then (return)))
    (if (i64.gt_u (i64.add (local.get $at) (local.get $length))
          (i64.shl (i64.extend_i32_u (memory.size $blocks)) (i64.const 16)))
      (then (return)))
    (global.set $output (i32.wrap_i64 (local.get $at)))
    (global.set $output_length (i32.wrap_i64 (local.get $length))))

  ;; The kernel gets it at once: a guest may trap next.
  (func (export "extism:host/env error_set") (param $handle i64)
    (local $length i32)
    (call $kernel_error_set (i64.const 0))
    (if (i64.ne (global.get $error) (i64.const 0))
      (then
        (call $kernel_free (global.get $error))
        (global.set $error (i64.const 0))))
    (local.set $length (call $length (local.get $handle)))
    (if (i32.eqz (local.get $length)) (then (return)))
    (global.set $error (call $kernel_alloc (i64.extend_i32_u (local.get $length))))
    (if (i64.eqz (global.get $error)) (then (unreachable)))
    (call $copy_to_kernel (global.get $error) (i32.wrap_i64 (local.get $handle)) (local.get $length))
    (call $kernel_error_set (global.get $error)))

  ;; -- The host's own functions that every kit has ---------------------------------------------------------------------

  (func (export "extism:host/env config_get") (param $key i64) (result i64)
    (local.set $key (call $give (local.get $key)))
    (call $receive (call $host_config_get (global.get $scratch_block) (local.get $key))))
  (func (export "extism:host/env var_get") (param $key i64) (result i64)
    (local.set $key (call $give (local.get $key)))
    (call $receive (call $host_var_get (global.get $scratch_block) (local.get $key))))

  (func (export "extism:host/env var_set") (param $key i64) (param $value i64)
    (local $key_length i64) (local $value_length i64) (local $value_at i64) (local $end i64)
    (local.set $key_length (call $send (local.get $key) (i64.const 0)))
    (local.set $value_length (call $send (local.get $value) (i64.const 0)))
    (local.set $value_at (i64.and (i64.add (local.get $key_length) (i64.const 7)) (i64.const -8)))
    (local.set $end (i64.add (local.get $value_at) (local.get $value_length)))
    ;; Handles that name no block, and what is more than is kept, are for the host to refuse by the lengths alone.
    (if (i32.and
          (i32.and (i64.ge_s (local.get $key_length) (i64.const 0)) (i64.ge_s (local.get $value_length) (i64.const 0)))
          (i64.le_u (local.get $end) (i64.const (@most_given))))
      (then
        (call $reserve (local.get $end))
        (call $words_to_kernel
          (global.get $scratch) (i32.wrap_i64 (local.get $key)) (i32.wrap_i64 (local.get $key_length)))
        (call $words_to_kernel (i64.add (global.get $scratch) (local.get $value_at))
          (i32.wrap_i64 (local.get $value)) (i32.wrap_i64 (local.get $value_length)))))
    (call $free (local.get $key))
    (call $free (local.get $value))
    (drop (call $host_var_set (global.get $scratch_block) (local.get $key_length) (local.get $value_length))))

  (func (export "extism:host/env log_trace") (param $text i64)
    (local.set $text (call $give (local.get $text)))
    (drop (call $host_log_trace (global.get $scratch_block) (local.get $text))))
  (func (export "extism:host/env log_debug") (param $text i64)
    (local.set $text (call $give (local.get $text)))
    (drop (call $host_log_debug (global.get $scratch_block) (local.get $text))))
  (func (export "extism:host/env log_info") (param $text i64)
    (local.set $text (call $give (local.get $text)))
    (drop (call $host_log_info (global.get $scratch_block) (local.get $text))))
  (func (export "extism:host/env log_warn") (param $text i64)
    (local.set $text (call $give (local.get $text)))
    (drop (call $host_log_warn (global.get $scratch_block) (local.get $text))))
  (func (export "extism:host/env log_error") (param $text i64)
    (local.set $text (call $give (local.get $text)))
    (drop (call $host_log_error (global.get $scratch_block) (local.get $text))))

  (export "extism:host/env get_log_level" (func $get_log_level))
  ;; It traps: there is no network, whatever the guest passes. So there is never an answer either.
  (func (export "extism:host/env http_request") (param i64 i64) (result i64)
    (call $http_request (i64.const 0) (i64.const 0)))
  (func (export "extism:host/env http_status_code") (result i32) (i32.const 0))
  (func (export "extism:host/env http_headers") (result i64) (i64.const 0))

  ;; -- The functions of this host that the guest imports ---------------------------------------------------------------
  (@wrappers)
)
