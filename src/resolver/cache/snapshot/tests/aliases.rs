//! Answers of DNS lists to questions about other names.

use super::*;

#[test]
fn answers_of_lists_are_not_kept_although_an_alias_led_to_them() {
    let [view, ..] = views();
    let before = memory();
    let alias = |owner: &str, target: &str| {
        Record::from_rdata(name(owner), 300, RData::CNAME(rdata::CNAME(name(target))))
    };
    let led = |owner: &str, answers: &[Record]| {
        let answer = compose::answer(&AnswerParts {
            question: &Question::new(&name(owner), RecordType::A),
            rcode: ResponseCode::NoError,
            answers,
            authorities: &[],
            stored: BORN,
            extended_error: None,
            list: None,
        });
        put(&before, owner, view, Answer { security: Security::Insecure, ..answer.unwrap() });
    };
    led("a.example.", &[alias("a.example.", "2.BL.example."), address("2.BL.example.", 300)]);
    let through = [alias("b.example.", "3.bl.example."), alias("3.bl.example.", "d.example.")];
    led("b.example.", &[&through[..], &[address("d.example.", 300)]].concat());
    led("c.example.", &[alias("c.example.", "d.example."), address("d.example.", 300)]);
    let with_lists = Scope { lists: HashSet::from([wire_name(&name("bl.example."))]), ..scope() };
    let file = written(&before, &with_lists, later(0, 0));
    // The second file was written when the name was not a list.
    for (file, entries) in [(file, 1), (written(&before, &scope(), later(0, 0)), 3)] {
        let (after, read) = read(&file, &with_lists, later(0, 0));
        let read = read.unwrap();
        assert_eq!((read.entries, read.restored), (entries, 1));
        assert!(kept(&after, "c.example.", view, BORN).is_some());
    }
}
