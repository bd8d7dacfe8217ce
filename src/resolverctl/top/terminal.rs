//! Switches the terminal to raw mode and to its alternate screen for `resolverctl top`, and always restores it.

use std::io::{self, Stdout, stdout};
use std::mem::ManuallyDrop;
use std::panic;
use std::sync::Once;

use ratatui_core::terminal::Terminal;
use ratatui_crossterm::CrosstermBackend;
use ratatui_crossterm::crossterm::cursor::{Hide, Show};
use ratatui_crossterm::crossterm::execute;
use ratatui_crossterm::crossterm::terminal::{
    EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode,
};

/// Installs the panic hook only once. The hook restores the terminal first, because the panic message would be lost with the
/// alternate screen.
static AT_PANIC: Once = Once::new();

/// The terminal in raw mode. Drop restores the terminal.
pub(super) struct TopTerminal {
    /// `ManuallyDrop`, because the drop of this field would show the cursor again, and would panic if neither the terminal nor
    /// standard error exists any more.
    pub(super) terminal: ManuallyDrop<Terminal<CrosstermBackend<Stdout>>>,
}

impl TopTerminal {
    /// Prepares the terminal for the screen of `resolverctl top`. If this fails, the terminal is in its former state.
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

/// Restores the terminal. Errors are ignored, because the terminal may no longer exist.
pub(super) fn give_back() {
    let _gone = execute!(stdout(), LeaveAlternateScreen, Show);
    let _gone = disable_raw_mode();
}
