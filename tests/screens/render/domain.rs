//! The screen and the JSON output of `resolverctl check DOMAIN`.

use super::traced::{checked, ds, keys, step};
use super::{golden, query};
use dns::question::Outcome;
use doctor::codes::Code;
use doctor::finding::{Finding, Level};
use protocol::Reply;
use record::event::{DsSource, StepEvent};
use resolverctl::render::html::chain::KeyChain;
use resolverctl::render::html::{DomainReport, page};
use resolverctl::render::{Style, domain, domains, json};
use validate::verdict::SecurityStatus::{self, Bogus, Insecure, Secure};

/// A text from a hostile server. If it were printed unchanged, its escape sequence would clear the terminal.
const HOSTILE: &str = "no server answered\u{1b}[2J";

fn findings() -> Vec<Finding> {
    findings_with("no server answered")
}

/// Returns findings. One of them contains this text, which comes from another host.
fn findings_with(text: &str) -> Vec<Finding> {
    vec![
        Finding::new(Code::MxIsAddress, "example.com. MX 10 192.0.2.1."),
        Finding::new(Code::NsLame, "192.0.2.53 (ns2.example.net.) answers REFUSED for example.com."),
        Finding::new(Code::NsTcp, "192.0.2.54 (ns1.example.net.) refuses or closes the connection"),
        Finding::new(Code::PointerUnknown, format!("PTR of 192.0.2.9: SERVFAIL: {text}")),
        Finding::new(Code::PtrMissing, "192.0.2.8").at(Level::Note),
        Finding::new(Code::DnssecUnsigned, "example.com."),
    ]
}

#[test]
fn a_faulty_domain() {
    golden("check_domain.txt", &domain::text("example.com", &findings(), Style::Plain));
    let lines: String = findings()
        .iter()
        .map(|finding| json::finding(finding, ("example.com", Some("Example.com."))))
        .collect();
    golden("check_domain.json", &lines);
    let hostile = domain::text("example.com", &findings_with(HOSTILE), Style::Plain);
    assert!(hostile.contains("no server answered\\u{1b}[2J\n"), "{hostile}");
}

#[test]
fn a_list_of_domains() {
    let report = |subject: &str, findings: Vec<Finding>| DomainReport {
        typed: Some(format!("info@{subject}.")),
        subject: subject.to_owned(),
        findings,
        chain: None,
    };
    let unlisted = "bl.example about b.example: it does not list its test entry";
    let reports = [
        report("example.com", findings_with(HOSTILE)),
        report("a.example", vec![Finding::new(Code::MailOk, "mx.a.example. (192.0.2.1)")]),
        report("b.example", vec![Finding::new(Code::ListsUnknown, unlisted)]),
    ];
    golden("check_domains.txt", &domains::table(&reports, Style::Plain));
    golden("check_domains.csv", &domains::csv(&reports));
}

#[test]
fn a_broken_list_leads_no_domain() {
    let lists = Finding::new(Code::ListsUnknown, "bl.example does not list its test entry");
    let text = domain::text("example.com", std::slice::from_ref(&lists), Style::Plain);
    assert!(text.starts_with("example.com: 1 unknown result\n"), "{text}");
    let text = domain::text("example.com", &[lists, Finding::new(Code::MailUnknown, "x")], Style::Plain);
    assert!(text.starts_with(&format!("example.com: {}", Code::MailUnknown.entry().title)), "{text}");
}

#[test]
fn the_first_line_is_short() {
    let finding = Finding::new(Code::MxIsAddress, "x".repeat(400));
    let text = domain::text("example.com", &[finding], Style::Plain);
    let first = text.lines().next().unwrap();
    assert!(first.chars().count() == 160 && first.ends_with("x…"), "{first}");
    assert!(text.contains(&"x".repeat(400)), "the whole evidence is below it");
}

#[test]
fn a_healthy_domain() {
    let findings = [Finding::new(Code::MailOk, "mx.example.com. (192.0.2.1)")];
    golden("check_domain_healthy.txt", &domain::text("example.com", &findings, Style::Plain));
}

/// Returns the chain of a domain with these steps below a secure root. The trace failed if `state` is bogus.
fn chain(domain: &str, below: Vec<StepEvent>, state: SecurityStatus) -> Result<KeyChain, String> {
    let rcode = if state == Bogus { "SERVFAIL" } else { "NOERROR" };
    let root = vec![ds(".", vec![20_326], DsSource::Anchor), keys(".", None), checked(".", Secure, None)];
    let steps = [root, below].concat().into_iter().map(|event| Reply::Step(step(0, 0, event)));
    let end = Reply::Query(Box::new(query("SOA", rcode, Outcome::Upstream, Vec::new())));
    KeyChain::of(domain, &steps.chain([end]).collect::<Vec<_>>())
}

fn reports() -> [DomainReport; 3] {
    let mut findings = findings_with(HOSTILE);
    findings.push(Finding::new(Code::SpfSyntax, "v=spf1 </p><img src=x onerror=\"alert(1)\"> 'x' & y"));
    let unsigned = vec![
        ds("com.", vec![19_718], DsSource::Parent),
        keys("com.", None),
        checked("com.", Secure, None),
        ds("example.com.", Vec::new(), DsSource::Parent),
        checked("example.com.", Insecure, None),
    ];
    let why = "no DNSKEY of example. matches <b>.example. \u{1b}[2J";
    let broken = vec![
        ds("example.", vec![4_711, 815], DsSource::Parent),
        keys("example.", None),
        checked("example.", Bogus, Some(why)),
        checked("<b>.example.", Bogus, Some(why)),
        checked("<b>.example. SOA", Bogus, Some(why)),
    ];
    let chains = [
        chain("example.com.", unsigned, Insecure),
        chain("<b>.example.", broken, Bogus),
        Err("timeout at the servers of <b>.: no answer".to_owned()),
    ];
    let [unsigned, broken, unread] = chains.map(Some);
    [
        DomainReport { typed: None, subject: "example.com".to_owned(), findings, chain: unsigned },
        DomainReport { typed: None, subject: "<b>.example".to_owned(), findings: Vec::new(), chain: broken },
        DomainReport { typed: None, subject: "example.net".to_owned(), findings: Vec::new(), chain: unread },
    ]
}

#[test]
fn a_page_is_harmless() {
    let page = page(&reports(), 1_795_257_600);
    golden("check_domain.html", &page);
    for forbidden in ["<script", "<img", "<b>.", "\u{1b}", "http://", "src=x onerror=\"alert"] {
        assert!(!page.contains(forbidden), "{forbidden}");
    }
}
