//! Where does a questioned signature agree with a reference, and where not?
//!
//! `cargo run --example explain -p inkproof -- REFERENCE QUESTIONED OUT.png` writes a picture: blue strokes agree, orange
//! ones do not. Without arguments it compares two bundled signatures and writes `explanation.png` to the temporary folder.

use std::path::PathBuf;

use inkproof::Verifier;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/signatures/001");
    let (reference, questioned, out) = match &arguments[..] {
        [reference, questioned, out] => (reference.clone(), questioned.clone(), out.clone()),
        [] => (
            format!("{folder}/001_01.png").into(),
            format!("{folder}/001_02.png").into(),
            std::env::temp_dir().join("explanation.png"),
        ),
        _ => return Err("give REFERENCE QUESTIONED OUT.png".into()),
    };
    let verifier = Verifier::bundled();
    let (reference, questioned) = (verifier.embed_file(reference)?, verifier.embed_file(questioned)?);
    let explanation = verifier.explain(std::slice::from_ref(&reference), &questioned)?;
    let picture = explanation.picture(&[&reference.ink], &questioned.ink);
    std::fs::write(&out, picture.to_png())?;
    println!("{}", out.display());
    Ok(())
}
