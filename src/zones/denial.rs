//! Proofs of denials: the NSEC records (RFC 4035 section 3.1.3) or NSEC3 records (RFC 5155 section 7.2), with their signatures, that a
//! response needs. For a zone with neither of them, the proofs are empty.

use data_encoding::BASE32_DNSSEC;
use hickory_proto::dnssec::rdata::DNSSECRData;
use hickory_proto::rr::{Name, RData, Record, RecordType};

use super::zone::Zone;

/// Returns the proof that a name has no records of a type, or that a delegation has no DS records.
pub(super) fn no_data(zone: &Zone, name: &Name) -> Vec<Record> {
    let mut proof = Proof { zone, records: Vec::new() };
    if zone.hashed().is_empty() {
        // An empty non-terminal has no NSEC record. The NSEC record before it shows that there are names below it.
        let owner =
            if zone.set(name, RecordType::NSEC).is_some() { Some(name) } else { zone.nsec_before(name) };
        proof.add_nsec(owner);
    } else if !proof.add_match(name) {
        // In a zone with opt-out, an unsigned delegation may have no NSEC3 record. The proof is then the record that covers it (RFC 5155 section
        // 7.2.4).
        proof.add_next_closer(name);
    }
    proof.records
}

/// Returns the proof that neither the name nor a wildcard for it exists.
pub(super) fn no_name(zone: &Zone, name: &Name) -> Vec<Record> {
    let mut proof = Proof { zone, records: Vec::new() };
    let wildcard = zone.closest_encloser(name).prepend_label("*");
    if zone.hashed().is_empty() {
        proof.add_nsec(zone.nsec_before(name));
        if let Ok(wildcard) = &wildcard {
            proof.add_nsec(zone.nsec_before(wildcard));
        }
    } else {
        proof.add_next_closer(name);
        if let Ok(wildcard) = &wildcard {
            proof.add_cover(wildcard);
        }
    }
    proof.records
}

/// For an answer that was made from a wildcard: returns the proof that the queried name itself does not exist.
pub(super) fn expansion(zone: &Zone, name: &Name) -> Vec<Record> {
    let mut proof = Proof { zone, records: Vec::new() };
    if zone.hashed().is_empty() {
        proof.add_nsec(zone.nsec_before(name));
    } else {
        // The signature of the wildcard record shows the closest encloser by its number of labels (RFC 5155 section 7.2.6), so only the
        // next closer name must be denied.
        proof.add_cover(&child_above(&zone.closest_encloser(name), name));
    }
    proof.records
}

/// Returns the proof that a name does not exist, and that the wildcard for it has no records of the type.
pub(super) fn no_data_at_wildcard(zone: &Zone, name: &Name) -> Vec<Record> {
    let mut proof = Proof { zone, records: Vec::new() };
    let wildcard = zone.closest_encloser(name).prepend_label("*");
    if zone.hashed().is_empty() {
        proof.add_nsec(zone.nsec_before(name));
        proof.add_nsec(wildcard.ok().as_ref());
    } else {
        proof.add_next_closer(name);
        if let Ok(wildcard) = &wildcard {
            proof.add_match(wildcard);
        }
    }
    proof.records
}

/// Returns the child of `ancestor` that is `name` itself or a name above it.
fn child_above(ancestor: &Name, name: &Name) -> Name {
    name.trim_to(ancestor.iter().len() + 1)
}

/// The records of a proof. Records of the same owner and type are added only once.
struct Proof<'a> {
    zone: &'a Zone,
    records: Vec<Record>,
}

impl Proof<'_> {
    fn add(&mut self, owner: &Name, set: &[Record], kind: RecordType) {
        let known = |record: &Record| &record.name == owner && record.record_type() == kind;
        if !set.is_empty() && !self.records.iter().any(known) {
            self.records.extend_from_slice(set);
            self.records.extend_from_slice(self.zone.signatures(owner, kind));
        }
    }

    fn add_nsec(&mut self, owner: Option<&Name>) {
        if let Some(owner) = owner {
            self.add(owner, self.zone.set(owner, RecordType::NSEC).unwrap_or_default(), RecordType::NSEC);
        }
    }

    /// Adds the NSEC3 record that matches this name. Returns true if there is one.
    fn add_match(&mut self, name: &Name) -> bool {
        let found = hashed_owner(self.zone, name).and_then(|owner| self.zone.hashed().get_key_value(&owner));
        if let Some((owner, set)) = found {
            self.add(owner, set, RecordType::NSEC3);
        }
        found.is_some()
    }

    /// Adds the NSEC3 record that covers the hash of this name. The last NSEC3 record also covers the hashes before the first one.
    fn add_cover(&mut self, name: &Name) {
        let Some(hashed) = hashed_owner(self.zone, name) else { return };
        let all = self.zone.hashed();
        if let Some((owner, set)) = all.range(..hashed).next_back().or_else(|| all.last_key_value()) {
            self.add(owner, set, RecordType::NSEC3);
        }
    }

    /// Adds the proof that the closest encloser of `name` exists, and that the next closer name does not (RFC 5155 section 7.2.1).
    fn add_next_closer(&mut self, name: &Name) {
        let mut encloser = name.base_name();
        while !self.add_match(&encloser) && encloser.iter().len() > self.zone.origin().iter().len() {
            encloser = encloser.base_name();
        }
        self.add_cover(&child_above(&encloser, name));
    }
}

