//! Answers that Knot Resolver makes itself, with or without denials of other types.

use super::{imported, keys, weight, zone};

#[test]
fn answers_of_a_rule_of_knot_resolver_are_records() {
    let rule = |names: &str, nodata: &str| {
        let answer = format!(
            "policy.ANSWER({{ [kres.type.A] = {{ rdata=kres.str2ip('192.0.2.7'), ttl=300 }} }}{nodata})"
        );
        imported("kresd", &[("kresd.conf", &format!("policy.add({}))\n", names.replace("ANSWER", &answer)))])
    };
    let one = "policy.domains(ANSWER, { todname('hi.example') }";
    let found = rule(one, "");
    assert!(
        keys(&found).contains("name = \"hi.example\"\ntype = \"A\"\ndata = [\"192.0.2.7\"]\nttl = "),
        "{found}"
    );
    assert!(!found.contains("\"dangerous\"") && !found.contains("other types"), "{found}");
    assert!(rule(one, ", true").contains("no records of other types (NODATA)"));
    let all = "policy.suffix(ANSWER, { todname('hi.example') }";
    let found = rule(all, ", true");
    assert_eq!(
        zone(&found, "hi.example"),
        "records = [\"@ 300 IN A 192.0.2.7\", \"* 300 IN A 192.0.2.7\"]",
        "{found}"
    );
    assert!(!found.contains("other types"), "{found}");
    assert!(rule(all, "").contains("sent queries for other types to servers"));
    let nothing = "policy.add(policy.suffix(policy.ANSWER({}, true), { todname('no.example') }))\n";
    let found = imported("kresd", &[("kresd.conf", nothing)]);
    assert_eq!(zone(&found, "no.example"), "records = []", "{found}");
    assert!(found.contains("have no records (NODATA)"), "{found}");
}

#[test]
fn data_of_an_answer_of_knot_resolver_are_read_in_the_forms_of_its_functions_only() {
    let unknown = "is a rule that is not known to this import";
    let of = |records: &str| {
        let rule = format!("policy.suffix(policy.ANSWER({{ {records} }}), {{ todname('hi.example') }})");
        imported("kresd", &[("kresd.conf", &format!("policy.add({rule})\n"))])
    };
    for (records, lines) in [
        (
            "[kres.type.CNAME] = { rdata=todname('www.example.com'), ttl=300 }",
            "\"@ 300 IN CNAME www.example.com.\", \"* 300 IN CNAME www.example.com.\"",
        ),
        ("[kres.type.PTR] = { rdata=kres.str2dname('a.b.') }", "\"@ 1 IN PTR a.b.\", \"* 1 IN PTR a.b.\""),
        (
            "[kres.type.A] = { rdata={ kres.str2ip('192.0.2.7'), kres.str2ip('192.0.2.8') }, ttl=60 }",
            "\"@ 60 IN A 192.0.2.7\", \"* 60 IN A 192.0.2.7\", \"@ 60 IN A 192.0.2.8\", \"* 60 IN A 192.0.2.8\"",
        ),
    ] {
        let found = of(records);
        assert_eq!(zone(&found, "hi.example"), format!("records = [{lines}]"), "{records}: {found}");
        assert!(!found.contains(unknown), "{records}: {found}");
    }
    for records in [
        // A plain text is in wire form.
        r"[kres.type.CNAME] = { rdata='\3www\7example\3com\0', ttl=300 }",
        "[kres.type.CNAME] = { rdata='www.example.com', ttl=300 }",
        "[kres.type.A] = { rdata='192.0.2.7' }",
        "[kres.type.A] = { rdata={ kres.str2ip('192.0.2.7'), 'abcd' } }",
        "[kres.type.A] = { rdata={} }",
        "[kres.type.CNAME] = { rdata=kres.str2ip('192.0.2.7') }",
        "[kres.type.A] = { rdata=kres.str2ip(policy.x) }",
        "[kres.type.A] = { rdata=kres.str2ip('192.0.2.7'), ttl=policy.x }",
        "[kres.type.A] = { rdata=kres.str2ip('192.0.2.7'), ttl=5 * minute }",
    ] {
        let found = of(records);
        assert!(found.contains(unknown) && !keys(&found).contains("[["), "{records}: {found}");
    }
}

