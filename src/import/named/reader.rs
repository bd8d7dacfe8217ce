//! Parses the text of named.conf into statements. A statement has words and blocks, and each word has its position.
//!
//! A statement ends with `;`. Comments begin with `#` or `//`, or stand between `/*` and `*/`.

use std::path::Path;
use std::sync::Arc;

use crate::error::ImportError;
use crate::finding::{Setting, SourcePlace};
use crate::limits;
use crate::source::{Source, Sources};

#[derive(Clone, Debug)]
pub(super) enum Part {
    Word(String),
    Block(Vec<Statement>),
}

#[derive(Clone, Debug)]
pub(super) struct Statement {
    pub(super) place: SourcePlace,
    pub(super) parts: Vec<Part>,
}

impl Statement {
    pub(super) fn words(&self) -> Vec<&str> {
        let word = |part: &'_ Part| matches!(part, Part::Word(_));
        self.parts.iter().filter(|part| word(part)).map(Part::word).collect()
    }

    pub(super) fn option(&self) -> &str {
        self.parts.first().map_or("", Part::word)
    }

    /// Returns the second word, or an empty text.
    pub(super) fn value(&self) -> &str {
        self.words().get(1).copied().unwrap_or_default()
    }

    /// Returns the statements inside the last block.
    pub(super) fn block(&self) -> &[Statement] {
        let block = |part: &'_ Part| matches!(part, Part::Block(_));
        match self.parts.iter().rfind(|part| block(part)) {
            Some(Part::Block(statements)) => statements,
            _ => &[],
        }
    }
}

impl Setting for Statement {
    fn place(&self) -> &SourcePlace {
        &self.place
    }

    fn shown(&self) -> String {
        let has_block = self.parts.iter().any(|part| matches!(part, Part::Block(_)));
        let words = self.words().join(" ");
        if has_block { format!("{words} {{ … }}") } else { words }
    }
}

impl Part {
    fn word(&self) -> &str {
        match self {
            Self::Word(word) => word,
            Self::Block(_) => "",
        }
    }
}

/// The statements with trust anchors.
pub(super) const KEYS: [&str; 3] = ["trust-anchors", "managed-keys", "trusted-keys"];

pub(super) fn is_yes(option: &Statement) -> bool {
    matches!(option.value(), "yes" | "true" | "1")
}

pub(super) fn find<'s>(statements: &'s [Statement], option: &str) -> Option<&'s Statement> {
    statements.iter().find(|statement| statement.option() == option)
}

pub(super) fn options_of(statements: &[Statement]) -> &[Statement] {
    find(statements, "options").map_or(&[], Statement::block)
}

/// Included files are read too.
pub(super) fn read(path: &Path, sources: &mut Sources) -> Result<Vec<Statement>, ImportError> {
    let Source { path, text } = sources.begin(path)?;
    let words = words(&path, &text)?;
    let mut reader = WordReader { words: words.into_iter(), sources };
    // A file that is included inside `options` may contain the option `directory`, so its statements are read like options.
    let (statements, _) = reader.statements((0, true), &SourcePlace { file: path, line: 1 })?;
    sources.end();
    Ok(statements)
}

struct Token {
    place: SourcePlace,
    text: String,
    quoted: bool,
}

struct WordReader<'s> {
    words: std::vec::IntoIter<Token>,
    sources: &'s mut Sources,
}

