//! The findings that a check could not look for, so that their absence means nothing. Pure.
//!
//! A finding is hidden only by what could really hide it: a lookup that failed about one of its names, addresses or lists.

use super::followed::FollowedFinding;
use crate::check::domain::codes::Code;
use crate::check::domain::finding::{Finding, Level, Topic};

/// Faults that hide all others: the domain cannot be resolved.
const HIDES_ALL: [Code; 3] = [Code::DomainMissing, Code::DnssecBogus, Code::NsNoneAnswers];

/// Findings about the MX records themselves: they need no address of a mail host.
const OF_MX_RECORDS: [Code; 8] = [
    Code::ApexAlias,
    Code::MxIsAddress,
    Code::MxDiffers,
    Code::NullMxBesideOthers,
    Code::NullMx,
    Code::CnameBesideMx,
    Code::MxEqual,
    Code::WildcardMx,
];

/// Policies: the beginning of the words of their codes, and the part of a name that is looked up for them alone.
const POLICIES: [(&str, &str); 8] = [
    ("dmarc_", "_dmarc."),
    ("bimi_without_dmarc", "_dmarc."),
    ("dkim_", "._domainkey."),
    ("mta_sts_", "mta-sts."),
    ("tls_rpt_", "_smtp._tls."),
    ("bimi_", "_bimi."),
    ("dane_", "._tcp."),
    ("tlsa_", "._tcp."),
];

/// The beginnings of the words of policies about mail hosts.
const OF_HOSTS: [&str; 4] = ["mta_sts_mx", "dane_", "tlsa_", "certificate_"];

/// The findings that a check could not look for.
pub(super) struct Unseen {
    /// A fault hides all.
    all: bool,
    /// The parts that could not be told: code and evidence.
    unknown: Vec<(Code, String)>,
    /// The evidence of verdicts about addresses.
    told: Vec<(Topic, String)>,
}

impl Unseen {
    /// The parts that a check with these findings could not tell.
    pub(super) fn of(findings: &[Finding]) -> Self {
        let unknown = findings.iter().filter(|finding| finding.level == Level::CouldNotTell);
        let told = findings.iter().filter(|finding| finding.level != Level::CouldNotTell);
        Self {
            all: findings.iter().any(|finding| HIDES_ALL.contains(&finding.code)),
            unknown: unknown.map(|finding| (finding.code, finding.evidence.clone())).collect(),
            told: told.map(|finding| (finding.code.entry().topic, finding.evidence.clone())).collect(),
        }
    }

    /// Whether it hides a finding. That a part could not be told is over when the check did not say it again.
    pub(super) fn hides(&self, finding: &FollowedFinding) -> bool {
        let by = |(code, evidence): &(Code, String)| self.is_hidden_by(finding, *code, evidence);
        self.all || (finding.level != Level::CouldNotTell && self.unknown.iter().any(by))
    }

    fn is_hidden_by(&self, finding: &FollowedFinding, unknown: Code, why: &str) -> bool {
        let (topic, word) = (finding.code.entry().topic, finding.code.entry().word);
        let of_hosts = OF_HOSTS.iter().any(|begin| word.starts_with(begin));
        match (unknown, topic) {
            (Code::MailUnknown, Topic::Mail) => !is_mx_read(why) || is_of_host(finding, why),
            (Code::MailUnknown, Topic::Policy) => of_hosts && (!is_mx_read(why) || shares(finding, why)),
            (Code::MailUnknown, Topic::Pointer) => !self.is_told(finding),
            // A mail host that is listed is a note; other listings are about the domain and its servers.
            (Code::MailUnknown, Topic::Lists) => finding.level == Level::Note && !self.is_told(finding),
            (Code::SmtpUnknown, Topic::Mail) => {
                (word.starts_with("smtp_") || word.starts_with("starttls_")) && shares(finding, why)
            }
            (Code::SmtpUnknown, Topic::Policy) => of_hosts && shares(finding, why),
            (Code::PolicyUnknown, Topic::Policy) => is_of_policy(word, why),
            (Code::ListsUnknown, Topic::Lists) => is_of_list(&finding.evidence, why),
            (Code::PointerUnknown, Topic::Pointer) | (Code::DelegationUnknown, Topic::Delegation) => {
                shares(finding, why)
            }
            (Code::DnssecUnknown, Topic::Dnssec) | (Code::OthersUnknown, Topic::Others) => true,
            _ => false,
        }
    }

    /// Whether a verdict of its topic names all that it is about.
    fn is_told(&self, finding: &FollowedFinding) -> bool {
        let about: Vec<&str> =
            names(&finding.evidence).filter(|name| name.parse::<std::net::IpAddr>().is_ok()).collect();
        let told = |about: &&str| {
            let mut same = self.told.iter().filter(|(topic, _)| *topic == finding.code.entry().topic);
            same.any(|(_, evidence)| names(evidence).any(|name| name == *about))
        };
        !about.is_empty() && about.iter().all(told)
    }
}

/// Whether the MX records were read, and only a host could not be looked up.
fn is_mx_read(why: &str) -> bool {
    why.split_whitespace().nth(1).is_none_or(|word| word.trim_end_matches(':') != "MX")
}

/// Whether a finding of the topic Mail needs a host that could not be looked up.
fn is_of_host(finding: &FollowedFinding, why: &str) -> bool {
    !OF_MX_RECORDS.contains(&finding.code) && shares(finding, why)
}

/// Whether a policy needs a name that could not be looked up. SPF has no label of its own: it needs the names that no other
/// policy needs.
fn is_of_policy(word: &str, why: &str) -> bool {
    if word.starts_with("spf_") {
        return !POLICIES.iter().any(|(_, label)| why.contains(label));
    }
    let mut own = POLICIES.iter().filter(|(begin, _)| word.starts_with(begin));
    own.any(|(_, label)| why.contains(label))
}

/// Whether a list that has listed a subject could not be asked about it. The evidence of a listing is "SUBJECT in LIST (WHY)".
fn is_of_list(listed: &str, why: &str) -> bool {
    let listings: Vec<(&str, &str)> = listed
        .split("; ")
        .filter_map(|part| {
            let (subject, rest) = part.split_once(" in ")?;
            Some((subject, rest.split_once(" (")?.0))
        })
        .collect();
    let is_unknown = |(subject, list): &(&str, &str)| {
        why.contains(&format!("{list} about {subject}:"))
            || why.contains(&format!("{subject}: the lists were not asked"))
    };
    listings.is_empty() || listings.iter().any(is_unknown)
}

/// Whether a finding and a text name the same host or address. A text without a name is about all.
fn shares(finding: &FollowedFinding, why: &str) -> bool {
    let of_finding: Vec<&str> = names(&finding.evidence).collect();
    let mut of_why = names(why).peekable();
    of_finding.is_empty() || of_why.peek().is_none() || of_why.any(|name| of_finding.contains(&name))
}

/// The host names and addresses of a text.
fn names(text: &str) -> impl Iterator<Item = &str> {
    let words = text.split(|sign: char| sign.is_whitespace() || ",;()".contains(sign));
    words.map(|word| word.trim_end_matches([':', '.'])).filter(|word| word.contains(['.', ':']))
}
