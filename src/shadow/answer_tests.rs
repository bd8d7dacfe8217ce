use super::*;

/// Returns the answer that `word` describes. `word` is `nx`, `fail`, `silent`, or the data of records at www.example, separated by `+`. `@` and a TTL
/// may follow, and then `!` for the AD flag. Data with a dot at the end are the target of an alias.
pub(crate) fn answer(word: &str) -> SideAnswer {
    let (word, secure) = word.strip_suffix('!').map_or((word, false), |word| (word, true));
    let (records, ttl) = word.split_once('@').unwrap_or((word, "300"));
    let ttl = ttl.parse().unwrap();
    let rcode = match records {
        "silent" => return SideAnswer::None("timeout".to_owned()),
        "nx" => "NXDOMAIN",
        "fail" => "SERVFAIL",
        "refused" => "REFUSED",
        _ => "NOERROR",
    };
    let mut owner = "www.example.".to_owned();
    let mut answers = Vec::new();
    if rcode == "NOERROR" && records != "none" {
        for data in records.split('+') {
            let kind = if data.ends_with('.') { "CNAME" } else { "A" };
            answers.push(Record::read(&owner, ttl, kind, data).unwrap());
            if kind == "CNAME" {
                owner = data.to_lowercase();
            }
        }
    }
    let facts = ReplyFacts { rcode: rcode.to_owned(), answers, ..ReplyFacts::default() };
    SideAnswer::Reply(Box::new(SideReply { facts, secure }))
}

#[test]
fn comparison_ignores_order_and_ttl() {
    for (one, other, expected) in [
        ("192.0.2.1", "192.0.2.1", Likeness::Same),
        ("192.0.2.1@300", "192.0.2.1@20", Likeness::Ttl),
        ("192.0.2.1+192.0.2.2", "192.0.2.2+192.0.2.1", Likeness::Order),
        ("192.0.2.1!", "192.0.2.1", Likeness::SecureOnly),
        ("192.0.2.1", "192.0.2.2", Likeness::Different),
        ("192.0.2.1", "192.0.2.1+192.0.2.2", Likeness::Different),
        ("cdn.example.+192.0.2.1", "192.0.2.1", Likeness::Different),
        ("cdn.example.+192.0.2.1", "CDN.example.+192.0.2.1", Likeness::Same),
        ("nx", "none", Likeness::Different),
        ("nx", "nx", Likeness::Same),
        ("fail", "fail", Likeness::BothFail),
        ("silent", "silent", Likeness::BothFail),
        ("silent", "fail", Likeness::Different),
        ("fail", "nx", Likeness::Different),
    ] {
        assert_eq!(likeness(&answer(one), &answer(other)), expected, "{one} {other}");
    }
}

#[test]
fn answers_diverge_at_first_differing_name() {
    let of = |one: &str, other: &str| parting("www.example.", "A", &answer(one), &answer(other));
    assert_eq!(of("192.0.2.1", "192.0.2.2"), "www.example.");
    assert_eq!(of("a.example.+192.0.2.1", "a.example.+192.0.2.2"), "a.example.");
    assert_eq!(of("a.example.+b.example.+192.0.2.1", "a.example.+c.example.+192.0.2.1"), "a.example.");
    assert_eq!(of("a.example.+192.0.2.1", "nx"), "www.example.");
    // www.example. is an alias of itself. The comparison must end nevertheless.
    assert_eq!(of("www.example.+192.0.2.1", "www.example.+192.0.2.2"), "www.example.");
}
