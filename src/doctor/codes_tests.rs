//! Tests of the table of codes.

use super::*;
use std::collections::BTreeSet;

#[test]
fn code_words_are_unique_with_remedies() {
    let words: BTreeSet<_> = Code::ALL.iter().map(|code| code.entry().word).collect();
    assert_eq!(words.len(), Code::ALL.len());
    for entry in Code::ALL.iter().map(|code| code.entry()) {
        let plain = |text: &str| !text.ends_with(':') && !text.starts_with(' ');
        assert!(!entry.title.is_empty() && !entry.title.ends_with('.'), "{}", entry.word);
        assert!(plain(entry.effect) && plain(entry.remedy), "{}", entry.word);
        if entry.level < Level::CouldNotTell {
            assert!(!entry.effect.is_empty() && !entry.remedy.is_empty(), "{}", entry.word);
            assert!(!entry.source.is_empty(), "{}", entry.word);
        }
    }
}
