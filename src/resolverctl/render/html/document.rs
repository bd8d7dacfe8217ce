//! The frame of a page in HTML.

pub(super) fn document(title: &str, scheme: &str, style: &str, body: &str) -> String {
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\"/>\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n\
         <meta name=\"color-scheme\" content=\"{scheme}\"/>\n\
         <title>{title}</title>\n<style>{style}</style>\n</head>\n{body}</html>\n"
    )
}
