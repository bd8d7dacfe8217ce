//! `resolverctl check DOMAIN`: finds why mail to or from a domain fails, and says who must change what.
//!
//! One file for each topic, with its RFC. A topic has two pure functions: `wants`, the questions that it needs next by
//! the facts so far, and `check`, its findings. Nothing here waits: the crate `gather` asks the questions.
//!
//! Calls `dns` and `validate`. It knows neither the resolver nor the control socket.
//!
//! # Decisions
//!
//! - Questions go through the daemon, because only it has the routes, source addresses and trust anchors with which
//!   the mail software of this host resolves. Servers are asked one by one, each by its address: an answer of the
//!   cache shows neither a second server with old data nor a silent one.
//! - Facts are text, so that a case of a test is some lines.
//! - All findings have a code of one table (`codes`). The manual prints the same table.
//! - "Could not tell" is a finding of its own level. A lookup that failed never becomes "does not exist".

#![deny(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod aliases;
mod apex_alias;
mod at_times;
mod authorship;
mod bounce;
mod bounce_addresses;
mod bounce_exchange;
mod bounce_logs;
mod bounce_lookups;
mod bounce_status;
mod broken_answers;
mod cached;
mod client;
mod code_entry;
mod code_results;
mod code_word;
pub mod codes;
pub mod compared;
mod configured;
mod connect;
mod consequences;
mod contradicted_errors;
mod copies;
mod current;
mod dane;
mod delegation;
mod denial_proofs;
pub mod der;
mod dkim;
mod dmarc;
mod dmarc_record;
mod dnssec;
mod doubled_name;
mod each_server;
mod effects_of_glue;
mod effects_of_sets;
mod elsewhere;
mod exchanges;
mod extended_errors;
pub mod facts;
mod failing_at_others;
mod fallback;
pub mod finding;
mod foreign;
mod former_keys;
mod former_servers;
mod glue;
mod glue_sides;
mod groups;
mod hashed_denial;
mod helo;
mod kept_denial;
mod key_records;
mod keys;
mod last_dot;
mod level;
mod likely_servers;
pub mod limits;
mod lists;
pub mod local_part;
mod lookup_found;
mod mail;
mod mail_addressless;
mod mail_pointers;
mod mail_reach;
pub mod message;
mod message_addresses;
mod message_fields;
mod message_html;
mod message_kind;
mod message_text;
mod message_untold;
mod misplaced;
mod mixed_case;
mod mta_sts;
mod old_addresses;
mod old_answer;
mod old_at_others;
mod old_keys;
mod order;
mod organizational;
mod other_resolvers;
mod others;
pub mod outline;
mod outside;
mod parents;
mod parents_differ;
pub mod part;
pub mod plan;
mod pointer;
mod private_address;
pub mod public_resolvers;
mod record_set;
pub mod refusal;
mod refusal_pages;
mod refusal_reasons;
mod refusal_recipient;
mod refusal_tls;
mod refusal_verdicts;
mod refusal_words;
mod refusing_lists;
mod remedies;
mod reply_facts;
mod resolver_answers;
mod role;
pub mod sent;
mod serials;
pub mod served;
mod server_hosts;
mod server_names;
mod server_signatures;
mod server_silence;
pub mod side_by_side;
mod signature_times;
mod signed_move;
mod signed_set;
pub mod signing;
mod spf;
mod spf_evaluate;
mod spf_grammar;
mod spf_hosts;
mod spf_macros;
mod spf_named;
mod spf_reach;
mod spf_record;
mod spf_senders;
mod spf_special;
mod steady;
mod tags;
mod tcp_needed;
mod transport;
mod ttl_end;
mod unanswered;
mod unproven;
mod unrouted;
mod untold_servers;
mod wildcard;
mod without_keys;
pub mod zone;

use std::collections::BTreeSet;
use std::net::IpAddr;

pub use order::in_order;
pub use private_address::is_private;
pub use record_set::compared_data;

use codes::Code;
use facts::{BOUND_REACHED, DomainFacts, Role, Want};
use finding::{Finding, Level};
use plan::Plan;

