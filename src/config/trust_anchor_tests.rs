use super::*;

const KEY: &str = "AwEAAaz/tAm8yTn4Mfeh5eyI96WSVexTBAvkMgJzkKTOiW1vkIbzxeF3+/4RgWOq7HrxRixHlFlExOLAJr5emLvN7SWXgnLh4+B5xQlNVz8Og8kvArMtNROxVQuCaSnIDdD5LKyWbRd2n9WGe2R8PzgCmr3EgVLrjyBxWezF0jLHwVN8efS3rCj/EWgvIWgb9tarpVUDK/b58Da+sqqls3eNbuv7pr+eoZG+SrDK6nWeL3c6H5Apxz7LjVc1uTIdsIXxuOLYA4/ilBmSVIzuDWfdRUfhHdY6+cn8HFRm+2hM8AnXGXws9555KrUB5qihylGa8subX2Nn6UwNR1AkUTV74bU=";

fn tags(text: &str, zone: &str) -> Vec<u16> {
    parse(text).unwrap().tags(&Name::from_ascii(zone).unwrap()).into_iter().collect()
}

#[test]
fn zone_files_are_read() {
    let text = format!(
        "; the root\n$TTL 3600\n. 172800 IN DS 20326 8 2 E06D44B80B8F1D39A95C0B0D7C65D084 (\n  \
         58E880409BBC683457104237C7F8EC8D ) ; of 2017\n\tIN DS 38696 RSASHA256 2 \
         683D2D0ACB8C9B712A1948B27F741219298D0A450D612C483AF444A4C0FB2B16\n\
         Corp.Example IN DNSKEY 257 3 8 ( {KEY} )\n. IN NS a.root-servers.net.\n"
    );
    assert_eq!(tags(&text, "."), [20_326, 38_696]);
    assert_eq!(tags(&text, "corp.example."), [20_326]);
    assert_eq!(parse(&text).unwrap().names().count(), 2);
}

#[test]
fn a_key_counts_as_its_ds() {
    let text = format!(". IN DNSKEY 257 3 8 {KEY}\n");
    let written = ". DS 20326 8 2 E06D44B80B8F1D39A95C0B0D7C65D08458E880409BBC683457104237C7F8EC8D\n";
    assert_eq!(parse(&text).unwrap(), parse(written).unwrap());
}

#[test]
fn unbound_s_spellings_are_read() {
    let text = "server:\n";
    assert!(parse(text).is_err());
    let text =
        "# anchors\n    trust-anchor: \"example. DS 31560 5 1 1CFED84787E6E19CCF9372C1187325972FE546CD\"\n";
    assert_eq!(tags(text, "example."), [31_560]);
    assert_eq!(tags(&text.replace("anchor: ", "anchor:"), "example."), [31_560]);
    let state = |state: u8| {
        format!(
            "; autotrust trust anchor file\n;;id: . 1\n. 86400 IN DNSKEY 257 3 8 {KEY} \
             ;{{id = 20326 (ksk), size = 2048b}} ;;state={state} [  VALID  ] ;;count=0\n"
        )
    };
    assert_eq!(tags(&state(2), "."), [20_326]);
    assert!(parse(&state(1)).is_err(), "a pending key is not trusted");
}

#[test]
fn bind_s_spellings_are_read() {
    let text = format!(
        "// of BIND\ntrust-anchors {{\n  . initial-ds 38696 8 2 \"683D2D0ACB8C9B712A1948B27F741219 \
         298D0A450D612C483AF444A4C0FB2B16\"; # 2024\n  /* and a key */ . static-key 257 3 8 \"{}\n{}\";\n}};\n\
         options {{ directory \"/var\"; }};\n",
        &KEY[..40],
        &KEY[40..]
    );
    assert_eq!(tags(&text, "."), [20_326, 38_696]);
    let old = format!("trusted-keys {{ \"example.\" 257 3 8 \"{KEY}\"; }};\n");
    assert_eq!(tags(&old, "example."), [20_326]);
    let old = format!("managed-keys {{ example initial-key 257 3 8 \"{KEY}\"; }};\n");
    assert_eq!(tags(&old, "example."), [20_326]);
}

// Unknown records of such a file are no errors.
#[test]
fn broken_trust_anchor_file_is_reported() {
    let wrong = |text: &str| parse(text).unwrap_err();
    assert_eq!(wrong(""), "has no DS or DNSKEY record");
    assert_eq!(wrong("\n. DS x 8 2 00\n"), "has a DS without a key tag at line 2");
    assert_eq!(wrong(". DS 1 8 2 (\n"), "cannot be read at line 1: a parenthesis is not closed");
    assert_eq!(
        wrong("trust-anchors { . initial-key 257 3 8 \"?\"; };"),
        "has a key that is not base64 in the entry . initial-key"
    );
    assert_eq!(tags(". DS 7 200 99 00FF\n", "."), [7], "an unknown algorithm and digest");
    assert_eq!(tags(". DNSKEY 257 3 200 AwEAAQ==\n", ".").len(), 1);
}

#[test]
fn system_root_keys_join_built_in() {
    let text = |tag: u16| {
        format!(". DS {tag} 8 2 E06D44B80B8F1D39A95C0B0D7C65D08458E880409BBC683457104237C7F8EC8D\n")
    };
    let known = |text: &str| {
        let anchors = joined_with(parse(text).ok());
        assert_eq!(anchors.names().count(), 1, "a file of the system's is for the root alone");
        anchors.tags(&Name::root()).into_iter().collect::<Vec<_>>()
    };
    assert_eq!(known(&text(20_326)), [20_326, 38_696]);
    assert_eq!(known(&text(4_711)), [4_711, 20_326, 38_696]);
    assert_eq!(known(&format!("{}{}", text(38_696), text(4_711))), [4_711, 20_326, 38_696]);
    let other = format!("corp.example{}", text(31_560));
    assert_eq!(known(&format!("{}{other}", text(4_711))), [4_711, 20_326, 38_696]);
    assert_eq!(known("nothing"), [20_326, 38_696]);
}

#[test]
fn file_without_root_keeps_built_in() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("anchors");
    let loaded = |text: &str| {
        std::fs::write(&path, text).unwrap();
        load(&path).unwrap_or_else(|_| panic!("{text} is not read")).anchors
    };
    let own = "corp.example. DS 31560 8 2 E06D44B80B8F1D39A95C0B0D7C65D08458E880409BBC683457104237C7F8EC8D\n";
    let root = Name::root();
    assert!(loaded(own).tags(&root).contains(&20_326));
    let both = loaded(&format!(
        "{own}. DS 7 8 2 E06D44B80B8F1D39A95C0B0D7C65D08458E880409BBC683457104237C7F8EC8D\n"
    ));
    assert_eq!(both.tags(&root).into_iter().collect::<Vec<_>>(), [7]);
}
