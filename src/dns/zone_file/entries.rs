//! Splits the text of a zone file into entries, and entries into words.
//!
//! RFC 1035 section 5.1: an entry is one line, or several lines that parentheses join.

/// An error in the text of a zone file, and its line.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {reason}")]
pub struct ZoneFileError {
    /// The number of the line on which the wrong entry begins, counted from 1.
    pub line: usize,
    /// The reason why the entry is wrong.
    pub reason: String,
}

/// An entry of a zone file (a record or a directive), split into words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ZoneFileEntry {
    /// The number of the line on which the entry begins, counted from 1.
    pub line: usize,
    /// True if a blank precedes the first word. The entry then has the owner name of the previous record.
    pub begins_blank: bool,
    /// The words of the entry, without comments and parentheses.
    pub words: Vec<Word>,
    /// The text after the first `;` of the last line that has a comment.
    pub comment: String,
}

/// A word of an entry. Escapes with a backslash are still in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word {
    /// The text of the word, without its quotes.
    pub text: String,
    /// True if the whole word was in quotes.
    pub quoted: bool,
}

impl ZoneFileEntry {
    fn at(line: usize, begins_blank: bool) -> Self {
        Self { line, begins_blank, words: Vec::new(), comment: String::new() }
    }

    /// Creates an error at the line of this entry.
    pub fn wrong(&self, reason: impl Into<String>) -> ZoneFileError {
        ZoneFileError { line: self.line, reason: reason.into() }
    }

    /// Returns true if the entry is a directive, such as `$TTL`.
    pub fn is_directive(&self) -> bool {
        !self.begins_blank && self.words.first().is_some_and(|word| word.text.starts_with('$'))
    }

    /// Returns the texts of the words in this entry.
    pub fn texts(&self) -> Vec<&str> {
        self.words.iter().map(|word| word.text.as_str()).collect()
    }
}

/// The entries of a zone file. They are split one by one, so that the words of a large zone are never in memory together.
pub struct ZoneFileEntries<'t> {
    lines: std::iter::Zip<std::ops::RangeFrom<usize>, std::str::Lines<'t>>,
}

/// Splits the text of a zone file into entries. An entry is an error if a parenthesis or a quote is not closed.
pub fn entries(text: &str) -> ZoneFileEntries<'_> {
    ZoneFileEntries { lines: (1..).zip(text.lines()) }
}

impl Iterator for ZoneFileEntries<'_> {
    type Item = Result<ZoneFileEntry, ZoneFileError>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut open: Option<ZoneFileEntry> = None;
        let mut depth = 0_usize;
        for (line, text) in self.lines.by_ref() {
            let entry = open.get_or_insert_with(|| ZoneFileEntry::at(line, text.starts_with([' ', '\t'])));
            if let Err(wrong) = cut_line(text, entry, &mut depth) {
                return Some(Err(wrong));
            }
            if depth == 0
                && let Some(entry) = open.take().filter(|entry| !entry.words.is_empty())
            {
                return Some(Ok(entry));
            }
        }
        open.map(|entry| Err(entry.wrong("a parenthesis is not closed")))
    }
}

/// Adds the words of one line to `entry`. `depth` is the number of open parentheses.
fn cut_line(line: &str, entry: &mut ZoneFileEntry, depth: &mut usize) -> Result<(), ZoneFileError> {
    let mut rest = line.chars().peekable();
    while let Some(letter) = rest.next() {
        match letter {
            ';' => {
                entry.comment = rest.by_ref().collect();
            }
            '(' => *depth = depth.saturating_add(1),
            ')' => {
                *depth = depth.checked_sub(1).ok_or_else(|| entry.wrong("a parenthesis was never opened"))?;
            }
            '"' => {
                let mut text = String::new();
                if !take_quoted(&mut rest, &mut text) {
                    return Err(entry.wrong("a quote is not closed"));
                }
                entry.words.push(Word { text, quoted: true });
            }
            blank if blank.is_whitespace() => {}
            _ => {
                let mut text = String::from(letter);
                if letter == '\\' {
                    text.extend(rest.next());
                }
                while let Some(letter) = rest.next_if(|next| !next.is_whitespace() && !";()".contains(*next))
                {
                    text.push(letter);
                    if letter == '\\' {
                        text.extend(rest.next());
                    } else if letter == '"' {
                        // A quote inside a word, as in `alpn="h2"` (RFC 9460 section 2.1), is a part of the word.
                        if !take_quoted(&mut rest, &mut text) {
                            return Err(entry.wrong("a quote is not closed"));
                        }
                        text.push('"');
                    }
                }
                entry.words.push(Word { text, quoted: false });
            }
        }
    }
    Ok(())
}

/// Appends the characters before the next quote to `text`. Returns false if there is no further quote.
fn take_quoted(rest: &mut impl Iterator<Item = char>, text: &mut String) -> bool {
    while let Some(letter) = rest.next() {
        match letter {
            '"' => return true,
            '\\' => {
                text.push(letter);
                text.extend(rest.next());
            }
            _ => text.push(letter),
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(text: &str) -> Vec<Vec<String>> {
        let texts = |entry: ZoneFileEntry| entry.words.into_iter().map(|word| word.text).collect();
        entries(text).map(|entry| texts(entry.unwrap())).collect()
    }

    #[test]
    fn zone_file_joins_lines_and_words() {
        let text =
            "@ SOA a b ( 1 ; serial\n 2 3\n4 5 )\n\n; nothing\n\tTXT \"a ; ( b\\\" c\"d e\\;f k=\"v w\"x\n";
        let found = texts(text);
        assert_eq!(found[0], ["@", "SOA", "a", "b", "1", "2", "3", "4", "5"]);
        assert_eq!(found[1], ["TXT", "a ; ( b\\\" c", "d", "e\\;f", "k=\"v w\"x"]);
        let found: Vec<ZoneFileEntry> = entries(text).map(Result::unwrap).collect();
        assert_eq!((found[0].line, found[1].line), (1, 6));
        assert_eq!((found[0].begins_blank, found[1].begins_blank), (false, true));
        assert_eq!(found[0].comment, " serial");
        assert!(found[1].words[1].quoted && !found[1].words[2].quoted);
    }

    #[test]
    fn halves_are_refused() {
        let wrong = |text: &str| entries(text).find_map(Result::err).unwrap().to_string();
        assert_eq!(wrong("a A 1\n( b"), "line 2: a parenthesis is not closed");
        assert_eq!(wrong("a )"), "line 1: a parenthesis was never opened");
        assert_eq!(wrong("a TXT \"b\nc\""), "line 1: a quote is not closed");
    }
}
