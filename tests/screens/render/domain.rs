//! The screen and the JSON output of `resolverctl check DOMAIN`.

use ctl::render::html::{DomainReport, page};
use ctl::render::{Style, domain, json};
use doctor::codes::Code;
use doctor::finding::{Finding, Level};

use super::golden;

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
    let lines: String = findings().iter().map(|finding| json::finding(finding, "example.com")).collect();
    golden("check_domain.json", &lines);
    let hostile = domain::text("example.com", &findings_with(HOSTILE), Style::Plain);
    assert!(hostile.contains("no server answered\\u{1b}[2J\n"), "{hostile}");
}

#[test]
fn a_healthy_domain() {
    let findings = [Finding::new(Code::MailOk, "mx.example.com. (192.0.2.1)")];
    golden("check_domain_healthy.txt", &domain::text("example.com", &findings, Style::Plain));
}

#[test]
fn a_page_is_harmless() {
    let mut findings = findings_with(HOSTILE);
    findings.push(Finding::new(Code::SpfSyntax, "v=spf1 </p><img src=x onerror=\"alert(1)\"> 'x' & y"));
    let reports = [
        DomainReport { subject: "example.com".to_owned(), findings },
        DomainReport { subject: "<b>.example".to_owned(), findings: Vec::new() },
    ];
    let page = page(&reports, 1_795_257_600);
    golden("check_domain.html", &page);
    for forbidden in ["<script", "<img", "<b>.", "\u{1b}", "http://", "src=x onerror=\"alert"] {
        assert!(!page.contains(forbidden), "{forbidden}");
    }
}
