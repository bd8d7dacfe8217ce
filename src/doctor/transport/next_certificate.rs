//! Compares the TLSA records with the certificates that mail hosts will use after a renewal (RFC 7671 section 8.4: the new TLSA record comes
//! before the new certificate).

use hickory_proto::rr::rdata::tlsa::CertUsage;
use rustls_pki_types::CertificateDer;
use webpki::EndEntityCert;

use super::dane::{is_named_by_any, usable};
use super::der::not_after;
use crate::codes::Code;
use crate::facts::own_mail::CertificateFile;
use crate::facts::{DomainFacts, Got, MailHostTls};
use crate::finding::Finding;
use crate::mail;
use crate::part::About;
use dns::clock::minute;

/// Returns a finding for each certificate file that cannot be read, or whose certificate the TLSA records of a mail host do not name. A
/// certificate is for the mail hosts whose names it has; if it has none, for all of them if there is one own domain.
pub(crate) fn check(facts: &DomainFacts) -> Vec<Finding> {
    facts.subject.own_mail.certificates.iter().flat_map(|file| of_file(facts, file)).collect()
}

fn of_file(facts: &DomainFacts, file: &CertificateFile) -> Vec<Finding> {
    let hosts = mail::hosts(facts);
    let chain = match &file.chain {
        Ok(chain) => chain,
        Err(why) => {
            return vec![Finding::new(Code::OwnFileUnread, format!("{}: {why}", file.path))];
        }
    };
    let Some(own) = chain.first() else { return Vec::new() };
    let Some(end) = not_after(own).filter(|end| *end > facts.subject.unix) else { return Vec::new() };
    let without = |host: &&String| {
        let associations = usable(facts, host);
        // A file with the host's own certificate alone cannot tell whether the TLSA records name its authority.
        let may_be_named =
            chain.len() == 1 && associations.iter().any(|one| one.cert_usage == CertUsage::DaneTa);
        !associations.is_empty()
            && !may_be_named
            && !is_shown(facts, host, own)
            && !is_named_by_any(&associations, chain)
    };
    // Senders with DANE do not look at the names of a certificate with usage 3.
    let is_for_all = file.is_of_one_domain && !hosts.iter().any(|host| is_for(own, host));
    let affected = hosts.iter().filter(|host| is_for_all || is_for(own, host)).filter(without);
    let finding = |host: &String| {
        let text = format!(
            "{host}: none of its TLSA records names the certificate in {}, which is valid until {}",
            file.path,
            minute(end)
        );
        Finding::new(Code::TlsaNextMismatch, text).about([About::Host(host.clone())])
    };
    affected.map(finding).collect()
}

/// Returns true if the mail host shows the certificate now. Then the finding `TlsaMismatch` is about it.
fn is_shown(facts: &DomainFacts, host: &str, certificate: &[u8]) -> bool {
    let shows = |got: &Got| match got {
        Got::MailHost(said) => match &said.tls {
            MailHostTls::Done { chain, .. } => chain.first().is_some_and(|shown| shown == certificate),
            MailHostTls::NotOffered | MailHostTls::Failed(_) => false,
        },
        _ => false,
    };
    mail::connect::of_host_at_each_address(facts, host).any(shows)
}

/// Returns true if the certificate has the name of the host.
fn is_for(certificate: &[u8], host: &str) -> bool {
    let certificate = CertificateDer::from(certificate);
    let Ok(certificate) = EndEntityCert::try_from(&certificate) else { return false };
    let host = host.trim_end_matches('.');
    let fits = |name: &str| match name.strip_prefix("*.") {
        Some(parent) => host.split_once('.').is_some_and(|(_, above)| above.eq_ignore_ascii_case(parent)),
        None => name.eq_ignore_ascii_case(host),
    };
    certificate.valid_dns_names().any(fits)
}
