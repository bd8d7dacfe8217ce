//! The screen and the JSON of `check DOMAIN`.

use resolverd::check::domain::codes::Code;
use resolverd::check::domain::finding::{Finding, Level};
use resolverd::ctl::render::{Style, domain, json};

use super::golden;

fn findings() -> Vec<Finding> {
    vec![
        Finding::new(Code::MxIsAddress, "example.com. MX 10 192.0.2.1."),
        Finding::new(Code::NsLame, "192.0.2.53 (ns2.example.net.) answers REFUSED for example.com."),
        Finding::new(Code::NsTcp, "192.0.2.54 (ns1.example.net.) refuses the connection"),
        Finding::new(Code::PointerUnknown, "PTR of 192.0.2.9: SERVFAIL: no server answered\u{1b}[2J"),
        Finding::new(Code::PtrMissing, "192.0.2.8").at(Level::Note),
        Finding::new(Code::DnssecUnsigned, "example.com."),
    ]
}

#[test]
fn a_faulty_domain() {
    golden("check_domain.txt", &domain::text("example.com", &findings(), Style::Plain));
    let lines: String = findings().iter().map(|finding| json::finding(finding, "example.com")).collect();
    golden("check_domain.json", &lines);
}

#[test]
fn a_healthy_domain() {
    let findings = [Finding::new(Code::MailOk, "mx.example.com. (192.0.2.1)")];
    golden("check_domain_healthy.txt", &domain::text("example.com", &findings, Style::Plain));
}
