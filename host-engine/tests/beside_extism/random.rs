//! Whatever a guest does with Extism's functions, in any order: the same comes of it.

use proptest::{collection::vec, prelude::*};

use crate::{
    both::{Both, Outcome},
    common,
};

/// What a guest does with one of its four handles.
#[derive(Clone, Debug)]
enum Step {
    Allocate { slot: usize, words: u64, value: i64 },
    Free { slot: usize },
    Length { slot: usize },
    Load { slot: usize },
    Store { slot: usize, value: u8 },
    Keep { slot: usize, key: usize },
    Kept { key: usize },
    Forget { key: usize },
    Input { at: i64 },
    Address { at: i64 },
    Error,
    Call { slot: usize },
}

fn step() -> impl Strategy<Value = Step> {
    let (slot, key, address) = (0..4_usize, 0..3_usize, prop_oneof![0..50_i64, any::<i64>()]);
    prop_oneof![
        4 => (slot.clone(), 1..2000_u64, any::<i64>()).prop_map(|(slot, words, value)| Step::Allocate { slot, words, value }),
        3 => slot.clone().prop_map(|slot| Step::Free { slot }),
        2 => slot.clone().prop_map(|slot| Step::Length { slot }),
        2 => slot.clone().prop_map(|slot| Step::Load { slot }),
        1 => (slot.clone(), any::<u8>()).prop_map(|(slot, value)| Step::Store { slot, value }),
        2 => (slot.clone(), key.clone()).prop_map(|(slot, key)| Step::Keep { slot, key }),
        2 => key.clone().prop_map(|key| Step::Kept { key }),
        1 => key.prop_map(|key| Step::Forget { key }),
        1 => address.clone().prop_map(|at| Step::Input { at }),
        // Far behind all memory.
        1 => any::<u32>().prop_map(|at| Step::Address { at: (1 << 40) + i64::from(at) }),
        1 => Just(Step::Error),
        1 => slot.prop_map(|slot| Step::Call { slot }),
    ]
}

impl Step {
    /// As instructions; what there is to see is mixed into `$seen`.
    fn body(&self) -> String {
        let key = |key: &usize| format!("(call $text (i32.const {key}) (i32.const 2))");
        let seen =
            |value: String| format!("(local.set $seen (i64.add (i64.mul (local.get $seen) (i64.const 31)) {value}))");
        match self {
            Self::Allocate { slot, words, value } => {
                let bytes = words * 8;
                format!(
                    "(local.set $s{slot} (call $alloc (i64.const {bytes})))
                    (call $store_u64 (local.get $s{slot}) (i64.const {value}))"
                )
            }
            Self::Free { slot } => format!("(call $free (local.get $s{slot})) (local.set $s{slot} (i64.const 0))"),
            Self::Length { slot } => seen(format!("(call $length (local.get $s{slot}))")),
            Self::Load { slot } => format!(
                "(if (i64.ne (local.get $s{slot}) (i64.const 0)) (then {}))",
                seen(format!("(call $load_u64 (local.get $s{slot}))"))
            ),
            Self::Store { slot, value } => format!(
                "(if (i64.ne (local.get $s{slot}) (i64.const 0)) (then
                    (call $store_u8 (i64.add (local.get $s{slot}) (i64.const 3)) (i32.const {value}))))"
            ),
            // The host frees what it is given.
            Self::Keep { slot, key: of } => {
                format!("(call $var_set {} (local.get $s{slot})) (local.set $s{slot} (i64.const 0))", key(of))
            }
            Self::Kept { key: of } => seen(format!("(call $load_u64 (call $var_get {}))", key(of))),
            Self::Forget { key: of } => format!("(call $var_set {} (i64.const 0))", key(of)),
            Self::Input { at } => seen(format!(
                "(i64.add (call $input_load_u64 (i64.const {at}))
                    (i64.extend_i32_u (call $input_load_u8 (i64.const {at}))))"
            )),
            Self::Address { at } => format!(
                "(call $store_u64 (i64.const {at}) (i64.const 1)) {}",
                seen(format!("(call $load_u64 (i64.const {at}))"))
            ),
            Self::Error => "(call $error_set (call $text (i32.const 0) (i32.const 4)))".to_owned(),
            Self::Call { slot } => seen(format!("(call $length (call $echo (local.get $s{slot})))")),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, ..ProptestConfig::default() })]

    #[test]
    fn anything_does_the_same(steps in vec(step(), 1..60), input in vec(any::<u8>(), 0..60)) {
        let body: String = steps.iter().map(Step::body).collect();
        let module = common::guest(
            r#"(import "extism:host/user" "echo" (func $echo (param i64) (result i64)))"#,
            "abcdefgh",
            &format!(
                r#"(func (export "run") (local $s0 i64) (local $s1 i64) (local $s2 i64) (local $s3 i64)
                    (local $seen i64)
                    {body} (call $number (local.get $seen)))"#
            ),
        );
        let mut both = Both::new(&module);
        // Twice, since variables are kept.
        for _ in 0..2 {
            let outcome = both.call("run", &input);
            prop_assert!(matches!(outcome, Outcome::Output(_) | Outcome::Error(_)), "{:?}", outcome);
        }
    }
}
