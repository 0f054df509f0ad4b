//! What a case is: a guest, what it is called with, what must come of it, and what defence sees to it.

use hostfn::{LimitChanges, PluginManagerBuilder};
use hostfn_runtime::defence::Defence;

use crate::harness::world::World;

/// Nothing, or what is otherwise than it must be.
pub(crate) type Outcome = Result<(), String>;

/// What is between the attacker and Extism's kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// The adapter, as in production.
    Adapter,
    /// Nothing.
    Plain,
}

impl Mode {
    /// Those in which every case is run: in plain mode some end the process, so it is left to `cargo xtask attacks`.
    pub(crate) const ALL: &'static [Self] =
        if cfg!(hostfn_attacks) { &[Self::Adapter, Self::Plain] } else { &[Self::Adapter] };

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Adapter => "adapter",
            Self::Plain => "plain",
        }
    }
}

/// One attack.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    /// What it does, in a few words.
    pub(crate) what: &'static str,
    pub(crate) closed_by: ClosedBy,
    pub(crate) module: Module,
    pub(crate) grants: &'static [&'static str],
    pub(crate) is_strict: bool,
    pub(crate) plugin: &'static str,
    pub(crate) limits: fn(&mut LimitChanges),
    pub(crate) host: fn(PluginManagerBuilder) -> PluginManagerBuilder,
    pub(crate) plan: Plan,
    /// How a call of its export `run` must end beside the adapter, where in plain mode it must not be loaded.
    pub(crate) runs_beside_adapter: Option<Must>,
    /// The native stack of the thread that calls.
    pub(crate) stack_bytes: usize,
    /// Whether it goes on without its defence for longer than anybody waits, which then shows that it is needed.
    pub(crate) goes_on_without: bool,
}

/// What keeps the attack from doing harm, and so what is taken away to see that the case notices.
#[derive(Clone, Copy)]
pub(crate) enum ClosedBy {
    /// It is switched off.
    Defence(Defence),
    /// It is lifted.
    Limit(fn(&mut LimitChanges)),
    /// The plugin is granted these as well.
    Grants(&'static [&'static str]),
    /// The plugin is not loaded as strictly.
    Strictness,
    /// The host is built otherwise.
    Host(fn(PluginManagerBuilder) -> PluginManagerBuilder),
    /// The adapter: in plain mode the case is run, and does not hold.
    Adapter,
}

/// The guest of a case.
pub(crate) enum Module {
    /// Exports every function of the host, and hands each what it is handed.
    Forwarding,
    /// Text, which is wrapped as [`guest`](crate::harness::guest::guest) does.
    Guest(String),
    /// A whole module in text.
    Text(String),
    /// A compiled module, or what passes for one.
    Bytes(Vec<u8>),
}

