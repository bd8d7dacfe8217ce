//! Files of sections and `key=value` lines, as systemd and NetworkManager have them.

/// The values of a key in a section, in their order.
pub(super) fn values<'a>(
    text: &'a str,
    section: &'a str,
    key: &'a str,
) -> impl Iterator<Item = &'a str> + use<'a> {
    let mut within = false;
    text.lines().map(str::trim).filter_map(move |line| {
        if let Some(title) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            within = title == section;
            return None;
        }
        let (name, value) = line.split_once('=')?;
        (within && !line.starts_with(['#', ';']) && name.trim() == key).then(|| value.trim())
    })
}

#[cfg(test)]
mod tests {
    use super::values;

    #[test]
    fn a_key_counts_in_its_section_alone() {
        let text = "DNS=0\n[Resolve]\n#DNS=1\nDNS = 2\nLLMNR=no\nDNS=\n[Other]\nDNS=3\n";
        assert_eq!(values(text, "Resolve", "DNS").collect::<Vec<_>>(), ["2", ""]);
    }
}
