//! Names and record types on the command line. A name may begin with a hyphen, as an option does: each name that a screen shows is taken as it is.

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

/// A domain as it is typed. A mail address stands for its domain, because it is what a bounce and a complaint have.
///
/// # Errors
/// It is a mistyped option.
pub(super) fn typed_domain(text: &str) -> Result<String, String> {
    typed_name(domain_of_mail(text).unwrap_or(text))
}

/// The domain of a mail address, or its address in brackets (RFC 5321 section 4.1.3); none if the text is no mail address. A name on a screen
/// has a backslash before its `@`.
fn domain_of_mail(text: &str) -> Option<&str> {
    let (_, domain) = text.rsplit_once('@').filter(|_| !text.contains('\\'))?;
    let domain = domain.trim_end_matches('>');
    let literal = domain.strip_prefix('[').and_then(|literal| literal.strip_suffix(']'));
    let domain = literal.map_or(domain, |literal| literal.strip_prefix("IPv6:").unwrap_or(literal));
    (!domain.is_empty()).then_some(domain)
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
    fn a_mail_address_stands_for_its_domain() {
        for (typed, domain) in [
            ("user@good.example", "good.example"),
            ("<user@good.example.>", "good.example."),
            ("\"a@b\"@good.example", "good.example"),
            ("user@[192.0.2.1]", "192.0.2.1"),
            ("<user@[IPv6:2001:db8::1]>", "2001:db8::1"),
            ("a\\@b.example", "a\\@b.example"),
            ("good.example", "good.example"),
            ("user@", "user@"),
            ("-", "-"),
        ] {
            assert_eq!(typed_domain(typed).as_deref(), Ok(domain), "{typed}");
        }
        assert!(typed_domain("--al").is_err());
    }
}
