//! The screen of `resolverctl tls-policy`.

use super::golden;
use ::tls_policy::TlsLevel;
use protocol::TlsPolicyReply;
use resolverctl::render::{Style, tls_policy};

#[test]
fn policy_and_its_reasons() {
    let reply = |policy, meaning: &str, reasons: &[&str], answer: &str| TlsPolicyReply {
        next_hop: "Example.com".to_owned(),
        policy,
        answer: answer.to_owned(),
        meaning: meaning.to_owned(),
        reasons: reasons.iter().map(|reason| (*reason).to_owned()).collect(),
    };
    let shown: String = [
        reply(TlsLevel::DaneOnly, "only some", &["MX: secure (DNSSEC)", "mx.example: 2"], "OK dane-only"),
        reply(TlsLevel::NoPolicy, "no policy", &[], "NOTFOUND "),
        reply(TlsLevel::Temporary, "could not tell", &["a\u{1b}[31m"], "TEMP why"),
    ]
    .iter()
    .map(|reply| tls_policy::screen(reply, Style::Plain))
    .collect();
    golden("tls_policy.txt", &shown);
}
