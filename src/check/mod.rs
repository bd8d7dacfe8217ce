//! `resolverctl check`: finds the problems of this host (`system`), and of a domain or an address (`domain`),
//! that keep mail from being delivered. Each finding has evidence and advice.
//!
//! Each check is a pure function of collected facts. The check of this host needs no daemon, but for `system::root_keys`: only
//! `system::gather` reads the host, and only `system::root_zone` uses the network. The check of a domain asks through the daemon.
//!
//! # Decisions
//!
//! - A verdict has a value "could not tell". A file that only root may read once counted as empty, and the check then
//!   failed a healthy host (files of NetworkManager, systemd-resolved and cloud-init).
//! - A chroot without resolv.conf is correct if resolverd listens at 127.0.0.1, because the C library then asks
//!   127.0.0.1. Postfix sets `edns0` and `trust-ad` itself, so a missing copy was a false failure.
//! - Facts are collected first and judged afterwards, so that tests run over fixture trees instead of the machine.

#![deny(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

pub mod domain;
pub mod system;

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
