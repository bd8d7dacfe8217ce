//! The faults that servers of the lab can have, with their names in scenarios. Mail gateways on the internet have met each of them.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use hickory_proto::rr::RecordType;
use thiserror::Error;

/// Defines the faults with their names in scenarios. Some faults have a value after `=`.
macro_rules! faults {
    ($($(#[$doc:meta])+ $fault:ident = $name:literal,)+ ; $($(#[$value_doc:meta])+ $valued:ident($value:ty) = $value_name:literal,)+) => {
        /// A fault of a simulated server: what the server does.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Fault {
            $($(#[$doc])+ $fault,)+
            $($(#[$value_doc])+ $valued($value),)+
        }

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

/// The type of the value of a fault, such as a time span or a record type.
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

/// How a server that does not find names in mixed case answers queries for them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum MixedCaseReply {
    /// NODATA.
    NoData,
    /// NXDOMAIN.
    Nxdomain,
    /// REFUSED.
    Refused,
    /// A message without records and without AA, like that of a lame server.
    Lame,
}

impl MixedCaseReply {
    /// The replies with their names in scenarios.
    const NAMES: [(&str, Self); 4] = [
        ("nodata", Self::NoData),
        ("nxdomain", Self::Nxdomain),
        ("refused", Self::Refused),
        ("lame", Self::Lame),
    ];
}

impl FaultValue for MixedCaseReply {
    fn read(text: &str) -> Option<Self> {
        Self::NAMES.iter().find(|(name, _)| *name == text).map(|(_, reply)| *reply)
    }

    fn shown(&self) -> String {
        Self::NAMES
            .iter()
            .find(|(_, reply)| reply == self)
            .map(|(name, _)| (*name).to_owned())
            .unwrap_or_default()
    }
}

faults! {
    /// The server never answers, over UDP or TCP.
    Dead = "dead",
    /// The server answers everything with REFUSED: the zone was never set up on the server.
    Refused = "refused",
    /// The server answers everything with SERVFAIL: the zone has expired on the server.
    ServFail = "servfail",
    /// The server answers NXDOMAIN for everything, like the server of a registry for a deleted domain.
    Denies = "denies",
    /// The server answers NXDOMAIN for everything, with the SOA of a catch-all root zone, like a hoster's old server for a domain that has moved.
    CatchAll = "catch-all",
    /// The server answers without AA.
    NoAa = "no-aa",
    /// The server answers everything with an address, like a load balancer that ignores the record type.
    AddressForAll = "address-for-all",
    /// The server answers everything with a referral to the root, like an old BIND without the zone.
    UpwardReferral = "upward-referral",
    /// The server answers without records and without AA: neither an answer nor a referral.
    LameEmpty = "lame-empty",
    /// The server answers like a recursive server: with RA and without AA.
    Recursive = "recursive",
    /// The server answers with AA, and sets RA in replies to queries with RD, like Unbound: the server claims to offer recursion to everyone.
    OffersRecursion = "offers-recursion",
    /// The server answers NXDOMAIN instead of NODATA, like the load balancers of RFC 4074 section 4.2.
    NxdomainOnNoData = "nxdomain-on-nodata",
    /// The server answers NODATA without any record and without AA, like a load balancer that knows only one record type.
    EmptyNoData = "empty-nodata",
    /// The server answers FORMERR to queries with OPT, like a server without EDNS (RFC 6891 section 7).
    NoEdns = "no-edns",
    /// The server answers BADVERS to OPT of any version, also of supported ones (RFC 6891 section 6.1.3).
    BadVers = "badvers",
    /// The server answers everything with FORMERR and OPT, like a server with EDNS that does not understand the question.
    FormErrWithOpt = "formerr-with-opt",
    /// The server answers queries with OPT with FORMERR and OPT, like a server with EDNS that does not understand the content of the OPT record.
    FormErrOnEdns = "formerr-on-edns",
    /// The server answers everything with NOTIMP, with or without EDNS, like a load balancer that supports only A and AAAA.
    NotImp = "notimp",
    /// The server drops queries with OPT, like a firewall that does not know EDNS.
    DropsEdns = "drops-edns",
    /// The server refuses TCP connections.
    NoTcp = "no-tcp",
    /// The server never answers TCP connection attempts: a firewall drops them.
    SilentTcp = "silent-tcp",
    /// The server accepts TCP connections and questions, and never answers.
    MuteTcp = "mute-tcp",
    /// The server accepts TCP connections and questions, but only sends a message of zero octets from time to time, so that the connection is never
    /// idle.
    DripsTcp = "drips-tcp",
    /// The server closes a TCP connection after one answer.
    ClosesTcp = "closes-tcp",
    /// The server sets TC in every answer over UDP.
    AlwaysTruncates = "always-truncates",
    /// The server answers with an id that is not that of the query.
    WrongId = "wrong-id",
    /// The question in the answer is not that of the query.
    WrongQuestion = "wrong-question",
    /// The server answers from an address to which the query was not sent.
    WrongSource = "wrong-source",
    /// Before the true answer, the client gets a forged one with a guessed id (RFC 5452 section 4).
    Forged = "forged",
    /// The server drops the first query for each question, and answers the second.
    LosesFirst = "loses-first",
    /// The server answers the first query for each question and drops later ones, like a server that limits how often it sends the same error.
    AnswersFirst = "answers-first",
    /// The server answers the first query for each question with SERVFAIL, and later ones correctly, like a server that has just loaded the zone.
    ServFailFirst = "servfail-first",
    /// The server answers the first query for each question with REFUSED, and later ones correctly, like a load balancer with one server that lacks
    /// the zone.
    RefusedFirst = "refused-first",
    /// The server answers NXDOMAIN for names that exist only because names below them exist, like rbldnsd.
    NxdomainOnEmptyNonTerminals = "nxdomain-on-ent",
    /// The server changes upper and lower case in the question section of replies.
    FlipsCase = "flips-case",
    /// The server drops queries for names in mixed case.
    DropsMixedCase = "drops-mixed-case",
    /// The server drops queries for the first of its zones, like a hoster's server for a domain that it does not serve.
    DropsFirstZone = "drops-first-zone",
    /// The server answers queries for the last of its zones only, and drops all others.
    DropsOtherZones = "drops-other-zones",
    /// The server answers NODATA without AA, with its own NS records, like a load balancer that knows only one record type.
    NsForNoData = "ns-for-nodata",
    /// The server adds records outside its zones to answers.
    Poisons = "poisons",
    /// The server names a server outside the zone as a server of the zone, with an address.
    ForeignGlue = "foreign-glue",
    /// The server answers everything with a referral to a sibling of its zone.
    SidewaysReferral = "sideways-referral",
    /// The server answers everything with a referral to its own zone, with an address of the zone's server.
    SelfReferral = "self-referral",
    /// The server answers everything with a referral to its parent zone and to the root, and names the servers of its own zone as their servers.
    FakeUpwardReferral = "fake-upward-referral",
    /// The server delegates every name below its apex to two more names in its zone, without end (iDNS, 2014).
    Idns = "idns",
    /// The server delegates every name below its apex to dozens of names of a victim (NXNSAttack, CVE-2020-12662).
    Nxns = "nxns",
    /// The server makes every name below its apex an alias of a further name below its apex, without end (CAMP, 2024).
    EndlessAliases = "endless-aliases",
    /// The server leaves the SOA out of negative answers.
    NoSoa = "no-soa",
    /// The server answers with records of class CH.
    ChaosClass = "chaos-class",
    /// The server sends each record twice, with different TTLs.
    MixedTtls = "mixed-ttls",
    /// The server answers with two questions (RFC 9619 allows one).
    TwoQuestions = "two-questions",
    /// The server adds as many small records to TCP answers as a message can hold.
    ManyRecords = "many-records",
    /// The server sends records whose names are chains of compression pointers.
    PointerBomb = "pointer-bomb",
    /// The server ignores the requested payload size, so that answers are fragmented, and a forger replaces the second fragment.
    ForgedTail = "forged-tail",
    /// The server sends only the first half of each answer.
    HalfAnswer = "half-answer",
    /// The server accepts TCP connections and closes them without an answer.
    HangsUp = "hangs-up",
    /// The server makes every signature invalid, like a secondary after broken transfers, or an attacker on the path.
    BadSignatures = "bad-signatures",
    /// The server ignores the flag DO, like an old server or firewall.
    NoDnssec = "no-dnssec",
    /// The server leaves out NSEC and NSEC3 records.
    StripsProofs = "strips-proofs",
    /// The server sends negative answers with an unsigned SOA record only, like an old server with a signed zone.
    BareDenials = "bare-denials",
    /// The server leaves out the authority section of answers, like load balancers.
    StripsAuthority = "strips-authority",
    /// The server sends the parent's NSEC as the proof that a zone's apex has no data of a type.
    ParentsProof = "parents-proof",
    /// The server adds an invented NSEC with an invented signature to the authority section.
    JunkProofs = "junk-proofs",
    /// The server adds two NSEC3 to the authority section: one with unknown flags, one with an unknown hash algorithm (RFC 5155 section 8.2).
    OddProofs = "odd-proofs",
    /// The server adds signatures of another name.
    StraySignatures = "stray-signatures",
    /// The server adds to a DNAME a CNAME that points to the wrong name.
    WrongCname = "wrong-cname",
    /// The server answers SERVFAIL unless CD is set, like a validating forwarder that finds a zone bogus.
    Validates = "validates",
    /// The server answers queries for DNSKEY with REFUSED.
    RefusesDnskey = "refuses-dnskey",
    /// The server answers the first query of a TCP connection and is silent after that, but leaves the connection open, like a load balancer.
    MuteTcpAfterFirst = "mute-tcp-after-first",
    /// The server answers every query over UDP with a header that has TC and nothing after it.
    BareTruncated = "bare-truncated",
    /// The server answers every query over UDP with a header and nothing after it.
    BareHeader = "bare-header",
    /// The server counts one additional record in answers to queries with OPT, and sends none.
    CountsMissingOpt = "counts-missing-opt",
    /// The server answers over UDP with an id that is not that of the query.
    WrongIdOverUdp = "wrong-id-udp",
    /// The server answers every query below the apex with a DNAME of the apex to an attacker's domain.
    RedirectsZone = "redirects-zone",
    ;
    /// The server delays its answers by this time.
    Slow(Duration) = "slow",
    /// All datagrams to the server are lost for this time in every eight seconds, like on a congested path. The server's address determines
    /// when this time begins.
    LosesInBursts(Duration) = "bursts",
    /// The server delays its answers over TCP by this time.
    SlowTcp(Duration) = "slow-tcp",
    /// The server delays answers to queries for the first of its zones by this time.
    SlowFirstZone(Duration) = "slow-first-zone",
    /// The server sends every record with this TTL, in seconds.
    Ttl(u32) = "ttl",
    /// The server leaves out the proofs of absence in answers to queries for this type.
    StripsProofsOf(RecordType) = "strips-proofs",
    /// The server leaves out all but this number of NSEC and NSEC3 records.
    FewProofs(usize) = "proofs",
    /// The server answers REFUSED to this number of queries in a thousand, like an address with several machines, some of which lack the
    /// zone.
    RefusesSome(u32) = "refuses",
    /// The server answers SERVFAIL to this number of queries in a thousand, like a server with a failing backend.
    FailsSome(u32) = "servfails",
    /// The server drops queries for this type, like a firewall or load balancer (RFC 8906 section 3).
    Drops(RecordType) = "drops",
    /// The server drops queries for this type over UDP, like a firewall that inspects datagrams.
    DropsOverUdp(RecordType) = "drops-udp",
    /// The server answers queries for this type with SERVFAIL, as if a plug-in or backend were broken.
    Fails(RecordType) = "fails",
    /// The server answers NXDOMAIN for this type, like load balancers for AAAA (RFC 4074 section 4.2).
    DeniesType(RecordType) = "denies",
    /// The server answers queries for this type with a CNAME to a name that does not exist.
    DanglingAlias(RecordType) = "dangling-alias",
    /// The server answers SERVFAIL with this extended error (RFC 8914), except to queries with CD, like a failing resolver.
    ExtendedError(u16) = "extended-error",
    /// The server gives this reply to queries for names in mixed case: the server compares names octet by octet.
    MixedCase(MixedCaseReply) = "mixed-case",
    /// Replies over UDP with more octets than this number do not arrive, because an old firewall drops them.
    DropsLonger(usize) = "drops-longer",
    /// Before each true answer, the client gets this number of forged ones, with guessed ids or from other addresses (RFC 5452 section 4).
    Flood(u16) = "flood",
}

/// A text is not the name of a fault.
#[derive(Debug, Error)]
#[error("unknown fault {0:?}")]
pub struct UnknownFault(String);

impl Fault {
    /// Returns all faults without a value.
    pub fn all() -> impl Iterator<Item = Self> {
        PLAIN.iter().copied()
    }

    /// Returns true if a server with this fault sends false data, which only DNSSEC can detect.
    pub fn lies(self) -> bool {
        matches!(
            self,
            Self::Idns
                | Self::Nxns
                | Self::EndlessAliases
                | Self::RedirectsZone
                | Self::NxdomainOnEmptyNonTerminals
                | Self::NxdomainOnNoData
                | Self::Denies
                | Self::AddressForAll
        )
    }
}

/// Parses a time span of scenarios: `250ms`, `3s`, `10m` or `1h`.
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
    fn fault_text_round_trips() {
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
