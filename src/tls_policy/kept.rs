//! The policies of MTA-STS that are kept until their `max_age` is over, and the domains whose fetches have failed. No I/O.

use std::collections::BTreeMap;
use std::io::{self, ErrorKind, Read};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::limits::{
    FETCH_PAUSE, KEPT_OVERHEAD, MAX_FAILED, MAX_KEPT, MAX_KEPT_FILE, MAX_POLICY_HOSTS, MAX_RENEWED,
    RENEWAL_AGE, UNUSED_TIME,
};
use crate::sts::StsPolicyInForce;
use doctor::transport::sts_policy::StsPolicy;

/// The name of the file with the kept policies, in the state directory.
pub const FILE: &str = "tls_policies.json";

const VERSION: u32 = 1;

#[derive(Clone, Debug)]
struct KeptPolicy {
    /// The id of the TXT record when the policy was fetched.
    id: String,
    policy: Arc<StsPolicy>,
    /// In seconds since 1970, as the next two.
    fetched: u64,
    used: u64,
    /// When a fetch to renew the policy was last begun.
    tried: u64,
}

impl KeptPolicy {
    fn expires(&self) -> u64 {
        self.fetched.saturating_add(self.policy.max_age)
    }

    fn weight(&self, domain: &str) -> usize {
        let hosts: usize = self.policy.hosts.iter().map(|host| host.len() + size_of::<String>()).sum();
        KEPT_OVERHEAD + domain.len() + self.id.len() + hosts
    }

    /// True if it is time to fetch the policy again.
    fn is_old(&self, now: u64) -> bool {
        let age = RENEWAL_AGE.as_secs().min(self.policy.max_age / 2);
        let is_due = |since: u64, age| now >= since.saturating_add(age);
        is_due(self.fetched, age) && is_due(self.tried, FETCH_PAUSE.as_secs())
    }
}

/// What to do about the policy of a domain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// The kept policy is the current one, as far as is known.
    Kept(StsPolicyInForce),
    /// The domain announces a policy that is not kept: it must be fetched. The old policy, if there is one, stays in force if that fails.
    Fetch,
    /// The last fetch has failed a moment ago, for this reason, and no policy is kept.
    Failed(String),
    /// None is kept, and none is announced.
    None,
}

/// The kept policies, by domain.
#[derive(Debug, Default)]
pub(crate) struct KeptPolicies {
    policies: BTreeMap<String, KeptPolicy>,
    weight: usize,
    /// When the fetch of which id failed, and why.
    failed: BTreeMap<String, (u64, String)>,
    /// True if the file on disk is not the current one.
    pub(crate) is_changed: bool,
}

impl KeptPolicies {
    /// Says what to do about the policy of a domain. `id` is that of its TXT record; `None` if there is no record, or it is not known. A
    /// policy stays in force without it (RFC 8461 section 3.1).
    pub(crate) fn look(&mut self, domain: &str, id: Option<&str>, now: u64) -> Wanted {
        self.drop_expired(domain, now);
        let failed = self.failed.get(domain).filter(|(at, _)| now < at.saturating_add(FETCH_PAUSE.as_secs()));
        match (self.policies.get_mut(domain), failed) {
            (Some(kept), failed) => {
                kept.used = now;
                match id {
                    Some(id) if id != kept.id && failed.is_none() => Wanted::Fetch,
                    _ => Wanted::Kept(in_force(domain, kept)),
                }
            }
            (None, Some((_, why))) if id.is_some() => Wanted::Failed(why.clone()),
            (None, _) if id.is_some() => Wanted::Fetch,
            (None, _) => Wanted::None,
        }
    }

    /// Returns the policy of a domain that is in force.
    pub(crate) fn in_force(&mut self, domain: &str, now: u64) -> Option<StsPolicyInForce> {
        self.drop_expired(domain, now);
        self.policies.get(domain).map(|kept| in_force(domain, kept))
    }

    /// Keeps a policy that was fetched now.
    pub(crate) fn keep(&mut self, domain: &str, id: &str, policy: StsPolicy, now: u64) {
        self.failed.remove(domain);
        let used = self.policies.get(domain).map_or(now, |kept| kept.used);
        self.remove(domain);
        let kept = KeptPolicy { id: id.to_owned(), policy: Arc::new(policy), fetched: now, used, tried: now };
        self.insert(domain.to_owned(), kept);
        self.make_room(now);
        self.is_changed = true;
    }

    pub(crate) fn fail(&mut self, domain: &str, why: String, now: u64) {
        self.failed.retain(|_, (at, _)| now < at.saturating_add(FETCH_PAUSE.as_secs()));
        if self.failed.len() < MAX_FAILED {
            self.failed.insert(domain.to_owned(), (now, why));
        }
    }

