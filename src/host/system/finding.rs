//! A finding of `resolverctl check system`, and its verdict.

use serde::Serialize;

/// How serious a finding of `check system` is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckVerdict {
    /// The checked part of the host is correct.
    Ok,
    /// The part works, but could work better.
    Warning,
    /// The part has a fault that affects mail.
    Failure,
    /// The check had no result.
    CouldNotTell,
}

/// A result of `check system`, as it is printed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct HostFinding {
    /// The name of the check.
    pub check: &'static str,
    /// How serious the finding is.
    pub verdict: CheckVerdict,
    /// The facts that led to the finding.
    pub evidence: String,
    /// What the operator should do, if anything.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub advice: Option<String>,
}

impl HostFinding {
    /// Creates a finding with the verdict [`CheckVerdict::Ok`].
    pub fn ok(check: &'static str, evidence: impl Into<String>) -> Self {
        Self { check, verdict: CheckVerdict::Ok, evidence: evidence.into(), advice: None }
    }

    /// Creates a finding with the verdict [`CheckVerdict::Warning`].
    pub fn warning(check: &'static str, evidence: impl Into<String>, advice: impl Into<String>) -> Self {
        Self::with_advice(check, CheckVerdict::Warning, evidence, advice)
    }

    /// Creates a finding with the verdict [`CheckVerdict::Failure`].
    pub fn failure(check: &'static str, evidence: impl Into<String>, advice: impl Into<String>) -> Self {
        Self::with_advice(check, CheckVerdict::Failure, evidence, advice)
    }

    /// Creates a finding with the verdict [`CheckVerdict::CouldNotTell`].
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
