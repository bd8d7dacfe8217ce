//! `resolverctl tls-policy` over the control socket.

use super::World;

#[test]
fn exit_code_says_whether_policy_applies() {
    let world = World::new();
    for (domain, code, reply) in [
        ("dane.example", 0, "OK dane"),
        ("encrypt.example", 0, "OK encrypt"),
        ("none.example", 1, "NOTFOUND"),
        ("temporary.example", 4, "TEMP could not tell"),
    ] {
        let (exit, text, _) = world.run(&["tls-policy", domain]);
        assert_eq!(exit, code, "{text}");
        assert!(text.contains(&format!("Answer to Postfix: {reply}\n")), "{text}");
        let (exit, json, _) = world.run(&["tls-policy", domain, "--json"]);
        let object: serde_json::Value = serde_json::from_str(&json).unwrap();
        let policy = domain.strip_suffix(".example").unwrap();
        assert_eq!((exit, &object["policy"], &object["next_hop"]), (code, &policy.into(), &domain.into()));
    }
}
