//! Which numbers a schema takes: by its format, its limits and its type together, each of which can say the same as
//! another does.

use std::cmp::Ordering;

use serde_json::{Map, Value};

use super::{
    direction::Change,
    form::{Form, text},
    members::with,
    walk::Walk,
};

/// The words that say where numbers begin, and where they end: with the limit itself, and without.
const LOWER: [&str; 2] = ["minimum", "exclusiveMinimum"];
const UPPER: [&str; 2] = ["maximum", "exclusiveMaximum"];

/// A number of a schema. No format and no limit of an integer is beyond `i128`.
#[derive(Clone, Copy, Debug)]
enum Number {
    Integer(i128),
    Other(f64),
}

/// Where numbers begin or end.
#[derive(Clone, Copy, Debug)]
struct Bound {
    at: Number,
    /// Whether it is itself one of them.
    is_closed: bool,
}

/// From where and to where numbers go.
#[derive(Clone, Copy, Debug, Default)]
struct Range {
    lower: Option<Bound>,
    upper: Option<Bound>,
}

/// Whether a format says which numbers there are.
pub(super) fn is_format(format: &str) -> bool {
    of_format(format).is_some()
}

/// Whether a word is a limit of numbers.
pub(super) fn is_limit(word: &str) -> bool {
    LOWER.contains(&word) || UPPER.contains(&word)
}

fn of_format(format: &str) -> Option<Range> {
    let integers = |least: i128, most: i128| Some(Range::closed(Number::Integer(least), Number::Integer(most)));
    match format {
        "int8" => integers(i8::MIN.into(), i8::MAX.into()),
        "int16" => integers(i16::MIN.into(), i16::MAX.into()),
        "int32" => integers(i32::MIN.into(), i32::MAX.into()),
        "int64" | "int" => integers(i64::MIN.into(), i64::MAX.into()),
        "int128" => integers(i128::MIN, i128::MAX),
        "uint8" => integers(0, u8::MAX.into()),
        "uint16" => integers(0, u16::MAX.into()),
        "uint32" => integers(0, u32::MAX.into()),
        "uint64" | "uint" => integers(0, u64::MAX.into()),
        "uint128" => Some(Range::closed(Number::Integer(0), Number::Other(u128::MAX as f64))),
        "float" => Some(Range::closed(Number::Other(f32::MIN.into()), Number::Other(f32::MAX.into()))),
        // No JSON that can be read has a number beyond it.
        "double" => Some(Range::default()),
        _ => None,
    }
}

impl Walk<'_> {
    /// Compares formats and limits of numbers.
    pub(super) fn compare_numbers(&mut self, path: &str, old: &Form, new: &Form) {
        for word in LOWER.into_iter().chain(UPPER) {
            let (before, after) = (old.members.get(word), new.members.get(word));
            if [before, after].into_iter().flatten().any(|limit| !limit.is_number()) {
                self.compare_unknown(path, word, before, after);
            }
        }
        let (before, after) = (Range::of(old, new), Range::of(new, old));
        let lower = before.lower_against(&after);
        let upper = before.upper_against(&after);
        for (order, words) in [(lower, LOWER), (upper, UPPER)] {
            let said = |form: &Form| {
                let said = words.iter().filter_map(|word| with(word, form.members.get(*word)));
                Some(said.collect::<Vec<_>>().join(", ")).filter(|said| !said.is_empty())
            };
            let is_other = words.iter().any(|word| old.members.get(*word) != new.members.get(*word));
            let is_said = said(old).is_some() || said(new).is_some();
            match change(order) {
                Some(change) if is_said => self.say(change, path, said(old), said(new)),
                // In other words the same, unless the numbers were only written otherwise.
                None if is_other
                    && !self.is_said(Change::Documentation, path)
                    && !are_equal(&old.members, &new.members, words) =>
                {
                    self.say(Change::Documentation, path, said(old), said(new));
                }
                _ => {}
            }
        }
        let format = |form: &Form| form.members.get("format").filter(|format| is_format(&text(format))).map(text);
        if format(old) == format(new) {
            return;
        }
        let is = |wanted: Ordering| lower == wanted || upper == wanted;
        let change = match (is(Ordering::Less), is(Ordering::Greater)) {
            (true, true) => Change::TypeChanged,
            (true, false) => Change::TypeNarrowed,
            (false, true) => Change::TypeWidened,
            (false, false) => Change::Documentation,
        };
        if !self.is_said(change, path) {
            self.say(change, path, format(old), format(new));
        }
    }

    /// Compares what numbers have to be a multiple of.
    pub(super) fn compare_multiples(&mut self, path: &str, old: &Form, new: &Form) {
        let word = "multipleOf";
        let (before, after) = (old.members.get(word), new.members.get(word));
        let (said_before, said_after) = (with(word, before), with(word, after));
        let only_integers =
            |form: &Form| form.kinds.as_ref().is_some_and(|kinds| kinds.iter().all(|kind| kind == "integer"));
        let step = |form: &Form, step: Option<&Value>| match step {
            Some(step) => step.as_f64(),
            None => only_integers(form).then_some(1.0),
        };
        // What only is smaller or larger by rounding is no multiple, which is the cautious side.
        let is_multiple = |of: Option<f64>, one: Option<f64>| match (of, one) {
            (None, _) => true,
            (Some(of), Some(one)) => of == one || (one / of).fract() == 0.0 && (one / of) * of == one,
            (Some(_), None) => false,
        };
        if before == after {
            return;
        }
        let (left, right) = (step(old, before), step(new, after));
        match (is_multiple(right, left), is_multiple(left, right)) {
            (true, true) => self.say(Change::Documentation, path, said_before, said_after),
            (true, false) => self.say(Change::LimitLoosened, path, said_before, said_after),
            (false, true) => self.say(Change::LimitTightened, path, said_before, said_after),
            (false, false) => {
                self.say(Change::LimitTightened, path, said_before.clone(), said_after.clone());
                self.say(Change::LimitLoosened, path, said_before, said_after);
            }
        }
    }
}

