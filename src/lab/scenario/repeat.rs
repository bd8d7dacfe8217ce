//! Repetition in scenarios, for servers and zones that differ only in a number.
//!
//! The text is replaced before the lines are parsed, so that variables can be used in every line.
//!
//! ```text
//! for zone=1..3 server=1..2
//!   server ns{server}.z{zone}.tld 127.1.{zone}.{server}
//! for zone=1..3
//!   zone z{zone}.tld. ns{1..2}.z{zone}.tld
//!     www 300 CNAME www.z{zone+1}.tld.
//! ```

/// Ten times the lines of the longest scenario.
const MAX_LINES: usize = 5_000;

pub(super) type NumberedLine = (usize, String);

/// The number of the wrong line, and the reason.
pub(super) type Misread = (usize, String);

/// A variable of a `for` line: its name, and its value or range of values.
type Variable<'a, Value> = (&'a str, Value);

/// Returns the lines of a scenario with all repetitions written out.
pub(super) fn lines(text: &str) -> Result<Vec<NumberedLine>, Misread> {
    let mut found = Vec::new();
    let mut rest = text.lines().enumerate().map(|(index, line)| (index + 1, line)).peekable();
    while let Some((number, line)) = rest.next() {
        let at_line = |reason| (number, reason);
        match line.strip_prefix("for ") {
            None => found.push((number, filled(line, &[]).map_err(at_line)?)),
            Some(ranges) => {
                let ranges =
                    ranges.split_whitespace().map(range).collect::<Result<Vec<_>, _>>().map_err(at_line)?;
                let mut block = Vec::new();
                while let Some((number, inner)) = rest.next_if(|(_, line)| line.starts_with("  ")) {
                    block.push((number, inner.strip_prefix("  ").unwrap_or(inner)));
                }
                repeat(&block, &ranges, &mut Vec::new(), &mut found)?;
            }
        }
        if found.len() > MAX_LINES {
            return Err((number, format!("more than {MAX_LINES} lines")));
        }
    }
    Ok(found)
}

/// Reads a range such as `zone=1..3`: the variable, its first value and its last value.
fn range(text: &str) -> Result<Variable<'_, (u32, u32)>, String> {
    let (variable, values) = text.split_once('=').ok_or_else(|| format!("{text} is not NAME=FIRST..LAST"))?;
    let values = span(values).ok_or_else(|| format!("{values} is not FIRST..LAST"))?;
    Ok((variable, values))
}

fn span(text: &str) -> Option<(u32, u32)> {
    let (first, last) = text.split_once("..")?;
    Some((first.parse().ok()?, last.parse().ok()?))
}

/// Adds the block to `found` once for each combination of values. `ranges`: the variables whose values must still be chosen. `values`: the
/// other variables with their values.
fn repeat<'a>(
    block: &[(usize, &str)],
    ranges: &[Variable<'a, (u32, u32)>],
    values: &mut Vec<Variable<'a, u32>>,
    found: &mut Vec<NumberedLine>,
) -> Result<(), Misread> {
    let Some(((variable, (first, last)), ranges)) = ranges.split_first() else {
        for (number, line) in block {
            found.push((*number, filled(line, values).map_err(|reason| (*number, reason))?));
        }
        return Ok(());
    };
    for value in *first..=*last {
        if found.len() > MAX_LINES {
            break;
        }
        values.push((variable, value));
        repeat(block, ranges, values, found)?;
        values.pop();
    }
    Ok(())
}

/// Replaces `{NAME}` by the value of this variable, `{NAME+1}` by the value plus 1, and writes a word with `{1..3}` three times, with the
/// numbers 1 to 3. Other braces belong to tables in the configuration and stay.
fn filled(line: &str, values: &[Variable<'_, u32>]) -> Result<String, String> {
    if !line.contains('{') {
        return Ok(line.to_owned());
    }
    let words = line.split(' ').map(|word| filled_word(word, values)).collect::<Result<Vec<_>, _>>()?;
    Ok(words.join(" "))
}

fn filled_word(word: &str, values: &[Variable<'_, u32>]) -> Result<String, String> {
    // The range is written out first, then the variables are replaced in each copy.
    let range = braced(word).find_map(|(before, inner, after)| Some((before, span(inner)?, after)));
    if let Some((before, (first, last), after)) = range {
        let copies = (first..=last).map(|value| filled_word(&format!("{before}{value}{after}"), values));
        return Ok(copies.collect::<Result<Vec<_>, _>>()?.join(" "));
    }
    let Some((before, inner, after)) = braced(word).next() else { return Ok(word.to_owned()) };
    let (name, more) = inner.split_once('+').unwrap_or((inner, "0"));
    let value = values.iter().find(|(variable, _)| *variable == name).map(|(_, value)| value);
    let value = value.ok_or_else(|| format!("{name} has no value here"))?;
    let more: u32 = more.parse().map_err(|_| format!("{more} is not a number"))?;
    filled_word(&format!("{before}{}{after}", value.saturating_add(more)), values)
}

/// Returns each variable or range in braces, with the text before and after it.
fn braced(word: &str) -> impl Iterator<Item = (&str, &str, &str)> {
    let is_meant = |inner: &str| {
        !inner.is_empty()
            && inner.chars().all(|letter| letter.is_ascii_alphanumeric() || "+._".contains(letter))
    };
    word.match_indices('{').filter_map(move |(place, _)| {
        let (inner, after) = word.get(place + 1..)?.split_once('}')?;
        Some((word.get(..place)?, inner, after)).filter(|(_, inner, _)| is_meant(inner))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_alike_is_written_once() {
        let text = "first\nfor z=1..2 n=3..4\n  server s{z}n{n} 10.{z}.0.{n}\nfor z=2..2\n  zone z{z}. a{z}n{1..3}.z{z}\n    \
                    www CNAME www.z{z+1}.\nlast {7..8}\ntests = { listed = [] }";
        let expected = [
            (1, "first"),
            (3, "server s1n3 10.1.0.3"),
            (3, "server s1n4 10.1.0.4"),
            (3, "server s2n3 10.2.0.3"),
            (3, "server s2n4 10.2.0.4"),
            (5, "zone z2. a2n1.z2 a2n2.z2 a2n3.z2"),
            (6, "  www CNAME www.z3."),
            (7, "last 7 8"),
            (8, "tests = { listed = [] }"),
        ];
        let lines = lines(text).unwrap();
        let shown: Vec<(usize, &str)> = lines.iter().map(|(number, line)| (*number, line.as_str())).collect();
        assert_eq!(shown, expected);
    }

    #[test]
    fn unreadable_repetition_is_reported() {
        for (text, line, part) in [
            ("\nserver s{n}", 2, "no value"),
            ("for n\n  x", 1, "NAME=FIRST..LAST"),
            ("for n=1..x\n  x", 1, "FIRST..LAST"),
            ("for n=1..9\n  {n+x}", 2, "not a number"),
            ("for n=1..9999 m=1..9999\n  x", 1, "more than"),
        ] {
            let (number, reason) = lines(text).unwrap_err();
            assert!(number == line && reason.contains(part), "{number}: {reason}");
        }
    }
}
