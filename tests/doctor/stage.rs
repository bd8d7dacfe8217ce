//! The lab of the tests in `codes`: domains that have one fault each.

use std::net::IpAddr;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use hickory_proto::rr::RecordType;
use lab::delegations::Tree;
use lab::fault::{Fault, MixedCaseReply};
use lab::world::{Lab, ServerPlan};
use ring::digest::{SHA256, digest};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;

use crate::gateway::Gateway;

/// Each server has a name, the last octet of its address, and its faults.
const SERVERS: &[(&str, u8, &[Fault])] = &[
    ("a.root", 1, &[]),
    ("ns.com", 2, &[]),
    ("ns1.host.com", 3, &[]),
    ("ns2.host.com", 4, &[]),
    ("lame.host.com", 5, &[Fault::Refused]),
    ("dead.host.com", 6, &[Fault::Dead]),
    ("slow.host.com", 7, &[Fault::Slow(std::time::Duration::from_millis(700))]),
    ("notcp.host.com", 8, &[Fault::MuteTcp]),
    ("noedns.host.com", 9, &[Fault::NoEdns]),
    ("case.host.com", 10, &[Fault::FlipsCase]),
    ("uncased.host.com", 18, &[Fault::MixedCase(MixedCaseReply::Nxdomain)]),
    ("open.host.com", 11, &[Fault::OffersRecursion]),
    ("early.host.com", 12, &[]),
    ("roll.host.com", 13, &[]),
    ("late.host.com", 16, &[]),
    ("bare.host.com", 17, &[]),
    ("future.host.com", 21, &[]),
    ("below.host.com", 22, &[]),
    ("spoilt.host.com", 23, &[Fault::BadSignatures]),
    ("stripped.host.com", 24, &[Fault::StripsProofs]),
    ("notxt.host.com", 14, &[Fault::Fails(RecordType::TXT)]),
    ("nomx.host.com", 15, &[Fault::Fails(RecordType::MX)]),
    ("public.resolver", 30, &[Fault::Recursive]),
    ("filter.resolver", 31, &[Fault::Denies]),
    ("failing.resolver", 32, &[Fault::ServFail]),
    ("early.resolver", 33, &[Fault::Recursive]),
];

const HOSTS: &str = "mx A 198.18.9.1\nmx2 A 198.18.9.2\nsix AAAA 2001:2::1\nsmtp A 127.92.0.20\n\
    alias CNAME ns1.host.com.\np1 A 198.18.9.5\n";

const REVERSE: &str = "1.9 PTR mx.host.com.\n2.9 PTR mx2.host.com.\n3.9 PTR c3.dyn.host.com.\n4.9 PTR mx.host.com.\n\
    5.9 PTR p1.host.com.\n5.9 PTR p2.host.com.\n5.9 PTR p3.host.com.\n5.9 PTR p4.host.com.\n\
    6.9 PTR q1.host.com.\n6.9 PTR q2.host.com.\n6.9 PTR q3.host.com.\n6.9 PTR q4.host.com.\n6.9 PTR q5.host.com.\n\
    6.9 PTR q6.host.com.\n6.9 PTR q7.host.com.\n6.9 PTR q8.host.com.\n6.9 PTR q9.host.com.\n6.9 PTR r1.host.com.\n\
    6.9 PTR r2.host.com.\n";

const LIST: &str = "listed.com A 127.0.0.2\n1.5.18.198 A 127.0.0.2\n";

/// Delegations of zones that no server of the lab serves. The daemon must not query the addresses in 198.18.5.0/24.
const DELEGATIONS: &str = "onenet NS a.onenet\nonenet NS b.onenet\na.onenet A 198.18.5.1\nb.onenet A 198.18.5.2\n\
    glueless NS ns.glueless\nloop NS ns.knot\nknot NS ns.loop\n";

const SIGNED_MX: &str = "@ MX 10 mx\nmx A 127.92.0.20\n";