/// The plan of `check DOMAIN`.
#[derive(Clone, Copy, Debug)]
pub struct WholeDomain;

impl Plan for WholeDomain {
    fn wants(&self, facts: &DomainFacts, under_way: &BTreeSet<Want>) -> Vec<Want> {
        wants(facts, under_way)
    }

    fn note(&self, facts: &mut DomainFacts) {
        current::adopt(facts);
        aliases::note(facts);
    }
}

/// The questions that the checks need next. Some of them may have been asked already, or are under way.
fn wants(facts: &DomainFacts, under_way: &BTreeSet<Want>) -> Vec<Want> {
    let (mut wants, mut further, examined) = (Vec::new(), Vec::new(), client::examined(facts));
    if let Some(address) = examined {
        wants.extend(pointer::wants(facts, address));
    }
    wants.extend(helo::wants(facts, examined));
    if facts.subject.domain.is_empty() {
        wants.extend(aliases::wants(facts));
        wants.extend(elsewhere::wants(facts, &needed(facts, examined), under_way));
    }
    if !facts.subject.domain.is_empty() {
        wants.extend(of_role(facts));
    }
    wants.extend(lists::wants(facts, examined));
    let is_asked = |want: &Want| facts.got.contains_key(want) || under_way.contains(want);
    if !facts.subject.domain.is_empty() {
        let policies = compared::of_policies(facts);
        let are_asked = policies.iter().all(is_asked);
        wants.extend(policies);
        // These take no question from the comparison of policies.
        if are_asked {
            wants.extend(current::wants(facts));
            wants.extend(configured::wants(facts));
            wants.extend(aliases::wants(facts));
            wants.extend(elsewhere::wants(facts, &needed(facts, examined), under_way));
        }
    }
    let is_done = |wants: &[Want]| wants.iter().all(|want| facts.got.contains_key(want));
    // Comparisons take no question from another check, and wait for no answer.
    if !facts.subject.domain.is_empty() && wants.iter().all(is_asked) {
        further = parents_differ::wants(facts, || delegation::of_silent(facts));
        if facts.subject.role.receives() {
            further.extend(dane::of_denied(facts));
            further.extend(dane::of_signed(facts));
            further.extend(dane::of_proven(facts));
        }
        wants.extend(compared::wants(facts));
        wants.extend(unanswered::wants(facts));
    }
    // Other resolvers wait for all lookups, which show whether the configuration answers for the domain, and for no slow server.
    let is_looked_up = |want: &Want| match want {
        Want::Server { .. } => is_asked(want),
        _ => facts.got.contains_key(want),
    };
    let others_are_due = !facts.subject.domain.is_empty() && wants.iter().all(is_looked_up);
    // Silent servers take no time from comparisons of those that answer.
    if !facts.subject.domain.is_empty() && is_done(&wants) {
        wants.extend(delegation::of_silent(facts));
    }
    if others_are_due && facts.subject.role != Role::Signer {
        wants.extend(others::wants(facts));
    }
    // Strangers who do not answer take the time of nothing else.
    if !facts.subject.domain.is_empty() && is_done(&wants) {
        wants.extend(connect::wants(facts));
        wants.extend(mta_sts::wants(facts));
    }
    // Nothing waits for these.
    wants.extend(further);
    wants
}

/// The questions about a domain by its role.
fn of_role(facts: &DomainFacts) -> Vec<Want> {
    let (role, mut wants) = (facts.subject.role, delegation::wants(facts));
    if role == Role::Signer {
        wants.extend(dnssec::wants(facts));
        wants.extend(dkim::wants(facts));
    } else if !zone::is_missing(facts) {
        wants.extend(mail::wants(facts));
        wants.extend(dnssec::wants(facts));
        if role.sends() {
            wants.extend(spf::wants(facts));
            wants.extend(dmarc::wants(facts));
            wants.extend(dkim::wants(facts));
            wants.push(transport::bimi_want(facts));
        }
        if role.receives() {
            wants.extend(transport::wants(facts));
        }
    }
    wants
}

