use super::*;
use dns::stage::name;
use hickory_proto::dnssec::Algorithm;
use hickory_proto::dnssec::rdata::sig::SigInput;
use hickory_proto::dnssec::rdata::{DNSSECRData, RRSIG};
use hickory_proto::op::{MessageType, OpCode, Query};
use hickory_proto::rr::SerialNumber;
use hickory_proto::rr::rdata::{A, NS, NULL, SOA};

fn a(owner: &str) -> Record {
    Record::from_rdata(name(owner), 60, RData::A(A::new(192, 0, 2, 1)))
}

fn cname(owner: &str, target: &str) -> Record {
    Record::from_rdata(name(owner), 60, RData::CNAME(CNAME(name(target))))
}

fn ns(owner: &str, server: &str) -> Record {
    Record::from_rdata(name(owner), 60, RData::NS(NS(name(server))))
}

fn soa(owner: &str) -> Record {
    let soa = SOA::new(name("ns.example."), name("host.example."), 1, 2, 3, 4, 5);
    Record::from_rdata(name(owner), 60, RData::SOA(soa))
}

fn dname(owner: &str, target: &str) -> Record {
    let data = dns::question::wire_name(&name(target));
    Record::from_rdata(name(owner), 60, RData::Unknown { code: DNAME, rdata: NULL::with(data) })
}

fn signature(owner: &str, covered: RecordType) -> Record {
    let input = SigInput {
        type_covered: covered,
        algorithm: Algorithm::ED25519,
        num_labels: 2,
        original_ttl: 60,
        sig_expiration: SerialNumber::new(2),
        sig_inception: SerialNumber::new(1),
        key_tag: 7,
        signer_name: name("example."),
    };
    let signature = DNSSECRData::RRSIG(RRSIG::from_sig(input, vec![7; 64]));
    Record::from_rdata(name(owner), 60, RData::DNSSEC(signature))
}

fn message(answers: Vec<Record>, authorities: Vec<Record>, additionals: Vec<Record>) -> Message {
    let mut message = Message::new(1, MessageType::Response, OpCode::Query);
    message.add_query(Query::query(name("www.example."), RecordType::A));
    message.add_answers(answers);
    message.add_authorities(authorities);
    message.add_additionals(additionals);
    message
}

fn says(message: &Message) -> Classified {
    classify(&name("example."), &name("www.example."), RecordType::A, message).0
}

fn forwarded(message: &Message, kind: RecordType) -> Classified {
    classify_recursive(&name("example."), &name("www.example."), kind, message).0
}

fn found(said: Classified) -> Found {
    match said {
        Classified::Found(found) => found,
        other => panic!("{other:?} is no answer"),
    }
}

#[test]
fn alias_chain_drops_unasked_records() {
    let plain = found(says(&message(vec![a("WWW.example."), a("evil.example.")], vec![], vec![])));
    assert_eq!((plain.answers.len(), plain.end), (1, End::Data));
    let chain = message(vec![a("w.example."), cname("www.example.", "w.example.")], vec![], vec![]);
    let chain = found(says(&chain));
    assert_eq!(chain.answers, [cname("www.example.", "w.example."), a("w.example.")]);
    assert_eq!(chain.end, End::Data);
}

// They are the answer themselves where RRSIG is asked for.
#[test]
fn signatures_accompany_covered_rrset() {
    let both = vec![a("www.example."), signature("www.example.", RecordType::A)];
    let message = message([both, vec![signature("w.example.", RecordType::A)]].concat(), vec![], vec![]);
    let read = |kind| classify(&name("example."), &name("www.example."), kind, &message);
    let (address, unasked) = read(RecordType::A);
    let address = found(address);
    assert_eq!(address.answers, [a("www.example.")]);
    assert_eq!(
        address.evidence,
        [signature("www.example.", RecordType::A)],
        "that of w.example. proves nothing"
    );
    assert_eq!(unasked, 0, "signatures come along unasked");
    let (signatures, unasked) = read(RecordType::RRSIG);
    let signatures = found(signatures);
    assert_eq!(signatures.answers, [signature("www.example.", RecordType::A)]);
    assert!(signatures.evidence.is_empty());
    assert_eq!(unasked, 2);
}