/// What it is that there are fewer numbers, or more.
fn change(order: Ordering) -> Option<Change> {
    match order {
        Ordering::Less => Some(Change::LimitTightened),
        Ordering::Greater => Some(Change::LimitLoosened),
        Ordering::Equal => None,
    }
}

fn are_equal(old: &Map<String, Value>, new: &Map<String, Value>, words: [&str; 2]) -> bool {
    words.iter().all(|word| match (old.get(*word).and_then(Number::of), new.get(*word).and_then(Number::of)) {
        (Some(old), Some(new)) => old.order(new) == Ordering::Equal,
        (old, new) => old.is_none() && new.is_none(),
    })
}

impl Range {
    fn closed(least: Number, most: Number) -> Self {
        let bound = |at| Some(Bound { at, is_closed: true });
        Self { lower: bound(least), upper: bound(most) }
    }

    /// The numbers of a form, of which another says whether its values are compared one by one.
    fn of(form: &Form, other: &Form) -> Self {
        let members = &form.members;
        let format = members.get("format").and_then(|format| of_format(&text(format)));
        let mut range = format.unwrap_or_default();
        let bound = |word: &str, is_closed| members.get(word).and_then(Number::of).map(|at| Bound { at, is_closed });
        for (word, is_closed) in LOWER.into_iter().zip([true, false]) {
            range.lower = tightest(range.lower, bound(word, is_closed), Ordering::Greater);
        }
        for (word, is_closed) in UPPER.into_iter().zip([true, false]) {
            range.upper = tightest(range.upper, bound(word, is_closed), Ordering::Less);
        }
        if let (Some(values), None) = (&form.values, &other.values) {
            let numbers = || values.iter().filter_map(|(value, _)| Number::of(value));
            let closed = |at| Bound { at, is_closed: true };
            let least = numbers().min_by(|left, right| left.order(*right)).map(closed);
            let most = numbers().max_by(|left, right| left.order(*right)).map(closed);
            range.lower = tightest(range.lower, least, Ordering::Greater);
            range.upper = tightest(range.upper, most, Ordering::Less);
        }
        if form.kinds.as_ref().is_some_and(|kinds| kinds.contains("integer") && !kinds.contains("number")) {
            range.lower = range.lower.map(|bound| bound.of_integers(1));
            range.upper = range.upper.map(|bound| bound.of_integers(-1));
        }
        range
    }

    /// Whether another begins later, so that there are fewer numbers, or sooner.
    fn lower_against(&self, other: &Self) -> Ordering {
        against(self.lower, other.lower, |old, new| old.at.order(new.at))
    }

    fn upper_against(&self, other: &Self) -> Ordering {
        against(self.upper, other.upper, |old, new| new.at.order(old.at))
    }
}

fn against(old: Option<Bound>, new: Option<Bound>, order: impl Fn(Bound, Bound) -> Ordering) -> Ordering {
    match (old, new) {
        (None, None) => Ordering::Equal,
        (None, Some(_)) => Ordering::Less,
        (Some(_), None) => Ordering::Greater,
        (Some(old), Some(new)) => order(old, new).then(new.is_closed.cmp(&old.is_closed)),
    }
}

/// The tighter of two bounds, where `tighter` says how its number is to the other's.
fn tightest(one: Option<Bound>, other: Option<Bound>, tighter: Ordering) -> Option<Bound> {
    match (one, other) {
        (Some(one), Some(other)) => {
            let order = other.at.order(one.at);
            Some(if order == tighter || (order == Ordering::Equal && !other.is_closed) { other } else { one })
        }
        (one, other) => one.or(other),
    }
}

impl Bound {
    /// The same for integers alone, which begin above it or end below it.
    fn of_integers(self, inwards: i128) -> Self {
        let at = match self.at {
            Number::Integer(at) if !self.is_closed => Number::Integer(at.saturating_add(inwards)),
            Number::Integer(at) => Number::Integer(at),
            Number::Other(at) if inwards > 0 => Number::from(at.ceil()),
            Number::Other(at) => Number::from(at.floor()),
        };
        Self { at, is_closed: true }
    }
}

impl From<f64> for Number {
    fn from(number: f64) -> Self {
        // Below, each integer of a double is one of `i128`.
        if number.fract() == 0.0 && number.abs() < 1e38 { Self::Integer(number as i128) } else { Self::Other(number) }
    }
}

impl Number {
    fn of(value: &Value) -> Option<Self> {
        let integer = value.as_i64().map(i128::from).or_else(|| value.as_u64().map(i128::from));
        integer.map(Self::Integer).or_else(|| value.as_f64().map(Self::from))
    }

    fn order(self, other: Self) -> Ordering {
        match (self, other) {
            (Self::Integer(left), Self::Integer(right)) => left.cmp(&right),
            (left, right) => left.as_f64().total_cmp(&right.as_f64()),
        }
    }

    /// Where it is held against a fraction, or what is beyond `i128`, rounding changes no order.
    fn as_f64(self) -> f64 {
        match self {
            Self::Integer(number) => number as f64,
            Self::Other(number) => number,
        }
    }
}
