//! The answers of DNS for which mail software refuses or returns a mail: a name that does not exist or has no address, a null MX, an entry
//! in a DNS list.
//!
//! # Decisions
//!
//! - An answer is the culprit only if mail software reports this result for this name, or if the operator asks `resolverctl` about this
//!   name. Most mails have negative answers that cost nothing: lists without an entry, hosts without an IPv6 address, domains without a
//!   policy.
//! - A domain without MX records may have an address, and a host may have only one kind of address. So the answer "no such record" counts
//!   only for type A, and only if the name has no AAAA and no MX record.

use std::net::Ipv4Addr;
use std::time::Duration;

use crate::evidence::{CulpritReport, span};
use crate::why::QuestionReport;
use dns::clock::micros;
use dns::question::{DnsResult, Outcome};
use record::culprit::CulpritKind;

/// Returns the culprit for a result that mail software reports, if a question of a message (email) has this result. `is_meant` returns true
/// for the names in the report. The report may also be about a host to which the MX or PTR record of such a name leads.
pub fn culprit(
    questions: &[QuestionReport],
    reported: DnsResult,
    is_meant: &dyn Fn(&str) -> bool,
) -> Option<CulpritReport> {
    let has_it = |one: &&QuestionReport| {
        let is_named = || one.named_by.as_deref().is_some_and(is_meant);
        explains(reported, one, questions) && (is_meant(&one.name) || is_named())
    };
    let one = questions.iter().filter(has_it).min_by_key(|one| !is_meant(&one.name))?;
    let by = one.named_by.as_ref().map(|name| {
        let record = questions.iter().find(|other| other.name == *name && other.kind == "PTR");
        format!(", {} of {name},", record.map_or("the MX", |_| "the host in the PTR record"))
    });
    let (mut said, mut advice) = sentences(one, &format!("{}{}", one.name, by.unwrap_or_default()));
    if let Some(zone) = &one.concluded_from {
        said.push_str(&format!(", concluded from signed records of {zone}"));
        advice = of_conclusion(one);
    }
    let time = match one.outcome {
        Outcome::Cache => "from the cache".to_owned(),
        _ => span(micros(Duration::try_from_secs_f64(one.elapsed).unwrap_or_default())),
    };
    let code = if one.result == DnsResult::NoName { "NXDOMAIN, " } else { "" };
    let evidence = format!("{said} ({code}{time})");
    let zone = one.list.as_ref().or(one.named_by.as_ref()).unwrap_or(&one.name).clone();
    let culprit = CulpritReport::new(CulpritKind::Answer, evidence, advice);
    Some(CulpritReport { zone: Some(zone), list: one.list.clone(), ..culprit })
}

/// Returns true if the result of the question `one` explains the result that a log line reports.
fn explains(reported: DnsResult, one: &QuestionReport, questions: &[QuestionReport]) -> bool {
    let has_other = || {
        let mut others = questions.iter().filter(|other| other.name == one.name);
        others.any(|other| matches!(&*other.kind, "AAAA" | "MX") && other.result == DnsResult::Answer)
    };
    match (reported, one.result) {
        (DnsResult::Listed | DnsResult::NullMx, result) => result == reported,
        // OpenSMTPD 6.8 does not know null MX records, and reports that the domain has no MX.
        (DnsResult::NoData, DnsResult::NullMx) => true,
        (DnsResult::NoName | DnsResult::NoData | DnsResult::NoAddress, DnsResult::NoName) => true,
        (DnsResult::NoName | DnsResult::NoData | DnsResult::NoAddress, DnsResult::NoData) => {
            one.kind == "A" && !has_other()
        }
        (DnsResult::NoPointer, DnsResult::NoName | DnsResult::NoData) => {
            one.kind == "PTR" || one.kind == "A" && one.named_by.is_some() && !has_other()
        }
        // The host in the PTR record does not have the address of the client (see `QuestionReport::named_by`).
        (DnsResult::NoPointer, DnsResult::Answer) => one.named_by.is_some(),
        _ => false,
    }
}

/// Returns two sentences: what DNS said, and what the operator can do. `subject` is a text with the name of the question and the name whose
/// record led to it.
fn sentences(one: &QuestionReport, subject: &str) -> (String, String) {
    let QuestionReport { name, kind, result, list, codes, named_by, .. } = one;
    let check = format!("`resolverctl check {}`", named_by.as_ref().unwrap_or(name).trim_end_matches('.'));
    match result {
        DnsResult::Listed => {
            let list = list.as_deref().unwrap_or_default();
            let codes: Vec<String> = codes.iter().map(ToString::to_string).collect();
            let with = if codes.is_empty() { String::new() } else { format!(" as {}", codes.join(", ")) };
            (
                format!("{list} lists {}{with}", listed(name.strip_suffix(list).unwrap_or(name))),
                format!("if the entry is wrong, the owner of the address or domain must ask {list} to remove it: `resolverctl dnsbl test` with the address or the domain shows the entries of all lists"),
            )
        }
        DnsResult::NullMx => (
            format!("{subject} accepts no mail: its MX is null"),
            format!("the address is wrong, or its owner wants no mail: {check}"),
        ),
        _ if kind == "PTR" => (
            format!("{subject} has no PTR record"),
            "the operator of this address must add a PTR record: `resolverctl check` with the address shows what is missing".to_owned(),
        ),
        DnsResult::Answer => (
            format!("{subject} has other addresses"),
            "the operator of this address must repair its PTR record or the addresses of the host: `resolverctl check` with the address shows both".to_owned(),
        ),
        DnsResult::NoData => (
            format!("{subject} has no address"),
            format!("the owner of its domain must repair the records: {check}"),
        ),
        _ => (
            format!("{subject} does not exist"),
            format!("if the name is spelled correctly, the owner of its domain must repair the records: {check}"),
        ),
    }
}

/// Returns the advice for a name that was denied without a query. Some zones have signed records that deny names which exist.
fn of_conclusion(one: &QuestionReport) -> String {
    let (name, kind) = (one.name.trim_end_matches('.'), &one.kind);
    format!(
        "if the name exists, its signed zone denies it wrongly: `resolverctl trace --fresh {name} {kind}` shows what its servers say, and `resolverctl flush {name}` removes the denial from the cache"
    )
}

/// Returns the address or the name that is looked up in a DNS list. `labels`: the labels before the list.
fn listed(labels: &str) -> String {
    let labels = labels.trim_end_matches('.');
    let reversed = labels.rsplit('.').collect::<Vec<_>>().join(".");
    reversed.parse::<Ipv4Addr>().map_or_else(|_| labels.to_owned(), |address| address.to_string())
}
