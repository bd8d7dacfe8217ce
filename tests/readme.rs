//! The configurations in the README are read unchanged.

use std::path::Path;

use resolverd::config::Config;

#[test]
fn every_configuration_of_the_readme_is_fine() {
    let readme = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("resolverd.toml");
    let blocks: Vec<&str> =
        readme.split("```toml\n").skip(1).map(|block| block.split("```").next().unwrap()).collect();
    assert!(blocks.len() >= 3, "{} configurations", blocks.len());
    for block in blocks {
        std::fs::write(&file, block).unwrap();
        if let Err(errors) = Config::load(Some(&file)) {
            panic!("{errors}\n{block}");
        }
    }
}
