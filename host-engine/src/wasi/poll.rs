//! `poll_oneoff`, by which guests wait.

use std::time::Duration;

use wasmtime_48::{Linker, Result};

use super::{
    C, MONOTONIC, NAMESPACE, REALTIME, errno,
    memory::{memory, part, put, u16_at, u32_at, u64_at},
    streams,
};
use crate::state::State;

const SUBSCRIPTION: u32 = 48;
const EVENT: usize = 32;
/// The maximum number of subscriptions.
const MOST: u32 = 1024;

const CLOCK: u8 = 0;
const FD_READ: u8 = 1;
const FD_WRITE: u8 = 2;
/// The time of a subscription is a moment instead of a duration.
const ABSOLUTE: u16 = 1;
const HANGUP: u16 = 1;

/// What a guest waits for.
struct Subscription {
    user_data: u64,
    kind: u8,
    outcome: Outcome,
}

enum Outcome {
    Ready,
    After(Duration),
    Fails(i32),
}

pub(super) fn link<T: Send + 'static>(linker: &mut Linker<State<T>>) -> Result<()> {
    linker.func_wrap(NAMESPACE, "poll_oneoff", poll::<T>)?;
    Ok(())
}

fn poll<T: Send + 'static>(mut caller: C<'_, T>, from: i32, to: i32, count: i32, written: i32) -> Result<i32> {
    let count = count as u32;
    if count == 0 || count > MOST {
        return Ok(errno::INVAL);
    }
    let Some((bytes, state)) = memory(&mut caller) else { return Ok(errno::FAULT) };
    let Some(subscriptions) = part(bytes, from as u32, count * SUBSCRIPTION) else { return Ok(errno::FAULT) };
    let clock = state.guest.surroundings.clock.clone();
    let (now, monotonic) = (clock.now(), clock.monotonic());
    let read = |bytes| Subscription::read(bytes, now, monotonic);
    let subscriptions: Vec<_> = subscriptions.chunks_exact(SUBSCRIPTION as usize).map(read).collect();
    let wait = subscriptions.iter().map(|subscription| subscription.outcome.wait()).min().unwrap_or_default();
    if !wait.is_zero() {
        let guest = &state.guest;
        clock.wait(wait, &|| guest.overdue().is_some());
        if let Some(stop) = guest.overdue() {
            return Err(stop.into());
        }
    }
    let events = subscriptions.iter().filter(|subscription| subscription.outcome.wait() <= wait);
    let mut number = 0_u32;
    for event in events.map(Subscription::event) {
        let at = (to as u32).wrapping_add(number * EVENT as u32);
        match put(&mut caller, at as i32, &event) {
            errno::SUCCESS => number += 1,
            error => return Ok(error),
        }
    }
    Ok(put(&mut caller, written, &number.to_le_bytes()))
}

impl Outcome {
    fn wait(&self) -> Duration {
        match self {
            Self::After(wait) => *wait,
            Self::Ready | Self::Fails(_) => Duration::ZERO,
        }
    }
}

impl Subscription {
    fn read(bytes: &[u8], now: Duration, monotonic: Duration) -> Self {
        let kind = bytes[8];
        let outcome = match kind {
            CLOCK => {
                let time = Duration::from_nanos(u64_at(bytes, 24));
                let is_absolute = u16_at(bytes, 40) & ABSOLUTE != 0;
                match (u32_at(bytes, 16) as i32, is_absolute) {
                    (REALTIME, true) => Outcome::After(time.saturating_sub(now)),
                    (MONOTONIC, true) => Outcome::After(time.saturating_sub(monotonic)),
                    (REALTIME | MONOTONIC, false) => Outcome::After(time),
                    _ => Outcome::Fails(errno::INVAL),
                }
            }
            FD_READ | FD_WRITE if streams::is_open(u32_at(bytes, 16) as i32) => Outcome::Ready,
            FD_READ | FD_WRITE => Outcome::Fails(errno::BADF),
            _ => Outcome::Fails(errno::INVAL),
        };
        Self { user_data: u64_at(bytes, 0), kind, outcome }
    }

    fn event(&self) -> [u8; EVENT] {
        let mut event = [0; EVENT];
        event[..8].copy_from_slice(&self.user_data.to_le_bytes());
        if let Outcome::Fails(error) = self.outcome {
            event[8..10].copy_from_slice(&(error as u16).to_le_bytes());
        }
        event[10] = self.kind;
        // Standard input is at its end.
        if self.kind == FD_READ {
            event[24..26].copy_from_slice(&HANGUP.to_le_bytes());
        }
        event
    }
}