#[test]
fn alias_chain_ends_at_bailiwick() {
    let away = message(vec![cname("www.example.", "www.test."), a("www.test.")], vec![], vec![]);
    let away = found(says(&away));
    assert_eq!(away.answers, [cname("www.example.", "www.test.")]);
    assert_eq!(away.end, End::Alias(name("www.test.")));
}

#[test]
fn alias_chain_may_end_negative() {
    let mut gone = message(vec![cname("www.example.", "no.example.")], vec![soa("example.")], vec![]);
    gone.metadata.response_code = ResponseCode::NXDomain;
    let end = |nxdomain, soa| End::Negative { nxdomain, name: name("no.example."), soa };
    let with_soa = Some(Box::new(soa("example.")));
    assert_eq!(found(says(&gone)).end, end(true, with_soa.clone()));
    gone.authorities.clear();
    assert_eq!(found(says(&gone)).end, end(true, None));
    gone.metadata.response_code = ResponseCode::NoError;
    assert_eq!(found(says(&gone)).end, End::Alias(name("no.example.")));
    gone.add_authority(soa("example."));
    assert_eq!(found(says(&gone)).end, end(false, with_soa));
    assert!(matches!(forwarded(&gone, RecordType::A), Classified::Found(_)), "an alias is data, AA or not");
}

#[test]
fn a_circle_is_not_followed() {
    let circle = message(
        vec![cname("www.example.", "w.example."), cname("w.example.", "www.example.")],
        vec![],
        vec![],
    );
    let circle = found(says(&circle));
    assert_eq!((circle.answers.len(), circle.end), (2, End::Alias(name("www.example."))));
}

// A CNAME record that contradicts its DNAME is ignored.
#[test]
fn dname_yields_synthesised_cname() {
    let mut moved = message(vec![dname("example.", "moved.test.")], vec![], vec![]);
    moved.add_answer(cname("www.example.", "evil.test."));
    let moved = Message::from_vec(&moved.to_vec().unwrap()).unwrap();
    let moved = found(says(&moved));
    assert!(moved.contradicted);
    assert_eq!(moved.answers, [dname("example.", "moved.test."), cname("www.example.", "www.moved.test.")]);
    assert_eq!(moved.end, End::Alias(name("www.moved.test.")));
}

#[test]
fn negative_answer_may_lack_soa() {
    let mut nxdomain = message(vec![], vec![soa("example.")], vec![]);
    nxdomain.metadata.response_code = ResponseCode::NXDomain;
    let end = |nxdomain, soa| End::Negative { nxdomain, name: name("www.example."), soa };
    assert_eq!(found(says(&nxdomain)).end, end(true, Some(Box::new(soa("example.")))));
    let nodata = message(vec![], vec![soa("example.")], vec![]);
    assert_eq!(found(says(&nodata)).end, end(false, Some(Box::new(soa("example.")))));
    let mut bare = message(vec![], vec![], vec![]);
    bare.metadata.authoritative = true;
    assert_eq!(found(says(&bare)).end, end(false, None));
}

// An alias before it or a doubt about the server leaves the name undecided.
#[test]
fn name_denial_needs_plain_nxdomain() {
    let denial = |nxdomain| Found::negative(nxdomain, &name("www.example."), None, vec![]);
    assert_eq!((denial(true).denies_the_name(), denial(true).denies()), (true, true));
    assert_eq!((denial(false).denies_the_name(), denial(false).denies()), (false, true));
    let aliased = Found { answers: vec![cname("w.example.", "www.example.")], ..denial(true) };
    assert_eq!((aliased.denies_the_name(), aliased.denies()), (false, false));
    assert!(!Found { doubted: true, ..denial(true) }.denies_the_name());
    let data = Found::new(vec![a("www.example.")], End::Data, vec![]);
    assert_eq!((data.denies_the_name(), data.denies()), (false, false));
}

