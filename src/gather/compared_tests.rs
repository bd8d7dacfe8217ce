//! Tests how a check compares servers within its limits, with silent servers or many addresses.

use std::net::IpAddr;

use futures_util::future::BoxFuture;
use tokio::time::sleep;

use crate::{Sources, gather};
use dns::limits::{DIRECT_STREAM_TIME, DIRECT_TIME};
use dns::stage::paused;
use doctor::codes::Code;
use doctor::compared::left_out;
use doctor::facts::tests::{TWO_SERVERS as ZONE, facts};
use doctor::facts::{DomainFacts, Got, NoReply, OtherResolver, ReplyFacts, ResolverWay, Want};
use doctor::finding::{Finding, Level};
use doctor::limits::MAX_CHECK_QUESTIONS;
use doctor::part::Part;
use doctor::{WholeDomain, judge, served};

fn text(record: &str) -> String {
    format!("TXT udp aa | \"{record}\"")
}

/// A source that answers from these facts, and answers other questions with no record. Servers in 198.18.3.0/24 are silent.
struct PartlySilent(DomainFacts);

impl Sources for PartlySilent {
    fn ask<'a>(&'a self, want: &'a Want) -> BoxFuture<'a, Got> {
        Box::pin(async move {
            match want {
                Want::Server { server: IpAddr::V4(server), way, .. } if server.octets()[2] == 3 => {
                    let over_tcp = way.over_tcp().is_none();
                    sleep(if over_tcp { DIRECT_STREAM_TIME } else { DIRECT_TIME }).await;
                    Got::NoReply(NoReply::Silent)
                }
                Want::Lists { .. } => Got::Lists(Vec::new()),
                _ => {
                    let none = ReplyFacts {
                        rcode: "NOERROR".to_owned(),
                        authoritative: true,
                        ..ReplyFacts::default()
                    };
                    self.0.got.get(want).cloned().unwrap_or(Got::Reply(none))
                }
            }
        })
    }
}

#[test]
fn answering_servers_among_silent_are_compared() {
    let (good, bad) = (text("v=spf1 mx -all"), text("v=spf1 +all"));
    let mut lines = format!(
        "{ZONE}\nlookup a.test. TXT | \"v=spf1 mx -all\"\nserver 198.18.1.1 a.test. {good}\nserver 198.18.2.1 a.test. {bad}"
    );
    let mut referral =
        "\nserver 198.18.9.1 a.test. NS udp | >a.test. NS ns1.a.test. | >a.test. NS ns2.a.test.".to_owned();
    for silent in 3..9 {
        lines.push_str(&format!("\nlookup ns{silent}.a.test. A | 198.18.3.{silent}"));
        referral.push_str(&format!(" | >a.test. NS ns{silent}.a.test."));
    }
    let sources = PartlySilent(facts("a.test.", &format!("{lines}{referral}")));
    let subject = sources.0.subject.clone();
    let found = judge(&paused(gather(subject, &WholeDomain, &sources)));
    let codes: Vec<Code> = found.iter().map(|finding| finding.code).collect();
    assert!(codes.contains(&Code::RecordsDiffer) && codes.contains(&Code::NsSilent), "{codes:?}");
    assert!(!codes.contains(&Code::SpfOk), "{codes:?}");
}