/// The lookups whose failure is examined, the most important first; with those of the address that is examined by itself.
fn needed(facts: &DomainFacts, examined: Option<IpAddr>) -> Vec<(String, &'static str)> {
    let mut needed = Vec::new();
    if !facts.subject.domain.is_empty() {
        needed.extend(server_names::needed(facts));
        needed.extend(mail::needed(facts));
        needed.extend(spf::needed(facts));
    }
    if let Some(address) = examined {
        needed.extend(pointer::needed(facts, address));
    }
    needed.extend(helo::needed(facts, examined));
    if !facts.subject.domain.is_empty() {
        if facts.subject.role.sends() {
            needed.extend(dmarc::needed(facts));
        }
        if facts.subject.role != Role::Recipient {
            needed.extend(dkim::needed(facts));
        }
        needed.extend(transport::needed(facts));
        if facts.subject.role.receives() {
            needed.extend(dane::needed(facts));
        }
        let hosts = mail::host_addresses(facts).into_iter();
        needed.extend(hosts.flat_map(|address| pointer::needed(facts, address)));
    }
    needed
}

/// The findings in order.
pub fn judge(facts: &DomainFacts) -> Vec<Finding> {
    let (mut findings, examined) = (configured::check(facts), client::examined(facts));
    if let Some(address) = examined {
        findings.extend(pointer::check(facts, address, is_private(address)));
    }
    findings.extend(helo::check(facts, examined));
    if facts.subject.role == Role::Signer {
        findings.extend(of_signer(facts));
    } else if !facts.subject.domain.is_empty() {
        if !zone::is_here_only(facts) || zone::is_missing(facts) {
            findings.extend(delegation::check(facts));
        }
        if !zone::is_missing(facts) {
            findings.extend(dnssec::check(facts));
            findings.extend(mail::check(facts));
            findings.extend(mail_pointers::check(facts, examined));
            if facts.subject.role.sends() {
                findings.extend(spf::check(facts));
                findings.extend(dmarc::check(facts));
                findings.extend(dkim::check(facts));
                findings.extend(transport::bimi(facts));
            }
            if facts.subject.role.receives() {
                findings.extend(transport::check(facts));
            }
        }
    }
    findings.extend(lists::check(facts, examined));
    if !facts.subject.domain.is_empty() {
        findings.extend(others::check(facts));
        findings.extend(connect::check(facts));
        findings.extend(mta_sts::check(facts));
        findings.extend(mta_sts::form(facts));
    }
    compared::without_contradictions(facts, &mut findings);
    compared::raise_old_serial(facts, &mut findings);
    configured::without_inner_view(facts, &mut findings);
    consequences::remove(facts, &mut findings);
    spf_hosts::put_behind_hosts(facts, &mut findings);
    parents_differ::without_consequences(facts, &mut findings);
    apex_alias::name(facts, &mut findings);
    effects_of_sets::join(facts, &mut findings);
    effects_of_glue::join(facts, &mut findings);
    unanswered::name_servers(facts, &mut findings);
    tcp_needed::explain(facts, &mut findings);
    let reason = facts.subject.refusal.reason;
    for finding in findings.iter_mut().filter(|finding| refusal_reasons::is_raised(reason, finding.code)) {
        finding.level = Level::Failure;
    }
    if facts.subject.refusal != refusal::Refusal::default() {
        without_logo(&mut findings);
    }
    findings.extend(refusal_tls::check(facts, &findings));
    findings.extend(bounce_status::check(facts));
    let is_bounded = |finding: &&mut Finding| {
        finding.level == Level::CouldNotTell && finding.evidence.contains(BOUND_REACHED)
    };
    findings.iter_mut().filter(is_bounded).for_each(|finding| finding.remedy = Some(remedies::BOUND));
    in_order(&mut findings, reason);
    unrouted::explain(facts, &mut findings);
    findings
}

/// Makes notes of the findings about a logo: no receiver refuses mail for one.
fn without_logo(findings: &mut [Finding]) {
    for finding in findings {
        if [Code::BimiSyntax, Code::BimiWithoutDmarc].contains(&finding.code) {
            finding.level = Level::Note;
        }
    }
}

