//! `resolverctl servers`, `zones`, `inflight`, `cache`, `nta` and `config`: the state and the configuration of the daemon.

use super::{World, object, told, tool};
use config::Config;
use control::Controlled;

#[test]
fn state_commands_show_daemon_state() {
    let world = World::new();
    let (code, text, _) = world.run(&["servers"]);
    assert!(
        code == 0 && text.lines().count() == 5 && text.contains("dead, next probe in 8.0 s at the earliest"),
        "{text}"
    );
    let (code, text, _) = world.run(&["servers", "192.0.2.1", "--json"]);
    let server = object(&text);
    assert_eq!(
        (code, &server["address"], &server["health"]),
        (0, &"192.0.2.1:53".into(), &"answering".into())
    );
    assert_eq!((&server["tcp"], &server["keeps_case"]), (&false.into(), &true.into()));
    assert_eq!((&server["round_trip"], &server["lame"][0]), (&0.08.into(), &"slow.example.".into()));
    assert_eq!(world.run(&["servers", "192.0.2.2"]).0, 1);
    assert_eq!(world.run(&["servers", "ns.example"]).0, 2);

    let (code, text, _) = world.run(&["zones"]);
    let expected = "\
zone           type  answers from   round trip  state
slow.example.  stub  192.0.2.53:53       80 ms  lame: gives no usable answer
                     192.0.2.1:53        80 ms  lame: gives no usable answer
                     192.0.2.9:53         none  not queried yet
";
    assert_eq!((code, text.as_str()), (0, expected));
    let zone = object(&world.run(&["zones", "--json"]).1);
    assert_eq!((&zone["kind"], &zone["servers"][0]["health"]), (&"stub".into(), &"dead".into()));

    let (code, text, _) = world.run(&["inflight"]);
    let expected = "www.slow.example. A  3.0 s                2             4  192.0.2.53:53 (slow.example.)";
    assert_eq!((code, text.lines().nth(1)), (0, Some(expected)));
    let flight = object(&world.run(&["inflight", "--json"]).1);
    assert_eq!(
        (&flight["type"], &flight["clients"], &flight["messages"]),
        (&"A".into(), &2.into(), &4.into())
    );

    let (code, text, _) = world.run(&["cache", "Mail.Example"]);
    assert!(code == 0 && text.contains("NOERROR, 1 record"), "{text}");
    let held = object(&world.run(&["cache", "mail.example", "--type", "mx", "--json"]).1);
    assert_eq!((&held["held"], &held["ttl"], &held["octets"]), (&"answer".into(), &200.into(), &432.into()));
    assert_eq!(world.run(&["cache", "mail.example", "--type", "A"]).0, 1);
    assert_eq!(world.run(&["cache", "a..b"]).0, 2);
    let (code, text, _) = world.run(&["cache"]);
    assert!(
        code == 0 && text.contains("MiB used") && text.contains("large enough: no part is full"),
        "{text}"
    );
}

#[test]
fn nta_commands_add_list_and_remove() {
    let world = World::new();
    let run = |words: &str| world.run(&words.split(' ').collect::<Vec<_>>());
    let right = ["nta list", "nta add broken.example --for 59m", "nta remove broken.example"];
    assert!(right.iter().all(|words| run(words).1.contains("broken.example.")));
    let wrong = ["nta remove x.example", "nta add full.example", "nta add x.example --for 8d"];
    assert_eq!(wrong.map(|words| run(words).0), [2, 4, 2]);
}

#[test]
fn config_show_and_reload_report_changes() {
    let world = World::new();
    let changed = "version = 1\n\n[cache]\nmax_ttl = \"1h\"  # maximum time that an answer is cached\n\n[[zone]]\nname = \"slow.example\"\n\
                   stub = [\"192.0.2.53\", \"192.0.2.1\", \"192.0.2.9\"]\n";
    assert_eq!(world.run(&["config", "show", "--changed"]), (0, changed.to_owned(), String::new()));
    let shown = world.run(&["config", "show"]).1;
    let file = world.directory.path().join("r.toml");
    std::fs::write(&file, &shown).unwrap();
    assert_eq!(Config::load(Some(&file)).unwrap(), *world.fake.config());
    assert_eq!(object(&world.run(&["config", "show", "--json"]).1)["cache"]["max_ttl"], "1h");

    assert_eq!(world.run(&["reload"]), (0, "cache.max_ttl: 2d, was 1d\n".to_owned(), String::new()));
    assert_eq!(world.run(&["reload"]).1, "no changes\n");
    let (code, text, _) = world.run(&["reload"]);
    assert!(code == 6 && text.contains("line 3: cache.sise"), "{text}");
    let (code, text, _) = world.run(&["reload", "--json"]);
    assert!(code == 6 && object(&text)["wrong"].is_string(), "{text}");
}

#[test]
fn config_check_needs_no_daemon() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("r.toml");
    let check = |text: &str, more: &[&str]| {
        std::fs::write(&path, text).unwrap();
        let nowhere = directory.path().join("none.sock");
        told(&tool(&nowhere).args(["config", "check"]).arg(&path).args(more).output().unwrap())
    };
    let fine = format!("{}: ok\n", path.display());
    assert_eq!(check("version = 1\n", &[]), (0, fine, String::new()));
    let (code, text, _) = check("version = 1\n[cache]\nsise = 1\n", &[]);
    assert!(
        code == 6 && text.ends_with("line 3: cache.sise is not a known key; did you mean size?\n"),
        "{text}"
    );
    let (code, text, _) = check("version = 1\n[cache]\nsise = 1\n", &["--json"]);
    let checked = object(&text);
    assert_eq!((code, &checked["valid"], &checked["problems"][0]["line"]), (6, &false.into(), &3.into()));
    std::fs::write(directory.path().join("lan.zone"), "@ A ten\n").unwrap();
    let (code, text, _) = check("version = 1\n[[zone]]\nname = \"lan\"\nfile = \"lan.zone\"\n", &[]);
    assert!(code == 6 && text.contains("lan.zone"), "{text}");
}
