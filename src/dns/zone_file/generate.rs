//! `$GENERATE`, the directive of BIND (ARM section 3.5.3): one record for each number of a range.

use crate::limits::MAX_GENERATED_RECORDS;

/// The records of one directive, as lines of a zone file, made one by one.
#[derive(Clone, Debug)]
pub(super) struct GeneratedLines {
    numbers: std::iter::StepBy<std::ops::RangeInclusive<i64>>,
    owner: Vec<Piece>,
    /// TTL, class and type.
    middle: String,
    data: Vec<Piece>,
}

/// A part of a word of the directive.
#[derive(Clone, Debug)]
enum Piece {
    Text(String),
    Number(NumberForm),
}

/// The form of the number in a word: `${offset,width,base}`.
#[derive(Clone, Copy, Debug)]
struct NumberForm {
    offset: i64,
    width: usize,
    base: NumberBase,
}

#[derive(Clone, Copy, Debug)]
enum NumberBase {
    Decimal,
    Octal,
    /// In upper case or not.
    Hexadecimal(bool),
    /// Hexadecimal digits with dots between them, the last one first, as names below ip6.arpa have them.
    Nibbles(bool),
}

impl GeneratedLines {
    /// Reads the words of a directive: range, owner, TTL and class if it has them, type, data.
    ///
    /// # Errors
    /// It is no such directive, or has too many records.
    pub(super) fn new(words: &[String]) -> Result<Self, String> {
        let [_, range, owner, middle @ .., data] = words else {
            return Err("$GENERATE needs a range, an owner, a type and data".to_owned());
        };
        if middle.is_empty() {
            return Err("$GENERATE has no type".to_owned());
        }
        Ok(Self {
            numbers: numbers(range)?,
            owner: pieces(owner)?,
            middle: middle.join(" "),
            data: pieces(data)?,
        })
    }
}

impl Iterator for GeneratedLines {
    type Item = Result<String, String>;

    fn next(&mut self) -> Option<Self::Item> {
        let number = self.numbers.next()?;
        let line = written(&self.owner, number)
            .and_then(|owner| Ok(format!("{owner} {} {}", self.middle, written(&self.data, number)?)));
        Some(line)
    }
}

/// A range: `first-last` or `first-last/step`.
fn numbers(range: &str) -> Result<std::iter::StepBy<std::ops::RangeInclusive<i64>>, String> {
    let (bounds, step) = range.split_once('/').unwrap_or((range, "1"));
    let read = |number: &str| number.parse::<u32>().ok();
    let bounds = bounds.split_once('-').and_then(|(first, last)| Some((read(first)?, read(last)?)));
    let step = step.parse::<usize>().ok().filter(|step| *step > 0);
    let (Some((first, last)), Some(step)) = (bounds, step) else {
        return Err(format!("{range} is not a range such as 1-99 or 0-98/2"));
    };
    let numbers = (i64::from(first)..=i64::from(last)).step_by(step);
    match numbers.size_hint().0 {
        0 => Err(format!("the range {range} is empty")),
        count if count > MAX_GENERATED_RECORDS => {
            Err(format!("the range {range} has more than {MAX_GENERATED_RECORDS} numbers"))
        }
        _ => Ok(numbers),
    }
}

/// The parts of a word. `$$` and an escaped `$` are no numbers. As in BIND, an offset holds for all further numbers of the word that have no
/// form of their own.
fn pieces(word: &str) -> Result<Vec<Piece>, String> {
    let (mut pieces, mut text) = (Vec::new(), String::new());
    let (mut rest, mut offset) = (word, 0);
    while let Some(letter) = rest.chars().next() {
        rest = rest.get(letter.len_utf8()..).unwrap_or_default();
        match letter {
            '\\' => {
                text.push(letter);
                if let Some(escaped) = rest.chars().next() {
                    text.push(escaped);
                    rest = rest.get(escaped.len_utf8()..).unwrap_or_default();
                }
            }
            '$' if rest.starts_with('$') => {
                text.push(letter);
                rest = rest.get(1..).unwrap_or_default();
            }
            '$' => {
                let form = match rest.strip_prefix('{') {
                    None => NumberForm { offset, width: 0, base: NumberBase::Decimal },
                    Some(braced) => {
                        let (form, behind) =
                            braced.split_once('}').ok_or_else(|| format!("{word} has no }}"))?;
                        rest = behind;
                        number_form(form).ok_or_else(|| format!("${{{form}}} is not a form of a number"))?
                    }
                };
                offset = form.offset;
                pieces.extend([Piece::Text(std::mem::take(&mut text)), Piece::Number(form)]);
            }
            _ => text.push(letter),
        }
    }
    pieces.push(Piece::Text(text));
    Ok(pieces)
}

/// `offset`, `offset,width` or `offset,width,base`.
fn number_form(text: &str) -> Option<NumberForm> {
    let mut fields = text.split(',');
    let offset = fields.next()?.parse::<i32>().ok()?;
    let width = fields.next().map_or(Some(0), |width| width.parse::<u8>().ok())?;
    let base = match fields.next() {
        None | Some("d") => NumberBase::Decimal,
        Some("o") => NumberBase::Octal,
        Some("x") => NumberBase::Hexadecimal(false),
        Some("X") => NumberBase::Hexadecimal(true),
        Some("n") => NumberBase::Nibbles(false),
        Some("N") => NumberBase::Nibbles(true),
        Some(_) => return None,
    };
    fields.next().is_none().then_some(NumberForm { offset: offset.into(), width: width.into(), base })
}