// Signatures of the NS records in the authority section prove nothing.
#[test]
fn denials_and_referrals_keep_matching_proofs() {
    let signed = |covered| signature("example.", covered);
    let authorities =
        vec![soa("example."), signed(RecordType::SOA), ns("example.", "ns.example."), signed(RecordType::NS)];
    assert_eq!(found(says(&message(vec![], authorities, vec![]))).evidence, [signed(RecordType::SOA)]);
    let (servers, ds) = (ns("example.", "ns.example."), signed(RecordType::DS));
    let referral = message(vec![], vec![servers, ds.clone(), signed(RecordType::NS)], vec![]);
    let (said, _) = classify(&Name::root(), &name("www.example."), RecordType::A, &referral);
    assert!(matches!(said, Classified::Referral(referral) if referral.evidence == [ds]));
}

// A catch-all server with the SOA of the root denies names of zones that it does not serve.
#[test]
fn denial_of_foreign_zone_is_doubtful() {
    let doubtful = |message: &Message| match says(message) {
        Classified::Doubtful(found) => found.end,
        other => panic!("{other:?} is not doubted"),
    };
    let end = |nxdomain| End::Negative { nxdomain, name: name("www.example."), soa: None };
    for (owner, nxdomain, authoritative) in
        [(".", true, true), (".", true, false), (".", false, true), ("other.example.", true, true)]
    {
        let mut catch_all = message(vec![], vec![soa(owner)], vec![]);
        catch_all.metadata.authoritative = authoritative;
        if nxdomain {
            catch_all.metadata.response_code = ResponseCode::NXDomain;
        }
        assert_eq!(doubtful(&catch_all), end(nxdomain), "{owner} {authoritative}");
        assert!(
            matches!(forwarded(&catch_all, RecordType::A), Classified::Doubtful(_)),
            "a forwarder without RA"
        );
        catch_all.metadata.recursion_available = true;
        let end = found(forwarded(&catch_all, RecordType::A)).end;
        assert!(matches!(end, End::Negative { nxdomain: had, .. } if had == nxdomain));
    }
    let mut bare = message(vec![], vec![], vec![]);
    bare.metadata.response_code = ResponseCode::NXDomain;
    assert_eq!(doubtful(&bare), end(true), "without AA and without SOA");
    assert!(matches!(forwarded(&bare, RecordType::MX), Classified::Doubtful(_)), "the same of a forwarder");
    bare.metadata.authoritative = true;
    assert_eq!(found(says(&bare)).end, end(true));
}

// An alias into a zone with another route is followed over that route.
#[test]
fn alias_into_other_route_cuts_chain() {
    let mut gone = message(
        vec![
            cname("www.example.", "w.example."),
            cname("w.example.", "in.corp.example."),
            cname("in.corp.example.", "at.corp.example."),
            a("at.corp.example."),
        ],
        vec![],
        vec![],
    );
    gone.metadata.authoritative = true;
    let signed = |owner| signature(owner, RecordType::CNAME);
    gone.add_answers(["www.example.", "w.example.", "in.corp.example."].map(signed));
    let corp = name("corp.example.");
    let mut whole = found(says(&gone));
    assert!(whole.authoritative);
    whole.cut_where(|_| false);
    assert_eq!((whole.answers.len(), whole.evidence.len(), &whole.end), (4, 3, &End::Data));
    whole.cut_where(|target| corp.zone_of(target));
    assert_eq!(whole.answers, [cname("www.example.", "w.example."), cname("w.example.", "in.corp.example.")]);
    assert_eq!(whole.evidence, ["www.example.", "w.example."].map(signed));
    assert_eq!(whole.end, End::Alias(name("in.corp.example.")));
}

