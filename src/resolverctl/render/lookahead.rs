//! The output of `resolverctl lookahead`: a table of the rules by which resolverd sends queries before a client asks, and a line about the mode.

use super::columns::{self, Column, count, number, painted, word};
use super::style::{Paint, Style};
use super::words;
use config::limits::{AHEAD_PERCENT, AHEAD_RULE_MEMORY};
use config::{LookaheadMode, RuleState};
use protocol::Reply;
use protocol::rows::{LookaheadRule, LookaheadState};

fn legend(mode: LookaheadMode) -> String {
    let states = format!(
        "recently used: of the last {AHEAD_RULE_MEMORY} queries of the rule, the percentage that a client then sent too\n\
        state: active if at least {AHEAD_PERCENT} % were recently used, otherwise inactive; learning if there were too few queries so far\n"
    );
    match mode {
        LookaheadMode::Observe => states,
        LookaheadMode::Rules => format!("{SENT}{states}{SAVED}"),
        LookaheadMode::Learned | LookaheadMode::Off => format!("{SENT}{states}{INACTIVE}{SAVED}"),
    }
}

const INACTIVE: &str = "resolverd sends no queries of an inactive rule, but counts those that clients send, so the rule can become active again\n";

const SENT: &str = "sent ahead: queries that resolverd sent before a client asked; used: queries whose answer a client then asked for\n";

const SAVED: &str =
    "time saved: time that clients did not wait, because the answer was in the cache already\n";

/// Returns the table of the rules, and the lines below it.
pub fn table(replies: &[Reply], style: Style) -> String {
    let mode = replies.iter().find_map(|reply| match reply {
        Reply::Lookahead(state) => Some(state.mode),
        _ => None,
    });
    let mode = mode.unwrap_or(LookaheadMode::Learned);
    let rows = replies
        .iter()
        .filter_map(|reply| if let Reply::LookaheadRule(rule) = reply { Some(rule) } else { None });
    let table = match mode {
        LookaheadMode::Observe => columns::table(OBSERVED, rows, 0),
        _ => columns::table(SENT_AHEAD, rows, 0),
    };
    let mut text = if table.is_empty() { String::new() } else { table.text(style, None) + &legend(mode) };
    replies.iter().for_each(|reply| text.push_str(&lines(reply)));
    text
}

type RuleColumn = Column<LookaheadRule>;

const RULE: RuleColumn = Column("rule (kind of query)", 0, |rule, _| word(rule.rule.label()));

const STATE: RuleColumn = Column("state", 0, |rule, _| {
    let paint = if rule.state == RuleState::Active { Paint::Good } else { Paint::Faint };
    painted((rule.state.label(), paint))
});

const RECENTLY_USED: RuleColumn = Column("recently used", 0, |rule, _| {
    number(rule.share.map(|share| format!("{share} %")), "not known yet")
});

/// The columns if resolverd sends the queries of the rules.
const SENT_AHEAD: &[RuleColumn] = &[
    RULE,
    STATE,
    RECENTLY_USED,
    Column("sent ahead", 0, |rule, _| count(rule.asked)),
    Column("used", 0, |rule, _| count(rule.used)),
    Column("time saved", 0, |rule, _| number((rule.used > 0).then(|| words::time(rule.saved)), "none")),
];

/// The columns if resolverd only counts the queries of the rules.
const OBSERVED: &[RuleColumn] = &[
    RULE,
    STATE,
    RECENTLY_USED,
    Column("counted", 0, |rule, _| count(rule.observed)),
    Column("sent later by a client", 0, |rule, _| count(rule.sent_later)),
];

fn lines(reply: &Reply) -> String {
    let Reply::Lookahead(LookaheadState { mode, own_modes, .. }) = reply else {
        return String::new();
    };
    let mut text = match mode {
        LookaheadMode::Learned => String::new(),
        LookaheadMode::Rules => {
            "lookahead.mode = \"rules\": resolverd sends the queries of all rules, inactive ones too; the state has an effect only with \"learned\"\n".to_owned()
        }
        LookaheadMode::Observe => {
            "lookahead.mode = \"observe\": resolverd sends none of these queries and only counts them; \"learned\" sends those of active and learning rules\n"
                .to_owned()
        }
        LookaheadMode::Off => "look-ahead is off (lookahead.mode = \"off\"): resolverd sends no queries before clients ask\n".to_owned(),
    };
    if *own_modes > 0 {
        text.push_str(&format!(
            "exception: {} another mode; see the key `lookahead` of [listen] and [[listener]] in `resolverctl config show`\n",
            if *own_modes == 1 { "1 listener has".to_owned() } else { format!("{} listeners have", words::number(*own_modes)) }
        ));
    }
    text
}
