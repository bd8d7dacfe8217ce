//! Colours and forms of output.

/// The format of the output of a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Text for people, with or without colours.
    Text(Style),
    /// JSON for programs: one object in each line.
    Json,
}

/// The text output has colours or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// For pipes, and for users who do not want colours.
    Plain,
    /// ANSI escape sequences.
    Colored,
}

/// The role of a text, which decides its colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Paint {
    #[default]
    Plain,
    Head,
    /// Less important than the rest.
    Faint,
    Bad,
    Good,
}

impl Style {
    /// Adds the escape sequences for the colour, except in the style `Plain`.
    pub(crate) fn paint(self, paint: Paint, text: &str) -> String {
        let code = match (self, paint) {
            (Self::Plain, _) | (_, Paint::Plain) => return text.to_owned(),
            (Self::Colored, Paint::Head) => "1",
            (Self::Colored, Paint::Faint) => "2",
            (Self::Colored, Paint::Bad) => "31",
            (Self::Colored, Paint::Good) => "32",
        };
        format!("\u{1b}[{code}m{text}\u{1b}[0m")
    }
}
