//! The TLS policy of the next hop of mail, for Postfix's `smtp_tls_policy_maps`: DANE (RFC 7672), then MTA-STS (RFC 8461).
//!
//! `next_hop` reads what Postfix asks for. `answers` asks the resolver, `hosts` looks at DANE of each mail host, `sts` at the TXT record of
//! MTA-STS, `fetch` gets the policy over HTTPS, and `kept` keeps it. `verdict` decides from these facts, `reply` writes the decision for
//! Postfix, and `words` for people. `socketmap` is the protocol.
//!
//! # Decisions
//!
//! - A verdict is not cached. It follows from answers that the resolver has in its cache, and from the kept policies, so it is never older
//!   than these. A domain without DNSSEC and MTA-STS costs two questions: MX and the TXT record.
//! - The names of policy hosts are resolved by this resolver, and nothing connects to an address in `resolve.deny_servers`, so that no
//!   domain makes this host connect to itself or into its networks.
//! - moka is not used for the kept policies: its clock cannot be injected, and policies must be written to disk and renewed, for which
//!   they must be enumerated.
//! - Fetches of a domain merge: the first one is made, the others wait for it.

#![deny(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod answers;
pub mod fetch;
mod hosts;
mod kept;
pub mod limits;
mod next_hop;
mod reply;
mod socketmap;
mod sts;
mod verdict;
mod words;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::io::{self, Read};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::future::{BoxFuture, FutureExt, Shared, join_all};
use futures_util::stream::{self, StreamExt};
use hickory_proto::rr::Name;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::{Notify, Semaphore};
use tokio::time::{sleep, timeout};

pub use self::answers::Asker;
use self::answers::{AddressesFound, MxFound, Secured, Unanswered, addresses, mail_hosts, plain};
use self::fetch::{Trust, fetch};
use self::hosts::HostDane;
pub use self::kept::FILE;
use self::kept::{KeptPolicies, Wanted};
use self::limits::{
    FETCH_TIME, KEEP_PAUSE, MAX_ADDRESSES, MAX_FETCHES, MAX_MAIL_HOSTS, MAX_VERDICTS, RENEWAL_INTERVAL,
    VERDICT_TIME,
};
use self::next_hop::NextHop;
use self::sts::{StsFound, StsRecord, policy_host};
use self::verdict::{HopFacts, MailHost, is_decided};
pub use self::verdict::{TlsLevel, Verdict};
use dns::clock::Clock;
use doctor::transport::sts_policy::StsPolicy;

/// A fetch that several verdicts wait for. It keeps the policy, or notes why there is none.
type Fetching = Shared<BoxFuture<'static, Result<Arc<StsPolicy>, String>>>;

/// The TLS policies: looks them up, keeps those of MTA-STS, and counts the verdicts.
pub struct TlsPolicies<Asking> {
    asker: Asking,
    clock: Clock,
    trust: Trust,
    /// The port of policy hosts.
    https: u16,
    kept: Mutex<KeptPolicies>,
    fetching: Mutex<BTreeMap<String, Fetching>>,
    fetches: Semaphore,
    verdicts: Semaphore,
    counts: [AtomicU64; TlsLevel::ALL.len()],
    changed: Notify,
}

/// The port of HTTPS.
const HTTPS: u16 = 443;

impl<Asking: Asker> TlsPolicies<Asking> {
    /// Creates policies without kept ones.
    pub fn new(asker: Asking, clock: &Clock) -> Self {
        Self::with(asker, clock, (Trust::System, HTTPS))
    }

    /// Policy hosts have this port, and certificates that are trusted like this.
    fn with(asker: Asking, clock: &Clock, (trust, https): (Trust, u16)) -> Self {
        Self {
            asker,
            clock: clock.clone(),
            trust,
            https,
            kept: Mutex::default(),
            fetching: Mutex::default(),
            fetches: Semaphore::new(MAX_FETCHES),
            verdicts: Semaphore::new(MAX_VERDICTS),
            counts: Default::default(),
            changed: Notify::new(),
        }
    }

    /// Restores the kept policies of an earlier process.
    ///
    /// # Errors
    /// The file cannot be read, has another format or version, or is too large.
    pub fn restore(&self, file: impl Read) -> io::Result<()> {
        *self.kept() = KeptPolicies::read(file, self.clock.now().unix)?;
        Ok(())
    }

    /// Returns the content of the file with the kept policies if it has changed since the last call.
    ///
    /// # Errors
    /// There are none in practice: the content has only numbers and texts.
    pub fn to_octets(&self) -> io::Result<Option<Vec<u8>>> {
        let mut kept = self.kept();
        std::mem::take(&mut kept.is_changed).then(|| kept.to_octets()).transpose()
    }

