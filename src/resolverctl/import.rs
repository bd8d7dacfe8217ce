//! `resolverctl import`: converts the configuration of another resolver to the format of resolverd.

use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use clap::builder::PossibleValuesParser;
use serde_json::json;

use super::exit::{CommandFailure, Exit};
use super::outcome::CommandOutcome;
use super::render::Format;
use import::{FORMATS, Imported, Weight};

/// The command line of `import`.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Configuration file of the other resolver. Files that it includes are read too.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// File to write, which must not exist. Default: standard output.
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Format of the file. Default: detected.
    #[arg(long, value_name = "FORMAT", value_parser = PossibleValuesParser::new(FORMATS.map(|(name, _)| name)))]
    from: Option<String>,
}

/// Imports a configuration. The exit code is 1 if a setting with a dangerous effect was not converted, so that the operator must decide
/// about it.
pub(super) fn run(arguments: &Arguments, format: Format) -> Result<CommandOutcome, CommandFailure> {
    let from = FORMATS.iter().find(|(name, _)| Some(*name) == arguments.from.as_deref());
    let imported = import::import(&arguments.file, from.map(|(_, format)| *format))?;
    let file = imported.file(&arguments.file);
    if let Some(path) = &arguments.output {
        write(path, &file, &arguments.file).map_err(CommandFailure::Output)?;
    }
    let text = match (format, &arguments.output) {
        (Format::Json, _) => json_text(&imported, &file),
        (Format::Text(_), None) => file,
        (Format::Text(_), Some(path)) => format!("{}{}", imported.findings_text(), next(path)),
    };
    let is_dangerous = imported.findings.iter().any(|finding| finding.weight == Weight::Dangerous);
    Ok(CommandOutcome { text, exit: if is_dangerous { Exit::No } else { Exit::Yes } })
}

fn next(path: &Path) -> String {
    format!(
        "Wrote {0}, which other users cannot read. If resolverd runs as a user of its own: chgrp resolverd {0}; chmod g+r {0}\nCheck it: resolverctl config check {0}\n",
        path.display()
    )
}

/// Other users may not read the file, because it may contain the keys of DNS lists.
const MODE: u32 = 0o640;

const OWN: u32 = 0o600;

/// Writes a new file. Fails if the file exists, because it may be the operator's only copy. A user who may not read `source` may
/// not read the new file either.
fn write(path: &Path, text: &str, source: &Path) -> std::io::Result<()> {
    let mode = std::fs::metadata(source)?.permissions().mode() & MODE;
    let mut file = OpenOptions::new().write(true).create_new(true).mode(mode | OWN).open(path)?;
    file.write_all(text.as_bytes())
}

fn json_text(imported: &Imported, file: &str) -> String {
    let findings: Vec<_> = imported
        .findings
        .iter()
        .map(|finding| {
            json!({
                "file": finding.place.file.display().to_string(),
                "line": finding.place.line,
                "option": finding.option,
                "did": finding.did,
                "instead": finding.instead,
                "weight": finding.weight.word(),
            })
        })
        .collect();
    format!(
        "{}\n",
        json!({ "config": file, "findings": findings, "more": imported.more.values().sum::<usize>() })
    )
}
