//! The screen of `resolverctl tls-policy`.

use super::style::{Paint, Style};
use dns::wire::presentation::harmless;
use protocol::TlsPolicyReply;
use tls_policy::TlsLevel;

/// Returns the policy, what it means, the facts from which it follows, and the reply that Postfix gets.
pub fn screen(reply: &TlsPolicyReply, style: Style) -> String {
    let paint = match reply.policy {
        TlsLevel::DaneOnly | TlsLevel::Secure => Paint::Good,
        TlsLevel::Dane | TlsLevel::Encrypt | TlsLevel::NoPolicy => Paint::Plain,
        TlsLevel::Temporary => Paint::Bad,
    };
    let policy = style.paint(paint, reply.policy.word());
    let mut text = format!("{}: {policy} ({})\n", harmless(&reply.next_hop), reply.meaning);
    text.extend(reply.reasons.iter().map(|reason| format!("  {}\n", harmless(reason))));
    text.push_str(&format!("Answer to Postfix: {}\n", harmless(reply.answer.trim_end())));
    text
}
