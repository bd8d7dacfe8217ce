//! The result of a command of resolverctl: its output and its exit code.

use std::io::{self, ErrorKind, IsTerminal, Write};
use std::ops::ControlFlow;

use unicode_width::UnicodeWidthStr;

use super::exit::{CommandFailure, Exit};
use super::render::Format;

pub(super) struct CommandOutcome {
    /// The output, with its last newline.
    pub(super) text: String,
    pub(super) exit: Exit,
}

/// Prints the output of a command. On a terminal, lines wider than the terminal are broken between words, except in JSON.
pub(super) fn print_screen(text: &str, format: Format) -> Result<ControlFlow<()>, CommandFailure> {
    let is_wrapped = matches!(format, Format::Text(_)) && io::stdout().is_terminal();
    match ratatui_crossterm::crossterm::terminal::size() {
        Ok((width @ 1.., _)) if is_wrapped => {
            print(&text.split_inclusive('\n').map(|line| wrapped(line, width.into())).collect::<String>())
        }
        _ => print(text),
    }
}

/// Divides a line between words into lines of at most `width` columns. The lines after the first are indented by two more
/// columns.
pub(crate) fn wrapped(line: &str, width: usize) -> String {
    let indent = line.chars().take_while(|letter| *letter == ' ').count().saturating_add(2).min(width / 2);
    let (mut text, mut column, mut has_word) = (String::new(), 0, false);
    for part in line.split_inclusive(' ') {
        let word = columns(part.trim_end());
        if has_word && word > 0 && column + word > width {
            text.truncate(text.trim_end_matches(' ').len());
            text.extend(["\n", &" ".repeat(indent)]);
            (column, has_word) = (indent, false);
        }
        has_word |= word > 0;
        text.push_str(part);
        column += columns(part.trim_end_matches('\n'));
    }
    text
}

/// The number of columns on the screen, without the escape sequences of colours.
fn columns(text: &str) -> usize {
    let sequences = text.split('\u{1b}').skip(1).map(|rest| rest.find('m').map_or(0, |end| end + 2));
    text.width().saturating_sub(sequences.sum())
}

/// Writes `text` to standard output. Returns `Break` if the program that reads the output, such as `head`, has closed the pipe.
pub(super) fn print(text: &str) -> Result<ControlFlow<()>, CommandFailure> {
    let mut output = io::stdout().lock();
    match output.write_all(text.as_bytes()).and_then(|()| output.flush()) {
        Ok(()) => Ok(ControlFlow::Continue(())),
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(ControlFlow::Break(())),
        Err(error) => Err(CommandFailure::Output(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_divided_between_words() {
        for (line, lines) in [
            ("short\n", "short\n"),
            ("  to do: repair the servers\n", "  to do: repair\n    the servers\n"),
            ("a  \u{1b}[31m1234567890\u{1b}[0m  b\n", "a  \u{1b}[31m1234567890\u{1b}[0m  b\n"),
            ("a  \u{1b}[31m1234567890\u{1b}[0m  bc\n", "a  \u{1b}[31m1234567890\u{1b}[0m\n  bc\n"),
            ("  a-word-that-is-longer and\n", "  a-word-that-is-longer\n    and\n"),
        ] {
            assert_eq!(wrapped(line, 16), lines);
        }
    }
}
