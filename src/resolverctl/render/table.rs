//! Formats tables: each column is as wide as its widest cell, numbers are aligned to the right, and escape sequences of colours
//! count as no width.
//!
//! Cells may contain texts from remote hosts, which can neither control the terminal nor change the direction of writing.

use unicode_width::UnicodeWidthStr;

use super::style::{Paint, Style};
use crate::limits;
use dns::wire::presentation::harmless;

/// The alignment of the cells in a column of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Align {
    /// Left, for text.
    Left,
    /// Right, for numbers.
    Right,
}

#[derive(Debug)]
pub(crate) struct TextTable {
    sides: Vec<Align>,
    rows: Vec<Vec<(String, Paint)>>,
}

impl TextTable {
    /// Creates a table without rows. `head` has the title of each column, and its alignment.
    pub(crate) fn new(head: &[(&str, Align)]) -> Self {
        Self {
            sides: head.iter().map(|(_, side)| *side).collect(),
            rows: vec![head.iter().map(|(title, _)| ((*title).to_owned(), Paint::Head)).collect()],
        }
    }

    pub(crate) fn row(&mut self, cells: Vec<(String, Paint)>) {
        self.rows.push(cells.into_iter().map(|(cell, paint)| (harmless(&cell), paint)).collect());
    }

    pub(crate) fn plain(&mut self, cells: Vec<String>) {
        self.row(cells.into_iter().map(|cell| (cell, Paint::Plain)).collect());
    }

    /// Returns the table as text. If `width` is given, the last column is shortened so that lines have at most this width. A shortened text ends in
    /// "…".
    pub(crate) fn text(&self, style: Style, width: Option<usize>) -> String {
        let widths: Vec<usize> = (0..self.sides.len()).map(|column| self.width(column)).collect();
        let last = widths.len().saturating_sub(1);
        let before: usize = widths.iter().take(last).map(|width| width + 2).sum();
        let mut text = String::new();
        for row in &self.rows {
            let mut line = String::new();
            for (column, ((cell, paint), (side, wide))) in
                row.iter().zip(self.sides.iter().zip(&widths)).enumerate()
            {
                let cell = match width {
                    Some(width) if column == last => super::words::cut(cell, width.saturating_sub(before)),
                    _ => cell.clone(),
                };
                let gap = " ".repeat(wide.saturating_sub(cell.width()));
                let painted = style.paint(*paint, &cell);
                match side {
                    Align::Left if column == last => line.push_str(&painted),
                    Align::Left => line.extend([painted.as_str(), &gap, "  "]),
                    Align::Right => line.extend([gap.as_str(), &painted, "  "]),
                }
            }
            text.push_str(line.trim_end());
            text.push('\n');
        }
        text
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.rows.len() <= 1
    }

    /// Removes the rows after the first `MAX_SHOWN_ROWS`, and returns their number.
    pub(crate) fn cut(&mut self) -> u64 {
        let cut = self.rows.len().saturating_sub(1 + limits::MAX_SHOWN_ROWS);
        self.rows.truncate(1 + limits::MAX_SHOWN_ROWS);
        cut as u64
    }

    /// Returns the rows that fit on one screen, and a line with the number of the others. `left_out` is the number of rows that
    /// the daemon did not send.
    pub(crate) fn worst(mut self, left_out: u64, style: Style) -> String {
        let more_rows = self.cut().saturating_add(left_out);
        let text = self.text(style, None);
        if more_rows > 0 { text + &more(more_rows, style) } else { text }
    }

    fn width(&self, column: usize) -> usize {
        let cells = self.rows.iter().filter_map(|row| row.get(column));
        cells.map(|(cell, _)| cell.width()).max().unwrap_or(0)
    }
}

/// Returns the last line of a table that does not show all its rows. `rows`: the number of rows that are not shown.
pub(super) fn more(rows: u64, style: Style) -> String {
    format!("{}\n", style.paint(Paint::Faint, &format!("and {} more", super::words::number(rows))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_align_whatever_their_colour() {
        let mut table = TextTable::new(&[("zone", Align::Left), ("n", Align::Right), ("why", Align::Left)]);
        table.plain(vec!["a.example.".to_owned(), "7".to_owned(), "well".to_owned()]);
        table.row(vec![
            ("b.".to_owned(), Paint::Plain),
            ("1 234".to_owned(), Paint::Plain),
            ("silent 12 of 14".to_owned(), Paint::Bad),
        ]);
        let plain = "zone            n  why\na.example.      7  well\nb.          1 234  silent…\n";
        assert_eq!(table.text(Style::Plain, Some(26)), plain);
        let colored = table.text(Style::Colored, Some(26));
        let stripped = ["\u{1b}[0m", "\u{1b}[1m", "\u{1b}[31m"]
            .iter()
            .fold(colored, |text, code| text.replace(code, ""));
        assert_eq!(stripped, plain);
    }

    #[test]
    fn wide_characters_take_two_columns() {
        let mut table = TextTable::new(&[("user", Align::Left), ("why", Align::Left)]);
        table.plain(vec!["邮件".to_owned(), "拒绝收信".to_owned()]);
        table.plain(vec!["postfix".to_owned(), "well".to_owned()]);
        assert_eq!(table.text(Style::Plain, Some(16)), "user     why\n邮件     拒绝收…\npostfix  well\n");
    }

    // A cell neither acts on the terminal nor turns the direction of writing.
    #[test]
    fn foreign_text_is_escaped_in_table() {
        let mut table = TextTable::new(&[("zone", Align::Left), ("why", Align::Left)]);
        table.plain(vec!["a\u{202e}b.example.".to_owned(), "said \u{1b}[2J\nok".to_owned()]);
        assert_eq!(
            table.text(Style::Plain, None),
            "zone                 why\na\\u{202e}b.example.  said \\u{1b}[2J\\nok\n"
        );
    }
}
