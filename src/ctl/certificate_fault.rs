//! Describes in a sentence what is wrong with a certificate of a resolver, a mail host or a policy host. The text of the TLS library is not used.

use tokio_rustls::rustls::{CertificateError, Error};

use crate::limits::MAX_NAMES_OF_CERTIFICATE;
use dns::clock::minute;
use doctor::facts::REJECTED_CERTIFICATE;

/// Returns a sentence about a failed TLS handshake. If the certificate is at fault, the sentence begins with `REJECTED_CERTIFICATE`.
pub(super) fn words(error: &Error) -> String {
    match error {
        Error::InvalidCertificate(fault) => format!("{REJECTED_CERTIFICATE}: {}", of_certificate(fault)),
        other => format!("the TLS handshake failed: {other}"),
    }
}

/// Returns a sentence about the fault of a certificate. The sentence calls the certificate "it".
pub(super) fn of_certificate(fault: &CertificateError) -> String {
    use CertificateError::{Expired, ExpiredContext, NotValidForNameContext, UnknownIssuer};
    match fault {
        ExpiredContext { not_after, .. } => format!("it expired at {}", minute(not_after.as_secs())),
        Expired => "it has expired".to_owned(),
        NotValidForNameContext { expected, presented } => {
            let names = presented.iter().map(|name| plain(name)).take(MAX_NAMES_OF_CERTIFICATE);
            let names: Vec<String> = names.collect();
            format!("it is for {}, and not for {}", names.join(", "), expected.to_str())
        }
        UnknownIssuer => "no authority that this system trusts has signed it".to_owned(),
        other => other.to_string(),
    }
}

/// Returns a name from a certificate without the syntax that the TLS library prints around it: `dns.example` for `DnsName("dns.example")`,
/// `192.0.2.1` for `IpAddress(192.0.2.1)`.
fn plain(presented: &str) -> String {
    let inside = presented.split_once('(').and_then(|(_, rest)| rest.strip_suffix(')'));
    inside.unwrap_or(presented).trim_matches('"').to_owned()
}

#[cfg(test)]
mod tests {
    use rustls_pki_types::{ServerName, UnixTime};

    use super::*;

    #[test]
    fn the_common_faults_are_plain_sentences() {
        let expected = ServerName::try_from("dns.example").unwrap();
        let presented = (0..5).map(|n| format!("DnsName(\"{n}.example\")")).collect();
        let at = |seconds| UnixTime::since_unix_epoch(std::time::Duration::from_secs(seconds));
        for (fault, expected) in [
            (
                CertificateError::ExpiredContext { time: at(60), not_after: at(0) },
                "it expired at 1970-01-01 00:00 UTC",
            ),
            (
                CertificateError::NotValidForNameContext { expected, presented },
                "it is for 0.example, 1.example, 2.example, and not for dns.example",
            ),
            (CertificateError::UnknownIssuer, "no authority that this system trusts has signed it"),
        ] {
            let found = words(&Error::InvalidCertificate(fault));
            assert_eq!(found, format!("{REJECTED_CERTIFICATE}: {expected}"));
        }
        assert!(words(&Error::DecryptError).starts_with("the TLS handshake failed: "));
    }
}
