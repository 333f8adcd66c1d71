//! That `include/inkproof.h` declares what the library has.

use std::path::Path;

/// In the order in which a reader wants them.
const SOURCES: [&str; 5] = ["answer.rs", "verifier.rs", "signature.rs", "verdict.rs", "bytes.rs"];

fn folder() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn source(name: &str) -> String {
    std::fs::read_to_string(folder().join("src").join(name)).unwrap()
}

fn generated() -> String {
    let config = cbindgen::Config::from_file(folder().join("cbindgen.toml")).unwrap();
    let sources = SOURCES.map(|name| folder().join("src").join(name));
    let builder = sources.iter().fold(cbindgen::Builder::new().with_config(config), cbindgen::Builder::with_src);
    let mut header = Vec::new();
    builder.generate().unwrap().write(&mut header);
    String::from_utf8(header).unwrap()
}

#[test]
fn the_header_is_that_of_the_code() {
    let path = folder().join("include/inkproof.h");
    let generated = generated();
    if std::env::var_os("INKPROOF_WRITE_HEADER").is_some() {
        std::fs::write(&path, &generated).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(committed == generated, "{} is not that of bindings/c/src; `make c-header` writes it", path.display());
}

#[test]
fn the_header_has_every_function_that_is_exported() {
    let header = generated();
    let files = std::fs::read_dir(folder().join("src")).unwrap();
    let files = files.map(|file| file.unwrap().file_name().into_string().unwrap());
    let sources: String = files.filter(|name| name.ends_with(".rs")).map(|name| source(&name)).collect();
    let exported = sources.split("#[unsafe(no_mangle)]").skip(1).map(|function| {
        let (_, signature) = function.split_once("extern \"C\" fn ").unwrap();
        signature.split_once('(').unwrap().0
    });
    let exported: Vec<&str> = exported.collect();
    assert!(exported.len() > 20, "{exported:?}");
    for function in exported {
        assert!(header.contains(&format!("{function}(")), "{function} is not declared");
    }
}
