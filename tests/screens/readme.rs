//! resolverd must accept the configurations in the README and in resolverd(7) unchanged.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use config::Config;

fn between<'a>(text: &'a str, begin: &str, end: &str) -> Vec<&'a str> {
    text.split(begin).skip(1).map(|block| block.split(end).next().unwrap()).collect()
}

#[test]
fn readme_and_manual_configurations_are_valid() {
    let read = |file: &str| {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
        std::fs::read_to_string(path).unwrap()
    };
    let (readme, manual) = (read("README.md"), read("conf/man/resolverd.7"));
    // Hyphens and backslashes are escaped in roff.
    let manual = manual.replace("\\-", "-").replace("\\e", "\\");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("resolverd.toml");
    // One of the configurations has the path of a key file for the fleet.
    let key = folder.path().join("fleet.key");
    std::fs::write(&key, "x".repeat(64)).unwrap();
    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o640)).unwrap();
    let blocks = [between(&readme, "```toml\n", "```"), between(&manual, ".EX\n", ".EE")].concat();
    assert!(blocks.len() >= 3, "{} configurations", blocks.len());
    for block in blocks {
        std::fs::write(&file, block).unwrap();
        if let Err(errors) = Config::load(Some(&file)) {
            panic!("{errors}\n{block}");
        }
    }
}
