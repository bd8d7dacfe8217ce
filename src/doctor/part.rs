//! The parts of a check, and the findings that need them: whether the absence of a finding means anything while a part could
//! not be told.
//!
//! A finding that a part could not be told names the part, and the hosts, addresses or lists that it is about. Another
//! finding may be hidden by it only if it needs this part, and is about one of the same.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::codes::Code;
use super::level::{Level, Topic};

/// A part of a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// The delegation of the zone above.
    Delegation,
    /// The servers of the zone, each by itself.
    Servers,
    /// The records of each of these servers.
    Records,
    /// The chain of DNSSEC.
    Dnssec,
    /// The MX records.
    MxRecords,
    /// The addresses of the mail hosts.
    MailHosts,
    /// Sessions with the mail hosts.
    Connections,
    /// PTR records and their names.
    Pointers,
    /// SPF records.
    Spf,
    /// DKIM keys.
    Dkim,
    /// DMARC records.
    Dmarc,
    /// The record and the policy of MTA-STS.
    MtaSts,
    /// The record of TLS reporting.
    TlsRpt,
    /// The record of BIMI.
    Bimi,
    /// TLSA records.
    Dane,
    /// DNS lists.
    Lists,
    /// Resolvers of others.
    Others,
}

/// The thing that a finding is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum About {
    /// A host: lower case, with its last dot.
    Host(String),
    /// An address.
    Address(IpAddr),
    /// A subject of DNS lists, at one of them or at all.
    Listing {
        /// An address, or a domain without its last dot.
        subject: String,
        /// The zone of the list; none: all lists.
        list: Option<String>,
    },
}

impl About {
    /// Whether both are about the same.
    pub fn meets(&self, other: &Self) -> bool {
        match (self, other) {
            (
                Self::Listing { subject: one, list: of_one },
                Self::Listing { subject: other, list: of_other },
            ) => one == other && (of_one.is_none() || of_other.is_none() || of_one == of_other),
            _ => self == other,
        }
    }
}

/// The part of a check that had no result, for a finding with this code that names no part itself. None for findings with a
/// result, and for policies: these findings name their part.
pub(super) const fn untold_part(code: Code) -> Option<Part> {
    match code {
        Code::DelegationUnknown => Some(Part::Delegation),
        Code::DnssecUnknown => Some(Part::Dnssec),
        Code::MailUnknown | Code::MessageUnread => Some(Part::MxRecords),
        Code::PointerUnknown => Some(Part::Pointers),
        Code::SpfUnevaluated => Some(Part::Spf),
        Code::ListsUnknown | Code::BounceListUnknown | Code::BouncePageUnknown => Some(Part::Lists),
        Code::SmtpUnknown | Code::CertificateUnseen | Code::BounceStatus => Some(Part::Connections),
        Code::OthersDiffer | Code::OthersUnknown => Some(Part::Others),
        _ => None,
    }
}

/// The parts of a check that must be told before the absence of a finding means that it is over.
pub const fn needs(code: Code, level: Level) -> &'static [Part] {
    use Part::{
        Connections, Delegation, Dnssec, Lists, MailHosts, MxRecords, Others, Pointers, Records, Servers,
    };
    match code {
        Code::ApexAlias
        | Code::MxIsAddress
        | Code::MxNameInvalid
        | Code::NullMxBesideOthers
        | Code::NullMx
        | Code::CnameBesideMx
        | Code::MxEqual
        | Code::MxMany
        | Code::MessageMany
        | Code::WildcardMx => &[MxRecords],
        Code::MxDiffers => &[MxRecords, Servers, Records],
        Code::RecordsDiffer
        | Code::SerialDiffers
        | Code::CachedHere
        | Code::NsDiffer
        | Code::NsPartly
        | Code::NsLame
        | Code::NsTcp
        | Code::NsEdns
        | Code::NsCase
        | Code::NsCaseDenied
        | Code::NsSlow
        | Code::NsRecursive => &[Delegation, Servers, Records],
        Code::NsBogus | Code::NsWithoutProof => &[Dnssec, Servers, Records],
        // Its end is an answer for MX records.
        Code::MxUnanswered => &[Servers],
        // A failure if DANE or MTA-STS demands TLS.
        Code::StarttlsMissing | Code::StarttlsFails if matches!(level, Level::Failure) => {
            &[MxRecords, MailHosts, Connections, Part::Dane, Part::MtaSts]
        }
        Code::SmtpRefused
        | Code::SmtpRejects
        | Code::SmtpOk
        | Code::StarttlsMissing
        | Code::StarttlsFails => &[MxRecords, MailHosts, Connections],
        // A listed mail host is a note; other listings are of the domain and its servers.
        Code::Listed if matches!(level, Level::Note) => &[MxRecords, MailHosts, Lists],
        Code::PtrMissing
        | Code::PtrDiffers
        | Code::PtrUnanswered
        | Code::PtrDynamic
        | Code::PtrMany
        | Code::PointerOk => &[MxRecords, MailHosts, Pointers],
        _ => match code.entry().topic {
            Topic::Delegation => &[Delegation, Servers],
            Topic::Dnssec => &[Dnssec],
            Topic::Mail => &[MxRecords, MailHosts],
            Topic::Pointer => &[Pointers],
            Topic::Policy => of_policy(code),
            Topic::Lists => &[Lists],
            Topic::Others => &[Others],
        },
    }
}