#[test]
fn repeated_dname_is_kept_once() {
    let mut twice = message(
        vec![
            dname("old.example.", "new.example."),
            cname("a.new.example.", "b.old.example."),
            a("b.new.example."),
        ],
        vec![],
        vec![],
    );
    twice.queries[0].set_name(name("a.old.example."));
    let twice = Message::from_vec(&twice.to_vec().unwrap()).unwrap();
    let said = classify(&name("example."), &name("a.old.example."), RecordType::A, &twice).0;
    let said = found(said);
    assert!(!said.contradicted, "the CNAME that was sent is of another name");
    let owners: Vec<String> = said.answers.iter().map(|record| record.name.to_string()).collect();
    let expected = ["old.example.", "a.old.example.", "a.new.example.", "b.old.example.", "b.new.example."];
    assert_eq!(owners, expected);
}

#[test]
fn one_dname_after_another_is_followed() {
    let records = vec![
        dname("old.example.", "mid.example."),
        dname("mid.example.", "new.example."),
        a("a.new.example."),
    ];
    let sent = vec![cname("a.old.example.", "a.mid.example."), cname("a.mid.example.", "a.new.example.")];
    // Some servers send the CNAME records of a DNAME, and some do not.
    for aliases in [vec![], sent] {
        let moved = message([records.clone(), aliases].concat(), vec![], vec![]);
        let moved = Message::from_vec(&moved.to_vec().unwrap()).unwrap();
        let (said, unasked) = classify(&name("example."), &name("a.old.example."), RecordType::A, &moved);
        let said = found(said);
        let owners: Vec<String> = said.answers.iter().map(|record| record.name.to_string()).collect();
        let expected = ["old.example.", "a.old.example.", "mid.example.", "a.mid.example.", "a.new.example."];
        assert_eq!((owners, unasked), (expected.map(str::to_owned).to_vec(), 0));
        assert!(!said.contradicted);
    }
}

#[test]
fn referral_keeps_glue_of_its_servers() {
    let said = classify(
        &name("."),
        &name("www.example."),
        RecordType::A,
        &message(
            vec![],
            vec![ns("example.", "ns1.example."), ns("example.", "ns.test.")],
            vec![a("NS1.example."), a("unrelated.example.")],
        ),
    );
    let Classified::Referral(referral) = said.0 else { panic!("no referral: {said:?}") };
    assert_eq!(referral.zone, name("example."));
    assert_eq!(referral.servers, [name("ns1.example."), name("ns.test.")]);
    assert_eq!(referral.glue.len(), 1);
    assert_eq!(referral.glue[0].0, 0);
}

#[test]
fn referral_servers_and_glue_are_bounded() {
    let address = |server: usize, last| {
        let owner = name(&format!("ns{server}.example."));
        Record::from_rdata(owner, 60, RData::A(A::new(192, 0, 2, last)))
    };
    let servers: Vec<Record> =
        (0..=MAX_SERVERS).map(|server| ns("example.", &format!("ns{server}.example."))).collect();
    let addresses: Vec<Record> =
        (0..=MAX_SERVERS).flat_map(|server| (1..=3).map(move |last| address(server, last))).collect();
    let said = classify(
        &Name::root(),
        &name("www.example."),
        RecordType::A,
        &message(vec![], servers.clone(), addresses.clone()),
    );
    let Classified::Referral(referral) = said.0 else { panic!("no referral: {said:?}") };
    assert_eq!((referral.servers.len(), referral.glue.len()), (MAX_SERVERS, MAX_ADDRESSES));
    let asked = |servers: Vec<Record>, addresses: Vec<Record>| {
        let message = message(servers, vec![], addresses);
        found(classify(&name("example."), &name("example."), RecordType::NS, &message).0)
    };
    let whole = asked(servers, addresses);
    assert_eq!((whole.answers.len(), whole.glue.len()), (MAX_SERVERS + 1, MAX_ADDRESSES));
    let own = asked(vec![ns("example.", "ns1.example.")], vec![address(1, 7), a("mail.example.")]);
    assert_eq!(own.glue, [(name("ns1.example."), IpAddr::from([192, 0, 2, 7]))]);
}

#[test]
fn out_of_bailiwick_glue_is_dropped() {
    let referral = message(vec![], vec![ns("www.example.", "ns.test.")], vec![a("ns.test.")]);
    let Classified::Referral(referral) = says(&referral) else { panic!("no referral") };
    assert!(referral.glue.is_empty());
}

