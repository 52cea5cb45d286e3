//! The last steps of a session.
//!
//! Twenty steps, oldest first. A neighbor that is not there makes the same two or three steps once
//! a second, which would push what happened before out within ten seconds; a step equal to one of
//! the last four is therefore moved to the end and counted instead of added. A cycle that passes
//! through Established is longer than four steps and is kept whole.
use crate::{DownReason, State};
use std::{collections::VecDeque, time::Instant};

/// One step of the session's history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transition {
    /// When, the last time.
    pub at: Instant,
    /// From which state.
    pub from: State,
    /// To which.
    pub to: State,
    /// Why, where something went wrong or was asked for.
    pub reason: Option<DownReason>,
    /// How many times this step was made in the run of repetitions that it stands for.
    pub times: u32,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct History(VecDeque<Transition>);

impl History {
    const LENGTH: usize = 20;
    const CYCLE: usize = 4;

    pub(crate) fn push(&mut self, mut step: Transition) {
        let recent = self.0.len().saturating_sub(Self::CYCLE);
        let equal = self.0.iter().skip(recent).position(|earlier| {
            (earlier.from, earlier.to, &earlier.reason) == (step.from, step.to, &step.reason)
        });
        if let Some(earlier) =
            equal.and_then(|position| self.0.remove(recent.saturating_add(position)))
        {
            step.times = earlier.times.saturating_add(1);
        }
        if self.0.len() >= Self::LENGTH {
            self.0.pop_front();
        }
        self.0.push_back(step);
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Transition> {
        self.0.iter()
    }
}

#[cfg(test)]
#[expect(
    clippy::disallowed_methods,
    reason = "a test needs some instant to start from"
)]
mod tests {
    use super::*;

    fn step(from: State, to: State) -> Transition {
        Transition {
            at: Instant::now(),
            from,
            to,
            reason: None,
            times: 1,
        }
    }

    #[test]
    fn repeated_attempts_take_two_places() {
        let mut history = History::default();
        history.push(step(State::Established, State::Idle));
        for _ in 0..100 {
            history.push(step(State::Active, State::Connect));
            history.push(step(State::Connect, State::Active));
        }
        let steps: Vec<_> = history
            .iter()
            .map(|step| (step.from, step.to, step.times))
            .collect();
        assert_eq!(
            steps,
            [
                (State::Established, State::Idle, 1),
                (State::Active, State::Connect, 100),
                (State::Connect, State::Active, 100)
            ]
        );
    }

    #[test]
    fn sessions_are_kept_one_by_one_and_the_oldest_go() {
        use State::{Active, Connect, Established, Idle, OpenConfirm, OpenSent};
        let mut history = History::default();
        let cycle = [
            Idle,
            Connect,
            Active,
            OpenSent,
            OpenConfirm,
            Established,
            Idle,
        ];
        for _ in 0..5 {
            for pair in cycle.windows(2) {
                history.push(step(pair[0], pair[1]));
            }
        }
        assert_eq!(history.iter().count(), History::LENGTH);
        assert!(history.iter().all(|step| step.times == 1));
    }
}
