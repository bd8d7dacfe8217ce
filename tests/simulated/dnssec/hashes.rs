//! NSEC3 proofs that take much processor time (CVE-2023-50868): many iterations, and names with the largest number of labels.

use super::{TOP, play_all};

/// Returns a name with 122 labels of one letter, which has 255 octets.
fn deepest(letter: &str) -> String {
    format!("{}zone.tld.", format!("{letter}.").repeat(122))
}

/// A zone on three servers, so that each invalid proof is checked three times, and another zone.
fn world(words: &str) -> String {
    format!(
        "{TOP}server ns3.zone.tld 127.0.0.5 rtt=50ms\nserver ns.other.tld 127.0.0.6 rtt=30ms\n\
         zone zone.tld. ns1.zone.tld ns2.zone.tld ns3.zone.tld\n  www 300 A 10.0.0.1\n\
         zone other.tld. ns.other.tld\n  www 300 A 10.0.0.2\n\
         sign zone.tld. {words}\nsign other.tld. nsec3 iterations=50\n"
    )
}

/// The proof for the deepest name needs one hash for each label. The limit allows one such proof, but not three. RFC 9276 section 3.2
/// allows up to fifty iterations.
#[test]
fn costly_nsec3_proofs_fail_one_query() {
    let (name, other) = (deepest("a"), deepest("b"));
    play_all([
        (
            "one proof of a deep name fits".to_owned(),
            format!(
                "{}ask {name} A +DO\n  rcode NXDOMAIN\n  flags ad\n",
                world("nsec3 iterations=50 salt=beef")
            ),
        ),
        (
            "three that prove nothing do not".to_owned(),
            format!(
                "{}ask www.zone.tld. A +DO\n  flags ad\n\
                 ask {name} A +DO\n  rcode SERVFAIL\n  flags !ad\n  ede 5\n  packets 3\n\
                 ask {name} A +DO\n  rcode SERVFAIL\n  packets 0\n\
                 ask {other} A +DO\n  rcode SERVFAIL\n  ede 5\n  packets 3\n\
                 ask none.zone.tld. A +DO\n  rcode SERVFAIL\n  ede 12\n\
                 ask www.zone.tld. A +DO\n  rcode NOERROR\n  flags ad\n  packets 0\n\
                 ask www.other.tld. A +DO\n  rcode NOERROR\n  flags ad\n\
                 ask none.other.tld. A +DO\n  rcode NXDOMAIN\n  flags ad\n",
                world("nsec3 iterations=50 salt=beef wrong-nsec")
            ),
        ),
        (
            "beyond fifty iterations none is computed".to_owned(),
            format!(
                "{}ask {name} A +DO\n  rcode NXDOMAIN\n  flags !ad\n  ede 27\n",
                world("nsec3 iterations=51 wrong-nsec")
            ),
        ),
    ]);
}
