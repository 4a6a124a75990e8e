// SPDX-License-Identifier: GPL-2.0

//! How a task stands towards two speculation flaws of its processor.
//!
//! Both are made from the answer of `arch_prctl_spec_ctrl_get`; asking is not done here. The words
//! are those of `task_seccomp` in [`fs/proc/array.c`](srctree/fs/proc/array.c).

/// `-EINVAL`: the architecture knows nothing of the flaw.
const UNKNOWN: i64 = -22;

/// `PR_SPEC_NOT_AFFECTED`.
const NOT_AFFECTED: i64 = 0;

/// `PR_SPEC_PRCTL`: the task may choose.
const PRCTL: i64 = 1 << 0;

/// `PR_SPEC_ENABLE`: speculation is on.
const ENABLE: i64 = 1 << 1;

/// `PR_SPEC_DISABLE`: speculation is off.
const DISABLE: i64 = 1 << 2;

/// `PR_SPEC_FORCE_DISABLE`: speculation is off and stays off.
const FORCE_DISABLE: i64 = 1 << 3;

/// [`PRCTL`] with each of the three choices.
const CHOSE_FORCE_DISABLE: i64 = PRCTL | FORCE_DISABLE;
const CHOSE_DISABLE: i64 = PRCTL | DISABLE;
const CHOSE_ENABLE: i64 = PRCTL | ENABLE;

/// Speculative store bypass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StoreBypass {
    /// Nothing is known.
    Unknown,
    /// The processor does not have the flaw.
    NotVulnerable,
    /// The task is protected for good.
    ThreadForceMitigated,
    /// The task is protected.
    ThreadMitigated,
    /// The task is not protected.
    ThreadVulnerable,
    /// All tasks are protected.
    GloballyMitigated,
    /// None of the above.
    Vulnerable,
}

impl StoreBypass {
    /// Reads the answer for `PR_SPEC_STORE_BYPASS`.
    #[inline]
    pub const fn from_prctl(answer: i64) -> Self {
        match answer {
            UNKNOWN => Self::Unknown,
            NOT_AFFECTED => Self::NotVulnerable,
            CHOSE_FORCE_DISABLE => Self::ThreadForceMitigated,
            CHOSE_DISABLE => Self::ThreadMitigated,
            CHOSE_ENABLE => Self::ThreadVulnerable,
            DISABLE => Self::GloballyMitigated,
            _ => Self::Vulnerable,
        }
    }

    /// The words that `status` prints.
    #[inline]
    pub const fn text(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::NotVulnerable => "not vulnerable",
            Self::ThreadForceMitigated => "thread force mitigated",
            Self::ThreadMitigated => "thread mitigated",
            Self::ThreadVulnerable => "thread vulnerable",
            Self::GloballyMitigated => "globally mitigated",
            Self::Vulnerable => "vulnerable",
        }
    }
}

/// Speculation of indirect branches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IndirectBranch {
    /// The architecture has no control over it.
    Unsupported,
    /// The processor does not have the flaw.
    NotAffected,
    /// Off for this task, for good.
    ConditionalForceDisabled,
    /// Off for this task.
    ConditionalDisabled,
    /// On for this task.
    ConditionalEnabled,
    /// On for all tasks.
    AlwaysEnabled,
    /// Off for all tasks.
    AlwaysDisabled,
    /// None of the above.
    Unknown,
}

impl IndirectBranch {
    /// Reads the answer for `PR_SPEC_INDIRECT_BRANCH`.
    #[inline]
    pub const fn from_prctl(answer: i64) -> Self {
        match answer {
            UNKNOWN => Self::Unsupported,
            NOT_AFFECTED => Self::NotAffected,
            CHOSE_FORCE_DISABLE => Self::ConditionalForceDisabled,
            CHOSE_DISABLE => Self::ConditionalDisabled,
            CHOSE_ENABLE => Self::ConditionalEnabled,
            ENABLE => Self::AlwaysEnabled,
            DISABLE => Self::AlwaysDisabled,
            _ => Self::Unknown,
        }
    }

    /// The words that `status` prints.
    #[inline]
    pub const fn text(self) -> &'static str {
        match self {
            Self::Unsupported => "unsupported",
            Self::NotAffected => "not affected",
            Self::ConditionalForceDisabled => "conditional force disabled",
            Self::ConditionalDisabled => "conditional disabled",
            Self::ConditionalEnabled => "conditional enabled",
            Self::AlwaysEnabled => "always enabled",
            Self::AlwaysDisabled => "always disabled",
            Self::Unknown => "unknown",
        }
    }
}

#[cfg(any(test, CONFIG_RUSTPROC_KUNIT_TEST))]
#[cfg_attr(
    CONFIG_RUSTPROC_KUNIT_TEST,
    kernel::prelude::kunit_tests(rustproc_model_speculation)
)]
mod tests {
    use super::*;

    #[test]
    fn answers_give_the_printed_words() {
        for (answer, store_bypass, indirect_branch) in [
            (-22, "unknown", "unsupported"),
            (-19, "vulnerable", "unknown"),
            (0, "not vulnerable", "not affected"),
            (1, "vulnerable", "unknown"),
            (2, "vulnerable", "always enabled"),
            (3, "thread vulnerable", "conditional enabled"),
            (4, "globally mitigated", "always disabled"),
            (5, "thread mitigated", "conditional disabled"),
            (8, "vulnerable", "unknown"),
            (9, "thread force mitigated", "conditional force disabled"),
            (17, "vulnerable", "unknown"),
            (i64::MIN, "vulnerable", "unknown"),
        ] {
            assert_eq!(StoreBypass::from_prctl(answer).text(), store_bypass);
            assert_eq!(IndirectBranch::from_prctl(answer).text(), indirect_branch);
        }
    }
}
