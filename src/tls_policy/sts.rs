//! The MTA-STS policy of a domain (RFC 8461): the TXT record, then the policy that is kept, or the one that is fetched.

use std::sync::Arc;

use hickory_proto::rr::{Name, RecordType};

use crate::answers::{Asker, Found, Unanswered, ask, plain, texts};
use doctor::transport::sts_policy::{Mode, StsPolicy, VERSION, id};

/// The TXT record of a domain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum StsRecord {
    /// It announces a policy with this id.
    Id(String),
    /// There is none, or not exactly one that is valid (RFC 8461 section 3.1).
    None,
    /// It could not tell.
    Unknown(Unanswered),
}

/// A policy that is in force: it was fetched, and its `max_age` is not over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StsPolicyInForce {
    /// The domain, without its last dot.
    pub domain: String,
    /// The policy.
    pub policy: Arc<StsPolicy>,
    /// When its `max_age` is over, in seconds since 1970.
    pub expires: u64,
}

/// What is known of the MTA-STS policy of a domain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StsFound {
    /// It does not matter: DANE decides, or the next hop is no domain with MX.
    NotNeeded,
    /// The domain has none.
    None,
    /// It has one.
    InForce(StsPolicyInForce),
    /// The domain announces one, which could not be fetched, for this reason. Then mail goes as if there were none (RFC 8461 section 5).
    NotFetched(String),
    /// It could not tell, because the TXT record is not known. Then mail goes as if there were none.
    Unknown(Unanswered),
}

impl StsFound {
    /// Returns the policy if senders must obey it.
    pub fn enforced(&self) -> Option<&StsPolicyInForce> {
        match self {
            Self::InForce(in_force) if in_force.policy.mode == Mode::Enforce => Some(in_force),
            _ => None,
        }
    }
}

pub(crate) async fn record(asker: &impl Asker, domain: &Name) -> StsRecord {
    let Ok(name) = domain.prepend_label("_mta-sts") else { return StsRecord::None };
    match ask(asker, &name, RecordType::TXT).await {
        Found::Unknown(why) => StsRecord::Unknown(why),
        Found::Nothing(_) | Found::NoName => StsRecord::None,
        Found::Records(records, _) => of_texts(&texts(&records)),
    }
}

fn of_texts(texts: &[String]) -> StsRecord {
    let version = |text: &str| text.split(';').next().map(str::trim_end) == Some(&format!("v={VERSION}"));
    let mut own = texts.iter().filter(|text| version(text));
    match (own.next(), own.next()) {
        (Some(text), None) => id(text).map_or(StsRecord::None, |id| StsRecord::Id(id.to_owned())),
        _ => StsRecord::None,
    }
}

/// Returns the name of the host that has the policy of a domain.
pub(crate) fn policy_host(domain: &Name) -> Option<(Name, String)> {
    let host = domain.prepend_label("mta-sts").ok()?;
    let text = plain(&host);
    Some((host, text))
}
