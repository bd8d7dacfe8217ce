//! Settings in YAML of Knot Resolver 6: the import reads them as its loader does.

use super::{imported, keys, resolverctl, text, weight, zone};

fn knot(text: &str) -> String {
    imported("kresd", &[("config.yaml", text)])
}

/// YAML 1.1 has more spellings of true and false than one.
#[test]
fn truth_values_of_knot_resolver_are_read_in_all_spellings() {
    for off in ["false", "False", "FALSE", "no", "No", "NO", "off", "Off", "OFF"] {
        for typed in [
            format!("dnssec: {off}\n"),
            format!("dnssec:\n  enable: {off}\n"),
            format!("dnssec: {{enable: {off}}}\n"),
            format!("dnssec: {{enabled: {off}}}\n"),
        ] {
            let found = knot(&format!("rundir: /tmp\n{typed}"));
            assert!(keys(&found).contains("[dnssec]\nvalidate = false"), "{typed}: {found}");
            assert!(!found.contains("configured validation"), "{typed}: {found}");
        }
        for key in ["ipv4", "ipv6"] {
            let found = knot(&format!("network:\n  do-{key}: {off}\n"));
            assert!(keys(&found).contains(&format!("[resolve]\n{key} = false")), "{off}: {found}");
        }
        assert!(
            keys(&knot(&format!("options:\n  minimize: {off}\n"))).contains("qname_minimisation = false")
        );
        let found = knot(&format!(
            "forward:\n  - subtree: f.lan\n    servers: [192.0.2.1]\n    options: {{authoritative: {off}, dnssec: {off}}}\n"
        ));
        assert_eq!(zone(&found, "f.lan"), "forward = [\"192.0.2.1\"]\nvalidate = false", "{off}");
        let found = knot(&format!("local-data:\n  nodata: {off}\n  addresses: {{a.lan: 10.0.0.1}}\n"));
        assert!(found.contains("resolved the addresses of the other family"), "{off}: {found}");
    }
    for on in ["true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON"] {
        let found = knot(&format!("options:\n  serve-stale: {on}\n  rebinding-protection: {on}\n"));
        assert!(keys(&found).contains("serve_stale = \"1d\""), "{on}: {found}");
        assert!(keys(&found).contains("private_addresses = ["), "{on}: {found}");
        assert!(!found.contains("kept addresses of private networks"), "{on}: {found}");
        let found = knot(&format!(
            "forward:\n  - subtree: f.lan\n    servers: [192.0.2.1]\n    options: {{authoritative: {on}, dnssec: {on}}}\n"
        ));
        assert_eq!(zone(&found, "f.lan"), "stub = [\"192.0.2.1\"]", "{on}: {found}");
        for typed in [format!("dnssec: {on}\n"), format!("dnssec: {{enable: {on}}}\n")] {
            assert!(!keys(&knot(&format!("rundir: /tmp\n{typed}"))).contains("validate"), "{typed}");
        }
    }
}

#[test]
fn parts_of_knot_resolver_that_are_off_are_not_dangerous() {
    for part in ["dns64", "fallback"] {
        for typed in [format!("{part}: {{enable: false}}\n"), format!("{part}: no\n")] {
            let found = knot(&format!("rundir: /tmp\n{typed}"));
            assert_eq!(weight(&found, "turned it off"), "unneeded", "{typed}: {found}");
        }
        let found = knot(&format!("rundir: /tmp\n{part}: {{enable: true}}\n"));
        assert!(found.contains("\"dangerous\""), "{part}: {found}");
    }
}

/// Version 6 answers them itself; kresd.conf of version 5 forwards them.
#[test]
fn local_zones_of_knot_resolver_6_stay_here_below_a_forwarder() {
    let forward = "forward:\n  - subtree: '.'\n    servers: [192.0.2.53]\n";
    let told = "got no query for names of private networks";
    let found = knot(forward);
    assert_eq!(zone(&found, "."), "forward = [\"192.0.2.53\"]\nlocally_served = true", "{found}");
    assert_eq!(
        (zone(&found, "local"), zone(&found, "test")),
        ("records = []".to_owned(), "records = []".to_owned())
    );
    assert_eq!(weight(&found, told), "different", "{found}");
    // Servers for such a zone itself are asked.
    let own = "  - subtree: [10.in-addr.arpa, local]\n    servers: [192.0.2.54]\n";
    let found = knot(&format!("{forward}{own}"));
    for name in ["10.in-addr.arpa", "local"] {
        assert_eq!(zone(&found, name), "forward = [\"192.0.2.54\"]", "{name}: {found}");
    }
    assert_eq!(zone(&found, "test"), "records = []", "{found}");
    let found = knot("forward:\n  - subtree: corp.example\n    servers: [192.0.2.53]\n");
    assert!(!keys(&found).contains("locally_served") && !found.contains(told), "{found}");
    let lua = "policy.add(policy.all(policy.FORWARD('192.0.2.53')))\n";
    let found = imported("kresd", &[("kresd.conf", lua)]);
    assert_eq!(zone(&found, "."), "forward = [\"192.0.2.53\"]", "{found}");
}

