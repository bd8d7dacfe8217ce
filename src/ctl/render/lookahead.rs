//! The rules of look-ahead in a table, and a line about the mode if it is not the default.

use super::table::{Align, TextTable};
use super::{Paint, Style, words};
use crate::config::LookaheadMode;
use crate::control::protocol::Reply;
use crate::control::protocol::lookahead::{LookaheadRule, LookaheadState};
use crate::lookahead::{Rule, RuleState};

/// The line below the rules.
const LEGEND: &str = "used by clients: share of the rule's last queries that a client then sent\n\
    sent ahead: queries that resolverd sent before a client did; a client then used the answer (used), or no client did (unused)\n\
    not sent ahead: queries that resolverd only counted, for example while the rule was not active; the last column is how many of them a client then sent\n";

/// The rules.
pub fn table(replies: &[Reply], style: Style) -> String {
    let mut table = TextTable::new(&[
        ("rule (kind of query)", Align::Left),
        ("state", Align::Left),
        ("used by clients", Align::Right),
        ("sent ahead", Align::Right),
        ("used", Align::Right),
        ("unused", Align::Right),
        ("time saved", Align::Right),
        ("not sent ahead", Align::Right),
        ("sent by clients", Align::Right),
    ]);
    for reply in replies {
        if let Reply::LookaheadRule(rule) = reply {
            table.row(cells(rule));
        }
    }
    let mut text = if table.is_empty() { String::new() } else { table.text(style, None) + LEGEND };
    replies.iter().for_each(|reply| text.push_str(&lines(reply)));
    text
}

fn cells(rule: &LookaheadRule) -> Vec<(String, Paint)> {
    let plain = |text: String| (text, Paint::Plain);
    let paint = if rule.state == RuleState::Active { Paint::Good } else { Paint::Faint };
    vec![
        plain(rule_label(rule.rule).to_owned()),
        (words::label(&rule.state), paint),
        plain(rule.share.map_or_else(|| "not known yet".to_owned(), |share| format!("{share} %"))),
        plain(words::number(rule.asked)),
        plain(words::number(rule.used)),
        plain(words::number(rule.unused)),
        plain(if rule.used == 0 { "none".to_owned() } else { words::time(rule.saved) }),
        plain(words::number(rule.observed)),
        plain(words::number(rule.sent_later)),
    ]
}

/// The queries that a rule sends.
const fn rule_label(rule: Rule) -> &'static str {
    match rule {
        Rule::Ptr => "PTR of an address",
        Rule::PtrA => "A of a PTR name",
        Rule::PtrAaaa => "AAAA of a PTR name",
        Rule::MxA => "A of mail hosts",
        Rule::MxAaaa => "AAAA of mail hosts",
        Rule::Tlsa => "TLSA of mail hosts",
        Rule::Spf => "SPF record",
        Rule::SpfChain => "SPF includes",
        Rule::SpfHosts => "hosts in SPF records",
        Rule::Dmarc => "DMARC record",
        Rule::DmarcWalk => "DMARC of higher domains",
        Rule::Dkim => "DKIM keys",
    }
}

/// The lines about mode and bounds.
fn lines(reply: &Reply) -> String {
    let Reply::Lookahead(LookaheadState { mode, own_modes, refused, lost }) = reply else {
        return String::new();
    };
    let mut text = match mode {
        LookaheadMode::Learned => String::new(),
        LookaheadMode::Rules => {
            "lookahead.mode = \"rules\": resolverd sends the queries of all rules ahead of clients, also of inactive rules\n".to_owned()
        }
        LookaheadMode::Observe => {
            "lookahead.mode = \"observe\": resolverd sends no queries ahead of clients; the table shows what \"learned\" would do\n"
                .to_owned()
        }
        LookaheadMode::Off => "lookahead.mode = \"off\": resolverd sends no queries ahead of clients, and counts nothing\n".to_owned(),
    };
    if *own_modes > 0 {
        text.push_str(&format!(
            "{} listeners have another mode: see `lookahead` of [listen] and [[listener]]\n",
            words::number(*own_modes)
        ));
    }
    if *refused > 0 {
        text.push_str(&format!(
            "{} queries were not sent ahead, to limit the load: too many queries were in progress, or too many were unused; nothing to do\n",
            words::number(*refused)
        ));
    }
    if *lost > 0 {
        text.push_str(&format!(
            "look-ahead did not learn from {} queries, because too many came at once; nothing to do\n",
            words::number(*lost)
        ));
    }
    text
}