#[test]
fn upward_or_empty_referral_is_lame() {
    for authority in [ns(".", "a.root."), ns("test.", "ns.test."), ns("example.", "ns.example.")] {
        assert_eq!(says(&message(vec![], vec![authority], vec![])), Classified::Nothing(Conduct::Lame));
    }
    // A name may have no MX, but the NS records of another zone do not show this.
    let sideways = message(vec![], vec![ns("other.example.", "ns.example.")], vec![]);
    let (said, _) = classify(&name("example."), &name("www.example."), RecordType::MX, &sideways);
    assert_eq!(said, Classified::Nothing(Conduct::Lame));
    assert_eq!(says(&message(vec![], vec![], vec![])), Classified::Nothing(Conduct::Lame));
    // With AA, the NS records of the zone itself mean NODATA, because some servers omit the SOA. Those of another zone do not.
    for (owner, lame) in [("example.", false), ("other.example.", true)] {
        let mut own = message(vec![], vec![ns(owner, "ns.example.")], vec![]);
        own.metadata.authoritative = true;
        assert_eq!(says(&own) == Classified::Nothing(Conduct::Lame), lame, "{owner}");
        assert!(lame || found(says(&own)).denies(), "{owner}");
    }
}

// A name may lack MX or AAAA, so NODATA is guessed; for A, NS or DS the server is lame.
#[test]
fn empty_reply_is_doubtful_for_type() {
    let empty = message(vec![], vec![], vec![]);
    for (kind, doubtful) in [
        (RecordType::AAAA, true),
        (RecordType::MX, true),
        (RecordType::TXT, true),
        (RecordType::A, false),
        (RecordType::NS, false),
        (RecordType::DS, false),
        (RecordType::DNSKEY, false),
    ] {
        let (said, _) = classify(&name("example."), &name("www.example."), kind, &empty);
        assert_eq!(matches!(said, Classified::Doubtful(_)), doubtful, "{kind}: {said:?}");
        assert!(doubtful || said == Classified::Nothing(Conduct::Lame));
    }
}

/// Some load balancers answer each question with an address, whatever type it asks for.
#[test]
fn wrong_type_with_aa_denies_type() {
    let mut address = message(vec![a("www.example.")], vec![], vec![]);
    let read = |message: &Message, kind| classify(&name("example."), &name("www.example."), kind, message).0;
    assert!(matches!(read(&address, RecordType::MX), Classified::Doubtful(found) if found.denies()));
    assert_eq!(read(&address, RecordType::SOA), Classified::Nothing(Conduct::Unfit), "every zone has it");
    address.metadata.authoritative = true;
    for kind in [RecordType::MX, RecordType::SOA] {
        assert!(found(read(&address, kind)).denies(), "{kind}");
    }
}

// A forwarder that sends a referral or an empty reply does not resolve.
#[test]
fn empty_forwarder_reply_without_ra_fails() {
    let lame = Classified::Nothing(Conduct::Lame);
    for recursive in [true, false] {
        for owner in [".", "example.", "www.example."] {
            let mut referral = message(vec![], vec![ns(owner, "ns.example.")], vec![]);
            referral.metadata.recursion_available = recursive;
            assert_eq!(forwarded(&referral, RecordType::MX), lame, "NS of {owner}, RA {recursive}");
        }
    }
    let mut empty = message(vec![], vec![], vec![]);
    assert_eq!(forwarded(&empty, RecordType::MX), lame);
    empty.metadata.recursion_available = true;
    for kind in [RecordType::A, RecordType::MX] {
        assert!(matches!(found(forwarded(&empty, kind)).end, End::Negative { nxdomain: false, .. }));
    }
    let mut whole = message(vec![a("www.example.")], vec![ns("example.", "ns.example.")], vec![]);
    whole.metadata.recursion_available = true;
    assert_eq!(found(forwarded(&whole, RecordType::A)).answers, [a("www.example.")], "with its servers");
    let mut signature = message(vec![signature("www.example.", RecordType::A)], vec![], vec![]);
    signature.metadata.recursion_available = true;
    assert_eq!(forwarded(&signature, RecordType::A), lame, "a signature alone denies nothing");
    let mut denied = message(vec![], vec![soa("example.")], vec![]);
    assert!(matches!(forwarded(&denied, RecordType::MX), Classified::Doubtful(_)), "neither AA nor RA");
    denied.metadata.authoritative = true;
    assert!(matches!(forwarded(&denied, RecordType::MX), Classified::Found(_)), "a server of the zone");
    assert!(matches!(
        forwarded(&message(vec![a("www.example.")], vec![], vec![]), RecordType::A),
        Classified::Found(_)
    ));
}

