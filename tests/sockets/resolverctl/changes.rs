//! `resolverctl changes` over the control socket.

use super::World;

#[test]
fn exit_code_says_whether_records_changed() {
    let world = World::new();
    let (code, text, _) = world.run(&["changes", "<postmaster@Moved.example>"]);
    assert_eq!(code, 0);
    assert!(
        text.contains("MX") && text.contains("10 old.example.") && text.contains("10 new.example."),
        "{text}"
    );
    let (code, text, _) = world.run(&["changes", "moved.example", "--json"]);
    let line: serde_json::Value = serde_json::from_str(text.lines().next().unwrap()).unwrap();
    assert_eq!((code, &line["record"], &line["new"]), (0, &"mx".into(), &"10 new.example.".into()));
    let (code, text, _) = world.run(&["changes", "other.example"]);
    assert_eq!(code, 4);
    assert!(text.contains("not watched"), "{text}");
    assert_eq!(world.run(&["changes", "moved.example", "--since", "never"]).0, 2);
}
