//! A finding of `resolverctl check system`, and its verdict.

use serde::Serialize;

/// The verdict of a finding of `check system`: how serious it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckVerdict {
    /// The part of the host that was checked is correct.
    Ok,
    /// The part of the host works, but could work better.
    Warning,
    /// The part of the host has a fault that affects mail.
    Failure,
    /// The check could not find out if the part of the host is correct.
    CouldNotTell,
}

/// One result of `check system`, as it is printed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct HostFinding {
    /// The name of the check that made the finding.
    pub check: &'static str,
    /// How serious the finding is.
    pub verdict: CheckVerdict,
    /// The facts that led to the finding, as text.
    pub evidence: String,
    /// What the operator should do; `None` if there is nothing to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub advice: Option<String>,
}

impl HostFinding {
    /// Creates a finding which says that a part of this host is correct.
    pub fn ok(check: &'static str, evidence: impl Into<String>) -> Self {
        Self { check, verdict: CheckVerdict::Ok, evidence: evidence.into(), advice: None }
    }

    /// Creates a finding that a part of this host works, but could work better.
    pub fn warning(check: &'static str, evidence: impl Into<String>, advice: impl Into<String>) -> Self {
        Self::with_advice(check, CheckVerdict::Warning, evidence, advice)
    }

    /// Creates a finding about a fault of this host that affects mail.
    pub fn failure(check: &'static str, evidence: impl Into<String>, advice: impl Into<String>) -> Self {
        Self::with_advice(check, CheckVerdict::Failure, evidence, advice)
    }

    /// Creates a finding which says that a check had no result.
    pub fn could_not_tell(
        check: &'static str,
        evidence: impl Into<String>,
        advice: impl Into<String>,
    ) -> Self {
        Self::with_advice(check, CheckVerdict::CouldNotTell, evidence, advice)
    }

    fn with_advice(
        check: &'static str,
        verdict: CheckVerdict,
        evidence: impl Into<String>,
        advice: impl Into<String>,
    ) -> Self {
        Self { check, verdict, evidence: evidence.into(), advice: Some(advice.into()) }
    }
}