#[test]
fn error_rcode_tries_next_server() {
    for (rcode, conduct) in [
        (ResponseCode::Refused, Conduct::Refused),
        (ResponseCode::ServFail, Conduct::ServFail),
        (ResponseCode::NotImp, Conduct::NotImp),
        (ResponseCode::FormErr, Conduct::FormErr),
        (ResponseCode::NotAuth, Conduct::NotAuth),
        // YXDOMAIN is an error if no DNAME makes the name too long.
        (ResponseCode::YXDomain, Conduct::OtherError),
    ] {
        let mut message = message(vec![a("www.example.")], vec![], vec![]);
        message.metadata.response_code = rcode;
        assert_eq!(says(&message), Classified::Nothing(conduct));
    }
}

#[test]
fn the_parent_answers_for_ds() {
    let referral = message(vec![], vec![ns("www.example.", "ns.www.example.")], vec![]);
    let (said, _) = classify(&name("example."), &name("www.example."), RecordType::DS, &referral);
    assert_eq!(said, Classified::Nothing(Conduct::Lame));
}

// The zone's own NS records without AA are a doubtful NODATA.
#[test]
fn soa_as_answer_is_nodata() {
    let read = |message: &Message, kind| classify(&name("example."), &name("www.example."), kind, message).0;
    let mut answer = message(vec![soa("example.")], vec![], vec![]);
    assert_eq!(read(&answer, RecordType::AAAA), Classified::Nothing(Conduct::Unfit), "without AA");
    answer.metadata.authoritative = true;
    assert!(found(read(&answer, RecordType::AAAA)).denies());
    answer.answers[0].name = name("other.example.");
    assert_eq!(read(&answer, RecordType::AAAA), Classified::Nothing(Conduct::Unfit), "of another zone");
    let mut above = message(vec![a("example.")], vec![], vec![]);
    above.metadata.authoritative = true;
    assert_eq!(
        read(&above, RecordType::AAAA),
        Classified::Nothing(Conduct::Unfit),
        "an address is no denial"
    );
    let own = message(vec![], vec![ns("example.", "ns.example.")], vec![]);
    assert!(matches!(read(&own, RecordType::AAAA), Classified::Doubtful(found) if found.denies()));
    assert_eq!(read(&own, RecordType::A), Classified::Nothing(Conduct::Lame), "mail goes to an address");
    assert_eq!(forwarded(&own, RecordType::AAAA), Classified::Nothing(Conduct::Lame), "a forwarder resolves");
}

#[test]
fn alias_chain_is_limited_to_twelve() {
    let chain = |aliases: usize| {
        let owner = |number: usize| match number {
            0 => "www.example.".to_owned(),
            number => format!("w{number}.example."),
        };
        let mut records: Vec<Record> =
            (0..aliases).map(|number| cname(&owner(number), &owner(number + 1))).collect();
        records.push(a(&owner(aliases)));
        says(&message(records, vec![], vec![]))
    };
    let longest = found(chain(MAX_ALIASES));
    assert_eq!((longest.answers.len(), longest.end), (MAX_ALIASES + 1, End::Data));
    for aliases in [MAX_ALIASES + 1, MAX_ALIASES + 9] {
        let cut = found(chain(aliases));
        let end = End::Alias(name(&format!("w{}.example.", MAX_ALIASES + 1)));
        assert_eq!((cut.answers.len(), cut.end), (MAX_ALIASES + 1, end));
    }
}
