use super::*;
use crate::rules::Algorithms;
use crate::stage::{Signer, TODAY, come_to, name, nsec, nsec3, nsec3_with};
use RecordType::{A, AAAA, CNAME, DNAME, DNSKEY, DS, MX, NS, SOA, TXT};
use hickory_proto::dnssec::Algorithm;

fn today(budget: &Budget) -> Rules<'_> {
    Rules { algorithms: Algorithms::default(), calendar: TODAY, budget }
}

const ZONE: &str = "example.";

struct Proofs {
    signer: Signer,
    records: Vec<Record>,
    budget: Budget,
}

impl Proofs {
    fn from_records(records: Vec<Record>) -> Self {
        let signer = Signer::new(ZONE, Algorithm::ED25519);
        let records = signer.signed(records);
        Self { signer, records, budget: Budget::default() }
    }

    fn with<Out>(&self, work: impl FnOnce(&Denials<'_>, &Budget) -> Out) -> Out {
        let keys = self.signer.keys();
        let denials = come_to(Denials::read(&self.records, &keys, today(&self.budget)));
        work(&denials.unwrap(), &self.budget)
    }

    fn nxdomain(&self, of: &str) -> Option<Proven> {
        self.with(|denials, budget| denials.nxdomain(&name(of), budget)).ok()
    }

    fn nodata(&self, of: &str, kind: RecordType) -> Option<Proven> {
        self.with(|denials, budget| denials.nodata(&name(of), kind, budget)).ok()
    }

    fn wildcard(&self, of: &str, encloser: &str) -> Option<Proven> {
        self.with(|denials, budget| denials.wildcard(&name(of), &name(encloser), budget)).ok()
    }

    fn cut(&self, of: &str) -> Option<Cut> {
        self.with(|denials, budget| denials.cut(&name(of), budget)).ok()
    }
}

const FULLY: Option<Proven> = Some(Proven::Fully);
const OPEN: Option<Proven> = Some(Proven::Insecurely(None));

/// The NSEC chain of the zone in RFC 4035 appendix A.
fn nsecs() -> Proofs {
    Proofs::from_records(vec![
        nsec("example.", "a.example.", &[NS, SOA, MX, DNSKEY]),
        nsec("a.example.", "ai.example.", &[NS, DS]),
        nsec("ai.example.", "b.example.", &[A, AAAA]),
        nsec("b.example.", "ns1.example.", &[NS]),
        nsec("ns1.example.", "ns2.example.", &[A]),
        nsec("ns2.example.", "*.w.example.", &[A]),
        nsec("*.w.example.", "x.w.example.", &[MX]),
        nsec("x.w.example.", "x.y.w.example.", &[MX]),
        nsec("x.y.w.example.", "xx.example.", &[MX]),
        nsec("xx.example.", "example.", &[A, AAAA]),
    ])
}

#[test]
fn nsec_proves_rfc_4035_examples() {
    let all = nsecs();
    assert_eq!(all.nxdomain("ml.example."), FULLY);
    assert_eq!(all.nodata("ns1.example.", MX), FULLY);
    assert_eq!(all.cut("b.example."), Some(Cut::Insecure(None)));
    assert_eq!(all.wildcard("a.z.w.example.", "w.example."), FULLY);
    assert_eq!(all.nodata("a.z.w.example.", AAAA), FULLY);
    assert_eq!(all.nodata("w.example.", A), FULLY, "an empty non-terminal");
    assert_eq!(all.nxdomain("zz.example."), FULLY, "after the last");
    assert_eq!(all.cut("zz.example."), Some(Cut::NoName));
    assert_eq!(all.cut("ns1.example."), Some(Cut::None));
    assert_eq!(all.cut("w.example."), Some(Cut::None));
}

#[test]
fn nsec_does_not_deny_existing_data() {
    let all = nsecs();
    assert_eq!(all.nxdomain("ns1.example."), None);
    assert_eq!(all.nxdomain("w.example."), None, "an empty non-terminal exists");
    assert_eq!(all.nxdomain("a.z.w.example."), None, "a wildcard covers it");
    assert_eq!(all.nodata("ns1.example.", A), None);
    assert_eq!(all.nodata("a.z.w.example.", MX), None);
    assert_eq!(all.wildcard("x.y.w.example.", "w.example."), None, "it exists itself");
    assert_eq!(all.wildcard("a.y.w.example.", "w.example."), None, "y.w stands closer");
    assert_eq!(all.cut("a.example."), None, "it has a DS");
    assert_eq!(all.nxdomain("other."), None, "another zone's name");
}

#[test]
fn parent_nsec_proves_nothing_below_cut() {
    let all = nsecs();
    assert_eq!(all.nodata("b.example.", MX), None, "NODATA at the cut is the child's to tell");
    assert_eq!(all.nxdomain("www.b.example."), None);
    assert_eq!(all.nodata("www.b.example.", A), None);
    let child = Proofs::from_records(vec![nsec("example.", "a.example.", &[NS, SOA])]);
    assert_eq!(child.cut("example."), None, "no DS at the apex is the parent's to tell");
    let below_dname = Proofs::from_records(vec![nsec("d.example.", "e.example.", &[DNAME])]);
    assert_eq!(below_dname.nodata("x.d.example.", A), None);
    assert_eq!(below_dname.nxdomain("x.d.example."), None);
    let alias = Proofs::from_records(vec![nsec("c.example.", "d.example.", &[CNAME])]);
    assert_eq!(alias.nodata("c.example.", A), None, "it has an alias");
    assert_eq!(alias.cut("c.example."), Some(Cut::None));
}

#[test]
fn parts_of_a_proof_are_none() {
    let only_name = Proofs::from_records(vec![nsec("b.example.", "ns1.example.", &[NS])]);
    assert_eq!(only_name.nxdomain("ml.example."), None, "the wildcard is not denied");
    let signer = Signer::new(ZONE, Algorithm::ED25519);
    let unsigned = Proofs { signer, records: vec![nsec("b.example.", "ns1.example.", &[NS])], ..nsecs() };
    let why = |proofs: &Proofs| {
        proofs.with(|denials, budget| denials.nxdomain(&name("ml.example."), budget)).unwrap_err().why
    };
    assert_eq!(why(&unsigned), Why::RrsigsMissing);
    assert_eq!(why(&Proofs::from_records(Vec::new())), Why::NsecMissing);
    assert_eq!(why(&only_name), Why::NsecMissing);
    let text = |proofs: &Proofs| {
        let fault =
            proofs.with(|denials, budget| denials.nxdomain(&name("ml.example."), budget)).unwrap_err();
        assert_eq!(fault.broken_at.as_deref(), Some(&name(ZONE)), "{fault}");
        fault.text
    };
    let only_hash = Proofs::from_records(vec![nsec3(
        ZONE,
        false,
        "2t7b4g4vsa5smi47k61mv5bv1a22bojr",
        "2vptu5timamqttgl4luu9kg21e0aor3s",
        &[A],
    )]);
    assert_eq!(
        text(&Proofs::from_records(Vec::new())),
        "example. sent no proof (NSEC, NSEC3) that ml.example. does not exist"
    );
    for partial in [only_name, only_hash] {
        assert_eq!(
            text(&partial),
            "the NSEC or NSEC3 records of example. do not prove that ml.example. does not exist"
        );
    }
}

#[test]
fn spent_budget_ends_denial_checks() {
    let proofs = nsecs();
    while proofs.budget.take_check().is_ok() {}
    let keys = proofs.signer.keys();
    let read = Denials::read(&proofs.records, &keys, today(&proofs.budget));
    assert_eq!(come_to(read).unwrap_err().why, Why::Indeterminate);
}

#[test]
fn only_signed_proofs_are_kept() {
    let proofs = nsecs();
    let of = |records: &[Record]| {
        let proofs =
            Proofs { records: records.to_vec(), signer: Signer::new(ZONE, Algorithm::ED25519), ..nsecs() };
        proofs.with(|denials, _| (denials.signed(), denials.ttl))
    };
    let (kept, ttl) = proofs.with(|denials, _| (denials.signed(), denials.ttl));
    assert_eq!((kept.as_slice(), ttl), (&proofs.records[..10], 60));
    assert_eq!(of(&proofs.records), (Vec::new(), u32::MAX), "signed by another key");
}

/// The NSEC3 chain of RFC 5155 appendix A.
fn nsec3s(opt_out: bool) -> Proofs {
    let record = |hash, next, types: &[RecordType]| nsec3(ZONE, opt_out, hash, next, types);
    Proofs::from_records(vec![
        record(
            "0p9mhaveqvm6t7vbl5lop2u3t2rp3tom",
            "2t7b4g4vsa5smi47k61mv5bv1a22bojr",
            &[MX, DNSKEY, NS, SOA],
        ),
        record("2t7b4g4vsa5smi47k61mv5bv1a22bojr", "2vptu5timamqttgl4luu9kg21e0aor3s", &[A]),
        record("2vptu5timamqttgl4luu9kg21e0aor3s", "35mthgpgcu1qg68fab165klnsnk3dpvl", &[MX]),
        record("35mthgpgcu1qg68fab165klnsnk3dpvl", "b4um86eghhds6nea196smvmlo4ors995", &[NS, DS]),
        record("b4um86eghhds6nea196smvmlo4ors995", "gjeqe526plbf1g8mklp59enfd789njgi", &[MX]),
        record("gjeqe526plbf1g8mklp59enfd789njgi", "ji6neoaepv8b5o6k4ev33abha8ht9fgc", &[A, AAAA]),
        record("ji6neoaepv8b5o6k4ev33abha8ht9fgc", "k8udemvp1j2f7eg6jebps17vp3n8i58h", &[]),
        record("k8udemvp1j2f7eg6jebps17vp3n8i58h", "kohar7mbb8dc2ce8a9qvl8hon4k53uhi", &[]),
        record("kohar7mbb8dc2ce8a9qvl8hon4k53uhi", "q04jkcevqvmu85r014c7dkba38o0ji5r", &[A]),
        record("q04jkcevqvmu85r014c7dkba38o0ji5r", "r53bq7cc2uvmubfu5ocmm6pers9tk9en", &[A]),
        record("r53bq7cc2uvmubfu5ocmm6pers9tk9en", "t644ebqk9bibcna874givr6joj62mlhv", &[MX]),
        record("t644ebqk9bibcna874givr6joj62mlhv", "0p9mhaveqvm6t7vbl5lop2u3t2rp3tom", &[A]),
    ])
}

#[test]
fn nsec3_proves_rfc_5155_examples() {
    let all = nsec3s(false);
    assert_eq!(all.nxdomain("a.c.x.w.example."), FULLY);
    assert_eq!(all.nodata("ns1.example.", MX), FULLY);
    assert_eq!(all.nodata("y.w.example.", A), FULLY, "an empty non-terminal");
    assert_eq!(all.wildcard("a.z.w.example.", "w.example."), FULLY);
    assert_eq!(all.nodata("a.z.w.example.", AAAA), FULLY);
    assert_eq!(all.cut("ns1.example."), Some(Cut::None));
    assert_eq!(all.cut("a.c.x.w.example."), Some(Cut::NoName));
    assert_eq!(nsec3s(true).cut("c.example."), Some(Cut::Insecure(None)), "it opts out");
}

#[test]
fn nsec3_does_not_deny_existing_data() {
    let all = nsec3s(false);
    assert_eq!(all.nxdomain("ns1.example."), None);
    assert_eq!(all.nodata("ns1.example.", A), None);
    assert_eq!(all.nodata("a.z.w.example.", MX), None);
    assert_eq!(all.nxdomain("a.z.w.example."), None, "a wildcard covers it");
    assert_eq!(all.wildcard("x.y.w.example.", "w.example."), None, "y.w stands closer");
    assert_eq!(all.cut("a.example."), None, "it has a DS");
    assert_eq!(all.nxdomain("x.a.example."), None, "below a cut");
    assert_eq!(all.cut("example."), None, "the apex is the parent's to tell");
    assert_eq!(all.nxdomain("other."), None, "another zone's name");
}

const APEX: &str = "0p9mhaveqvm6t7vbl5lop2u3t2rp3tom";

#[test]
fn single_nsec3_denies_other_names() {
    let alone = Proofs::from_records(vec![nsec3(ZONE, false, APEX, APEX, &[NS, SOA])]);
    assert_eq!(alone.nxdomain("www.example."), FULLY);
    assert_eq!(alone.cut("www.example."), Some(Cut::NoName));
    assert_eq!(alone.nodata(ZONE, MX), FULLY);
    assert_eq!(alone.nodata(ZONE, SOA), None);
}

/// RFC 5155 section 8.2: all NSEC3 records of a message must have the same parameters.
#[test]
fn nsec3_of_another_chain_prove_nothing() {
    let beside_the_apex = |zone, iterations, hash: &str, next: &str| {
        let apex = nsec3(ZONE, false, APEX, "0p9mhaveqvm6t7vbl5lop2u3t2rp3ton", &[NS, SOA]);
        Proofs::from_records(vec![apex, nsec3_with(zone, (false, iterations), hash, next, &[A])])
            .nxdomain("www.example.")
    };
    let (first, last) = ("00000000000000000000000000000000", "vvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvv");
    assert_eq!(beside_the_apex(ZONE, 12, first, last), FULLY);
    assert_eq!(beside_the_apex(ZONE, 11, first, last), None, "other iterations");
    assert_eq!(beside_the_apex("sub.example.", 12, first, last), None, "another zone's");
    assert_eq!(beside_the_apex(ZONE, 12, &first[..24], last), None, "a hash of another length");
}

#[test]
fn opt_out_span_proves_insecurely() {
    let open = nsec3s(true);
    assert_eq!(open.nxdomain("a.c.x.w.example."), OPEN);
    assert_eq!(open.wildcard("a.z.w.example.", "w.example."), OPEN);
    assert_eq!(open.nodata("a.z.w.example.", AAAA), OPEN);
    assert_eq!(open.nodata("ns1.example.", MX), FULLY, "its own record tells");
}

// They are not computed (RFC 9276, CVE-2023-50868).
#[test]
fn many_nsec3_iterations_are_insecure() {
    let many = Proofs::from_records(vec![nsec3_with(
        ZONE,
        (false, 51),
        "0p9mhaveqvm6t7vbl5lop2u3t2rp3tom",
        "2t7b4g4vsa5smi47k61mv5bv1a22bojr",
        &[NS, SOA],
    )]);
    let Some(Proven::Insecurely(Some(fault))) = many.nxdomain("a.example.") else { panic!("secure") };
    assert_eq!(fault.why, Why::Nsec3Iterations);
    assert!(matches!(many.cut("a.example."), Some(Cut::Insecure(Some(_)))));
    let most =
        Proofs::from_records(vec![nsec3_with(ZONE, (false, MAX_NSEC3_ITERATIONS), APEX, APEX, &[NS, SOA])]);
    assert_eq!(most.nxdomain("a.example."), None, "computed, and of other names");
}

#[test]
fn wildcard_expanded_nsec_is_no_proof() {
    let signer = Signer::new(ZONE, Algorithm::ED25519);
    let wildcard = nsec("*.example.", "z.example.", &[TXT]);
    let mut signature = signer.sign(std::slice::from_ref(&wildcard));
    let mut made = wildcard;
    made.name = name("b.example.");
    signature.name = name("b.example.");
    let proofs = Proofs { signer, records: vec![made, signature], budget: Budget::default() };
    assert_eq!(proofs.nodata("b.example.", A), None);
}

/// A key of `example.` has signed these records, but they speak for names of other zones.
#[test]
fn nsec_with_foreign_names_proves_nothing() {
    for (owner, next) in [("b.example.", "z.other."), ("b.example.", "z."), ("b.example.", ".")] {
        let foreign =
            Proofs::from_records(vec![nsec("example.", "b.example.", &[NS, SOA]), nsec(owner, next, &[A])]);
        assert_eq!(foreign.nxdomain("c.example."), None, "{owner} {next}");
        assert_eq!(foreign.nxdomain("a.example."), FULLY, "the other record is good");
    }
}

#[test]
fn nsec3_above_limit_spoils_no_others() {
    let (first, last) = ("0".repeat(32), "v".repeat(32));
    let too_many = nsec3_with(ZONE, (false, MAX_NSEC3_ITERATIONS + 1), &first, &last, &[A]);
    let mixed = Proofs::from_records(vec![too_many.clone(), nsec3(ZONE, false, APEX, APEX, &[NS, SOA])]);
    assert_eq!(mixed.nxdomain("www.example."), FULLY);
    assert_eq!(mixed.cut("www.example."), Some(Cut::NoName));
    let beside_nsec = Proofs::from_records(vec![too_many.clone(), nsec("example.", "example.", &[NS, SOA])]);
    assert_eq!(beside_nsec.nxdomain("www.example."), FULLY);
    let alone = Proofs::from_records(vec![too_many]);
    assert!(matches!(alone.nxdomain("www.example."), Some(Proven::Insecurely(Some(_)))));
}