    /// Returns the domains whose policies must be fetched again, with the ids, and notes that this is tried now.
    pub(crate) fn take_due(&mut self, now: u64) -> Vec<(String, String)> {
        let unused = now.saturating_sub(UNUSED_TIME.as_secs());
        let due = |kept: &KeptPolicy| kept.is_old(now) && kept.used >= unused && now < kept.expires();
        let due = self.policies.iter_mut().filter(|(_, kept)| due(kept)).take(MAX_RENEWED);
        due.map(|(domain, kept)| {
            kept.tried = now;
            (domain.clone(), kept.id.clone())
        })
        .collect()
    }

    fn drop_expired(&mut self, domain: &str, now: u64) {
        if self.policies.get(domain).is_some_and(|kept| now >= kept.expires()) {
            self.remove(domain);
        }
    }

    fn insert(&mut self, domain: String, kept: KeptPolicy) {
        self.weight += kept.weight(&domain);
        self.policies.insert(domain, kept);
    }

    fn remove(&mut self, domain: &str) {
        if let Some(kept) = self.policies.remove(domain) {
            self.weight = self.weight.saturating_sub(kept.weight(domain));
        }
    }

    /// Removes expired policies, then those that were not used for longest, until the others fit.
    fn make_room(&mut self, now: u64) {
        if self.weight <= MAX_KEPT {
            return;
        }
        let mut by_use: Vec<(bool, u64, String)> = self
            .policies
            .iter()
            .map(|(domain, kept)| (now < kept.expires(), kept.used, domain.clone()))
            .collect();
        by_use.sort();
        // An eighth more than needed, so that the next policies find room without a search.
        for (_, _, domain) in by_use {
            if self.weight <= MAX_KEPT - MAX_KEPT / 8 {
                return;
            }
            self.remove(&domain);
        }
    }
}

fn in_force(domain: &str, kept: &KeptPolicy) -> StsPolicyInForce {
    StsPolicyInForce { domain: domain.to_owned(), policy: Arc::clone(&kept.policy), expires: kept.expires() }
}

#[derive(Serialize, Deserialize)]
struct PoliciesFile {
    version: u32,
    policies: Vec<PolicyRow>,
}

#[derive(Serialize, Deserialize)]
struct PolicyRow {
    domain: String,
    id: String,
    /// The lines of its file.
    policy: Vec<String>,
    fetched: u64,
    used: u64,
}

impl KeptPolicies {
    /// Reads the file. Policies whose time is over are left out.
    pub(crate) fn read(file: impl Read, now: u64) -> io::Result<Self> {
        let mut text = String::new();
        file.take(MAX_KEPT_FILE).read_to_string(&mut text)?;
        let damaged = || io::Error::new(ErrorKind::InvalidData, "it is of another version, or damaged");
        let file: PoliciesFile = serde_json::from_str(&text)?;
        if file.version != VERSION {
            return Err(damaged());
        }
        let mut read = Self::default();
        for PolicyRow { domain, id, policy, fetched, used } in file.policies {
            let policy = StsPolicy::read(&policy.join("\n")).ok().filter(is_usable).ok_or_else(damaged)?;
            // A clock that was wrong must not keep a policy for longer than its `max_age` from now.
            let fetched = fetched.min(now);
            let kept =
                KeptPolicy { id, policy: Arc::new(policy), fetched, used: used.min(now), tried: fetched };
            if now < kept.expires() {
                read.insert(domain, kept);
            }
        }
        read.make_room(now);
        Ok(read)
    }

    pub(crate) fn to_octets(&self) -> io::Result<Vec<u8>> {
        let row = |(domain, kept): (&String, &KeptPolicy)| PolicyRow {
            domain: domain.clone(),
            id: kept.id.clone(),
            policy: kept.policy.lines(),
            fetched: kept.fetched,
            used: kept.used,
        };
        let policies = self.policies.iter().map(row).collect();
        Ok(serde_json::to_vec(&PoliciesFile { version: VERSION, policies })?)
    }
}

/// Returns true if Postfix can be told the policy: not too many hosts, and only names and patterns of hosts.
pub(crate) fn is_usable(policy: &StsPolicy) -> bool {
    let is_plain = |octet: u8| octet.is_ascii_alphanumeric() || b"-._".contains(&octet);
    let is_host = |host: &String| {
        let host = host.strip_prefix("*.").unwrap_or(host);
        (2..=255).contains(&host.len()) && !host.starts_with('.') && host.bytes().all(is_plain)
    };
    policy.hosts.len() <= MAX_POLICY_HOSTS && policy.hosts.iter().all(is_host)
}
