//! Detects aliases (CNAME) that form a loop, and chains of too many aliases (RFC 1034 section 3.6.2).
//!
//! No resolver can find the records at the end of such a chain. The daemon reports only that its lookup failed, so the alias of each name
//! in the chain is looked up separately.

use crate::facts::{DomainFacts, ReplyFacts, ReplySecurity, Want, is_within, lookup};
use crate::limits::MAX_CHECKED_ALIASES;

/// If a lookup of one of these types fails, a loop of aliases may be the reason.
const TYPES: [&str; 5] = ["A", "AAAA", "MX", "PTR", "TXT"];

fn target(facts: &DomainFacts, name: &str) -> Option<String> {
    let reply = facts.reply(&lookup(name, "CNAME"))?;
    reply.answers.iter().find(|record| record.is("CNAME") && record.name == name)?.target()
}

/// Returns the chain of aliases that begins at a name, as far as it was looked up. If the chain forms a loop, its last name occurs twice.
fn path(facts: &DomainFacts, name: &str) -> Vec<String> {
    let mut names = vec![name.to_owned()];
    while names.len() <= MAX_CHECKED_ALIASES
        && let Some(next) = names.last().and_then(|last| target(facts, last))
    {
        let is_circle = names.contains(&next);
        names.push(next);
        if is_circle {
            break;
        }
    }
    names
}

/// Describes the aliases of a name if they form a loop, or if the chain is too long.
fn circle(facts: &DomainFacts, name: &str) -> Option<String> {
    let names = path(facts, name);
    let (last, before) = names.split_last()?;
    let words = names.join(" CNAME ");
    if before.contains(last) {
        return Some(format!("aliases in a circle: {words}"));
    }
    let is_long = names.len() > MAX_CHECKED_ALIASES;
    is_long.then(|| {
        format!("more aliases in a row than resolvers follow, {MAX_CHECKED_ALIASES} or more: {words}")
    })
}

/// Returns the last known name in the chain of aliases of a name. Returns `None` if the aliases form a loop, or if the chain is too long.
pub(super) fn end(facts: &DomainFacts, name: &str) -> Option<String> {
    let names = path(facts, name);
    let (last, before) = names.split_last()?;
    (!before.contains(last) && names.len() <= MAX_CHECKED_ALIASES).then(|| last.clone())
}

fn failed(facts: &DomainFacts) -> impl Iterator<Item = (&str, &'static str)> {
    let has_failed = |reply: &ReplyFacts| reply.rcode == "SERVFAIL" && reply.security != ReplySecurity::Bogus;
    let failed = facts.lookups().filter(move |((_, kind), reply)| TYPES.contains(kind) && has_failed(reply));
    failed.map(|(lookup, _)| lookup)
}

/// Stores in `facts` the names whose lookups fail because their aliases form a loop or a too long chain.
pub(super) fn note(facts: &mut DomainFacts) {
    let circles = failed(facts).filter_map(|(name, _)| Some((name.to_owned(), circle(facts, name)?)));
    facts.circles = circles.collect();
}

/// Returns the next lookups of aliases (CNAME), for names whose lookups have failed. If the lookup of the checked domain itself failed,
/// names below the domain are skipped, because they fail for the same reason.
pub(super) fn wants(facts: &DomainFacts) -> Vec<Want> {
    let domain = facts.subject.domain.as_str();
    let is_known = domain.is_empty() || facts.lookup(domain, "SOA").is_known();
    let is_open =
        |name: &str, kind: &str| is_known || name == domain || kind == "PTR" || !is_within(name, domain);
    let open = failed(facts).filter(|(name, kind)| is_open(name, kind));
    open.flat_map(|(name, _)| path(facts, name)).map(|name| lookup(&name, "CNAME")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codes::Code;
    use crate::facts::tests::facts;
    use crate::finding::Level;
    use crate::judge;

    const ZONE: &str = "lookup a.test. SOA | ns1.a.test. h. 7 2 3 4 5\nlookup a.test. MX | 10 mx.a.test.\n\
        lookup mx.a.test. A SERVFAIL\nlookup mx.a.test. AAAA SERVFAIL";

    #[test]
    fn circular_mail_host_aliases_are_reported() {
        let judged = |lines: &str| {
            let mut facts = facts("a.test.", &format!("{ZONE}\n{lines}"));
            note(&mut facts);
            judge(&facts)
        };
        assert_eq!(
            wants(&facts("a.test.", ZONE)),
            [lookup("mx.a.test.", "CNAME"), lookup("mx.a.test.", "CNAME")]
        );
        let half = "lookup mx.a.test. CNAME | m2.b.test.";
        assert!(
            wants(&facts("a.test.", &format!("{ZONE}\n{half}"))).contains(&lookup("m2.b.test.", "CNAME"))
        );
        assert!(judged(half).iter().any(|finding| finding.code == Code::MailUnknown));
        let found = judged(&format!("{half}\nlookup m2.b.test. CNAME | MX.a.test."));
        let unanswered = found.iter().find(|finding| finding.code == Code::MxHostUnanswered).unwrap();
        assert_eq!(unanswered.level, Level::Failure);
        assert_eq!(
            unanswered.evidence,
            "mx.a.test. A: aliases in a circle: mx.a.test. CNAME m2.b.test. CNAME mx.a.test."
        );
        assert!(found.iter().all(|finding| finding.code != Code::MailUnknown), "{found:#?}");
    }

    #[test]
    fn overlong_alias_chain_is_reported() {
        let of = |aliases: usize| {
            let mut lines = format!("{ZONE}\nlookup mx.a.test. CNAME | l1.a.test.");
            for number in 1..aliases {
                lines.push_str(&format!("\nlookup l{number}.a.test. CNAME | l{}.a.test.", number + 1));
            }
            let mut facts = facts("a.test.", &lines);
            note(&mut facts);
            let found = judge(&facts);
            let found = found.iter().find(|finding| finding.code == Code::MxHostUnanswered);
            found.map(|finding| finding.evidence.clone())
        };
        assert_eq!(of(MAX_CHECKED_ALIASES - 1), None, "another fault");
        let found = of(20).unwrap();
        let begin = "mx.a.test. A: more aliases in a row than resolvers follow, 12 or more: mx.a.test. CNAME l1.a.test. CNAME ";
        assert!(found.starts_with(begin), "{found}");
    }
}