/// What is done with the guest.
pub(crate) enum Plan {
    /// It is loaded, and must not be.
    Load(Refusal),
    /// It is called so.
    Calls(Vec<Call>),
    /// What cannot be said by the others.
    Own(Box<dyn Fn(&World<'_>) -> Outcome + Send + Sync>),
}

/// How loading ends.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Refusal {
    /// It is refused with a finding of this kind, by its id.
    Finding(&'static str),
    /// It is no module.
    NotAModule,
    /// It cannot be made to run.
    Compile,
}

/// One call of an export.
pub(crate) struct Call {
    pub(crate) export: &'static str,
    pub(crate) input: Vec<u8>,
    pub(crate) is_atomic: bool,
    pub(crate) must: Must,
}

/// How a call must end.
#[derive(Clone, Debug)]
pub(crate) enum Must {
    /// The guest hands on an answer that is a success.
    Succeed,
    /// The guest hands on an error with this code.
    Answer(&'static str),
    /// The same, and this is in its message.
    AnswerSaying(&'static str, &'static str),
    /// The guest outputs this.
    Output(&'static str),
    /// The call fails in this way, by the name of its [`CallError`](hostfn::CallError).
    Fail(&'static str),
    /// The same, and this is in what is said of it.
    FailSaying(&'static str, &'static str),
    /// It is late and ended for that; or the guest is told so by the database a moment before, and ends by itself.
    BeLate,
}

/// A case with a plugin that may do everything, and nothing that is done with it yet.
pub(crate) fn case(name: &'static str, what: &'static str, closed_by: ClosedBy) -> Case {
    Case {
        name,
        what,
        closed_by,
        module: Module::Forwarding,
        grants: &["*"],
        is_strict: false,
        plugin: "attacker",
        limits: |_| {},
        host: |builder| builder,
        plan: Plan::Calls(Vec::new()),
        runs_beside_adapter: None,
        stack_bytes: 2 << 20,
        goes_on_without: false,
    }
}

/// A case that a defence closes.
pub(crate) fn defended(name: &'static str, what: &'static str, defence: Defence) -> Case {
    case(name, what, ClosedBy::Defence(defence))
}

/// A case with a limit that closes it, and that limit lifted.
pub(crate) fn limited(
    name: &'static str,
    what: &'static str,
    limits: fn(&mut LimitChanges),
    lifted: fn(&mut LimitChanges),
) -> Case {
    Case { limits, ..case(name, what, ClosedBy::Limit(lifted)) }
}

/// A case that the adapter closes, and nothing else.
pub(crate) fn adapted(name: &'static str, what: &'static str) -> Case {
    case(name, what, ClosedBy::Adapter)
}

impl Case {
    pub(crate) fn guest(self, body: impl Into<String>) -> Self {
        Self { module: Module::Guest(body.into()), ..self }
    }

    pub(crate) fn text(self, text: impl Into<String>) -> Self {
        Self { module: Module::Text(text.into()), ..self }
    }

    pub(crate) fn bytes(self, bytes: Vec<u8>) -> Self {
        Self { module: Module::Bytes(bytes), ..self }
    }

    pub(crate) fn grants(self, grants: &'static [&'static str]) -> Self {
        Self { grants, ..self }
    }

    pub(crate) fn strict(self) -> Self {
        Self { is_strict: true, ..self }
    }

    pub(crate) fn named(self, plugin: &'static str) -> Self {
        Self { plugin, ..self }
    }

    pub(crate) fn limits(self, limits: fn(&mut LimitChanges)) -> Self {
        Self { limits, ..self }
    }

    pub(crate) fn host(self, host: fn(PluginManagerBuilder) -> PluginManagerBuilder) -> Self {
        Self { host, ..self }
    }

    pub(crate) fn stack_bytes(self, stack_bytes: usize) -> Self {
        Self { stack_bytes, ..self }
    }

    pub(crate) fn goes_on_without(self) -> Self {
        Self { goes_on_without: true, ..self }
    }

    /// Loading it must end so.
    pub(crate) fn must_be_refused(self, refusal: Refusal) -> Self {
        Self { plan: Plan::Load(refusal), ..self }
    }

    /// Beside the adapter it is loaded, as nothing of it runs then, and its export `run` must end so.
    pub(crate) fn runs_beside_adapter(self, must: Must) -> Self {
        Self { runs_beside_adapter: Some(must), ..self }
    }

    /// Then it is called so, which must end so.
    pub(crate) fn call(self, export: &'static str, input: impl Into<Vec<u8>>, must: Must) -> Self {
        self.and(Call { export, input: input.into(), is_atomic: false, must })
    }

    /// Then it is called so as one transaction, which must end so.
    pub(crate) fn call_atomic(self, export: &'static str, input: impl Into<Vec<u8>>, must: Must) -> Self {
        self.and(Call { export, input: input.into(), is_atomic: true, must })
    }

    /// Calls the export `run` with nothing.
    pub(crate) fn runs(self, must: Must) -> Self {
        self.call("run", "", must)
    }

    fn and(mut self, call: Call) -> Self {
        match &mut self.plan {
            Plan::Calls(calls) => calls.push(call),
            _ => self.plan = Plan::Calls(vec![call]),
        }
        self
    }

    /// What cannot be said otherwise.
    pub(crate) fn does(self, own: impl Fn(&World<'_>) -> Outcome + Send + Sync + 'static) -> Self {
        Self { plan: Plan::Own(Box::new(own)), ..self }
    }

    /// Whether nothing closes it in this mode.
    pub(crate) fn is_open(&self, mode: Mode) -> bool {
        matches!((&self.closed_by, mode), (ClosedBy::Adapter, Mode::Plain))
    }

    /// How it is run without its defence, if there is any way. Beside the adapter there is none to what some keep from
    /// the host: nothing of a guest runs while an instance is made, before its memory is limited and its host is there, and
    /// no log line is written by Extism.
    pub(crate) fn without_defence(&self, mode: Mode) -> Option<(Mode, bool)> {
        match (&self.closed_by, mode) {
            (ClosedBy::Adapter, Mode::Adapter) => Some((Mode::Plain, false)),
            (ClosedBy::Defence(Defence::PluginLogs | Defence::Starting), Mode::Adapter) => None,
            (ClosedBy::Defence(Defence::MemoryMaximum), Mode::Adapter) if self.runs_beside_adapter.is_some() => None,
            _ => Some((mode, true)),
        }
    }
}

/// Says what is otherwise than it must be.
pub(crate) fn ensure(holds: bool, otherwise: impl FnOnce() -> String) -> Outcome {
    if holds { Ok(()) } else { Err(otherwise()) }
}
