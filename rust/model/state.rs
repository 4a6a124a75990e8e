// SPDX-License-Identifier: GPL-2.0

//! Task states as procfs names them.
//!
//! Deriving the state from a task's bits is not done here: `task_state_index` of
//! [`include/linux/sched.h`](srctree/include/linux/sched.h) does that. The names are those of
//! `task_state_array` in [`fs/proc/array.c`](srctree/fs/proc/array.c).

/// What a task was doing when it was looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Running, or waiting for a processor.
    Running,
    /// In an interruptible sleep.
    Sleeping,
    /// In an uninterruptible sleep.
    DiskSleep,
    /// Stopped by a signal.
    Stopped,
    /// Stopped by a tracer.
    TracingStop,
    /// Dead, on its way out.
    Dead,
    /// Dead and not yet waited for.
    Zombie,
    /// A parked kernel thread.
    Parked,
    /// A kernel thread in an uninterruptible sleep that does not count as load.
    Idle,
}

impl State {
    /// All states, in the order of `task_state_index`.
    const BY_INDEX: [State; 9] = [
        State::Running,
        State::Sleeping,
        State::DiskSleep,
        State::Stopped,
        State::TracingStop,
        State::Dead,
        State::Zombie,
        State::Parked,
        State::Idle,
    ];

    /// The state that `task_state_index` calls `index`; [`None`] if there is no such state.
    #[inline]
    pub fn from_index(index: usize) -> Option<State> {
        Self::BY_INDEX.get(index).copied()
    }

    /// The letter that `stat` prints.
    #[inline]
    pub const fn letter(self) -> u8 {
        match self {
            State::Running => b'R',
            State::Sleeping => b'S',
            State::DiskSleep => b'D',
            State::Stopped => b'T',
            State::TracingStop => b't',
            State::Dead => b'X',
            State::Zombie => b'Z',
            State::Parked => b'P',
            State::Idle => b'I',
        }
    }

    /// Letter and name, as `status` prints them.
    #[inline]
    pub const fn text(self) -> &'static str {
        match self {
            State::Running => "R (running)",
            State::Sleeping => "S (sleeping)",
            State::DiskSleep => "D (disk sleep)",
            State::Stopped => "T (stopped)",
            State::TracingStop => "t (tracing stop)",
            State::Dead => "X (dead)",
            State::Zombie => "Z (zombie)",
            State::Parked => "P (parked)",
            State::Idle => "I (idle)",
        }
    }
}

#[cfg(any(test, CONFIG_RUSTPROC_KUNIT_TEST))]
#[cfg_attr(
    CONFIG_RUSTPROC_KUNIT_TEST,
    kernel::prelude::kunit_tests(rustproc_model_state)
)]
mod tests {
    use super::*;

    #[test]
    fn indices_give_letters_and_names_in_order() {
        let names = [
            "R (running)",
            "S (sleeping)",
            "D (disk sleep)",
            "T (stopped)",
            "t (tracing stop)",
            "X (dead)",
            "Z (zombie)",
            "P (parked)",
            "I (idle)",
        ];
        for (index, name) in names.into_iter().enumerate() {
            let state = State::from_index(index);
            assert_eq!(state.map(State::text), Some(name));
            assert_eq!(state.map(State::letter), name.bytes().next());
        }
    }

    #[test]
    fn other_indices_are_no_state() {
        assert_eq!(State::from_index(9), None);
        assert_eq!(State::from_index(usize::MAX), None);
    }
}