/// Returns a zone with twelve servers with two addresses each, and `hosts` mail hosts. The second addresses give the SPF record `second`.
fn crowded(second: &str, hosts: usize) -> PartlySilent {
    let mail: String = (0..hosts).map(|host| format!(" | 10 m{host}.a.test.")).collect();
    let above = ZONE.split_once("lookup ns1").unwrap().0;
    let mut lines = format!(
        "{above}\nlookup a.test. TXT | \"v=spf1 mx -all\"\nlookup _dmarc.a.test. TXT | \"v=DMARC1; p=reject\""
    );
    lines.push_str(&format!("\nlookup a.test. MX | 10 mx.a.test.{mail}\nlookup mx.a.test. A | 198.18.9.9"));
    for host in 0..hosts {
        lines.push_str(&format!("\nlookup m{host}.a.test. A | 198.18.8.{host}"));
    }
    let mut referral = "\nserver 198.18.9.1 a.test. NS udp".to_owned();
    let own: String = (1..=12).map(|last| format!(" | n{last}.a.test.")).collect();
    for last in 1..=12 {
        referral.push_str(&format!(" | >a.test. NS n{last}.a.test."));
        lines.push_str(&format!("\nlookup n{last}.a.test. A | 198.18.1.{last} | 198.18.4.{last}"));
        for (net, policy) in [(1, "v=spf1 mx -all"), (4, second)] {
            let server = format!("\nserver 198.18.{net}.{last}");
            lines.push_str(&format!("{server} a.test. SOA udp aa | ns1.a.test. h. 7 2 3 4 5"));
            lines.push_str(&format!("{server} a.test. NS mixed aa{own}"));
            lines.push_str(&format!("{server} a.test. TXT udp aa | \"{policy}\""));
            lines.push_str(&format!("{server} _dmarc.a.test. TXT udp aa | \"v=DMARC1; p=reject\""));
            lines.push_str(&format!("{server} a.test. MX udp aa | 10 mx.a.test.{mail}"));
            lines.push_str(&format!("{server} mx.a.test. A udp aa | 198.18.9.9"));
        }
    }
    let mut sources = PartlySilent(facts("a.test.", &format!("{lines}{referral}")));
    let public = [[192, 0, 2, 8], [192, 0, 2, 9], [192, 0, 2, 10]];
    sources.0.subject.resolvers = public
        .map(|address| OtherResolver { way: ResolverWay::Plain(address.into()), name: "public".to_owned() })
        .to_vec();
    sources
}

// The check stays within its bound of questions and says what it did not compare.
#[test]
fn policies_at_24_addresses_are_compared() {
    let gathered = |second: &str| {
        let sources = crowded(second, 0);
        paused(gather(sources.0.subject.clone(), &WholeDomain, &sources))
    };
    let facts = gathered("v=spf1 +all");
    assert!(facts.got.len() <= MAX_CHECK_QUESTIONS, "{}", facts.got.len());
    let servers = served::serving(&facts);
    assert_eq!(servers.len(), 24);
    for (name, kind) in [("a.test.", "SOA"), ("a.test.", "MX"), ("a.test.", "TXT"), ("_dmarc.a.test.", "TXT")]
    {
        let is_asked = |server: &IpAddr| served::first(&facts, *server, (name, kind)).is_some();
        assert!(servers.iter().all(is_asked), "{name} {kind}");
    }
    let found = judge(&facts);
    let differs = found.iter().find(|finding| finding.code == Code::RecordsDiffer).unwrap();
    assert_eq!(differs.level, Level::Failure);
    for code in [Code::SpfOk, Code::DelegationOk] {
        assert!(found.iter().all(|finding| finding.code != code), "{code:?}");
    }
    let found = judge(&gathered("v=spf1 mx -all"));
    for code in [Code::SpfOk, Code::DmarcOk] {
        assert!(found.iter().any(|finding| finding.code == code), "{code:?}: {found:#?}");
    }
    // If not all addresses of mail hosts were compared, the check must say so, and not that the mail hosts are correct.
    let left_out = found.iter().find(|finding| finding.part == Some(Part::Records));
    let is_told = left_out.is_some_and(|finding| finding.evidence.contains("mx.a.test. A"));
    let is_well = |code| found.iter().any(|finding: &Finding| finding.code == code);
    assert_eq!(
        (is_well(Code::MailOk), is_well(Code::DelegationOk)),
        (!is_told, left_out.is_none()),
        "{found:#?}"
    );
}

// Seven mail hosts must not keep SPF, DMARC and MX at 24 addresses from comparison.
#[test]
fn mail_hosts_leave_room_for_policies() {
    let sources = crowded("v=spf1 mx -all", 6);
    let facts = paused(gather(sources.0.subject.clone(), &WholeDomain, &sources));
    for lookup in [("a.test.", "TXT"), ("_dmarc.a.test.", "TXT"), ("a.test.", "MX")] {
        assert!(!left_out(&facts).contains(&lookup), "{lookup:?}: {:?}", left_out(&facts));
    }
}
