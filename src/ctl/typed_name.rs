//! Names and record types on the command line. A name may begin with a hyphen, as an option does: each name that a screen shows is taken as it is.

use crate::wire::presentation::{harmless, read_typed_name};

/// The question of `resolverctl query` and `resolverctl trace`.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct TypedQuestion {
    /// Name, or an address for its PTR record.
    #[arg(allow_hyphen_values = true, value_parser = typed_name)]
    pub(super) name: String,
    /// Record type. Default: A; PTR for an address.
    #[arg(value_name = "TYPE", allow_hyphen_values = true, value_parser = typed_kind)]
    pub(super) kind: Option<String>,
}

/// A name as it is typed. Names on screens end with a dot. A word with a hyphen at its begin and without a dot is a mistyped option.
///
/// # Errors
/// It is a mistyped option.
pub(super) fn typed_name(text: &str) -> Result<String, String> {
    if text.len() > 1 && text.starts_with('-') && !text.contains('.') {
        return Err("there is no such option; a name that begins with a hyphen needs a dot in it".to_owned());
    }
    Ok(text.to_owned())
}

/// The line about a name that was typed in another script than it has in the DNS; none if it was not.
pub(super) fn ascii_form(typed: &str) -> Option<String> {
    let name = read_typed_name(typed).filter(|_| !typed.is_ascii())?;
    Some(format!("{} is the ASCII form of {}\n", name.to_ascii(), harmless(typed)))
}

/// A record type as it is typed. No type begins with a hyphen: such a word is a mistyped option.
///
/// # Errors
/// It is a mistyped option.
pub(super) fn typed_kind(text: &str) -> Result<String, String> {
    if text.starts_with('-') {
        return Err("there is no such option, and no such record type".to_owned());
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_with_a_hyphen_is_a_name_if_it_has_a_dot() {
        for name in ["-x.example.", "--all.example", "-all.", "example", "192.0.2.1", "-", ""] {
            assert_eq!(typed_name(name), Ok(name.to_owned()));
        }
        for option in ["--al", "-x"] {
            assert!(typed_name(option).is_err(), "{option}");
        }
    }

    #[test]
    fn the_ascii_form_is_told_of_names_in_other_scripts_only() {
        let told = "xn--mller-kva.com is the ASCII form of m\u{fc}ller.com\n";
        assert_eq!(ascii_form("m\u{fc}ller.com").as_deref(), Some(told));
        assert_eq!(ascii_form("xn--mller-kva.com"), None);
        assert_eq!(ascii_form("192.0.2.1"), None);
    }
}
