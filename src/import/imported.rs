//! The result of an import: the text of the configuration file, and the list of findings.

use std::collections::BTreeMap;
use std::path::Path;

use super::finding::{ImportFinding, Weight};
use config::Config;

/// The result of an import: the configuration for resolverd, and the findings.
#[derive(Debug)]
pub struct Imported {
    /// The configuration for resolverd.
    pub config: Config,
    /// Findings about settings that were changed or left out, the dangerous ones first.
    pub findings: Vec<ImportFinding>,
    /// The number of findings of each weight that are not listed.
    pub more: BTreeMap<Weight, usize>,
}

const WEIGHTS: [Weight; 3] = [Weight::Dangerous, Weight::Different, Weight::Unneeded];

impl Imported {
    /// Returns the text of resolverd's configuration file, with the findings as comments at its top. `from` is the imported file.
    pub fn file(&self, from: &Path) -> String {
        let head = format!(
            "# Imported from {} by resolverctl import. Keys that are left out have their defaults;\n\
             # see resolverd.toml(5).\n",
            from.display()
        );
        let findings: String = self
            .findings_text()
            .lines()
            .map(|line| format!("# {line}").trim_end().to_owned() + "\n")
            .collect();
        let findings = if findings.is_empty() { findings } else { format!("#\n{findings}") };
        format!("{head}{findings}{}", config::show(&self.config, true))
    }

    /// Returns the findings as text, with a heading above the findings of each weight.
    pub fn findings_text(&self) -> String {
        let mut text = String::new();
        if !self.findings.is_empty() {
            text.push_str("Each line has the place, the setting, and its effect in the other resolver; then what resolverd does, or what to do.\n");
        }
        for weight in WEIGHTS {
            let findings: Vec<String> = self
                .findings
                .iter()
                .filter(|finding| finding.weight == weight)
                .map(|finding| format!("  {finding}\n"))
                .collect();
            if !findings.is_empty() {
                text.push_str(&format!("{}\n{}", weight.heading(), findings.concat()));
            }
            if let Some(more) = self.more.get(&weight) {
                text.push_str(&format!("  and {more} more of these\n"));
            }
        }
        text
    }
}