#[test]
fn a_rule_of_knot_resolver_for_names_in_wire_form_is_told() {
    let rule = "policy.add(policy.suffix(policy.DENY, { '\\7example\\3com\\0' }))\n";
    let found = imported("kresd", &[("kresd.conf", rule)]);
    assert!(found.contains("is a rule that is not known to this import"), "{found}");
    assert!(!keys(&found).contains("[["), "{found}");
}

#[test]
fn denials_of_other_types_of_knot_resolver_are_told() {
    let (with, without) =
        ("have no records of other types (nodata)", "resolved the addresses of the other family");
    let kresd = |text: &str| imported("kresd", &[("config.yaml", text)]);
    let data = "local-data:\n  addresses:\n    a.lan: 10.0.0.1\n";
    assert!(kresd(data).contains(with));
    let found = kresd(&format!("{data}  nodata: false\n"));
    assert!(found.contains(without) && !found.contains(with), "{found}");
    let found = kresd(
        "local-data:\n  nodata: false\n  rules:\n    - name: b.lan\n      address: 10.0.0.2\n      nodata: true\n",
    );
    assert!(found.contains("b.lan: nodata: true") && found.contains(with), "{found}");
    let found =
        imported("kresd", &[("kresd.conf", "hints['a.lan'] = '10.0.0.1'\nhints.use_nodata(false)\n")]);
    assert!(found.contains(without), "{found}");
    assert!(!imported("kresd", &[("kresd.conf", "hints['a.lan'] = '10.0.0.1'\n")]).contains(without));
}

#[test]
fn the_first_rule_of_knot_resolver_for_a_name_counts_and_later_ones_are_told() {
    let rules = "policy.add(policy.suffix(policy.FORWARD('192.0.2.1'), {todname('example')}))\n\
        policy.add(policy.suffix(policy.STUB('192.0.2.2'), {todname('corp.example'), todname('corp.test')}))\n\
        policy.add(policy.suffix(policy.DENY, {todname('ads.com')}))\n\
        policy.add(policy.suffix(policy.PASS, {todname('good.ads.com')}))\n\
        policy.add(policy.suffix(policy.FLAGS('NO_EDNS'), {todname('com')}))\n\
        policy.add(policy.suffix(policy.STUB('192.0.2.3'), {todname('partner.com')}))\n\
        hints['www.ads.com'] = '192.0.2.9'\n\
        policy.add(policy.domains(policy.ANSWER({ [kres.type.A] = { rdata=kres.str2ip('192.0.2.7'), ttl=300 } }), { todname('hi.test') }))\n\
        policy.add(policy.suffix(policy.DENY, {todname('test')}))\n\
        hints['www.example'] = '192.0.2.8'\n";
    let found = imported("kresd", &[("kresd.conf", rules)]);
    assert_eq!(zone(&found, "corp.example"), "", "{found}");
    assert_eq!(zone(&found, "good.ads.com"), "", "{found}");
    assert!(zone(&found, "corp.test").contains("192.0.2.2"), "{found}");
    assert!(zone(&found, "partner.com").contains("192.0.2.3"), "FLAGS decides nothing: {found}");
    assert_eq!(zone(&found, "ads.com"), "records = []", "{found}");
    assert!(keys(&found).contains("name = \"hi.test\"\ntype = \"A\""), "an earlier answer stays: {found}");
    assert!(!keys(&found).contains("www.ads.com") && keys(&found).contains("\"www.example\""), "{found}");
    for told in [
        "had no effect for corp.example after the rule for example at ",
        "had no effect for good.ads.com after the rule for ads.com at ",
        "kresd.conf:3 denies",
    ] {
        assert!(found.contains(told), "{told}: {found}");
    }
}