/// Domains, each with its servers and records. An MX record is added, unless the text of the records contains `MX`, for example in a comment.
const DOMAINS: &[(&str, &str, &str)] = &[
    ("lame", "ns1 lame", ""),
    ("silent", "ns1 dead", ""),
    ("none", "lame dead", ""),
    ("slow", "ns1 slow", ""),
    ("notcp", "ns1 notcp", ""),
    ("noedns", "ns1 noedns", ""),
    ("case", "ns1 case", ""),
    ("uncased", "ns1 uncased", ""),
    ("open", "ns1 open", ""),
    ("single", "ns1", ""),
    ("six", "ns1 six", ""),
    ("noaddress", "ns1 gone", ""),
    ("nsaddress", "ns1 ns2", "@ NS ns1.host.com.\n@ NS 198.18.9.1."),
    ("inner", "ns1 unasked", ""),
    ("spfbehind", "ns1 ns2", "@ TXT \"v=spf1 ~all mx\""),
    ("spfdomain", "ns1 ns2", "@ TXT \"v=spf1 include:_spf.%{d} -all\""),
    ("nsalias", "ns1 ns2", "@ NS ns1.host.com.\n@ NS alias.host.com."),
    // In `Turn::Moved`, this zone has other records, and the serial 1.
    (
        "moved",
        "ns1 ns2",
        "@ 300 SOA ns hostmaster 2 7200 900 1209600 300\n@ MX 10 mx.host.com.\n@ A 198.18.0.80",
    ),
    ("halfmoved", "ns1 dead", "@ MX 10 mx.host.com.\n@ A 198.18.0.80"),
    ("typed", "ns1 notxt", "@ TXT \"v=spf1 mx -all\""),
    ("mxless", "nomx", ""),
    ("listed", "ns1 ns2", ""),
    ("onlysix", "six", ""),
    ("crowded", "crowd", ""),
    ("circle", "ns1 ns2", "@ MX 10 in\nin CNAME out\nout CNAME in\n_dmarc CNAME _dmarc"),
    ("hosted", "ns1 ns2", "@ MX 10 mail\nmail A 198.18.9.1"),
    ("address", "ns1 ns2", "@ MX 10 198.18.9.1."),
    ("dotless", "ns1 ns2", "@ MX 10 mx.host.com\n* A 198.18.9.80"),
    ("fallback", "ns1 ns2", "@ A 198.18.9.80\n;MX"),
    ("nowhere", "ns1 ns2", "www A 198.18.9.80\n;MX"),
    ("twofold", "ns1 ns2", "@ MX 0 .\n@ MX 10 mx.host.com."),
    ("null", "ns1 ns2", "@ MX 0 ."),
    ("gone", "ns1 ns2", "@ MX 10 nothing.host.com."),
    ("private", "ns1 ns2", "@ MX 10 in\nin A 10.0.0.1"),
    ("hostbogus", "ns1 ns2", "@ MX 10 mx.bogus.com."),
    ("hostdark", "ns1 ns2", "@ MX 10 mx.dark.host.com."),
    ("spfdark", "ns1 ns2", "@ TXT \"v=spf1 include:dark.host.com -all\""),
    ("policydark", "ns1 ns2", "_dmarc CNAME _dmarc.dark.host.com."),
    ("spfspecial", "ns1 ns2", "@ TXT \"v=spf1 ip4:192.0.2.0/24 -all\""),
    ("mxalias", "ns1 ns2", "@ MX 10 in\nin CNAME mx.host.com."),
    ("mxsix", "ns1 ns2", "@ MX 10 six.host.com."),
    ("mxfour", "ns1 ns2", "@ MX 10 mx2.host.com."),
    ("wildcard", "ns1 ns2", "@ MX 10 mx.host.com.\n* MX 10 mx.host.com."),
    ("equal", "ns1 ns2", "@ MX 10 mx.host.com.\n@ MX 10 mx2.host.com."),
    (
        "many",
        "ns1 ns2",
        "@ MX 1 m1\n@ MX 2 m2\n@ MX 3 m3\n@ MX 4 m4\n@ MX 5 m5\n@ MX 6 m6\n@ MX 7 m7\n@ MX 8 m8\n@ MX 9 m9\n\
         * A 198.18.9.1",
    ),
    ("apex", "ns1 ns2", "@ CNAME www.listed.com.\n;MX"),
    ("beside", "ns1 ns2", "www CNAME mx.host.com.\nwww MX 10 mx.host.com."),
    ("here", "ns1 ns2", "@ MX 10 here.host.com."),
    ("spftwo", "ns1 ns2", "@ TXT \"v=spf1 -all\"\n@ TXT \"v=spf1 mx -all\""),
    ("spfsyntax", "ns1 ns2", "@ TXT \"v=spf1 ip4:300.0.0.1 -all\""),
    ("spfmany", "ns1 ns2", "@ TXT \"v=spf1 mx mx mx mx mx mx mx mx mx mx mx -all\""),
    ("spfvoid", "ns1 ns2", "@ TXT \"v=spf1 a:n1.spfvoid.com a:n2.spfvoid.com a:n3.spfvoid.com -all\""),
    ("spfinclude", "ns1 ns2", "@ TXT \"v=spf1 include:gone.spfinclude.com -all\""),
    ("spfall", "ns1 ns2", "@ TXT \"v=spf1 +all\""),
    ("spfopen", "ns1 ns2", "@ TXT \"v=spf1 mx\""),
    ("spfequals", "ns1 ns2", "@ TXT \"v=spf1 ip4=198.18.9.1 -all\""),
    ("spfptr", "ns1 ns2", "@ TXT \"v=spf1 ptr -all\""),
    ("spfmacro", "ns1 ns2", "@ TXT \"v=spf1 exists:%{p}.spfmacro.com -all\""),
    ("dmarctwo", "ns1 ns2", "_dmarc TXT \"v=DMARC1; p=none\"\n_dmarc TXT \"v=DMARC1; p=reject\""),
    ("dmarcsyntax", "ns1 ns2", "_dmarc TXT \"v=DMARC1; p=maybe\""),
    ("dmarcnone", "ns1 ns2", "_dmarc TXT \"v=DMARC1; p=none\""),
    ("dmarcpct", "ns1 ns2", "_dmarc TXT \"v=DMARC1; p=reject; pct=20\""),
    ("dmarcreports", "ns1 ns2", "_dmarc TXT \"v=DMARC1; p=reject; rua=mailto:a@reports.org\""),
    ("customer.uk", "ns1 ns2", "_dmarc TXT \"v=DMARC1; p=reject; rua=mailto:a@reports.uk.com\""),
    ("dmarcaddress", "ns1 ns2", "_dmarc TXT \"v=DMARC1; p=reject; rua=reports@dmarcaddress.com\""),
    (
        "dkim",
        "ns1 ns2",
        "two._domainkey TXT \"v=DKIM1; k=ed25519; p={ed}\"\ntwo._domainkey TXT \"v=DKIM1; p=\"\n\
         wrong._domainkey TXT \"v=DKIM1; p=AAAA\"\nrevoked._domainkey TXT \"v=DKIM1; p=\"\n\
         weak._domainkey TXT \"v=DKIM1; p={rsa}\"\ntesting._domainkey TXT \"v=DKIM1; t=y; k=ed25519; p={ed}\"",
    ),
    ("stssyntax", "ns1 ns2", "_mta-sts TXT \"v=STSv1\""),
    ("excluded", "ns1 ns2", "@ MX 10 smtp.host.com.\n_mta-sts TXT \"v=STSv1; id=1\"\nmta-sts A 127.92.0.20"),
    ("posted", "ns1 ns2", "@ MX 10 mx.host.com.\n_mta-sts TXT \"v=STSv1; id=1\"\nmta-sts A 198.18.9.1"),
    ("rptsyntax", "ns1 ns2", "_smtp._tls TXT \"v=TLSRPTv1\""),
    ("unsignedtlsa", "ns1 ns2", "@ MX 10 mx\nmx A 198.18.9.1\n_25._tcp.mx TLSA 3 1 1 {zeros}"),
    ("unsignedmx", "ns1 ns2", "@ MX 10 mx.dane.com."),
];