    /// Waits until the file with the kept policies must be written. Several changes within `KEEP_PAUSE` need one write.
    pub async fn is_due(&self) {
        self.changed.notified().await;
        sleep(KEEP_PAUSE).await;
    }

    /// Returns the number of verdicts since the start, by level.
    pub fn counts(&self) -> [(TlsLevel, u64); TlsLevel::ALL.len()] {
        TlsLevel::ALL.map(|level| {
            (level, self.counts.get(level.index()).map_or(0, |count| count.load(Ordering::Relaxed)))
        })
    }

    /// Serves a connection of a mail server.
    ///
    /// # Errors
    /// Fails if the connection breaks, or if a request is no netstring or too long.
    pub async fn serve(self: &Arc<Self>, stream: impl AsyncRead + AsyncWrite + Unpin) -> io::Result<()> {
        let answer = async |lookup: socketmap::Lookup| {
            let verdict = self.verdict(&lookup.key).await;
            if let Some(count) = self.counts.get(verdict.level.index()) {
                count.fetch_add(1, Ordering::Relaxed);
            }
            reply::of_verdict(&verdict, lookup.attributes)
        };
        socketmap::serve(stream, answer).await
    }

    /// Returns the policy for a next hop, as Postfix writes it.
    pub async fn verdict(self: &Arc<Self>, next_hop: &str) -> Verdict {
        let Some(hop) = NextHop::read(next_hop) else {
            return Verdict { level: TlsLevel::NoPolicy, facts: None };
        };
        let facts = async {
            let _place = self.verdicts.acquire().await;
            self.facts(&hop).await
        };
        Verdict::of(timeout(VERDICT_TIME, facts).await.unwrap_or_else(|_| {
            let why = format!("there is no result after {} s", VERDICT_TIME.as_secs());
            let mx = MxFound::Unknown(Unanswered { is_bogus: false, why });
            HopFacts { mx, hosts: Vec::new(), sts: StsFound::NotNeeded }
        }))
    }

    async fn facts(self: &Arc<Self>, hop: &NextHop) -> HopFacts {
        let sts =
            async { if hop.may_have_sts() { Some(sts::record(&self.asker, &hop.name).await) } else { None } };
        let mx = async {
            if hop.has_mx {
                mail_hosts(&self.asker, &hop.name).await
            } else {
                MxFound::Hosts(vec![hop.name.clone()], Secured::Yes)
            }
        };
        let (mx, record) = tokio::join!(mx, sts);
        let hosts = match &mx {
            MxFound::Hosts(hosts, Secured::Yes) => self.look_up(hosts, hop.port).await,
            _ => Vec::new(),
        };
        let sts = match record {
            Some(record) if !is_decided(&mx, &hosts) => self.sts(&hop.name, &record).await,
            _ => StsFound::NotNeeded,
        };
        HopFacts { mx, hosts, sts }
    }

    /// Returns the MTA-STS policy of a domain: the one that is kept, or the one that is fetched now.
    async fn sts(self: &Arc<Self>, domain: &Name, record: &StsRecord) -> StsFound {
        let text = plain(domain);
        let id = if let StsRecord::Id(id) = record { Some(id.as_str()) } else { None };
        let wanted = self.kept().look(&text, id, self.clock.now().unix);
        let absent = || match record {
            StsRecord::Unknown(why) => StsFound::Unknown(why.clone()),
            _ => StsFound::None,
        };
        match (wanted, id) {
            (Wanted::Kept(in_force), _) => StsFound::InForce(in_force),
            (Wanted::Failed(why), _) => StsFound::NotFetched(why),
            (Wanted::Fetch, Some(id)) => match self.fetched(domain, id).await {
                Ok(policy) => {
                    let expires = self.clock.now().unix.saturating_add(policy.max_age);
                    StsFound::InForce(sts::StsPolicyInForce { domain: text, policy, expires })
                }
                Err(why) => {
                    let old = self.kept().in_force(&text, self.clock.now().unix);
                    old.map_or(StsFound::NotFetched(why), StsFound::InForce)
                }
            },
            _ => absent(),
        }
    }

