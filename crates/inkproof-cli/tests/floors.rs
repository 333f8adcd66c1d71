//! The crates' floors, as ARCHITECTURE.md has them: a crate reaches only downward, and its manifest says what it is for.

use std::path::PathBuf;

use toml::Table;

/// Crates of one floor do not reach each other either.
const FLOORS: [&[&str]; 6] = [
    &["inkproof-nn", "inkproof-table"],
    &["inkproof"],
    &["inkproof-lab", "inkproof-store", "inkproof-c", "inkproof-web"],
    &["inkproof-service"],
    &["inkproof-server"],
    &["inkproof-cli"],
];

fn floor(name: &str) -> Option<usize> {
    FLOORS.iter().position(|crates| crates.contains(&name))
}

fn crates() -> Vec<(String, Table)> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..");
    let folders = std::fs::read_dir(root.join("crates")).unwrap().map(|entry| entry.unwrap().path());
    let manifest = |folder: PathBuf| {
        let manifest: Table = std::fs::read_to_string(folder.join("Cargo.toml")).unwrap().parse().unwrap();
        (manifest["package"]["name"].as_str().unwrap().to_owned(), manifest)
    };
    folders.chain([root.join("bindings/c"), root.join("bindings/web")]).map(manifest).collect()
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