/// A word for one number of the range.
fn written(pieces: &[Piece], number: i64) -> Result<String, String> {
    let mut word = String::new();
    for piece in pieces {
        match piece {
            Piece::Text(text) => word.push_str(text),
            Piece::Number(NumberForm { offset, width, base }) => {
                let shifted = u64::try_from(number.saturating_add(*offset))
                    .map_err(|_| format!("the offset {offset} makes {number} negative"))?;
                word.push_str(&match base {
                    NumberBase::Decimal => format!("{shifted:0width$}"),
                    NumberBase::Octal => format!("{shifted:0width$o}"),
                    NumberBase::Hexadecimal(false) => format!("{shifted:0width$x}"),
                    NumberBase::Hexadecimal(true) => format!("{shifted:0width$X}"),
                    NumberBase::Nibbles(false) => nibbles(&format!("{shifted:x}"), *width),
                    NumberBase::Nibbles(true) => nibbles(&format!("{shifted:X}"), *width),
                });
            }
        }
    }
    Ok(word)
}

/// Digits with dots between them, the last one first, filled with zeros to a width that counts the dots. As in BIND, an even width ends with a
/// dot.
fn nibbles(digits: &str, width: usize) -> String {
    let count = digits.len().max(width.div_ceil(2));
    let filled = digits.chars().rev().chain(std::iter::repeat('0')).take(count);
    let mut name = filled.map(String::from).collect::<Vec<_>>().join(".");
    if width > 0 && width == count.saturating_mul(2) {
        name.push('.');
    }
    name
}

#[cfg(test)]
mod tests {
    use super::super::entries::{ZoneFileEntry, entries};

    fn lines(directive: &str) -> Result<Vec<String>, String> {
        let entry = entries(&format!("{directive}\n")).next();
        match entry {
            Some(Ok(entry)) if !entry.is_directive() => {
                let texts = |entry: Result<ZoneFileEntry, _>| entry.unwrap().texts().join(" ");
                Ok(entries(directive).map(texts).collect())
            }
            other => Err(other.unwrap().unwrap_err().reason),
        }
    }

    /// The forms and their numbers are those that BIND's named-compilezone writes.
    #[test]
    fn each_number_of_a_range_has_a_record() {
        for (directive, expected) in [
            ("$GENERATE 1-2 host$ A 10.0.0.$", ["host1 A 10.0.0.1", "host2 A 10.0.0.2"]),
            ("$GENERATE 9-11/2 $ 60 IN PTR h${-9,3}.a.", ["9 60 IN PTR h000.a.", "11 60 IN PTR h002.a."]),
            ("$GENERATE 30-31 a${0,4,x} A 10.0.0.${0,0,o}", ["a001e A 10.0.0.36", "a001f A 10.0.0.37"]),
            ("$GENERATE 26-27 ${0,7,N} PTR a$$\\$.", ["A.1.0.0 PTR a$\\$.", "B.1.0.0 PTR a$\\$."]),
            ("$GENERATE 28-29 ${0,8,n}x A 10.0.0.$", ["c.1.0.0.x A 10.0.0.28", "d.1.0.0.x A 10.0.0.29"]),
            ("$GENERATE 256-257 ${0,2,n} A 10.0.0.1", ["0.0.1 A 10.0.0.1", "1.0.1 A 10.0.0.1"]),
            ("$GENERATE 1-2 m MX \"${9} mx$\"", ["m MX 10 mx10", "m MX 11 mx11"]),
            (r#"$GENERATE 1-2 t TXT "\"a $\" b""#, ["t TXT a 1 b", "t TXT a 2 b"]),
        ] {
            assert_eq!(
                lines(directive).as_deref(),
                Ok(expected.map(str::to_owned).as_slice()),
                "{directive}"
            );
        }
    }

    #[test]
    fn directives_that_are_none_are_refused() {
        for (directive, reason) in [
            ("$GENERATE 1-2 a$", "$GENERATE needs a range, an owner, a type and data"),
            ("$GENERATE 1-2 a$ 10.0.0.$", "$GENERATE has no type"),
            ("$GENERATE 1 a$ A 10.0.0.$", "1 is not a range such as 1-99 or 0-98/2"),
            ("$GENERATE 2-1 a$ A 10.0.0.$", "the range 2-1 is empty"),
            ("$GENERATE 0-99/0 a$ A 10.0.0.$", "0-99/0 is not a range such as 1-99 or 0-98/2"),
            ("$GENERATE 0-99999999 a$ A 10.0.0.$", "the range 0-99999999 has more than 65536 numbers"),
            ("$GENERATE 1-2 a${0 A 10.0.0.$", "a${0 has no }"),
            ("$GENERATE 1-2 a${0,1,z} A 10.0.0.$", "${0,1,z} is not a form of a number"),
            ("$GENERATE 1-2 a${-2} A 10.0.0.$", "the offset -2 makes 1 negative"),
        ] {
            assert_eq!(lines(directive), Err(reason.to_owned()), "{directive}");
        }
    }
}
