//! Makes texts that come from other hosts safe for an HTML page.

use dns::wire::presentation::harmless;

/// Returns a text that is safe in elements and in quoted attributes of the page: without HTML tags, and without characters that
/// change the direction of writing.
pub(super) fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in harmless(text).chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_text_is_escaped_in_html() {
        assert_eq!(
            escaped("<a href=\"x\" on='y'>&\u{202e}\u{7}"),
            "&lt;a href=&quot;x&quot; on=&#39;y&#39;&gt;&amp;\\u{202e}\\u{7}"
        );
    }
}