#[test]
fn records_of_knot_resolver_have_their_origin_and_ttl() {
    let found = knot(
        "local-data:\n  ttl: 5m\n  records: |\n    a.lan. A 10.0.0.1\n    b.lan. 60 A 10.0.0.2\n    $ORIGIN zone.lan.\n    $TTL 77\n    @ A 10.0.0.3\n    www 33 CNAME @\n    mail MX 5 www\n    srv SRV 0 1 25 out.example.\n    txt TXT \"a\" \"b\"\n",
    );
    let record = |name: &str, kind: &str, data: &str, ttl: &str| {
        let entry = format!("name = \"{name}\"\ntype = \"{kind}\"\ndata = [{data}]\nttl = \"{ttl}\"");
        assert!(keys(&found).contains(&entry), "{entry}: {found}");
    };
    record("a.lan", "A", "\"10.0.0.1\"", "5m");
    record("b.lan", "A", "\"10.0.0.2\"", "1m");
    record("zone.lan", "A", "\"10.0.0.3\"", "77s");
    record("www.zone.lan", "CNAME", "\"zone.lan.\"", "33s");
    record("mail.zone.lan", "MX", "\"5 www.zone.lan.\"", "77s");
    record("srv.zone.lan", "SRV", "\"0 1 25 out.example.\"", "77s");
    record("txt.zone.lan", "TXT", "'\"a\" \"b\"'", "77s");
    assert!(!found.contains("cannot be read"), "{found}");
}

#[test]
fn rules_of_knot_resolver_keep_their_addresses_and_files() {
    let found = knot(
        "local-data:\n  rules:\n    - name: [a.lan, b.lan]\n      subtree: empty\n      address: 10.0.0.5\n",
    );
    for name in ["a.lan", "b.lan"] {
        assert_eq!(zone(&found, name), "records = []", "{found}");
        let host = format!("[[host]]\nname = \"{name}\"\naddresses = [\"10.0.0.5\"]");
        assert!(keys(&found).contains(&host), "{found}");
    }
    let main = "local-data:\n  rules:\n    - file: [one, two]\n    - file: three\n";
    let found = imported(
        "kresd",
        &[
            ("c.yaml", main),
            ("one", "10.0.0.1 one.lan\n"),
            ("two", "10.0.0.2 two.lan\n"),
            ("three", "10.0.0.3 three.lan\n"),
        ],
    );
    for name in ["one.lan", "two.lan", "three.lan"] {
        assert!(keys(&found).contains(&format!("[[host]]\nname = \"{name}\"")), "{found}");
    }
}

/// JSON is YAML too.
#[test]
fn knot_resolver_and_the_recursor_are_read_in_json() {
    let (line, lines) = (
        "{\"network\": {\"listen\": [{\"interface\": [\"127.0.0.1\"], \"port\": 5353}], \"do-ipv6\": false}, \"forward\": [{\"subtree\": \".\", \"servers\": [\"192.0.2.53\"]}]}\n",
        "{\n\t\"cache\": {\n\t\t\"size-max\": \"64M\"\n\t},\n\t\"forward\": [\n\t\t{\n\t\t\t\"subtree\": [\n\t\t\t\t\".\"\n\t\t\t],\n\t\t\t\"servers\": [\"192.0.2.53\"]\n\t\t}\n\t]\n}\n",
    );
    for typed in [line, lines] {
        let found = knot(typed);
        assert_eq!(zone(&found, "."), "forward = [\"192.0.2.53\"]\nlocally_served = true", "{found}");
        assert!(!found.contains("is a program"), "{found}");
    }
    assert!(keys(&knot(line)).contains("addresses = [\"127.0.0.1:5353\"]"));
    let recursor = "{\n  \"recursor\": {\n    \"forward_zones_recurse\": [{\"zone\": \"a.example\", \"forwarders\": [\"192.0.2.1\"]}]\n  }\n}\n";
    let wanted = "forward = [\"192.0.2.1\"]\nvalidate = false";
    assert_eq!(zone(&imported("recursor", &[("recursor.yml", recursor)]), "a.example"), wanted);
    for (typed, format) in
        [(line, "Knot Resolver"), (lines, "Knot Resolver"), (recursor, "PowerDNS Recursor")]
    {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("a.json");
        std::fs::write(&path, typed).unwrap();
        let output = resolverctl(&["import", path.to_str().unwrap()]);
        assert!(text(&output).contains("[[zone]]"), "{format}: {}", text(&output));
    }
}

/// `lua: {script-only: true}`: the rest of the file has no effect.
#[test]
fn a_program_in_the_place_of_the_settings_of_knot_resolver_is_told() {
    let told = "ran a program in the place of all other settings";
    let found = knot("lua:\n  script-only: true\n  script: net.listen('127.0.0.1')\n");
    assert_eq!(weight(&found, told), "dangerous", "{found}");
    let found = knot("lua:\n  script-only: false\n  script: net.listen('127.0.0.1')\n");
    assert!(!found.contains(told) && found.contains("ran a program"), "{found}");
}