/// Signed domains: name, signing plan and records.
const SIGNED: &[(&str, &str, &str)] = &[
    (
        "sound",
        "",
        "@ MX 10 mx.host.com.\n@ TXT \"v=spf1 mx -all\"\n_dmarc TXT \"v=DMARC1; p=reject\"\n\
         x._domainkey TXT \"v=DKIM1; k=ed25519; p={ed}\"",
    ),
    ("bogus", "expired", "@ MX 10 mx.host.com."),
    ("xn--bcher-kva", "", "@ MX 10 mx.host.com."),
    ("early", "", "@ MX 10 mx.host.com."),
    ("late", "", "@ MX 10 mx.host.com."),
    ("future", "", "@ MX 10 mx.host.com."),
    ("rolled", "", "@ MX 10 mx.host.com."),
    ("halfsigned", "", "@ MX 10 mx.host.com."),
    ("halfbogus", "", "@ MX 10 mx.host.com."),
    ("unproven", "", "@ MX 10 mx.host.com."),
    ("onerange", "nsec3 one-range", "@ MX 10 mail\nmail A 198.18.9.1"),
    ("algorithm", "algorithm=12", "@ MX 10 mx.host.com."),
    ("digest", "digest=1", "@ MX 10 mx.host.com."),
    ("hashed", "nsec3 iterations=51", "@ MX 10 mx.host.com."),
    ("dane", "", "{mx}_25._tcp.mx TLSA 3 0 1 {certificate}"),
    ("pinned", "", "@ MX 10 mx\nmx A 198.18.9.1\n_25._tcp.mx TLSA 3 1 1 {zeros}"),
    ("mismatch", "", "{mx}_25._tcp.mx TLSA 3 1 1 {zeros}"),
    ("unusable", "", "{mx}_25._tcp.mx TLSA 1 1 1 AB"),
    ("partly", "", "{mx}@ MX 20 mx.host.com.\n_25._tcp.mx TLSA 3 1 1 {zeros}"),
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Turn {
    First,
    /// `moved.com.` has other records.
    Moved,
    /// Some zones have other records. Only one server of each of these zones has this version.
    Second,
    /// `rolled.com.` has another key, and `com.` has its DS record.
    Rolled,
}

fn names(list: &str) -> Vec<String> {
    list.split(' ').map(|name| format!("{name}.host.com")).collect()
}

fn filled(text: &str) -> String {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/doctor/certificates/mail.pem");
    let certificate = CertificateDer::from_pem_file(file).unwrap();
    let hash = data_encoding::HEXUPPER.encode(digest(&SHA256, &certificate).as_ref());
    // The public part of an RSA key of 512 bits, in base64.
    let rsa = "MFwwDQYJKoZIhvcNAQEBBQADSwAwSAJBAL3Uk1vWTV/S9l0UahyBBOH1GVqZ5KduIziP59awsxVnxSGSEtoiY1R3HMQ1j9w8E/74WLmiRkSm\
               fiDF6/1jXBcCAwEAAQ==";
    text.replace("{certificate}", &hash)
        .replace("{mx}", SIGNED_MX)
        .replace("{zeros}", &"00".repeat(32))
        .replace("{ed}", &data_encoding::BASE64.encode(&[7; 32]))
        .replace("{rsa}", rsa)
}

/// Adds the zones whose records differ between the two versions of the lab. If `second` is true, adds the records of the second version. `both` are
/// the two servers of most of these zones.
fn turned(tree: &mut Tree, both: &[String], second: bool) {
    let serial = if second { 2 } else { 1 };
    let soa = format!("@ 300 SOA ns hostmaster {serial} 7200 900 1209600 300\n@ MX 10 mx.host.com.\n");
    tree.zone("serial.com.", both, &soa).unwrap();
    let mail = if second { "mx2" } else { "mx" };
    tree.zone("differs.com.", both, &format!("@ MX 10 {mail}.host.com.\n")).unwrap();
    let end = if second { "+all" } else { "-all" };
    let policies = format!("@ MX 10 mx.host.com.\n@ TXT \"v=spf1 mx {end}\"\n");
    tree.zone("policies.com.", both, &policies).unwrap();
    // The parent zone delegates this zone only to ns1. ns2 has other records of it and is the stub server.
    let (servers, mail) = if second { ("ns1 ns2", "mx2") } else { ("ns1", "mx") };
    tree.zone("stubbed.com.", &names(servers), &format!("@ MX 10 {mail}.host.com.\n")).unwrap();
    // The second version of `registry.com.` is a copy from before the delegation of `new.registry.com.`. One server has this copy.
    tree.zone("registry.com.", both, "@ MX 10 mx.host.com.\n").unwrap();
    if !second {
        tree.zone("new.registry.com.", &names("below"), "@ MX 10 mx.host.com.\n").unwrap();
    }
}

/// Returns the lab as it is at `turn`. The zones are signed at the time `unix`. `own` is an address of this host.
fn lab(turn: Turn, unix: u64, own: Option<IpAddr>) -> Lab {
    let mut tree = Tree::default();
    for (name, last, faults) in SERVERS {
        let mut plan = ServerPlan::new(name, vec![[127, 92, 0, *last].into()]);
        plan.faults = faults.to_vec();
        tree.server(plan).unwrap();
    }
    let second = turn == Turn::Second;
    // In the first version of the lab, `ns.glue.com` has the address that ends with 40, as glue for its zone. In the second version, the address
    // ends with 41, so the glue in the parent zone is old.
    let glued = [127, 92, 0, if second { 41 } else { 40 }].into();
    tree.server(ServerPlan::new("ns.glue.com", vec![glued])).unwrap();
    tree.server(ServerPlan::new("gone.host.com", Vec::new())).unwrap();
    tree.server(ServerPlan::new("six.host.com", vec!["2001:2::53".parse().unwrap()])).unwrap();
    // The configuration denies queries to this server.
    tree.server(ServerPlan::new("unasked.host.com", vec![[127, 92, 5, 1].into()])).unwrap();
    let crowd = (1..=26).map(|last| [127, 92, 1, last].into()).collect();
    tree.server(ServerPlan::new("crowd.host.com", crowd)).unwrap();
    let (both, list) = (names("ns1 ns2"), names("ns1"));
    tree.zone(".", &["a.root".to_owned()], "").unwrap();
    tree.zone("com.", &["ns.com".to_owned()], DELEGATIONS).unwrap();
    let here = own
        .map_or_else(String::new, |own| format!("here {} {own}\n", if own.is_ipv4() { "A" } else { "AAAA" }));
    tree.zone("host.com.", &both, &format!("{HOSTS}{here}")).unwrap();
    tree.zone("bl.host.com.", &list, LIST).unwrap();
    tree.zone("dark.host.com.", &names("lame"), "").unwrap();
    tree.zone("18.198.in-addr.arpa.", &list, REVERSE).unwrap();
    tree.zone("19.198.in-addr.arpa.", &names("lame"), "").unwrap();
    tree.zone("20.198.in-addr.arpa.", &names("unasked"), "").unwrap();
    tree.zone("glue.com.", &["ns.glue.com".to_owned()], "@ MX 10 mx.host.com.\n").unwrap();
    turned(&mut tree, &both, second);
    for (name, servers, text) in DOMAINS {
        let moved = ["moved", "halfmoved"].contains(name) && turn == Turn::Moved;
        let text = if moved { "@ MX 5 mx2.host.com.\n@ A 198.18.0.81" } else { text };
        let mail = if text.contains("MX") { "" } else { "@ MX 10 mx.host.com.\n" };
        tree.zone(&format!("{name}.com."), &names(servers), &format!("{mail}{}\n", filled(text))).unwrap();
    }
    for (name, plan, text) in SIGNED {
        let servers = match *name {
            "early" => names("early ns1"),
            "late" => names("late ns1"),
            "future" => names("future ns1"),
            "halfsigned" => names("bare ns1"),
            "halfbogus" => names("spoilt ns1"),
            "unproven" => names("stripped ns1"),
            "rolled" => names("roll"),
            _ => both.clone(),
        };
        tree.zone(&format!("{name}.com."), &servers, &format!("{}\n", filled(text))).unwrap();
        let plan = if *name == "rolled" && turn == Turn::Rolled { &"algorithm=15" } else { plan };
        // One server of the zone `halfsigned` gets this unsigned version.
        if !(*name == "halfsigned" && second) {
            tree.sign(&format!("{name}.com."), Some(plan.parse().unwrap())).unwrap();
        }
    }
    for zone in [".", "com."] {
        tree.sign(zone, Some("".parse().unwrap())).unwrap();
    }
    tree.build_at(unix).unwrap()
}

/// Returns an address of this host that other hosts can reach, if it has one.
pub(crate) fn own_address() -> Option<IpAddr> {
    let interfaces = nix::ifaddrs::getifaddrs().ok()?;
    let addresses = interfaces.filter_map(|interface| interface.address);
    let mut ipv4 = addresses.filter_map(|address| address.as_sockaddr_in().map(|address| address.ip()));
    ipv4.find(|address| !address.is_loopback()).map(IpAddr::V4)
}

/// Returns a lab in which `com.` delegates no domain. The server `early.resolver` gets the data of this lab, so it answers like a resolver that has
/// cached NXDOMAIN for a new domain.
fn before_all() -> Lab {
    let mut tree = Tree::default();
    for (name, last) in [("a.root", 1), ("early.resolver", 33)] {
        tree.server(ServerPlan::new(name, vec![[127, 92, 0, last].into()])).unwrap();
    }
    tree.zone(".", &["a.root".to_owned()], "").unwrap();
    tree.zone("com.", &["early.resolver".to_owned()], "").unwrap();
    tree.build().unwrap()
}

/// Gives a server the zones that the server `of` has in another version of the lab.
fn take(world: &Lab, server: &str, of: &str, other: &Lab) {
    world.server(server).unwrap().set_authority(other.server(of).unwrap().authority());
}

pub(crate) fn gateway() -> Gateway {
    let (now, own) = (unix(), own_address());
    let world = lab(Turn::First, now, own);
    let second = lab(Turn::Second, now, own);
    take(&world, "ns2.host.com", "ns2.host.com", &second);
    take(&world, "ns.glue.com", "ns.glue.com", &second);
    take(&world, "bare.host.com", "bare.host.com", &second);
    take(&world, "public.resolver", "ns1.host.com", &lab(Turn::Moved, now, own));
    take(&world, "early.resolver", "early.resolver", &before_all());
    take(&world, "roll.host.com", "roll.host.com", &lab(Turn::Rolled, now, own));
    // The zones in this lab were signed 13 days ago. Signatures are valid for 14 days.
    let long_ago = lab(Turn::First, now - 13 * 86_400, own);
    take(&world, "early.host.com", "early.host.com", &long_ago);
    take(&world, "late.host.com", "late.host.com", &lab(Turn::First, now - 20 * 86_400, own));
    take(&world, "future.host.com", "future.host.com", &lab(Turn::First, now + 12 * 3_600, own));
    let lists = "[[list]]\nname = \"bl.host.com\"\npurpose = \"block\"\nsubjects = [\"ip4\", \"domain\"]\n\
        [[list]]\nname = \"dark.host.com\"\npurpose = \"block\"\nsubjects = [\"ip6\"]\n\
        [[host]]\nname = \"printer.lan\"\naddresses = [\"10.0.0.9\"]\n\
        [[host]]\nname = \"mail.hosted.com\"\naddresses = [\"10.0.0.8\"]\n\
        [[view]]\nname = \"guests\"\nclients = [\"192.0.2.0/24\"]\n\
        [[host]]\nname = \"mail.hosted.com\"\naddresses = [\"10.9.0.8\"]\nview = \"guests\"\n\
        [[zone]]\nname = \"stubbed.com\"\nstub = [\"127.92.0.4:{port}\"]";
    let dnssec = "[dnssec]\ntrust_anchor = \"anchors\"";
    Gateway::start(
        world,
        "deny_servers = [\"198.18.5.0/24\", \"127.92.5.0/24\"]",
        &format!("{dnssec}\n{lists}"),
    )
}

/// Changes the records of `moved.com.` at all its servers, and those of `halfmoved.com.` at the one server that answers.
pub(crate) fn moves(gateway: &Gateway) {
    let moved = lab(Turn::Moved, unix(), own_address());
    for server in ["ns1.host.com", "ns2.host.com"] {
        take(gateway.lab(), server, server, &moved);
    }
}

/// Adds the DS record of the new key of `rolled.com.` to `com.`.
pub(crate) fn rolls(gateway: &Gateway) {
    take(gateway.lab(), "ns.com", "ns.com", &lab(Turn::Rolled, unix(), own_address()));
}

fn unix() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}