/// The findings about a domain that only signs: its keys, their DNSSEC, and why nobody can look them up.
fn of_signer(facts: &DomainFacts) -> Vec<Finding> {
    let of_keys = [Code::ParentDiffers, Code::NsNoneAnswers, Code::NsCircular, Code::RecordsDiffer];
    let mut findings = delegation::check(facts);
    let is_edns = |finding: &Finding| (finding.code, finding.level) == (Code::NsEdns, Level::Failure);
    findings.retain(|finding| of_keys.contains(&finding.code) || is_edns(finding));
    if !zone::is_missing(facts) {
        findings.extend(dnssec::check(facts));
    }
    findings.extend(dkim::check(facts));
    findings
}

/// Whether the first finding of a report is a fault that a receiver gives as the reason of its refusal.
pub fn answers_refusal(facts: &DomainFacts, findings: &[Finding]) -> bool {
    let reason = facts.subject.refusal.reason;
    findings.first().is_some_and(|finding| refusal_reasons::is_it(reason, finding.code))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::tests::{TWO_SERVERS, facts};

    /// The codes of a zone whose two servers answer so for the SOA.
    fn codes(here: &str, answer: &str) -> Vec<Code> {
        let base = TWO_SERVERS.replace("SOA udp aa | ns1.a.test. h. 7 2 3 4 5", answer);
        let found = judge(&facts("a.test.", &format!("{base}\n{here}")));
        found.into_iter().map(|finding| finding.code).collect()
    }

    #[test]
    fn the_cause_and_the_list_of_a_bounce_are_told_first() {
        let first = |codes: [Code; 2]| {
            let mut findings = codes.map(|code| Finding::new(code, "x"));
            findings.iter_mut().filter(|finding| finding.code == Code::NsDiffer).for_each(|finding| {
                finding.level = Level::Failure;
            });
            in_order(&mut findings, None);
            findings[0].code
        };
        assert_eq!(first([Code::BimiWithoutDmarc, Code::BounceListUnknown]), Code::BounceListUnknown);
        assert_eq!(first([Code::BounceListUnknown, Code::DomainMissing]), Code::DomainMissing);
        assert_eq!(first([Code::MxDiffers, Code::NsDiffer]), Code::NsDiffer);
        assert_eq!(first([Code::OthersHide, Code::NsEdns]), Code::NsEdns);
        assert_eq!(first([Code::OthersHide, Code::NsTcp]), Code::OthersHide);
    }

    #[test]
    fn no_bounce_is_about_a_logo() {
        for (logo, code) in
            [("v=BIMI1; l=http://x", Code::BimiSyntax), ("v=BIMI1; l=https://x", Code::BimiWithoutDmarc)]
        {
            let lines = format!(
                "{TWO_SERVERS}\nlookup default._bimi.a.test. TXT | \"{logo}\"\nlookup _dmarc.a.test. TXT | \"v=DMARC1; p=none\""
            );
            let level = |pages: &[&str]| {
                let mut facts = facts("a.test.", &lines);
                facts.subject.refusal.pages = pages.iter().map(ToString::to_string).collect();
                judge(&facts).into_iter().find(|found| found.code == code).map(|found| found.level)
            };
            assert_eq!(level(&[]), Some(Level::Warning), "{logo}");
            assert_eq!(level(&["https://b.example/"]), Some(Level::Note), "{logo}");
        }
    }

    #[test]
    fn a_zone_that_all_its_servers_deny_does_not_exist() {
        let denied = codes("lookup a.test. SOA NXDOMAIN\nlookup a.test. TXT NXDOMAIN", "SOA udp NXDOMAIN aa");
        assert_eq!(denied.first(), Some(&Code::DomainMissing), "{denied:?}");
        for code in [Code::NsNoneAnswers, Code::SpfMissing, Code::DmarcMissing] {
            assert!(!denied.contains(&code), "{denied:?}");
        }
        let refused = codes("lookup a.test. SOA SERVFAIL", "SOA udp REFUSED");
        assert!(
            refused.contains(&Code::NsNoneAnswers) && !refused.contains(&Code::DomainMissing),
            "{refused:?}"
        );
    }

    #[test]
    fn a_host_that_validates_nothing_calls_no_domain_failing() {
        let bogus = ["a.test. SOA", "a.test. MX", "a.test. TXT", "test. SOA", ". SOA", "_dmarc.a.test. TXT"]
            .iter()
            .chain(&["_mta-sts.a.test. TXT", "_smtp._tls.a.test. TXT", "default._bimi.a.test. TXT"])
            .chain(&["s._domainkey.a.test. TXT", "_domainkey.a.test. TXT", "7.2.0.192.in-addr.arpa. PTR"])
            .map(|lookup| format!("lookup {lookup} SERVFAIL bogus\n"))
            .collect::<String>();
        let found = |lines: &str| {
            let mut facts = facts("a.test.", &format!("{TWO_SERVERS}\n{lines}"));
            facts.subject.selectors = vec!["s".to_owned()];
            facts.subject.address = Some([192, 0, 2, 7].into());
            judge(&facts)
        };
        let host = found(&bogus);
        assert!(host.iter().all(|finding| finding.level > Level::Warning), "{host:#?}");
        assert_eq!(host[0].code, Code::DnssecUnknown, "{host:#?}");
        let validates = found(&bogus.replace(". SOA SERVFAIL bogus", ". SOA secure | a. h. 1 2 3 4 5"));
        assert!(validates.iter().any(|finding| finding.code == Code::PtrUnanswered), "{validates:#?}");
        // The question whether this host validates is asked for an address too.
        let mut client = facts("", "lookup 7.2.0.192.in-addr.arpa. PTR SERVFAIL bogus");
        client.subject.address = Some([192, 0, 2, 7].into());
        let root = facts::lookup(".", "SOA");
        assert!(WholeDomain.wants(&client, &BTreeSet::new()).contains(&root));
        client.got.extend(facts("", "lookup . SOA SERVFAIL bogus").got);
        assert_eq!(judge(&client)[0].code, Code::PointerUnknown);
    }

    #[test]
    fn a_domain_that_only_signs_is_checked_for_its_keys_alone() {
        let found = |lines: &str| -> Vec<(Code, Level)> {
            let mut facts = facts("a.test.", &format!("{TWO_SERVERS}\n{lines}"));
            facts.subject.role = Role::Signer;
            facts.subject.selectors = vec!["x".to_owned()];
            let findings = judge(&facts).into_iter();
            findings.map(|finding| (finding.code, finding.level)).collect()
        };
        let key = "lookup x._domainkey.a.test. TXT | \"v=DKIM1; k=ed25519; p=BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=\"";
        let at =
            |server: &str| key.replace("lookup", &format!("server {server}")).replace("TXT", "TXT udp aa");
        let key = format!("{key}\n{}\n{}", at("198.18.1.1"), at("198.18.2.1"));
        let none = "lookup a.test. MX\nlookup a.test. A\nlookup a.test. AAAA\nlookup a.test. TXT\nlookup _dmarc.a.test. TXT";
        let sound = found(&format!("lookup a.test. SOA insecure | ns1.a.test. h. 7 2 3 4 5\n{none}\n{key}"));
        assert_eq!(sound, [(Code::DnssecUnsigned, Level::Ok), (Code::DkimOk, Level::Ok)]);
        let gone =
            found("lookup a.test. SOA insecure | ns1.a.test. h. 7 2 3 4 5\nlookup x._domainkey.a.test. TXT");
        assert_eq!(gone.first(), Some(&(Code::DkimMissing, Code::DkimMissing.entry().level)), "{gone:?}");
        let bogus =
            found("lookup a.test. SOA SERVFAIL bogus\nlookup x._domainkey.a.test. TXT SERVFAIL bogus");
        assert_eq!(bogus.first().map(|(code, _)| *code), Some(Code::DnssecBogus), "{bogus:?}");
        let mut unreached =
            facts("a.test.", "lookup a.test. SOA SERVFAIL\nlookup x._domainkey.a.test. TXT SERVFAIL");
        unreached.subject.role = Role::Signer;
        unreached.subject.selectors = vec!["x".to_owned()];
        assert!(judge(&unreached).iter().any(|finding| finding.level == Level::CouldNotTell));
        let wanted = WholeDomain.wants(&unreached, &BTreeSet::new());
        assert!(!wanted.iter().any(|want| matches!(want, Want::Lookup { kind: "MX", .. })), "{wanted:?}");
    }

    #[test]
    fn a_bogus_domain_has_no_second_failure_for_its_own_spf_record() {
        let found = |spf: &str| -> Vec<Code> {
            let soa = "lookup a.test. SOA SERVFAIL bogus\nlookup a.test. TXT";
            let lines = format!("{TWO_SERVERS}\n{soa} {spf}");
            judge(&facts("a.test.", &lines)).into_iter().map(|finding| finding.code).collect()
        };
        let own = found("SERVFAIL bogus");
        assert!(own.contains(&Code::DnssecBogus) && !own.contains(&Code::SpfUnanswered), "{own:?}");
        let term = found("| \"v=spf1 include:b.test -all\"\nlookup b.test. TXT SERVFAIL bogus");
        assert!(term.contains(&Code::SpfUnanswered), "a term has another cause: {term:?}");
    }

    #[test]
    fn names_that_are_bogus_in_a_zone_that_validates_are_a_fault_of_its_signatures() {
        let found = |alias: &str| -> Vec<Code> {
            let soa = "lookup a.test. SOA secure | ns1.a.test. h. 7 2 3 4 5\nlookup _dmarc.a.test. TXT SERVFAIL bogus";
            let lines = format!("{TWO_SERVERS}\n{soa}\nlookup _dmarc.a.test. CNAME {alias}");
            judge(&facts("a.test.", &lines)).into_iter().map(|finding| finding.code).collect()
        };
        let own = found("SERVFAIL bogus");
        assert!(own.first() == Some(&Code::DnssecBogus) && !own.contains(&Code::PolicyUnanswered), "{own:?}");
        assert!(own.contains(&Code::MailUnknown), "the MX records validate, and were not looked up: {own:?}");
        let foreign = found("| _dmarc.b.example.");
        assert!(
            foreign.contains(&Code::PolicyUnanswered) && !foreign.contains(&Code::DnssecBogus),
            "{foreign:?}"
        );
    }

    #[test]
    fn the_page_of_a_provider_is_the_first_line_only_without_a_failure() {
        let first = |codes: &[Code]| {
            let mut findings: Vec<Finding> = codes.iter().map(|code| Finding::new(*code, "")).collect();
            in_order(&mut findings, None);
            findings[0].code
        };
        assert_eq!(first(&[Code::SpfMissing, Code::BouncePage]), Code::BouncePage);
        assert_eq!(first(&[Code::BouncePage, Code::PtrMissing]), Code::PtrMissing);
        assert_eq!(first(&[Code::BounceUnlisted, Code::PtrMissing]), Code::BounceUnlisted);
    }

    #[test]
    fn a_fault_that_a_receiver_refuses_is_a_failure() {
        let first = |reason| {
            let mut facts = facts("", "lookup m.a. A\nlookup m.a. AAAA\nlookup m.a. MX");
            facts.subject.helo = Some("m.a".to_owned());
            facts.subject.address = "10.0.0.1".parse().ok();
            facts.subject.refusal.reason = reason;
            let found = judge(&facts);
            let unknown = found.iter().find(|finding| finding.code == Code::HeloUnknown).unwrap();
            (unknown.level, answers_refusal(&facts, &found))
        };
        assert_eq!(first(Some(refusal::RefusalReason::Helo)), (Level::Failure, true));
        assert_eq!(first(None), (Level::Warning, false));
    }

    #[test]
    fn servers_that_give_an_alias_at_the_apex_answer() {
        let alias = "lookup a.test. SOA | =a.test. CNAME b.test.\nlookup a.test. CNAME | b.test.\nlookup a.test. MX | =a.test. CNAME b.test.";
        let found = codes(alias, "SOA udp aa | =a.test. CNAME b.test.");
        assert!(found.contains(&Code::ApexAlias) && !found.contains(&Code::NsNoneAnswers), "{found:?}");
    }
}
