//! Instances in slots that are reserved.
#![allow(clippy::unwrap_used, reason = "a test that unwraps what is not there fails, as it should")]

mod common;

use common::{functions, guest};
use hostfn_engine::{CallOptions, Compiled, Ending, Engine, EngineOptions, InstanceOptions, LoadError, Pooling};

#[test]
fn a_pool_is_used_again_and_shows_nothing_of_who_was_there() {
    let pooling = Pooling { instances: 8, memory_bytes: 64 << 20, table_elements: 1000 };
    let engine = Engine::new(EngineOptions::new().pooling(pooling)).unwrap();
    let module = guest(
        "",
        "",
        r#"(func (export "run") (call $number (i64.load (i32.const 1000))) (i64.store (i32.const 1000) (i64.const 7)))
        (func (export "block") (local $a i64) (local.set $a (call $alloc (i64.const 8)))
            (call $number (call $load_u64 (local.get $a))) (call $store_u64 (local.get $a) (i64.const 7)))"#,
    );
    let compiled = Compiled::builder(&engine, &module).functions(functions()).build().unwrap();
    for _ in 0..20 {
        let mut instances: Vec<_> = (0..3).map(|_| compiled.instance((), InstanceOptions::new()).unwrap()).collect();
        for instance in &mut instances {
            assert_eq!(instance.call("run", b"", &CallOptions::new()).unwrap().bytes, [0; 8]);
            assert_eq!(instance.call("block", b"", &CallOptions::new()).unwrap().bytes, [0; 8]);
            assert_eq!(instance.call("block", b"", &CallOptions::new()).unwrap().bytes, [0; 8]);
        }
    }
}

#[test]
fn a_pool_that_is_full_ends_a_call() {
    let pooling = Pooling { instances: 3, memory_bytes: 64 << 20, table_elements: 1000 };
    let engine = Engine::new(EngineOptions::new().pooling(pooling)).unwrap();
    let module = wat::parse_str("(module (memory 1) (func (export \"run\")))").unwrap();
    let compiled = Compiled::<()>::builder(&engine, &module).build().unwrap();
    let make = || compiled.instance((), InstanceOptions::new()).unwrap();
    let (mut one, mut two) = (make(), make());
    assert!(one.call("run", b"", &CallOptions::new()).is_ok());
    let error = two.call("run", b"", &CallOptions::new()).unwrap_err();
    assert!(matches!(error.ending, Ending::PoolFull), "{error:?}");
    // A module can be loaded all the same.
    assert!(Compiled::<()>::builder(&engine, &module).build().is_ok());
    drop(one);
    assert!(two.call("run", b"", &CallOptions::new()).is_ok());
}

#[test]
fn what_is_larger_than_a_slot_is_not_loaded() {
    let pooling = Pooling { instances: 3, memory_bytes: 1 << 20, table_elements: 1000 };
    let engine = Engine::new(EngineOptions::new().pooling(pooling)).unwrap();
    let module = wat::parse_str("(module (memory 17))").unwrap();
    let error = Compiled::<()>::builder(&engine, &module).build().map(|_| ()).unwrap_err();
    assert!(matches!(&error, LoadError::Instantiation { module, .. } if module == "main"), "{error}");
}
