//! Removes addresses in the operator's own networks (`resolve.private_addresses`) from answers of the internet. A stranger may give a name
//! an address of this host or of a local network, so that clients connect to this address (DNS rebinding).
//!
//! # Decisions
//!
//! - Only the answer to the client is changed, not the cached RRset: an RRset is validated as a whole. Unbound removes the addresses before
//!   validation, so with Unbound such a name in a signed zone gets SERVFAIL.
//! - An answer without remaining addresses becomes NODATA, as with Unbound. After REFUSED or SERVFAIL, mail software would try again for
//!   days. The SOA of this NODATA is made here, so that clients can cache it. The extended error is "Blocked", because this is a policy of
//!   the operator (RFC 8914 section 4.16).
//! - An HTTPS or SVCB record with such an address in its hints (RFC 9460 section 7.3) is removed as a whole, because its list of mandatory
//!   keys may name the hint. The client then uses the addresses of the name.
//! - A malformed HTTPS or SVCB record is removed too, because its hints cannot be read.
//! - If only some records of a signed RRset remain, the answer is not secure, because the signature covers the whole RRset.

use std::net::IpAddr;

use hickory_proto::rr::rdata::svcb::SvcParamValue;
use hickory_proto::rr::{Name, RData, Record, RecordType};

use super::chased::Chased;
use crate::extended_error;
use crate::limits::MAX_REPORTED_REMOVED;
use dns::question::Security;
use record::note::record_text;
use validate::signature::covered_type;
use zones::{View, local};

/// Removes and returns the records with addresses that clients of `view` must not get.
pub(super) fn remove(chased: &mut Chased, view: &View) -> Vec<Record> {
    if view.config.resolve.private_addresses.is_empty() {
        return Vec::new();
    }
    let is_private = |record: &Record| {
        is_malformed(record) && view.is_of_strangers(&record.name, record.record_type())
            || addresses(record)
                .into_iter()
                .any(|address| view.removes(&record.name, record.record_type(), address))
    };
    let mut removed: Vec<Record> = chased.answers.extract_if(.., |record| is_private(record)).collect();
    // A server may repeat the mixed case (0x20) of the query. The names are changed to lower case, because the SOA and the extended error
    // contain them, and later clients get these from the cache.
    removed.iter_mut().for_each(|record| record.name = record.name.to_lowercase());
    let Some(first) = removed.first() else { return removed };
    let is_of = |record: &Record, name: &Name, kind| record.name == *name && record.record_type() == kind;
    chased.signatures.retain(|signature| {
        let kind = covered_type(signature).unwrap_or(RecordType::RRSIG);
        !removed.iter().any(|record| is_of(record, &signature.name, kind))
    });
    chased.security = chased.security.map(|security| security.and(Security::Insecure));
    if !chased.answers.iter().any(|left| is_of(left, &first.name, first.record_type())) {
        chased.proofs.clear();
        chased.soa = Some(Box::new(local::soa(&first.name, first.ttl)));
    }
    chased.extended_error.get_or_insert_with(|| extended_error::addresses_removed(sentence(&removed)));
    removed
}

/// Returns the addresses to which a client may connect because of a record: of type A or AAAA, or in the hints of HTTPS or SVCB.
fn addresses(record: &Record) -> Vec<IpAddr> {
    let service = match &record.data {
        RData::HTTPS(service) => &service.0,
        RData::SVCB(service) => service,
        data => return data.ip_addr().into_iter().collect(),
    };
    let hints = service.svc_params.iter().flat_map(|(_, value)| match value {
        SvcParamValue::Ipv4Hint(hint) => hint.0.iter().map(|address| address.0.into()).collect(),
        SvcParamValue::Ipv6Hint(hint) => hint.0.iter().map(|address| address.0.into()).collect(),
        _ => Vec::new(),
    });
    hints.collect()
}