/// Returns the owner of the NSEC3 record of a name: its hash as a label below the apex.
fn hashed_owner(zone: &Zone, name: &Name) -> Option<Name> {
    let parameters = zone.hashed().values().flatten().find_map(|record| match &record.data {
        RData::DNSSEC(DNSSECRData::NSEC3(parameters)) => Some(parameters),
        _ => None,
    })?;
    let algorithm = parameters.hash_algorithm();
    let hash = algorithm.hash(parameters.salt(), name, parameters.iterations()).ok()?;
    zone.origin().prepend_label(BASE32_DNSSEC.encode(hash.as_ref())).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use dns::stage::name;
    use dns::zone_file;

    fn zone(text: &str) -> Zone {
        let text = format!("@ SOA ns1 host 1 3600 300 3600000 3600\n{text}");
        Zone::new(&name("example."), zone_file::records(&name("example."), &text).unwrap()).unwrap()
    }

    fn owners(proof: &[Record]) -> Vec<String> {
        let first = |record: &Record| record.name.iter().next().map(|label| label.escape_ascii().to_string());
        proof.iter().filter_map(first).collect()
    }

    /// Returns a zone like the one in RFC 4035 appendix A, with NSEC records.
    fn with_nsec() -> Zone {
        zone(
            "@ NSEC b NS SOA NSEC\nb NS ns.b\nb NSEC ns1 NS NSEC\nns1 A 192.0.2.1\nns1 NSEC *.w A NSEC\n\
             *.w MX 1 ns1\n*.w NSEC x.y.w MX NSEC\nx.y.w MX 1 ns1\nx.y.w NSEC @ MX NSEC\n",
        )
    }

    /// Returns a zone like the one in RFC 5155 appendix A, with NSEC3 records and opt-out.
    fn with_nsec3(hashes: &[&str]) -> Zone {
        let names = "ns1 A 192.0.2.1\na NS ns.a\nc NS ns.c\nx.w MX 1 ns1\nx.y.w MX 1 ns1\n*.w MX 1 ns1\n";
        let next = hashes.iter().cycle().skip(1);
        let chain =
            hashes.iter().zip(next).map(|(hash, next)| format!("{hash} NSEC3 1 1 12 aabbccdd {next} A\n"));
        zone(&[names.to_owned(), chain.collect()].concat())
    }

    const APEX: &str = "0p9mhaveqvm6t7vbl5lop2u3t2rp3tom";
    const NS1: &str = "2t7b4g4vsa5smi47k61mv5bv1a22bojr";
    const A: &str = "35mthgpgcu1qg68fab165klnsnk3dpvl";
    const X_W: &str = "b4um86eghhds6nea196smvmlo4ors995";
    const Y_W: &str = "ji6neoaepv8b5o6k4ev33abha8ht9fgc";
    const W: &str = "k8udemvp1j2f7eg6jebps17vp3n8i58h";
    const BEFORE_Z_W: &str = "q04jkcevqvmu85r014c7dkba38o0ji5r";
    const WILDCARD: &str = "r53bq7cc2uvmubfu5ocmm6pers9tk9en";
    const CHAIN: [&str; 8] = [APEX, NS1, A, X_W, Y_W, W, BEFORE_Z_W, WILDCARD];

    #[test]
    fn nsec_responses_match_rfc_4035() {
        let zone = with_nsec();
        for (owner, sent) in [("ns1.example.", "ns1"), ("b.example.", "b"), ("y.w.example.", "*")] {
            assert_eq!(owners(&no_data(&zone, &name(owner))), [sent], "{owner}");
        }
        assert_eq!(owners(&no_name(&zone, &name("ml.example."))), ["b", "example"]);
        assert_eq!(owners(&no_name(&zone, &name("a.example."))), ["example"], "once for name and wildcard");
        assert_eq!(owners(&expansion(&zone, &name("a.z.w.example."))), ["x"]);
        assert_eq!(owners(&no_data_at_wildcard(&zone, &name("a.z.w.example."))), ["x", "*"]);
        assert!(no_name(&self::zone(""), &name("a.example.")).is_empty(), "an unsigned zone");
    }

    #[test]
    fn nsec3_responses_match_rfc_5155() {
        let zone = with_nsec3(&CHAIN);
        assert_eq!(owners(&no_name(&zone, &name("a.c.x.w.example."))), [X_W, APEX, A]);
        assert_eq!(owners(&no_data(&zone, &name("ns1.example."))), [NS1]);
        assert_eq!(owners(&no_data(&zone, &name("y.w.example."))), [Y_W]);
        assert_eq!(owners(&no_data(&zone, &name("c.example."))), [APEX, A], "the zone opts out");
        assert_eq!(owners(&expansion(&zone, &name("a.z.w.example."))), [BEFORE_Z_W]);
        assert_eq!(owners(&no_data_at_wildcard(&zone, &name("a.z.w.example."))), [W, BEFORE_Z_W, WILDCARD]);
        // The hash of ac.example begins with 0m1a, before the hash of the first owner, so the span of the last NSEC3 record covers it.
        assert_eq!(owners(&no_data(&zone, &name("ac.example."))), [APEX, WILDCARD]);
    }

    /// The search for the closest encloser ends at the apex, even if the apex has no NSEC3 record.
    #[test]
    fn closest_encloser_search_ends_at_apex() {
        let zone = with_nsec3(&[NS1, WILDCARD]);
        assert_eq!(owners(&no_data(&zone, &name("c.example."))), [NS1]);
    }
}
