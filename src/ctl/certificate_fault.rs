//! The fault of the certificate of a resolver, a mail host or the host of a policy in a sentence, in place of the text of the TLS library.

use std::iter;

use tokio_rustls::rustls::{CertificateError, Error};

use crate::limits::MAX_NAMES_OF_CERTIFICATE;
use dns::clock::minute;
use doctor::facts::REJECTED_CERTIFICATE;

/// A failed handshake in words. Those about a certificate begin with `REJECTED_CERTIFICATE`.
pub(super) fn words(error: &Error) -> String {
    match error {
        Error::InvalidCertificate(fault) => format!("{REJECTED_CERTIFICATE}: {}", of_certificate(fault)),
        Error::NoCertificatesPresented => format!("{REJECTED_CERTIFICATE}: it has sent none"),
        Error::InvalidMessage(_) => "it does not speak TLS at this port".to_owned(),
        Error::AlertReceived(_) => "it has refused the TLS handshake".to_owned(),
        _ => "the TLS handshake failed".to_owned(),
    }
}

/// The fault of a certificate in words; its subject is "it".
pub(super) fn of_certificate(fault: &CertificateError) -> String {
    use CertificateError::{
        Expired, ExpiredContext, NotValidForName, NotValidForNameContext, NotValidYet, NotValidYetContext,
        Other, Revoked, UnknownIssuer,
    };
    match fault {
        ExpiredContext { not_after, .. } => format!("it ended at {}", minute(not_after.as_secs())),
        Expired => "it has ended".to_owned(),
        NotValidYetContext { not_before, .. } => {
            format!("it does not begin before {}", minute(not_before.as_secs()))
        }
        NotValidYet => "it has not begun".to_owned(),
        NotValidForNameContext { expected, presented } => {
            let expected = expected.to_str();
            let of = presented.iter().map(|name| plain(name)).take(MAX_NAMES_OF_CERTIFICATE);
            let more = presented.len().saturating_sub(MAX_NAMES_OF_CERTIFICATE);
            let of: Vec<String> =
                of.chain(iter::once(format!("{more} more names")).filter(|_| more > 0)).collect();
            match of.as_slice() {
                [] => format!("it has no name, and is not for {expected}"),
                _ => format!("it is for {}, and not for {expected}", of.join(", ")),
            }
        }
        NotValidForName => "it is for another name".to_owned(),
        UnknownIssuer => "no authority that this system trusts has signed it".to_owned(),
        Revoked => "its authority has revoked it".to_owned(),
        // The verifier has no kind of its own for it.
        Other(other) if other.to_string().contains("CaUsedAsEndEntity") => {
            "it is that of an authority, mostly one that has signed itself, and not that of a server"
                .to_owned()
        }
        _ => "this system finds it damaged, or its algorithms too weak".to_owned(),
    }
}

/// A name as the library presents it: `DnsName("dns.example")`, `IpAddress(192.0.2.1)`.
fn plain(presented: &str) -> String {
    let inside = presented.split_once('(').and_then(|(_, rest)| rest.strip_suffix(')'));
    inside.unwrap_or(presented).trim_matches('"').to_owned()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use rustls_pki_types::{ServerName, UnixTime};
    use tokio_rustls::rustls::OtherError;

    use super::*;

    #[test]
    fn each_fault_is_a_plain_sentence() {
        let presented = |count: usize| (0..count).map(|n| format!("DnsName(\"{n}.example\")")).collect();
        let for_name = |presented| CertificateError::NotValidForNameContext {
            expected: ServerName::try_from("dns.example").unwrap(),
            presented,
        };
        let at = |seconds| UnixTime::since_unix_epoch(std::time::Duration::from_secs(seconds));
        let own = std::io::Error::other("CaUsedAsEndEntity");
        for (fault, expected) in [
            (
                CertificateError::ExpiredContext { time: at(60), not_after: at(0) },
                "it ended at 1970-01-01 00:00 UTC",
            ),
            (
                for_name(vec!["IpAddress(192.0.2.1)".to_owned()]),
                "it is for 192.0.2.1, and not for dns.example",
            ),
            (
                for_name(presented(5)),
                "it is for 0.example, 1.example, 2.example, 2 more names, and not for dns.example",
            ),
            (for_name(Vec::new()), "it has no name, and is not for dns.example"),
            (CertificateError::UnknownIssuer, "no authority that this system trusts has signed it"),
            (
                CertificateError::Other(OtherError(Arc::new(own))),
                "it is that of an authority, mostly one that has signed itself, and not that of a server",
            ),
            (CertificateError::BadSignature, "this system finds it damaged, or its algorithms too weak"),
        ] {
            let told = words(&Error::InvalidCertificate(fault));
            assert_eq!(told, format!("{REJECTED_CERTIFICATE}: {expected}"));
        }
        assert_eq!(words(&Error::DecryptError), "the TLS handshake failed");
    }
}
