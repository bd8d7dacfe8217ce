//! The faults of servers, and their names in scenarios.
//!
//! Mail gateways meet each of these faults; none is invented.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use hickory_proto::rr::RecordType;
use thiserror::Error;

/// The table of faults: each has a name in scenarios, and some have a value behind `=`.
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

/// A value of a fault in scenarios.
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
    /// Answers everything with REFUSED: the zone was never set up there.
    Refused = "refused",
    /// Answers everything with SERVFAIL: the zone expired there.
    ServFail = "servfail",
    /// NXDOMAIN for everything: like a registry's server for a domain that was taken away.
    Denies = "denies",
    /// NXDOMAIN for everything under the SOA of a catch-all root zone: a hoster's old server, for a domain that has moved.
    CatchAll = "catch-all",
    /// Answers without AA, as much of the world does.
    NoAa = "no-aa",
    /// Answers every question with an address: a load balancer that does not look at the type.
    AddressForAll = "address-for-all",
    /// Refers everything to the root (an old BIND without the zone).
    UpwardReferral = "upward-referral",
    /// Answers without AA and without anything: neither an answer nor a referral.
    LameEmpty = "lame-empty",
    /// Answers as a recursive server does: with RA and without AA.
    Recursive = "recursive",
    /// Answers with authority, and with RA to queries with RD, as Unbound does: it offers recursion to strangers.
    OffersRecursion = "offers-recursion",
    /// NXDOMAIN where the name exists and only the type does not: a load balancer of RFC 4074 section 4.2.
    NxdomainOnNoData = "nxdomain-on-nodata",
    /// "No such type" as an empty message without AA: a load balancer that knows one type.
    EmptyNoData = "empty-nodata",
    /// FORMERR on OPT (RFC 6891 section 7: a server that does not know it).
    NoEdns = "no-edns",
    /// BADVERS to an OPT of any version (RFC 6891 section 6.1.3 requires it for later versions only).
    BadVers = "badvers",
    /// FORMERR to everything, with an OPT of its own: it knows EDNS, but not the question.
    FormErrWithOpt = "formerr-with-opt",
    /// FORMERR to queries with an OPT, with an OPT of its own: it knows EDNS, but not what our OPT holds.
    FormErrOnEdns = "formerr-on-edns",
    /// NOTIMP to everything, with or without EDNS: a load balancer that knows A and AAAA.
    NotImp = "notimp",
    /// Drops queries with OPT (a firewall that does not know it).
    DropsEdns = "drops-edns",
    /// Refuses TCP connections.
    NoTcp = "no-tcp",
    /// TCP connections are never answered: a firewall drops them.
    SilentTcp = "silent-tcp",
    /// Accepts TCP connections and questions, and never answers.
    MuteTcp = "mute-tcp",
    /// Accepts TCP connections and questions, and sends only an empty message now and then, so that the connection is never idle.
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
    /// A forgery with a guessed id comes before the true answer (RFC 5452 section 4).
    Forged = "forged",
    /// Loses the first datagram of each question, and answers the second.
    LosesFirst = "loses-first",
    /// Answers the first message of each question, and drops the others: it limits how often it repeats an error.
    AnswersFirst = "answers-first",
    /// Answers the first message of each question with SERVFAIL, and the second as it should: it has just loaded the zone.
    ServFailFirst = "servfail-first",
    /// Answers the first message of each question with REFUSED, and the second as it should: a balancer with one member that lacks
    /// the zone.
    RefusedFirst = "refused-first",
    /// NXDOMAIN for empty non-terminals (rbldnsd).
    NxdomainOnEmptyNonTerminals = "nxdomain-on-ent",
    /// Answers with the question in other case.
    FlipsCase = "flips-case",
    /// Refuses names in mixed case: it compares them octet by octet.
    RefusesMixedCase = "refuses-mixed-case",
    /// Denies names in mixed case (NXDOMAIN): it looks for them octet by octet.
    DeniesMixedCase = "denies-mixed-case",
    /// Never answers about names in mixed case.
    DropsMixedCase = "drops-mixed-case",
    /// Never answers about the first of its zones: a hoster's server that drops queries for a domain which it does not serve.
    DropsFirstZone = "drops-first-zone",
    /// Answers about the last of its zones only, and drops the queries for all others.
    DropsOtherZones = "drops-other-zones",
    /// "No such type" without AA, with its own NS: a load balancer that knows one type.
    NsForNoData = "ns-for-nodata",
    /// Adds records without authority.
    Poisons = "poisons",
    /// Names a server outside its zone for its zone, and gives the address of that server.
    ForeignGlue = "foreign-glue",
    /// Refers everything to a zone next to its own.
    SidewaysReferral = "sideways-referral",
    /// Refers everything to its own zone, again and again, with an address for its server.
    SelfReferral = "self-referral",
    /// Refers everything to the zone above its own and to the root, with servers of its own for them.
    FakeUpwardReferral = "fake-upward-referral",
    /// Delegates every name below its apex to two further names of its zone, without end (iDNS, 2014).
    Idns = "idns",
    /// Delegates every name below its apex to names of a victim, dozens at a time (NXNSAttack, CVE-2020-12662).
    Nxns = "nxns",
    /// Makes every name below its apex an alias of a further one, without end (CAMP, 2024).
    EndlessAliases = "endless-aliases",
    /// Leaves the SOA out of negative answers.
    NoSoa = "no-soa",
    /// Answers with records of class CH.
    ChaosClass = "chaos-class",
    /// Sends each record twice, with other TTLs.
    MixedTtls = "mixed-ttls",
    /// Answers with two questions (RFC 9619 allows one).
    TwoQuestions = "two-questions",
    /// Sends its answers over TCP among as many small records as a message holds.
    ManyRecords = "many-records",
    /// Sends records whose names are chains of compression pointers.
    PointerBomb = "pointer-bomb",
    /// Ignores the payload size, and a forger replaces the second fragment of its answers.
    ForgedTail = "forged-tail",
    /// Sends the first half of each answer.
    HalfAnswer = "half-answer",
    /// Accepts TCP connections and closes them without an answer.
    HangsUp = "hangs-up",
    /// Sixty forgeries come before each answer, with guessed ids or from other addresses (RFC 5452 section 4).
    Flood = "flood",
    /// Spoils every signature: a secondary after broken transfers, or an attacker on the path.
    BadSignatures = "bad-signatures",
    /// Ignores DO: an old server or firewall.
    NoDnssec = "no-dnssec",
    /// Leaves out proofs of absence.
    StripsProofs = "strips-proofs",
    /// Denies with the SOA record alone, without its signature: an old server with a signed zone.
    BareDenials = "bare-denials",
    /// Leaves out the authority section of its own answers: a load balancer.
    StripsAuthority = "strips-authority",
    /// Gives the parent's NSEC as the proof that a zone's apex has no data of a type.
    ParentsProof = "parents-proof",
    /// Adds a made-up NSEC with a made-up signature to the authority section.
    JunkProofs = "junk-proofs",
    /// Adds an NSEC3 with unknown flags and one of an unknown hash to the authority section (RFC 5155 section 8.2).
    OddProofs = "odd-proofs",
    /// Adds signatures of another name.
    StraySignatures = "stray-signatures",
    /// Adds to a DNAME a CNAME to another name.
    WrongCname = "wrong-cname",
    /// Answers SERVFAIL unless CD is set, like a validating forwarder that finds a zone bogus.
    Validates = "validates",
    /// Refuses questions for DNSKEY.
    RefusesDnskey = "refuses-dnskey",
    ;
    /// Answers later than its distance, by this time.
    Slow(Duration) = "slow",
    /// Answers over TCP later than its distance, by this time.
    SlowTcp(Duration) = "slow-tcp",
    /// Answers about the first of its zones later than about the others, by this time.
    SlowFirstZone(Duration) = "slow-first-zone",
    /// Gives every record this TTL.
    Ttl(u32) = "ttl",
    /// Leaves out the proofs of absence in answers to queries for this type.
    StripsProofsOf(RecordType) = "strips-proofs",
    /// Leaves out all but so many of the records that prove an absence.
    FewProofs(usize) = "proofs",
    /// REFUSED to this share of all messages, in thousandths: some of the machines behind one address lack the zone.
    RefusesSome(u32) = "refuses",
    /// Never answers queries for this type: a firewall or load balancer (RFC 8906 section 3).
    Drops(RecordType) = "drops",
    /// Never answers queries for this type over UDP: a firewall that looks into datagrams.
    DropsOverUdp(RecordType) = "drops-udp",
    /// Answers queries for this type with SERVFAIL: a broken plug-in or backend.
    Fails(RecordType) = "fails",
    /// NXDOMAIN for this type, as load balancers answer for AAAA (RFC 4074 section 4.2).
    DeniesType(RecordType) = "denies",
    /// SERVFAIL with this extended error (RFC 8914), except to queries with CD: a resolver that fails.
    ExtendedError(u16) = "extended-error",
}

/// A fault that cannot be read.
#[derive(Debug, Error)]
#[error("unknown fault {0:?}")]
pub struct UnknownFault(String);

impl Fault {
    /// The faults without a value.
    pub fn all() -> impl Iterator<Item = Self> {
        PLAIN.iter().copied()
    }

    /// Whether it makes a server of the zone send false data, which only signatures can show.
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

/// A span of time as scenarios spell it: `250ms`, `3s`, `10m` or `1h`; none for other texts.
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