impl WordReader<'_> {
    /// Parses statements up to the end of a block; if `depth` is 0, up to the end of the text. `is_options`: true if a statement `directory`
    /// applies to the files that the text names.
    fn statements(
        &mut self,
        (depth, is_options): (usize, bool),
        open: &SourcePlace,
    ) -> Result<(Vec<Statement>, usize), ImportError> {
        let wrong = |place: &SourcePlace, reason: &str| ImportError::Text {
            place: place.clone(),
            reason: reason.to_owned(),
        };
        if depth > limits::MAX_NESTED {
            return Err(wrong(open, "blocks are nested too deep"));
        }
        let (mut statements, mut current): (Vec<Statement>, Option<Statement>) = (Vec::new(), None);
        while let Some(Token { place, text, quoted }) = self.words.next() {
            match text.as_str() {
                ";" if !quoted => {
                    if let Some(statement) = current.take() {
                        if is_options && statement.option() == "directory" {
                            self.sources.change_directory(&statement, statement.value());
                        }
                        self.take(statement, &mut statements)?;
                    }
                }
                "}" if !quoted => {
                    // In old files, the last statement of a block of clients often has no semicolon.
                    statements.extend(current.take());
                    return if depth > 0 {
                        Ok((statements, depth))
                    } else {
                        Err(wrong(&place, "a } was never opened"))
                    };
                }
                "{" if !quoted => {
                    let is_of_options =
                        depth == 0 && current.as_ref().is_some_and(|open| open.option() == "options");
                    let (block, _) = self.statements((depth.saturating_add(1), is_of_options), &place)?;
                    let blank = || Statement { place: place.clone(), parts: Vec::new() };
                    current.get_or_insert_with(blank).parts.push(Part::Block(block));
                }
                _ => {
                    let blank = || Statement { place: place.clone(), parts: Vec::new() };
                    current.get_or_insert_with(blank).parts.push(Part::Word(text));
                }
            }
        }
        match (depth, current) {
            (0, None) => Ok((statements, 0)),
            (0, Some(left)) => Err(wrong(&left.place, "a statement has no ; at its end")),
            _ => Err(wrong(open, "a { is not closed")),
        }
    }

    /// Replaces an include by the statements of the included files.
    fn take(&mut self, statement: Statement, statements: &mut Vec<Statement>) -> Result<(), ImportError> {
        if statement.option() != "include" {
            statements.push(statement);
            return Ok(());
        }
        for file in self.sources.included(&statement, statement.value()) {
            statements.extend(read(&file, self.sources)?);
        }
        Ok(())
    }
}

/// `{`, `}` and `;` are words too.
fn words(path: &Arc<Path>, text: &str) -> Result<Vec<Token>, ImportError> {
    let mut words: Vec<Token> = Vec::new();
    let (mut line, mut rest) = (1_usize, text);
    let mut is_open = false;
    while let Some(first) = rest.chars().next() {
        let place = SourcePlace { file: Arc::clone(path), line };
        let comment = ["#", "//"].iter().any(|begin| rest.starts_with(begin));
        let (length, word) = if comment {
            (rest.find('\n').unwrap_or(rest.len()), None)
        } else if rest.starts_with("/*") {
            let end = rest.find("*/").ok_or_else(|| ImportError::Text {
                place: place.clone(),
                reason: "a comment is not closed".to_owned(),
            })?;
            (end.saturating_add(2), None)
        } else if first == '"' {
            let inside = rest.get(1..).unwrap_or_default();
            let end = inside.find('"').ok_or_else(|| ImportError::Text {
                place: place.clone(),
                reason: "a quote is not closed".to_owned(),
            })?;
            (end.saturating_add(2), inside.get(..end).map(|text| (text, true)))
        } else if matches!(first, '{' | '}' | ';') {
            (1, rest.get(..1).map(|text| (text, false)))
        } else if first.is_whitespace() {
            (first.len_utf8(), None)
        } else {
            let end = rest
                .find(|letter: char| letter.is_whitespace() || "{};\"".contains(letter))
                .unwrap_or(rest.len());
            (end, rest.get(..end).map(|text| (text, false)))
        };
        let (passed, after) = rest.split_at_checked(length).unwrap_or((rest, ""));
        line = line.saturating_add(passed.matches('\n').count());
        rest = after;
        match word {
            // In an access list, `!` and the element that it negates may be separated by a blank.
            Some((text, quoted)) if is_open && text != "{" => {
                if let Some(last) = words.last_mut() {
                    last.text.push_str(text);
                    last.quoted = quoted;
                }
                is_open = false;
            }
            Some((text, quoted)) => {
                words.push(Token { place, text: text.to_owned(), quoted });
                is_open = text == "!" && !quoted;
            }
            None => {}
        }
    }
    Ok(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn named_words_keep_line_numbers() {
        let text = "a /* b\n*/ c; // d\n{ ! e; \"f;\" }# g\nh !{!i;}";
        let read: Vec<String> = words(&Arc::from(Path::new("x")), text)
            .unwrap()
            .iter()
            .map(|word| format!("{}{}", word.place.line, word.text))
            .collect();
        assert_eq!(
            read,
            ["1a", "2c", "2;", "3{", "3!e", "3;", "3f;", "3}", "4h", "4!", "4{", "4!i", "4;", "4}"]
        );
    }
}
