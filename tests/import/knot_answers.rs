//! Answers that Knot Resolver makes itself, with or without denials of other types.

use super::{imported, keys, zone};

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
