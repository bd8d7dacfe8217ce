//! Cases of servers with different serials.

use super::*;

#[test]
fn the_newest_serial_is_found_beyond_the_overflow() {
    let newest = |serials: &[u32]| zone::newest(&serials.iter().map(|serial| (*serial, ())).collect());
    assert_eq!(newest(&[6, 7]), Some(7));
    assert_eq!(newest(&[u32::MAX, 3]), Some(3));
    assert_eq!(newest(&[0, 1 << 31]), None);
    let old = SECOND.replace("SOA udp aa | ns1.a.test. h. 7", "SOA udp aa | ns1.a.test. h. 6");
    let found = check(&facts("a.test.", &format!("{ABOVE}\n{REFERRAL}\n{FIRST}\n{old}")));
    let differs = found.iter().find(|finding| finding.code == Code::SerialDiffers).unwrap();
    assert_eq!(
        differs.evidence,
        "6 (old) at 198.18.2.1 (ns2.b.test.); 7 (newest) at 198.18.1.1 (ns1.a.test.)"
    );
    assert_eq!(differs.level, Level::Warning);
}

#[test]
fn two_providers_may_number_one_zone_each_by_itself() {
    let own = SECOND.replace("ns1.a.test. h. 7", "ns2.b.test. h. 1");
    let of = |second: &str| {
        let found = check(&facts("a.test.", &format!("{ABOVE}\n{REFERRAL}\n{FIRST}\n{second}")));
        found
            .into_iter()
            .find(|finding| finding.code == Code::SerialDiffers)
            .map(|found| (found.level, found.evidence))
    };
    let (level, evidence) = of(&own).unwrap();
    assert!(level == Level::Note && !evidence.contains("old"), "{evidence}");
    assert!(evidence.ends_with("and all give the same records"), "{evidence}");
    let text = |server: u8, text: &str| format!("\nserver 198.18.{server}.1 a.test. TXT udp aa | \"{text}\"");
    let texts = format!("{own}\nlookup a.test. TXT | \"t=1\"{}{}", text(1, "t=1"), text(2, "t=2"));
    let (level, evidence) = of(&texts).unwrap();
    assert_eq!(level, Level::Note, "{evidence}");
    assert!(
        evidence.ends_with("and all give the same records, except for some that stop no mail"),
        "{evidence}"
    );
    let other_mail = of(&own.replace("10 mx.a.test.", "10 old.a.test.")).unwrap();
    assert_eq!(other_mail.0, Level::Warning);
    assert!(!other_mail.1.contains("(old)"), "serials of two primaries: {}", other_mail.1);
    // Names in the zone say nothing about the operator, and one operator has one primary.
    let lines = format!("{ABOVE}\n{REFERRAL}\n{FIRST}\n{own}");
    let inside = lines.replace("ns2.b.test.", "ns2.a.test.");
    for (lines, expected) in [
        (inside.clone(), Level::Note),
        (inside.replace("198.18.2.1", "198.18.1.2"), Level::Warning),
        (lines.replace("ns1.a.test.", "ns1.b.test."), Level::Warning),
    ] {
        let mut found = check(&facts("a.test.", &lines)).into_iter();
        let differs = found.find(|finding| finding.code == Code::SerialDiffers).unwrap();
        assert_eq!(differs.level, expected, "{lines}");
    }
}
