//! Reads the answers of the resolver: their records, and whether DNSSEC secures them.

use std::net::IpAddr;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use hickory_proto::op::ResponseCode;
use hickory_proto::rr::rdata::TLSA;
use hickory_proto::rr::{Name, RData, Record, RecordType};

use dns::question::{Answer, Question, Security, name_text};
use dns::wire::response;

/// Asks the resolver, like a client.
pub trait Asker: Send + Sync + 'static {
    /// Returns the answer; SERVFAIL if the question failed.
    fn ask(&self, question: Question) -> BoxFuture<'_, Arc<Answer>>;

    /// Returns true if nothing connects to this address, because the configuration denies it (`resolve.deny_servers`).
    fn is_denied(&self, address: IpAddr) -> bool;
}

/// Whether DNSSEC secures an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Secured {
    /// The chain of trust is valid.
    Yes,
    /// The zone is not signed, or not validated.
    No,
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unanswered {
    /// True if DNSSEC proves that the answer was forged, or that its zone is broken.
    pub is_bogus: bool,
    /// The text of the extended error (RFC 8914).
    pub why: String,
}

/// What the resolver says about a name and a type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// The answer section, aliases included.
    Records(Vec<Record>, Secured),
    /// The name has no records of the type.
    Nothing(Secured),
    /// The name does not exist.
    NoName,
    /// It could not tell.
    Unknown(Unanswered),
}

/// Asks with DO, as Postfix does with `smtp_dns_support_level = dnssec`: so both use the same answer in the cache.
pub(crate) async fn ask(asker: &impl Asker, name: &Name, kind: RecordType) -> Found {
    let question = Question { dnssec_ok: true, ..Question::new(name, kind) };
    let answer = asker.ask(question).await;
    found(&answer, kind)
}

fn found(answer: &Answer, kind: RecordType) -> Found {
    let error = answer.extended_error.as_ref();
    let unknown = |why: String| {
        Found::Unknown(Unanswered { is_bogus: error.is_some_and(|error| error.is_bogus()), why })
    };
    let secured = if answer.security == Security::Secure { Secured::Yes } else { Secured::No };
    let Ok(message) = response::read(&answer.wire) else {
        return unknown("the answer cannot be read".to_owned());
    };
    match answer.rcode {
        ResponseCode::NXDomain => Found::NoName,
        ResponseCode::NoError if message.answers.iter().any(|record| record.record_type() == kind) => {
            Found::Records(message.answers, secured)
        }
        ResponseCode::NoError => Found::Nothing(secured),
        other => unknown(error.map_or_else(|| format!("the answer is {other}"), |error| error.text.clone())),
    }
}

/// The MX records of a domain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MxFound {
    /// The mail hosts, best preference first; the domain itself if it has no MX.
    Hosts(Vec<Name>, Secured),
    /// The domain takes no mail (RFC 7505).
    NullMx,
    /// The domain does not exist.
    NoName,
    /// It could not tell.
    Unknown(Unanswered),
}

pub(crate) async fn mail_hosts(asker: &impl Asker, domain: &Name) -> MxFound {
    match ask(asker, domain, RecordType::MX).await {
        Found::Unknown(why) => MxFound::Unknown(why),
        Found::NoName => MxFound::NoName,
        Found::Nothing(secured) => MxFound::Hosts(vec![domain.clone()], secured),
        Found::Records(records, secured) => {
            let exchanger = |record: &Record| match &record.data {
                RData::MX(mx) => Some((mx.preference, mx.exchange.to_lowercase())),
                _ => None,
            };
            let mut hosts: Vec<(u16, Name)> = records.iter().filter_map(exchanger).collect();
            hosts.sort();
            let mut hosts: Vec<Name> = hosts.into_iter().map(|(_, host)| host).collect();
            let mut seen = std::collections::BTreeSet::new();
            hosts.retain(|host| seen.insert(host.clone()));
            if hosts.iter().all(Name::is_root) { MxFound::NullMx } else { MxFound::Hosts(hosts, secured) }
        }
    }
}

/// The addresses of a host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum AddressesFound {
    /// The name at the end of the alias chain, the addresses, and whether DNSSEC secures all of this.
    Some {
        end: Name,
        addresses: Vec<IpAddr>,
        secured: Secured,
    },
    None,
    Unknown(Unanswered),
}

pub(crate) async fn addresses(asker: &impl Asker, host: &Name) -> AddressesFound {
    let (ipv6, ipv4) = tokio::join!(ask(asker, host, RecordType::AAAA), ask(asker, host, RecordType::A));
    let (mut all, mut end, mut secured, mut unknown) = (Vec::new(), None, Secured::Yes, None);
    for found in [ipv6, ipv4] {
        match found {
            Found::Records(records, is_secured) => {
                for record in records {
                    if let Some(address) = record.data.ip_addr() {
                        all.push(address);
                        end = Some(record.name.to_lowercase());
                    }
                }
                if is_secured == Secured::No {
                    secured = Secured::No;
                }
            }
            Found::Unknown(why) => unknown = Some(why),
            Found::Nothing(_) | Found::NoName => {}
        }
    }
    match (end, unknown) {
        (Some(end), _) => AddressesFound::Some { end, addresses: all, secured },
        (None, Some(why)) => AddressesFound::Unknown(why),
        (None, None) => AddressesFound::None,
    }
}

/// Returns the TLSA records among the records of an answer.
pub(crate) fn tlsa(records: &[Record]) -> Vec<&TLSA> {
    fn of(record: &Record) -> Option<&TLSA> {
        if let RData::TLSA(tlsa) = &record.data { Some(tlsa) } else { None }
    }
    records.iter().filter_map(of).collect()
}

/// Returns the joined strings of the TXT records among the records of an answer.
pub(crate) fn texts(records: &[Record]) -> Vec<String> {
    let of = |record: &Record| match &record.data {
        RData::TXT(text) => Some(String::from_utf8_lossy(&text.txt_data.concat()).into_owned()),
        _ => None,
    };
    records.iter().filter_map(of).collect()
}

/// Returns a name without its last dot, as Postfix writes it.
pub(crate) fn plain(name: &Name) -> String {
    name_text(name).trim_end_matches('.').to_owned()
}
