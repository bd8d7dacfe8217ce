//! A finding of the check of this host, and its verdict.

use serde::Serialize;

/// The result of a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckVerdict {
    /// All is well.
    Ok,
    /// It works, but not as well as it could.
    Warning,
    /// Mail suffers from it.
    Failure,
    /// It is not known.
    CouldNotTell,
}

/// One finding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct HostFinding {
    /// The check.
    pub check: &'static str,
    /// Its result.
    pub verdict: CheckVerdict,
    /// The facts.
    pub evidence: String,
    /// The advice, if there is any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub advice: Option<String>,
}

impl HostFinding {
    /// All is well.
    pub fn ok(check: &'static str, evidence: impl Into<String>) -> Self {
        Self { check, verdict: CheckVerdict::Ok, evidence: evidence.into(), advice: None }
    }

    /// It could be better.
    pub fn warning(check: &'static str, evidence: impl Into<String>, advice: impl Into<String>) -> Self {
        Self::with_advice(check, CheckVerdict::Warning, evidence, advice)
    }

    /// Mail suffers from it.
    pub fn failure(check: &'static str, evidence: impl Into<String>, advice: impl Into<String>) -> Self {
        Self::with_advice(check, CheckVerdict::Failure, evidence, advice)
    }

    /// It is not known.
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
