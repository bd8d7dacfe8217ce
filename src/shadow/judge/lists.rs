//! Differences in the zone of a DNS list.
//!
//! RFC 5782 section 2.1: a code in 127.0.0.0/8 is a listing. Codes in 127.255.255.0/24 are errors, by which lists refuse public resolvers,
//! queries beyond a quota, and names that are no subject of theirs.

use std::net::Ipv4Addr;

use super::evidence::{Cause, Evidence, Judged, Sample};
use crate::answer::{Side, SideAnswer};

/// The answer of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ListAnswer {
    Listed,
    NotListed,
    Refused,
    Failed,
}

fn said(answer: &SideAnswer) -> ListAnswer {
    let is_refusal = |data: &String| {
        data.parse::<Ipv4Addr>().is_ok_and(|code| matches!(code.octets(), [127, 255, 255, _]))
    };
    let codes = answer.data("A");
    match answer.rcode() {
        Some("REFUSED") => ListAnswer::Refused,
        Some("NOERROR" | "NXDOMAIN") if codes.is_empty() => ListAnswer::NotListed,
        Some("NOERROR") if codes.iter().any(is_refusal) => ListAnswer::Refused,
        Some("NOERROR") => ListAnswer::Listed,
        _ => ListAnswer::Failed,
    }
}

/// The cause of a difference in the zone of `list`.
pub(super) fn judge(list: &str, evidence: &Evidence, last: &Sample) -> Judged {
    let (in_place, resolverd) = (said(&last.in_place), said(&last.resolverd));
    let reason = if evidence.reason.is_empty() { String::new() } else { format!(" ({})", evidence.reason) };
    match (in_place, resolverd) {
        (ListAnswer::Refused, _) => {
            let why = format!("{list} refuses the resolver in place: a code of refusal, and no listing");
            Judged::harmless(Cause::List, Some(Side::InPlace), why)
        }
        (_, ListAnswer::Refused) => refused(list, &reason),
        // resolverd tells a client nothing of a list that it does not believe, and gives the reason.
        (_, ListAnswer::Failed | ListAnswer::NotListed) if !evidence.reason.is_empty() => {
            refused(list, &reason)
        }
        (ListAnswer::Failed, _) => {
            Judged::unknown(format!("the resolver in place gets no answer of {list}, and resolverd does"))
        }
        (_, ListAnswer::Failed) => {
            Judged::unknown(format!("resolverd gets no answer of {list}, and the resolver in place does"))
        }
        _ => Judged::unknown(format!(
            "{list} answers differently: old in a cache, or the list has changed; it is not asked again because of its quota"
        )),
    }
}

fn refused(list: &str, reason: &str) -> Judged {
    Judged::look(
        Cause::List,
        Side::Resolverd,
        format!("resolverd has no usable answer of {list}{reason}"),
        "see `resolverctl dnsbl` for the state of the list, its quota and what to do",
    )
}
