//! The crates' floors, as ARCHITECTURE.md has them: a crate reaches only downward, and its manifest says what it is for.

use std::path::PathBuf;

use toml::Table;

/// Crates of one floor do not reach each other either.
const FLOORS: [&[&str]; 6] = [
    &["inkproof-nn", "inkproof-table"],
    &["inkproof"],
    &["inkproof-lab", "inkproof-store"],
    &["inkproof-service"],
    &["inkproof-server"],
    &["inkproof-cli"],
];

fn floor(name: &str) -> Option<usize> {
    FLOORS.iter().position(|crates| crates.contains(&name))
}

fn crates() -> Vec<(String, Table)> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..");
    let manifest = |entry: std::io::Result<std::fs::DirEntry>| {
        let entry = entry.unwrap();
        let text = std::fs::read_to_string(entry.path().join("Cargo.toml")).unwrap();
        (entry.file_name().into_string().unwrap(), text.parse().unwrap())
    };
    std::fs::read_dir(folder).unwrap().map(manifest).collect()
}

#[test]
fn no_crate_reaches_upward() {
    let crates = crates();
    assert_eq!(crates.len(), FLOORS.concat().len(), "every crate has a floor");
    for (name, manifest) in &crates {
        let own = floor(name).unwrap_or_else(|| panic!("{name} has no floor"));
        let dependencies = ["dependencies", "build-dependencies", "dev-dependencies"];
        let dependencies = dependencies.into_iter().filter_map(|kind| manifest.get(kind)?.as_table());
        for dependency in dependencies.flat_map(Table::keys).filter(|dependency| dependency.starts_with("inkproof")) {
            let other = floor(dependency).unwrap_or_else(|| panic!("{dependency} has no floor"));
            assert!(other < own, "{name}, on floor {own}, reaches {dependency}, on floor {other}");
        }
    }
}

#[test]
fn every_manifest_says_what_the_crate_is_for() {
    for (name, manifest) in crates() {
        let description = manifest["package"].get("description").and_then(|text| text.as_str());
        assert!(description.is_some_and(|text| text.len() > 20), "{name}: {description:?}");
    }
}
