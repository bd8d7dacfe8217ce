//! Questions for SPF: the record of a domain, and the records to which it refers (RFC 7208).
//!
//! Terms with macros depend on the email, so they lead to no question. This module limits the depth to which SPF records are followed. The
//! number of lookups is limited for each chain (the questions about one domain).

use hickory_proto::rr::{Name, RecordType};

use super::answer_facts::AnswerFacts;
use super::{Further, RuleStep, dmarc};
use crate::limits::{MAX_SPF_DEPTH, MAX_SPF_TERMS};
use config::Rule;

/// An SPF record begins with this text (RFC 7208 section 4.5).
const VERSION: &[u8] = b"v=spf1";

pub(super) fn of_domain(domain: &Name) -> Further {
    Further::new(domain.to_lowercase(), RecordType::TXT, Rule::Spf, RuleStep::Spf { depth: 0 })
}

/// Returns the questions for the names in the SPF record of `name`, and the question for the DMARC record at depth 0 (the record of the
/// domain itself).
pub(super) fn after_text(name: &Name, depth: u8, facts: &AnswerFacts) -> Vec<Further> {
    let mut records = facts.texts().filter_map(|text| terms_of(&text));
    // Two SPF records are an error (RFC 7208 section 4.5), so mail software looks up none of their names.
    let (Some(terms), None) = (records.next(), records.next()) else { return Vec::new() };
    let mut further = if depth == 0 { dmarc::of_domain(name).into_iter().collect() } else { Vec::new() };
    if depth < MAX_SPF_DEPTH {
        let lookups = terms.iter().filter_map(|term| lookup(term, name, depth));
        further.extend(lookups.map(|lookup| Further { is_lookup: true, ..lookup }));
    }
    further
}

/// Returns the questions for the addresses of the hosts in the MX of an `mx` term.
pub(super) fn after_exchangers(facts: &AnswerFacts) -> Vec<Further> {
    let hosts = facts.hosts().into_iter();
    hosts.map(|host| Further::new(host, RecordType::A, Rule::SpfHosts, RuleStep::End)).collect()
}

/// Returns the terms before `all`, in lower case. Returns `None` if the text is not an SPF record.
fn terms_of(text: &[u8]) -> Option<Vec<String>> {
    let text = text.to_ascii_lowercase();
    let rest = text.strip_prefix(VERSION)?;
    if !matches!(rest.first(), None | Some(b' ')) {
        return None;
    }
    let mut terms = Vec::new();
    for term in String::from_utf8_lossy(rest).split(' ').filter(|term| !term.is_empty()).take(MAX_SPF_TERMS) {
        // Mechanisms after `all` are not reached, and `redirect` is ignored (RFC 7208 sections 5.1 and 6.1).
        if term.trim_start_matches(['+', '-', '~', '?']) == "all" {
            terms.retain(|term: &String| !term.starts_with("redirect="));
            break;
        }
        terms.push(term.to_owned());
    }
    Some(terms)
}

/// Returns the question to which a term leads. Returns `None` if the term needs no question, or depends on the email.
fn lookup(term: &str, name: &Name, depth: u8) -> Option<Further> {
    let record = RuleStep::Spf { depth: depth.saturating_add(1) };
    if let Some(domain) = term.strip_prefix("redirect=") {
        return Some(Further::new(domain_of(domain)?, RecordType::TXT, Rule::SpfChain, record));
    }
    let term = term.trim_start_matches(['+', '-', '~', '?']);
    // `a` and `mx` may have prefix lengths after the domain (`/24`).
    let (mechanism, domain) = match term.split_once(':') {
        Some((mechanism, domain)) => (mechanism, Some(domain.split('/').next().unwrap_or(domain))),
        None => (term.split('/').next().unwrap_or(term), None),
    };
    let own = || Some(name.to_lowercase());
    let (domain, kind, rule, step) = match mechanism {
        "include" => (domain_of(domain?)?, RecordType::TXT, Rule::SpfChain, record),
        "exists" => (domain_of(domain?)?, RecordType::A, Rule::SpfHosts, RuleStep::End),
        "a" => (domain.map_or_else(own, domain_of)?, RecordType::A, Rule::SpfHosts, RuleStep::End),
        "mx" => {
            (domain.map_or_else(own, domain_of)?, RecordType::MX, Rule::SpfHosts, RuleStep::SpfExchangers)
        }
        _ => return None,
    };
    Some(Further::new(domain, kind, rule, step))
}

/// Returns the domain in a term. Returns `None` if the term has macros, or if the text is not a name of at least two labels.
fn domain_of(text: &str) -> Option<Name> {
    if text.contains('%') || text.is_empty() {
        return None;
    }
    let mut name = Name::from_ascii(text).ok()?;
    name.set_fqdn(true);
    (name.iter().len() > 1).then_some(name)
}