/// Returns true for an HTTPS or SVCB record that `hickory_proto` cannot parse. Clients must reject such a record (RFC 9460 section 2.2),
/// but some use its hints.
fn is_malformed(record: &Record) -> bool {
    is_service(record) && matches!(record.data, RData::Unknown { .. })
}

fn is_service(record: &Record) -> bool {
    let kind = RecordType::from(u16::from(record.record_type()));
    matches!(kind, RecordType::HTTPS | RecordType::SVCB)
}

fn sentence(removed: &[Record]) -> String {
    let shown: Vec<String> = removed.iter().take(MAX_REPORTED_REMOVED).map(text).collect();
    let more = if shown.len() < removed.len() { "; ..." } else { "" };
    format!("removed because of private_addresses: {}{more}", shown.join("; "))
}

fn text(record: &Record) -> String {
    let text = record_text(record);
    // `hickory_proto` ends each parameter list with a comma, which is removed.
    if is_service(record) { text.trim_end_matches(',').replace(", ", " ") } else { text }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use hickory_proto::rr::rdata;

    use super::*;
    use config::Config;
    use dns::stage::name;
    use zones::Views;

    fn found(addresses: &[[u8; 4]]) -> Chased {
        let record = |address: &[u8; 4]| {
            Record::from_rdata(name("www.example."), 60, RData::A(rdata::A((*address).into())))
        };
        let answers = addresses.iter().map(record).collect();
        Chased { answers, security: Some(Security::Secure), ..Chased::default() }
    }

    // If no address is left, the answer is a denial that is cached.
    #[test]
    fn removed_private_addresses_make_answer_insecure() {
        let mut config = Config::default();
        config.resolve.private_addresses = vec!["10.0.0.0/8".parse().unwrap()];
        let views = Views::new(&Arc::new(config)).unwrap();
        let view = views.general().unwrap();
        let mut public = found(&[[192, 0, 2, 1]]);
        assert!(remove(&mut public, view).is_empty());
        assert_eq!((public.security, public.soa.is_none()), (Some(Security::Secure), true));
        let mut some = found(&[[10, 0, 0, 1], [192, 0, 2, 1], [10, 9, 9, 9]]);
        assert_eq!(remove(&mut some, view).len(), 2);
        assert_eq!((some.answers.len(), some.security), (1, Some(Security::Insecure)));
        assert!(some.soa.is_none());
        let mut all = found(&[[10, 0, 0, 1], [10, 0, 0, 2], [10, 0, 0, 3], [10, 0, 0, 4], [10, 0, 0, 5]]);
        assert_eq!(remove(&mut all, view).len(), 5);
        assert!(all.answers.is_empty());
        assert_eq!(all.soa.map(|soa| soa.ttl), Some(60));
        let error = all.extended_error.unwrap();
        let begin = "removed because of private_addresses: www.example. A 10.0.0.1; ";
        assert!(error.text.starts_with(begin) && error.text.ends_with("; ..."), "{}", error.text);
        let octets = [0, 1, 0, 0, 4, 0, 4, 10, 0, 0, 1, 0, 1, 0, 3, 2, b'h', b'2'];
        let data = RData::Unknown { code: RecordType::HTTPS, rdata: rdata::NULL::with(octets.to_vec()) };
        let mut unsorted = found(&[]);
        unsorted.answers = vec![Record::from_rdata(name("www.example."), 60, data)];
        assert_eq!(remove(&mut unsorted, view).len(), 1, "ipv4hint before alpn");
        let mut mixed = found(&[[10, 0, 0, 1]]);
        mixed.answers[0].name = name("wWw.eXample.");
        remove(&mut mixed, view);
        let error = mixed.extended_error.unwrap();
        assert!(error.text.ends_with(" www.example. A 10.0.0.1"), "{}", error.text);
        assert_eq!(mixed.soa.map(|soa| soa.name.to_string()), Some("www.example.".to_owned()));
    }
}
