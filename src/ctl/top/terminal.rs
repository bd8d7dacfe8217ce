//! The terminal while `resolverctl top` has it: raw mode and the alternate screen, which are always given back.

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

/// Gives the terminal back before a panic is reported, which would otherwise be lost with the alternate screen.
static AT_PANIC: Once = Once::new();

/// The terminal. It is given back when this is dropped.
pub(super) struct TopTerminal {
    /// It is not dropped: that would show the cursor once more, and panic if neither the terminal nor standard error is there.
    pub(super) terminal: ManuallyDrop<Terminal<CrosstermBackend<Stdout>>>,
}

impl TopTerminal {
    /// Takes the terminal.
    ///
    /// # Errors
    /// It refuses; then it is as before.
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

/// Gives the terminal back. If it is gone, there is nothing to give back.
pub(super) fn give_back() {
    let _gone = execute!(stdout(), LeaveAlternateScreen, Show);
    let _gone = disable_raw_mode();
}
