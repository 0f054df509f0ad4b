//! One case in a process of its own.

use std::{
    thread,
    time::{Duration, Instant},
};

use hostfn::{CallError, LoadError, Plugin};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::harness::{
    case::{Call, Case, Mode, Must, Outcome, Plan, Refusal, ensure},
    process::resident_bytes,
    world::World,
};

/// How much more memory a case may take than the host did before it: as much as a guest may have by default, four
/// times, so that compiling fits in too.
const MEMORY_BYTES: u64 = 256 << 20;

/// By when an attack must have ended. It is far away, so that a slow machine fails no case: without their defence the
/// cases that are about time go on for much longer, or for ever.
const ENDS_WITHIN: Duration = Duration::from_secs(60);

/// How the fault of a suite begins that has no host to attack, which is not what any case is about.
pub(crate) const NO_HOST: &str = "there is no host to attack";

/// What a process says at its end, as a line of JSON. One that says nothing died.
#[derive(Serialize, Deserialize)]
pub(crate) struct Verdict {
    /// What is otherwise than it must be, if anything is.
    pub(crate) fault: Option<String>,
    /// How much memory the attack took, where the system tells.
    pub(crate) bytes: Option<u64>,
}

/// Runs a case and judges it.
pub(crate) fn run(case: &Case, mode: Mode, without: bool) -> Verdict {
    #[cfg(hostfn_attacks)]
    if let (crate::harness::case::ClosedBy::Defence(defence), true) = (case.closed_by, without) {
        defence.switch_off();
    }
    match judge(case, mode, without) {
        Ok(bytes) => Verdict { fault: None, bytes },
        Err(fault) => Verdict { fault: Some(fault), bytes: None },
    }
}

fn judge(case: &Case, mode: Mode, without: bool) -> Result<Option<u64>, String> {
    let world = World::new(case, mode, without).map_err(|error| format!("{NO_HOST}: {error}"))?;
    let before = resident_bytes("self", "VmHWM");
    let started = Instant::now();
    // A thread of the size that the case is about. What unwinds out of it is a fault of the host.
    let attacked = thread::scope(|scope| {
        let attacker = thread::Builder::new().stack_size(case.stack_bytes);
        let attacker = attacker.spawn_scoped(scope, || attack(case, mode, &world));
        attacker.map_err(|error| error.to_string())?.join().map_err(|panic| panicked(&*panic))?
    });
    let took = started.elapsed();
    attacked?;
    ensure(took <= ENDS_WITHIN, || format!("it took {took:?} and may take {ENDS_WITHIN:?}"))?;
    let after = resident_bytes("self", "VmHWM");
    let grown = before.zip(after).map(|(before, after)| after - before);
    ensure(grown.is_none_or(|grown| grown <= MEMORY_BYTES), || format!("it took {grown:?} bytes of memory"))?;
    world.check()?;
    Ok(grown)
}

fn panicked(panic: &(dyn std::any::Any + Send)) -> String {
    let said = panic.downcast_ref::<String>().map(String::as_str).or(panic.downcast_ref::<&str>().copied());
    format!("the host panicked: {}", said.unwrap_or("with no text"))
}

fn attack(case: &Case, mode: Mode, world: &World<'_>) -> Outcome {
    if let (Some(must), Mode::Adapter) = (&case.runs_beside_adapter, mode) {
        let call = Call { export: "run", input: Vec::new(), is_atomic: false, must: must.clone() };
        return make(&world.attacker()?, &call);
    }
    match &case.plan {
        Plan::Own(own) => own(world),
        Plan::Load(refusal) => refused(*refusal, world.load()),
        Plan::Calls(calls) => {
            let plugin = world.attacker()?;
            ensure(!calls.is_empty(), || "the case does nothing".to_owned())?;
            calls.iter().try_for_each(|call| make(&plugin, call))
        }
    }
}

/// That loading ended as it must.
pub(crate) fn refused(refusal: Refusal, loaded: Result<Plugin, LoadError>) -> Outcome {
    let error = match loaded {
        Ok(_) => return Err("it was loaded".to_owned()),
        Err(error) => error,
    };
    let is_so = match (refusal, &error) {
        (Refusal::Finding(kind), LoadError::Refused { findings, .. }) => {
            findings.0.iter().any(|finding| finding.kind.id() == kind)
        }
        (Refusal::NotAModule, LoadError::NotAModule { .. }) | (Refusal::Compile, LoadError::Compile { .. }) => true,
        _ => false,
    };
    ensure(is_so, || format!("it should be refused with {refusal:?}, and: {error}"))
}

/// Makes a call, which must end as it must.
pub(crate) fn make(plugin: &Plugin, call: &Call) -> Outcome {
    let called = if call.is_atomic { Plugin::call_atomic } else { Plugin::call };
    ended(&call.must, called(plugin, call.export, &call.input)).map_err(|fault| format!("`{}`: {fault}", call.export))
}

/// That a call ended as it must.
pub(crate) fn ended(must: &Must, ended: Result<Vec<u8>, CallError>) -> Outcome {
    let is_so = match (must, &ended) {
        (Must::Output(output), Ok(said)) => said == output.as_bytes(),
        (Must::Succeed, Ok(said)) => answer(said)["success"] == true,
        (Must::Answer(code), Ok(said)) => answer(said)["error"]["code"] == *code,
        (Must::AnswerSaying(code, words), Ok(said)) => {
            let answer = answer(said);
            answer["error"]["code"] == *code && answer["error"]["message"].as_str().is_some_and(|m| m.contains(words))
        }
        (Must::Fail(kind), Err(error)) => kind_of(error) == *kind,
        (Must::FailSaying(kind, words), Err(error)) => kind_of(error) == *kind && error.to_string().contains(words),
        (Must::BeLate, Ok(said)) => answer(said)["error"]["code"] == "deadline_exceeded",
        (Must::BeLate, Err(error)) => kind_of(error) == "timed_out",
        _ => false,
    };
    ensure(is_so, || match &ended {
        Ok(output) => {
            let output: String = String::from_utf8_lossy(output).chars().take(300).collect();
            format!("it must {must:?}, and the output is {output:?}")
        }
        Err(error) => format!("it must {must:?}, and {error:?}"),
    })
}

/// What a guest was answered, where it hands that on.
pub(crate) fn answer(output: &[u8]) -> Value {
    serde_json::from_slice(output).unwrap_or_default()
}

/// The name of how a call failed.
pub(crate) fn kind_of(error: &CallError) -> &'static str {
    match error {
        CallError::UnknownExport { .. } => "unknown_export",
        CallError::Failed { .. } | CallError::FailedSilently { .. } => "failed",
        CallError::Trapped { .. } => "trapped",
        CallError::TimedOut { .. } => "timed_out",
        CallError::OutOfFuel { .. } => "out_of_fuel",
        CallError::TooManyInstances { .. } => "too_many_instances",
        CallError::Busy { .. } => "busy",
        CallError::NotSaved { .. } => "not_saved",
        CallError::Start { .. } => "not_started",
        _ => "another",
    }
}
