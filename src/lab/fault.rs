//! The faults of servers, and their names in scenarios.
//!
//! Each of these faults has been met by mail gateways; none is invented.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use hickory_proto::rr::RecordType;
use thiserror::Error;

/// The table of faults. Each fault has a name in scenarios. Some have a value after `=`.
macro_rules! faults {
    ($($(#[$doc:meta])+ $fault:ident = $name:literal,)+ ; $($(#[$value_doc:meta])+ $valued:ident($value:ty) = $value_name:literal,)+) => {
        /// One fault of a server.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Fault {
            $($(#[$doc])+ $fault,)+
            $($(#[$value_doc])+ $valued($value),)+
        }

        /// The faults without a value.
        const PLAIN: &[Fault] = &[$(Fault::$fault,)+];

        impl FromStr for Fault {
            type Err = UnknownFault;

            fn from_str(text: &str) -> Result<Self, UnknownFault> {
                let (name, value) = text.split_once('=').map_or((text, None), |(name, value)| (name, Some(value)));
                let fault = match (name, value) {
                    $(($name, None) => Some(Self::$fault),)+
                    $(($value_name, Some(value)) => <$value>::read(value).map(Self::$valued),)+
                    _ => None,
                };
                fault.ok_or_else(|| UnknownFault(text.to_owned()))
            }
        }

        impl fmt::Display for Fault {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                match self {
                    $(Self::$fault => formatter.write_str($name),)+
                    $(Self::$valued(value) => write!(formatter, "{}={}", $value_name, value.shown()),)+
                }
            }
        }
    };
}

/// A type whose values a fault in a scenario may have, for example a duration or a record type.
trait FaultValue: Sized {
    fn read(text: &str) -> Option<Self>;
    fn shown(&self) -> String;
}

impl FaultValue for Duration {
    fn read(text: &str) -> Option<Self> {
        span(text)
    }

    fn shown(&self) -> String {
        format!("{}ms", self.as_millis())
    }
}

macro_rules! plain_values {
    ($($value:ty)+) => {
        $(impl FaultValue for $value {
            fn read(text: &str) -> Option<Self> {
                text.parse().ok()
            }

            fn shown(&self) -> String {
                self.to_string()
            }
        })+
    };
}

plain_values! { u16 u32 usize RecordType }

faults! {
    /// Never answers, over UDP or TCP.
    Dead = "dead",
    /// Answers everything with REFUSED, because the zone was never set up on the server.
    Refused = "refused",
    /// Answers everything with SERVFAIL, because the zone has expired on the server.
    ServFail = "servfail",
    /// Answers NXDOMAIN for everything, like a registry's server for a deleted domain.
    Denies = "denies",
    /// Answers NXDOMAIN for everything, with the SOA of a catch-all root zone, like a hoster's old server for a domain that has
    /// moved.
    CatchAll = "catch-all",
    /// Answers without AA, as many servers on the internet do.
    NoAa = "no-aa",
    /// Answers every question with an address: a load balancer that does not look at the type.
    AddressForAll = "address-for-all",
    /// Answers everything with a referral to the root, like an old BIND without the zone.
    UpwardReferral = "upward-referral",
    /// Answers with an empty message without AA, which is neither an answer nor a referral.
    LameEmpty = "lame-empty",
    /// Answers like a recursive server: with RA and without AA.
    Recursive = "recursive",
    /// Answers with AA, and sets RA in replies to queries with RD, as Unbound does. So it claims to offer recursion to everyone.
    OffersRecursion = "offers-recursion",
    /// Answers NXDOMAIN where the name exists but has no records of the type: a load balancer of RFC 4074 section 4.2.
    NxdomainOnNoData = "nxdomain-on-nodata",
    /// Answers NODATA as an empty message without AA: a load balancer that knows only one type.
    EmptyNoData = "empty-nodata",
    /// Answers FORMERR to queries with OPT (RFC 6891 section 7: a server without EDNS).
    NoEdns = "no-edns",
    /// Answers BADVERS to OPT of any version (RFC 6891 section 6.1.3 requires this only for versions that the server does not
    /// support).
    BadVers = "badvers",
    /// Answers FORMERR with OPT to everything: the server supports EDNS, but does not understand the question.
    FormErrWithOpt = "formerr-with-opt",
    /// Answers FORMERR with OPT to queries with OPT: the server supports EDNS, but not the content of our OPT.
    FormErrOnEdns = "formerr-on-edns",
    /// Answers NOTIMP to everything, with or without EDNS: a load balancer that supports only A and AAAA.
    NotImp = "notimp",
    /// Drops queries with OPT: a firewall that does not know EDNS.
    DropsEdns = "drops-edns",
    /// Refuses TCP connections.
    NoTcp = "no-tcp",
    /// Never answers TCP connection attempts, because a firewall drops them.
    SilentTcp = "silent-tcp",
    /// Accepts TCP connections and questions, and never answers.
    MuteTcp = "mute-tcp",
    /// Accepts TCP connections and questions, but sends only an empty message from time to time, so that the connection is never
    /// idle.
    DripsTcp = "drips-tcp",
    /// Closes a TCP connection after one answer.
    ClosesTcp = "closes-tcp",
    /// Sets TC in every answer over UDP.
    AlwaysTruncates = "always-truncates",
    /// Answers with another id.
    WrongId = "wrong-id",
    /// Answers another question.
    WrongQuestion = "wrong-question",
    /// Answers from another address.
    WrongSource = "wrong-source",
    /// A forged answer with a guessed id arrives before the true answer (RFC 5452 section 4).
    Forged = "forged",
    /// Drops the first query for each question, and answers the second.
    LosesFirst = "loses-first",
    /// Answers the first query for each question, and drops the others: a server that limits how often it repeats an error.
    AnswersFirst = "answers-first",
    /// Answers the first query for each question with SERVFAIL, and later queries correctly: a server that has just loaded the
    /// zone.
    ServFailFirst = "servfail-first",
    /// Answers the first query for each question with REFUSED, and later queries correctly: a load balancer with one server that
    /// lacks the zone.
    RefusedFirst = "refused-first",
    /// Answers NXDOMAIN for names that exist only because names below them exist, as rbldnsd does.
    NxdomainOnEmptyNonTerminals = "nxdomain-on-ent",
    /// Changes upper and lower case in the question of its answers.
    FlipsCase = "flips-case",
    /// Answers REFUSED to names in mixed case, because it compares names octet by octet.
    RefusesMixedCase = "refuses-mixed-case",
    /// Answers NXDOMAIN to names in mixed case, because it compares names octet by octet.
    DeniesMixedCase = "denies-mixed-case",
    /// Never answers queries for names in mixed case.
    DropsMixedCase = "drops-mixed-case",
    /// Never answers queries for the first of its zones: a hoster's server that drops queries for a domain that it does not
    /// serve.
    DropsFirstZone = "drops-first-zone",
    /// Answers queries for the last of its zones only, and drops all others.
    DropsOtherZones = "drops-other-zones",
    /// Answers NODATA without AA, with its own NS records: a load balancer that knows only one type.
    NsForNoData = "ns-for-nodata",
    /// Adds records without authority.
    Poisons = "poisons",
    /// Names a server outside the zone as a server of the zone, and sends an address for that server.
    ForeignGlue = "foreign-glue",
    /// Answers everything with a referral to a sibling zone of its own zone.
    SidewaysReferral = "sideways-referral",
    /// Answers everything with a referral to its own zone, again and again, with an address of the zone's server.
    SelfReferral = "self-referral",
    /// Answers everything with referrals to its parent zone and to the root, with its own servers as their servers.
    FakeUpwardReferral = "fake-upward-referral",
    /// Delegates every name below its apex to two more names in its zone, without end (iDNS, 2014).
    Idns = "idns",
    /// Delegates every name below its apex to names of a victim, dozens at a time (NXNSAttack, CVE-2020-12662).
    Nxns = "nxns",
    /// Makes every name below its apex an alias of another such name, without end (CAMP, 2024).
    EndlessAliases = "endless-aliases",
    /// Leaves the SOA out of negative answers.
    NoSoa = "no-soa",
    /// Answers with records of class CH.
    ChaosClass = "chaos-class",
    /// Sends each record twice, with other TTLs.
    MixedTtls = "mixed-ttls",
    /// Answers with two questions (RFC 9619 allows one).
    TwoQuestions = "two-questions",
    /// Adds as many small records to its TCP answers as a message can hold.
    ManyRecords = "many-records",
    /// Sends records whose names are chains of compression pointers.
    PointerBomb = "pointer-bomb",
    /// Ignores the requested payload size, so that its answers are fragmented, and a forger replaces the second fragment.
    ForgedTail = "forged-tail",
    /// Sends the first half of each answer.
    HalfAnswer = "half-answer",
    /// Accepts TCP connections and closes them without an answer.
    HangsUp = "hangs-up",
    /// Sixty forged answers arrive before each true answer, with guessed ids or from other addresses (RFC 5452 section 4).
    Flood = "flood",
    /// Makes every signature invalid: a secondary after broken transfers, or an attacker on the path.
    BadSignatures = "bad-signatures",
    /// Ignores DO: an old server or firewall.
    NoDnssec = "no-dnssec",
    /// Leaves out NSEC and NSEC3 records.
    StripsProofs = "strips-proofs",
    /// Sends negative answers with an unsigned SOA record only: an old server with a signed zone.
    BareDenials = "bare-denials",
    /// Leaves out the authority section of its own answers: a load balancer.
    StripsAuthority = "strips-authority",
    /// Sends the parent's NSEC as the proof that a zone's apex has no data of a type.
    ParentsProof = "parents-proof",
    /// Adds a made-up NSEC with a made-up signature to the authority section.
    JunkProofs = "junk-proofs",
    /// Adds two NSEC3 to the authority section: one with unknown flags, and one with an unknown hash algorithm (RFC 5155 section
    /// 8.2).
    OddProofs = "odd-proofs",
    /// Adds signatures that belong to another name.
    StraySignatures = "stray-signatures",
    /// Adds to a DNAME a CNAME that points to the wrong name.
    WrongCname = "wrong-cname",
    /// Answers SERVFAIL unless CD is set, like a validating forwarder that finds a zone bogus.
    Validates = "validates",
    /// Answers REFUSED to queries for DNSKEY.
    RefusesDnskey = "refuses-dnskey",
    ;
    /// Answers this much later than its distance requires.
    Slow(Duration) = "slow",
    /// Answers over TCP this much later than its distance requires.
    SlowTcp(Duration) = "slow-tcp",
    /// Answers queries for the first of its zones this much later than other queries.
    SlowFirstZone(Duration) = "slow-first-zone",
    /// Sends every record with this TTL.
    Ttl(u32) = "ttl",
    /// Leaves out the proofs of absence in answers to queries for this type.
    StripsProofsOf(RecordType) = "strips-proofs",
    /// Leaves out all but this number of NSEC and NSEC3 records.
    FewProofs(usize) = "proofs",
    /// Answers REFUSED to this share of all queries, in thousandths: some of the machines at one address lack the zone.
    RefusesSome(u32) = "refuses",
    /// Never answers queries for this type: a firewall or load balancer (RFC 8906 section 3).
    Drops(RecordType) = "drops",
    /// Never answers queries for this type over UDP: a firewall that inspects datagrams.
    DropsOverUdp(RecordType) = "drops-udp",
    /// Answers queries for this type with SERVFAIL: a broken plug-in or backend.
    Fails(RecordType) = "fails",
    /// Answers NXDOMAIN for this type, as load balancers do for AAAA (RFC 4074 section 4.2).
    DeniesType(RecordType) = "denies",
    /// Answers SERVFAIL with this extended error (RFC 8914), except to queries with CD: a failing resolver.
    ExtendedError(u16) = "extended-error",
}

/// The text of a fault that cannot be parsed.
#[derive(Debug, Error)]
#[error("unknown fault {0:?}")]
pub struct UnknownFault(String);

impl Fault {
    /// Returns the faults without a value.
    pub fn all() -> impl Iterator<Item = Self> {
        PLAIN.iter().copied()
    }

    /// Returns true if the fault makes a server of the zone send false data, which only signatures can reveal.
    pub fn lies(self) -> bool {
        matches!(
            self,
            Self::Idns
                | Self::Nxns
                | Self::EndlessAliases
                | Self::NxdomainOnEmptyNonTerminals
                | Self::NxdomainOnNoData
                | Self::Denies
                | Self::DeniesMixedCase
                | Self::AddressForAll
        )
    }
}

/// Parses a time span as scenarios write it: `250ms`, `3s`, `10m` or `1h`. Returns `None` for other texts.
pub fn span(text: &str) -> Option<Duration> {
    let digits = text.trim_end_matches(|letter: char| letter.is_ascii_alphabetic());
    let number: u64 = digits.parse().ok()?;
    match text.get(digits.len()..)? {
        "ms" => Some(Duration::from_millis(number)),
        "s" => Some(Duration::from_secs(number)),
        "m" => Some(Duration::from_secs(number.checked_mul(60)?)),
        "h" => Some(Duration::from_secs(number.checked_mul(3600)?)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fault_is_spelled_as_it_is_read() {
        let late = Duration::from_millis(1_500);
        let valued =
            [Fault::Slow(late), Fault::Ttl(1 << 31), Fault::FewProofs(1), Fault::Drops(RecordType::TXT)];
        for fault in Fault::all().chain(valued) {
            assert_eq!(fault.to_string().parse::<Fault>().unwrap(), fault);
        }
        assert_eq!("strips-proofs=MX".parse::<Fault>().unwrap(), Fault::StripsProofsOf(RecordType::MX));
        assert!("drops=sometimes".parse::<Fault>().is_err());
        assert!("ttl=long".parse::<Fault>().is_err());
        assert!("ttl".parse::<Fault>().is_err());
        assert!("sleepy".parse::<Fault>().is_err());
        assert_eq!(span("2m"), Some(Duration::from_secs(120)));
        assert_eq!(span("5"), None);
    }
}