    /// Fetches the policy of a domain and keeps it, or waits for the fetch that is in progress.
    async fn fetched(self: &Arc<Self>, domain: &Name, id: &str) -> Result<Arc<StsPolicy>, String> {
        let text = plain(domain);
        let fetching = {
            let mut all = self.fetching();
            let begin = || {
                let (own, text) = (Arc::clone(self), text.clone());
                let (domain, id) = (domain.clone(), id.to_owned());
                // A task of its own: it goes on if the mail server does not wait.
                let task = tokio::spawn(async move {
                    let fetched = own.fetch(&domain, &id).await;
                    own.fetching().remove(&text);
                    fetched
                });
                async move { task.await.unwrap_or_else(|ended| Err(ended.to_string())) }.boxed().shared()
            };
            all.entry(text.clone()).or_insert_with(begin).clone()
        };
        fetching.await
    }

    async fn fetch(&self, domain: &Name, id: &str) -> Result<Arc<StsPolicy>, String> {
        let text = plain(domain);
        let read = async {
            let _place = self.fetches.acquire().await;
            self.download(domain).await
        };
        let read = timeout(FETCH_TIME, read).await;
        let read = read.unwrap_or_else(|_| Err(format!("no policy came within {} s", FETCH_TIME.as_secs())));
        let now = self.clock.now().unix;
        let mut kept = self.kept();
        match read {
            Ok(policy) => {
                let shared = Arc::new(policy.clone());
                kept.keep(&text, id, policy, now);
                self.changed.notify_one();
                Ok(shared)
            }
            Err(why) => {
                tracing::info!("cannot fetch the MTA-STS policy of {text}: {why}");
                kept.fail(&text, why.clone(), now);
                Err(why)
            }
        }
    }

    async fn download(&self, domain: &Name) -> Result<StsPolicy, String> {
        let (name, host) = policy_host(domain).ok_or_else(|| "the name is too long".to_owned())?;
        let found = match addresses(&self.asker, &name).await {
            AddressesFound::Some { addresses, .. } => addresses,
            AddressesFound::None => return Err(format!("{host} has no address")),
            AddressesFound::Unknown(unanswered) => return Err(format!("{host}: {}", unanswered.why)),
        };
        let permitted = found.iter().filter(|address| !self.asker.is_denied(**address)).take(MAX_ADDRESSES);
        let servers: Vec<SocketAddr> = permitted.map(|address| (*address, self.https).into()).collect();
        if servers.is_empty() {
            return Err(format!("all addresses of {host} are in resolve.deny_servers"));
        }
        let file = fetch(&host, &servers, &self.trust).await.map_err(|error| format!("{host}: {error}"))?;
        let policy = StsPolicy::read(&file).map_err(|wrong| format!("the policy of {host}: {wrong}"))?;
        if kept::is_usable(&policy) {
            Ok(policy)
        } else {
            Err(format!("the policy of {host} has a wrong mx"))
        }
    }

    /// Fetches old policies again, so that they are in force without a break. Runs forever.
    pub async fn renew(self: &Arc<Self>) -> Infallible {
        loop {
            sleep(RENEWAL_INTERVAL).await;
            let due = self.kept().take_due(self.clock.now().unix);
            let renew = async |(domain, kept_id): (String, String)| {
                let Ok(name) = Name::from_ascii(format!("{domain}.")) else { return };
                // Without a record, the policy stays in force to its end, and is not fetched again.
                if let StsRecord::Id(id) = sts::record(&self.asker, &name).await {
                    tracing::debug!("renewing the MTA-STS policy of {domain}: {kept_id}, now {id}");
                    let _noted = self.fetched(&name, &id).await;
                }
            };
            stream::iter(due).for_each_concurrent(MAX_FETCHES / 4, renew).await;
        }
    }

    /// Looks up DANE of all hosts at the same time, up to `MAX_MAIL_HOSTS`.
    async fn look_up(&self, hosts: &[Name], port: u16) -> Vec<MailHost> {
        let (known, further) = hosts.split_at(hosts.len().min(MAX_MAIL_HOSTS));
        let one = async |host: &Name| MailHost {
            name: host.clone(),
            dane: hosts::look_up(&self.asker, host, port).await,
        };
        let mut all = join_all(known.iter().map(one)).await;
        let unknown = |host: &Name| {
            let why = format!("only the first {MAX_MAIL_HOSTS} mail hosts are looked up");
            MailHost { name: host.clone(), dane: HostDane::Unknown(Unanswered { is_bogus: false, why }) }
        };
        all.extend(further.iter().take(1).map(unknown));
        all
    }

    fn fetching(&self) -> MutexGuard<'_, BTreeMap<String, Fetching>> {
        self.fetching.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn kept(&self) -> MutexGuard<'_, KeptPolicies> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