/// `policy.domains` compares whole names; `policy.suffix` takes the names below, too.
#[test]
fn a_rule_of_knot_resolver_for_exact_names_makes_no_zone() {
    let of = |action: &str| {
        let rule =
            format!("policy.add(policy.domains({action}, policy.todnames({{'a.example', 'b.example'}})))\n");
        imported("kresd", &[("kresd.conf", &rule)])
    };
    for (action, did) in [
        ("policy.DENY", "denied, refused, dropped or truncated queries"),
        ("policy.DENY_MSG('no')", "denied, refused, dropped or truncated queries"),
        ("policy.REFUSE", "denied, refused, dropped or truncated queries"),
        ("policy.DROP", "denied, refused, dropped or truncated queries"),
        ("policy.FORWARD('192.0.2.1')", "sent queries to servers"),
        ("policy.STUB({'192.0.2.1'})", "sent queries to servers"),
        ("policy.TLS_FORWARD({{'192.0.2.1', hostname='dns.example'}})", "sent queries to servers"),
        ("policy.PASS", "exempted names from later rules"),
    ] {
        let found = of(action);
        let told = format!("{did} for a.example, b.example only, and not for the names below");
        assert_eq!(weight(&found, &told), "dangerous", "{action}: {found}");
        assert!(!keys(&found).contains("[["), "{action}: {found}");
    }
    let found = of("policy.ANSWER({}, true)");
    assert_eq!(
        weight(&found, "have no records (NODATA), and not of the names below"),
        "dangerous",
        "{found}"
    );
    assert!(!keys(&found).contains("[["), "{found}");
    let found = of("policy.FLAGS('NO_EDNS')");
    assert_eq!(weight(&found, "changed the way in which names are resolved"), "different", "{found}");
}

/// Knot Resolver 6: each name below has the records of the name itself, except SOA and NS, and no others.
#[test]
fn a_redirected_subtree_of_knot_resolver_has_the_records_of_its_name() {
    let found = imported(
        "kresd",
        &[(
            "config.yaml",
            "local-data:\n  ttl: 5m\n  addresses: {c.lan: 10.0.0.7}\n  records: |\n    c.lan. 60 MX 5 m.lan.\n  rules:\n    - {name: [a.lan, b.lan], subtree: redirect, address: [10.0.0.5, 'fd00::5']}\n    - {name: c.lan, subtree: redirect}\n    - {name: d.lan, subtree: redirect}\n",
        )],
    );
    for name in ["a.lan", "b.lan"] {
        let lines = "records = [\"* 5m IN A 10.0.0.5\", \"* 5m IN AAAA fd00::5\"]";
        assert_eq!(zone(&found, name), lines, "{found}");
        let host = format!("[[host]]\nname = \"{name}\"\naddresses = [\"10.0.0.5\", \"fd00::5\"]");
        assert!(keys(&found).contains(&host), "{found}");
    }
    let lines = "records = [\"* 5m IN A 10.0.0.7\", \"* 1m IN MX 5 m.lan.\"]";
    assert_eq!(zone(&found, "c.lan").replace("* 60s", "* 1m"), lines, "{found}");
    assert_eq!(zone(&found, "d.lan"), "records = []", "{found}");
    assert_eq!(weight(&found, "answered that the names have no records (NODATA)"), "different", "{found}");
    assert!(!found.contains("\"dangerous\"") && !found.contains("redirected"), "{found}");
    let only = "local-data:\n  rules:\n    - {name: a.lan, subtree: redirect, address: 10.0.0.5}\n";
    let found = imported("kresd", &[("config.yaml", only)]);
    assert_eq!(zone(&found, "a.lan"), "records = [\"* IN A 10.0.0.5\"]", "{found}");
    assert!(!found.contains("no records of other types"), "the zone has none either: {found}");
}

/// kresd 5 says so by default.
#[test]
fn denials_of_other_types_of_hints_of_kresd_are_told() {
    let told = "have no records of other types (nodata)";
    let hint = "hints['a.lan'] = '10.0.0.1'\n";
    let found = imported("kresd", &[("kresd.conf", hint)]);
    assert_eq!(weight(&found, told), "different", "{found}");
    for typed in [format!("{hint}hints.use_nodata(false)\n"), "net.listen('127.0.0.1')\n".to_owned()] {
        assert!(!imported("kresd", &[("kresd.conf", &typed)]).contains(told), "{typed}");
    }
    let found = imported("kresd", &[("kresd.conf", &format!("{hint}hints.ttl(60)\n"))]);
    assert_eq!(weight(&found, "was the TTL of names with addresses"), "different", "{found}");
}
