//! The keys of `resolverctl top`.

use ratatui_crossterm::crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

use super::table::TopTable;

/// An action of `resolverctl top`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TopKey {
    /// End the command.
    Quit,
    /// Close the help, or end the command if the help is not shown.
    Back,
    /// Show the given table.
    Table(TopTable),
    /// Show the next table.
    NextTable,
    /// Show the previous table.
    PreviousTable,
    /// Sort the rows by the next column.
    Sort,
    /// Reverse the order of the rows.
    Reverse,
    /// Show the next period.
    Window,
    /// Scroll down by one row.
    Down,
    /// Scroll up by one row.
    Up,
    /// Scroll down by ten rows.
    PageDown,
    /// Scroll up by ten rows.
    PageUp,
    /// Scroll to the first row.
    First,
    /// Scroll to the last row.
    Last,
    /// Show or hide the help.
    Help,
}

/// Returns `None` if the key has no action.
pub fn key_of(event: KeyEvent) -> Option<TopKey> {
    if event.kind == KeyEventKind::Release {
        return None;
    }
    // In raw mode, the terminal passes Ctrl-C as a key and sends no signal.
    if event.modifiers.contains(KeyModifiers::CONTROL) {
        return matches!(event.code, KeyCode::Char('c' | 'd')).then_some(TopKey::Quit);
    }
    Some(match event.code {
        KeyCode::Char('q') => TopKey::Quit,
        KeyCode::Esc | KeyCode::Backspace => TopKey::Back,
        KeyCode::Tab | KeyCode::Right => TopKey::NextTable,
        KeyCode::BackTab | KeyCode::Left => TopKey::PreviousTable,
        KeyCode::Char('s') => TopKey::Sort,
        KeyCode::Char('r') => TopKey::Reverse,
        KeyCode::Char('w') => TopKey::Window,
        KeyCode::Down | KeyCode::Char('j') => TopKey::Down,
        KeyCode::Up | KeyCode::Char('k') => TopKey::Up,
        KeyCode::PageDown | KeyCode::Char(' ') => TopKey::PageDown,
        KeyCode::PageUp => TopKey::PageUp,
        KeyCode::Home | KeyCode::Char('g') => TopKey::First,
        KeyCode::End | KeyCode::Char('G') => TopKey::Last,
        KeyCode::Char('?' | 'h') => TopKey::Help,
        KeyCode::Char(digit) => {
            let place = usize::try_from(digit.to_digit(10)?.checked_sub(1)?).ok()?;
            TopKey::Table(*TopTable::ALL.get(place)?)
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_assigned_keys_have_meaning() {
        let plain = |code| key_of(KeyEvent::new(code, KeyModifiers::NONE));
        let control = |letter| key_of(KeyEvent::new(KeyCode::Char(letter), KeyModifiers::CONTROL));
        assert_eq!(plain(KeyCode::Char('q')), Some(TopKey::Quit));
        assert_eq!(control('c'), Some(TopKey::Quit));
        assert_eq!((control('q'), control('s')), (None, None), "flow control of a terminal");
        assert_eq!(plain(KeyCode::Char('1')), Some(TopKey::Table(TopTable::Zones)));
        assert_eq!(plain(KeyCode::Char('5')), Some(TopKey::Table(TopTable::Failures)));
        assert_eq!(plain(KeyCode::Char('6')), Some(TopKey::Table(TopTable::Users)));
        for none in ['0', '7', '9', 'x', 'é'] {
            assert_eq!(plain(KeyCode::Char(none)), None, "{none}");
        }
    }
}
