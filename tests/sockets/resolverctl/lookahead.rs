//! The command `resolverctl lookahead` over the control socket.

use crate::resolverctl::{World, object};
use config::{Rule, RuleState};
use resolver::lookahead::{RuleCounts, RuleStanding};

/// One rule of look-ahead with its counters.
pub(crate) fn rules() -> Vec<RuleStanding> {
    let counts =
        RuleCounts { asked: 412, used: 398, unused: 9, saved_micros: 18_200_000, ..Default::default() };
    vec![RuleStanding { rule: Rule::SpfChain, state: RuleState::Active, counts, share: Some(97) }]
}

#[test]
fn lookahead_shows_its_rules() {
    let world = World::new();
    let (code, text, _) = world.run(&["lookahead"]);
    assert_eq!(code, 0);
    let row: Vec<&str> =
        text.lines().nth(1).unwrap().split("  ").filter(|cell| !cell.is_empty()).map(str::trim).collect();
    assert_eq!(row, ["SPF includes", "active", "97 %", "412", "398", "18 s"]);
    let (code, json, _) = world.run(&["lookahead", "--json"]);
    let rule = object(json.lines().next().unwrap());
    assert_eq!((code, &rule["rule"], &rule["saved"]), (0, &"spf_chain".into(), &18.2.into()));
    assert_eq!(object(json.lines().nth(1).unwrap())["mode"], "learned");
}