/// The parts that a finding about a policy belongs to.
const fn of_policy(code: Code) -> &'static [Part] {
    use Part::{Bimi, Connections, Dane, Dkim, Dmarc, MailHosts, MtaSts, MxRecords, Spf, TlsRpt};
    match code {
        // A failure if the policy is enforced.
        Code::CertificateExpired | Code::CertificateInvalid => &[MxRecords, MailHosts, Connections, MtaSts],
        Code::CertificateExpires => &[MxRecords, MailHosts, Connections],
        Code::TlsaMismatch | Code::TlsaMatches => &[MxRecords, MailHosts, Connections, Dane],
        Code::TlsaUnusable | Code::TlsaUnsigned | Code::DaneMxUnsigned | Code::DanePartly | Code::DaneOk => {
            &[MxRecords, MailHosts, Dane]
        }
        Code::MtaStsMx | Code::MtaStsOk => &[MxRecords, MtaSts],
        Code::MtaStsSyntax | Code::MtaStsUnreachable | Code::MtaStsPolicy | Code::MtaStsUnread => &[MtaSts],
        Code::TlsRptSyntax => &[TlsRpt],
        Code::BimiSyntax => &[Bimi],
        Code::BimiWithoutDmarc => &[Bimi, Dmarc],
        Code::SpfMultiple
        | Code::SpfSyntax
        | Code::SpfLookups
        | Code::SpfVoidLookups
        | Code::SpfIncludeMissing
        | Code::SpfUnanswered
        | Code::SpfAllowsAll
        | Code::SpfFromFails
        | Code::SpfFromNeutral
        | Code::SpfMissing
        | Code::SpfModifierIgnored
        | Code::SpfPtr
        | Code::SpfOpenEnd
        | Code::SpfSpecialAddress
        | Code::SpfOk
        | Code::SpfFromPasses => &[Spf],
        Code::PolicyAliasCircle => &[Spf, Dkim, Dmarc, MtaSts, TlsRpt, Bimi],
        Code::PolicyUnanswered => &[Spf, Dkim, Dmarc, MtaSts, TlsRpt, Bimi, Dane],
        Code::DkimMissing
        | Code::DkimMultiple
        | Code::DkimSyntax
        | Code::DkimWeak
        | Code::DkimRevoked
        | Code::DkimTesting
        | Code::DkimOk => &[Dkim],
        Code::DmarcMultiple
        | Code::DmarcSyntax
        | Code::DmarcMissing
        | Code::DmarcReportsRefused
        | Code::DmarcReportAddress
        | Code::DmarcNone
        | Code::DmarcDiffers
        | Code::DmarcOk => &[Dmarc],
        _ => &[],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_finding_needs_a_part_and_every_unknown_one_names_one() {
        for code in Code::ALL {
            let entry = code.entry();
            if entry.level == Level::CouldNotTell {
                let named = untold_part(*code).is_some() || *code == Code::PolicyUnknown;
                assert!(named, "{}", entry.word);
            } else {
                assert!(!needs(*code, entry.level).is_empty(), "{}", entry.word);
                assert_eq!(untold_part(*code), None, "{}", entry.word);
            }
        }
        assert!(needs(Code::Listed, Level::Note).contains(&Part::MailHosts));
        assert!(!needs(Code::Listed, Level::Failure).contains(&Part::MailHosts));
    }

    #[test]
    fn a_listing_is_that_of_its_list_or_of_all() {
        let listing = |subject: &str, list: Option<&str>| About::Listing {
            subject: subject.to_owned(),
            list: list.map(str::to_owned),
        };
        let at = |list| listing("a.test", Some(list));
        assert!(at("bl.a.").meets(&at("bl.a.")) && !at("bl.a.").meets(&at("bl.b.")));
        assert!(at("bl.a.").meets(&listing("a.test", None)) && listing("a.test", None).meets(&at("bl.a.")));
        assert!(!at("bl.a.").meets(&listing("b.test", None)));
        assert!(!at("bl.a.").meets(&About::Host("a.test".to_owned())));
    }
}
