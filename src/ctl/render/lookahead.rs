//! The rules of look-ahead in a table, and a line about the mode if it is not the default.

use super::table::{Align, TextTable};
use super::{Paint, Style, words};
use crate::config::LookaheadMode;
use crate::control::protocol::Reply;
use crate::control::protocol::lookahead::{LookaheadRule, LookaheadState};
use crate::lookahead::{Rule, RuleState};

/// Stands for a missing value.
const NONE: &str = "–";

/// The rules.
pub fn table(replies: &[Reply], style: Style) -> String {
    let mut table = TextTable::new(&[
        ("rule: queries sent ahead", Align::Left),
        ("state", Align::Left),
        ("useful", Align::Right),
        ("sent ahead", Align::Right),
        ("used", Align::Right),
        ("unused", Align::Right),
        ("time saved", Align::Right),
        ("not sent ahead", Align::Right),
        ("then asked", Align::Right),
    ]);
    for reply in replies {
        if let Reply::LookaheadRule(rule) = reply {
            table.row(cells(rule));
        }
    }
    let mut text = table.text(style, None);
    replies.iter().for_each(|reply| text.push_str(&lines(reply)));
    text
}

fn cells(rule: &LookaheadRule) -> Vec<(String, Paint)> {
    let plain = |text: String| (text, Paint::Plain);
    let paint = if rule.state == RuleState::Active { Paint::Good } else { Paint::Faint };
    vec![
        plain(rule_label(rule.rule).to_owned()),
        (words::label(&rule.state), paint),
        plain(rule.share.map_or_else(|| NONE.to_owned(), |share| format!("{share} %"))),
        plain(words::number(rule.asked)),
        plain(words::number(rule.used)),
        plain(words::number(rule.unused)),
        plain(if rule.used == 0 { NONE.to_owned() } else { words::time(rule.saved) }),
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
            "lookahead.mode = \"rules\": the queries of all rules are sent, also of inactive ones\n".to_owned()
        }
        LookaheadMode::Observe => {
            "lookahead.mode = \"observe\": no query is sent ahead of clients; the states are those that \"learned\" would use\n"
                .to_owned()
        }
        LookaheadMode::Off => "lookahead.mode = \"off\": resolverd sends no queries ahead of clients, and counts none\n".to_owned(),
    };
    if *own_modes > 0 {
        text.push_str(&format!("listeners with their own `lookahead` mode: {}\n", words::number(*own_modes)));
    }
    if *refused > 0 {
        text.push_str(&format!(
            "{} queries were not sent ahead, because too many queries were in progress or unused\n",
            words::number(*refused)
        ));
    }
    if *lost > 0 {
        text.push_str(&format!(
            "look-ahead did not learn from {} queries, because too many came at once\n",
            words::number(*lost)
        ));
    }
    text
}
