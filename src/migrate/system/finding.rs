//! A finding of `check system`, and its verdict.

use serde::Serialize;

/// How serious a finding of `check system` is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckVerdict {
    /// Everything is correct.
    Ok,
    /// It works, but could work better.
    Warning,
    /// The fault affects mail.
    Failure,
    /// The check could not find out the result.
    CouldNotTell,
}

/// One finding of `check system`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct HostFinding {
    /// The name of the check.
    pub check: &'static str,
    /// How serious the finding is.
    pub verdict: CheckVerdict,
    /// The facts that led to the verdict.
    pub evidence: String,
    /// The advice; `None` if there is nothing to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub advice: Option<String>,
}

impl HostFinding {
    /// Creates the finding that everything is correct.
    pub fn ok(check: &'static str, evidence: impl Into<String>) -> Self {
        Self { check, verdict: CheckVerdict::Ok, evidence: evidence.into(), advice: None }
    }

    /// Creates the finding that something could work better.
    pub fn warning(check: &'static str, evidence: impl Into<String>, advice: impl Into<String>) -> Self {
        Self::with_advice(check, CheckVerdict::Warning, evidence, advice)
    }

    /// Creates the finding about a fault that affects mail.
    pub fn failure(check: &'static str, evidence: impl Into<String>, advice: impl Into<String>) -> Self {
        Self::with_advice(check, CheckVerdict::Failure, evidence, advice)
    }

    /// Creates the finding that the result is unknown.
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
