//! Compares the answers of two resolvers to the same question.
//!
//! RFC 2181 section 5 (RRsets have no order), RFC 4034 section 6.2 (names are compared without regard to case).

use std::collections::{BTreeMap, BTreeSet};

use dns::words;
use doctor::facts::{Record, ReplyFacts};

words! {
    /// One of the two resolvers that are compared.
    pub enum Side {
        /// The resolver that this host uses today.
        InPlace = "in_place": "the current resolver",
        /// resolverd.
        Resolverd = "resolverd",
    }
}

impl Side {
    /// Returns the other one of the two resolvers.
    pub const fn other(self) -> Self {
        match self {
            Self::InPlace => Self::Resolverd,
            Self::Resolverd => Self::InPlace,
        }
    }
}

/// A reply of one of the two compared resolvers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SideReply {
    /// The facts in the reply, such as its response code and its records.
    pub facts: ReplyFacts,
    /// True if the AD flag is set: the resolver has validated the answer.
    pub secure: bool,
}

/// The result of sending a question to one of the two resolvers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SideAnswer {
    /// The resolver replied.
    Reply(Box<SideReply>),
    /// The resolver did not reply; the text says why not.
    None(String),
}

/// The sorted data of an answer section by name and type, without TTLs and signatures. Two resolvers may have different signatures of the
/// same data.
type Sets = BTreeMap<(String, String), Vec<String>>;

impl SideAnswer {
    /// Returns the reply of the resolver, if there is one.
    pub fn reply(&self) -> Option<&SideReply> {
        match self {
            Self::Reply(reply) => Some(reply),
            Self::None(_) => None,
        }
    }

    /// Returns true if the reply has one of these extended errors (RFC 8914).
    pub fn has_error(&self, codes: &[u16]) -> bool {
        self.reply().is_some_and(|reply| reply.facts.extended_errors.iter().any(|code| codes.contains(code)))
    }

    /// Returns a text about the extended errors of the reply, which is empty if the reply has none.
    pub fn errors(&self) -> &str {
        self.reply().map_or("", |reply| &reply.facts.why)
    }

    /// Returns the response code, such as `NOERROR`, or `None` if there is no reply.
    pub fn rcode(&self) -> Option<&str> {
        self.reply().map(|reply| reply.facts.rcode.as_str())
    }

    /// Returns true if the response code is NOERROR or NXDOMAIN.
    pub fn is_known(&self) -> bool {
        matches!(self.rcode(), Some("NOERROR" | "NXDOMAIN"))
    }

    /// Returns true if there is no reply, or if the reply is SERVFAIL. Both may be temporary.
    pub fn is_failure(&self) -> bool {
        matches!(self.rcode(), None | Some("SERVFAIL"))
    }

    fn sets(&self) -> Sets {
        let mut sets = Sets::new();
        for record in self.reply().into_iter().flat_map(|reply| &reply.facts.answers) {
            if !record.is("RRSIG") {
                sets.entry((record.name.clone(), record.kind())).or_default().push(record.compared());
            }
        }
        sets
    }

    /// Returns the data of all records of this type in the answer section, including those at the targets of aliases.
    pub fn data(&self, kind: &str) -> BTreeSet<String> {
        let sets = self.sets().into_iter().filter(|((_, of_set), _)| of_set == kind);
        sets.flat_map(|(_, data)| data).collect()
    }

    /// Returns the longest TTL of the answer section; `None` if it has no records.
    pub fn ttl(&self) -> Option<u32> {
        self.reply()?.facts.answers.iter().map(|record| record.ttl).max()
    }

    /// Returns the answer as text for the output.
    pub fn words(&self, kind: &str) -> String {
        let reply = match self {
            Self::None(why) => return format!("no reply ({why})"),
            Self::Reply(reply) => reply,
        };
        let words = match reply.facts.rcode.as_str() {
            "NXDOMAIN" => "the name does not exist".to_owned(),
            "NOERROR" => {
                let shown = |record: &Record| match record.is(kind) {
                    true => Some(record.text()),
                    false => record.is("CNAME").then(|| format!("CNAME {}", record.text())),
                };
                let records: Vec<String> = reply.facts.answers.iter().filter_map(shown).collect();
                if records.is_empty() { format!("no {kind}") } else { records.join(", ") }
            }
            rcode => rcode.to_owned(),
        };
        if self.errors().is_empty() { words } else { format!("{words} [{}]", self.errors()) }
    }
}

/// The result of comparing the answers of the two resolvers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Likeness {
    /// The answers are equal, including their TTLs.
    Same,
    /// The answers are equal except for TTLs.
    Ttl,
    /// The answers are equal except for the order of records.
    Order,
    /// The data are equal, but only one answer has the AD flag.
    SecureOnly,
    /// Both resolvers fail: with the same response code, or both without a reply.
    BothFail,
    /// The answers differ in more than TTLs, order and AD.
    Different,
}

/// Compares the answers of two resolvers.
pub fn likeness(one: &SideAnswer, other: &SideAnswer) -> Likeness {
    let (Some(first), Some(second)) = (one.reply(), other.reply()) else {
        let are_silent = one.reply().is_none() && other.reply().is_none();
        return if are_silent { Likeness::BothFail } else { Likeness::Different };
    };
    if first.facts.rcode != second.facts.rcode {
        return Likeness::Different;
    }
    if !one.is_known() {
        return Likeness::BothFail;
    }
    let (sets, others) = (one.sets(), other.sets());
    let without_order = |sets: &Sets| -> BTreeMap<(String, String), BTreeSet<String>> {
        sets.iter().map(|(key, data)| (key.clone(), data.iter().cloned().collect())).collect()
    };
    match sets == others {
        false if without_order(&sets) != without_order(&others) => Likeness::Different,
        _ if first.secure != second.secure => Likeness::SecureOnly,
        false => Likeness::Order,
        true if one.ttl() != other.ttl() => Likeness::Ttl,
        true => Likeness::Same,
    }
}

/// Follows the aliases in both answers, and returns the first name at which their aliases or records differ. If an answer is missing,
/// returns the name of the question.
pub fn parting(name: &str, kind: &str, one: &SideAnswer, other: &SideAnswer) -> String {
    let alias = |answer: &SideAnswer, at: &str| -> Option<String> {
        let records = &answer.reply()?.facts.answers;
        records.iter().find(|record| record.name == at && record.is("CNAME"))?.target()
    };
    let mut passed = BTreeSet::from([name.to_owned()]);
    let mut at = name.to_owned();
    while kind != "CNAME"
        && let (Some(target), Some(of_other)) = (alias(one, &at), alias(other, &at))
        && target == of_other
        && passed.insert(target.clone())
    {
        at = target;
    }
    at
}

#[cfg(test)]
#[path = "answer_tests.rs"]
pub(crate) mod tests;
