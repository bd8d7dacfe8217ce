//! The terminal while `resolverctl top` uses it: raw mode and the alternate screen, which are always undone.

use std::io::{self, Stdout, stdout};
use std::mem::ManuallyDrop;
use std::panic;
use std::sync::Once;

use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;
use ratatui::crossterm::cursor::{Hide, Show};
use ratatui::crossterm::execute;
use ratatui::crossterm::terminal::{
    EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode,
};

/// Restores the terminal before a panic is reported. Otherwise the report would be lost with the alternate screen.
static AT_PANIC: Once = Once::new();

/// The terminal. It is restored when this is dropped.
pub(super) struct TopTerminal {
    /// This field is not dropped: that would show the cursor again, and panic if neither the terminal nor standard error exists
    /// any more.
    pub(super) terminal: ManuallyDrop<Terminal<CrosstermBackend<Stdout>>>,
}

impl TopTerminal {
    /// Takes over the terminal.
    ///
    /// # Errors
    /// Fails if the terminal refuses; it is then in its former state.
    pub(super) fn take() -> io::Result<Self> {
        AT_PANIC.call_once(|| {
            let before = panic::take_hook();
            panic::set_hook(Box::new(move |panicked| {
                give_back();
                before(panicked);
            }));
        });
        enable_raw_mode()?;
        let taken = execute!(stdout(), EnterAlternateScreen, Hide)
            .and_then(|()| Terminal::new(CrosstermBackend::new(stdout())));
        match taken {
            Ok(terminal) => Ok(Self { terminal: ManuallyDrop::new(terminal) }),
            Err(error) => {
                give_back();
                Err(error)
            }
        }
    }
}

impl Drop for TopTerminal {
    fn drop(&mut self) {
        give_back();
    }
}

/// Restores the terminal. If the terminal no longer exists, nothing needs to be restored.
pub(super) fn give_back() {
    let _gone = execute!(stdout(), LeaveAlternateScreen, Show);
    let _gone = disable_raw_mode();
}
