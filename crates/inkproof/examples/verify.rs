//! Is a questioned signature by the writer of some references?
//!
//! `cargo run --example verify -p inkproof -- REFERENCE... QUESTIONED`; without arguments it takes the bundled signatures.

use inkproof::Verifier;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut paths: Vec<String> = std::env::args().skip(1).collect();
    if paths.is_empty() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/signatures/001");
        paths = (1..=4).map(|number| format!("{folder}/001_0{number}.png")).collect();
    }
    let questioned = paths.pop().ok_or("give references and a questioned signature")?;
    let verifier = Verifier::bundled();
    let references = paths.iter().map(|path| verifier.embed_file(path)).collect::<Result<Vec<_>, _>>()?;
    let verdict = verifier.verify(&references, &verifier.embed_file(&questioned)?)?;
    println!("{questioned}: {} (score {:.3})", verdict.decision, verdict.score);
    println!("{}", verdict.strength());
    for flaw in &verdict.flaws {
        println!("unfit: {:?}: {}", flaw.image, flaw.flaw);
    }
    Ok(())
}
