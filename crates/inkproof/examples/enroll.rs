//! Are these images fit to be the references of a writer?
//!
//! Each has to show a whole signature, be a signing of its own, and agree with the others.
//! `cargo run --example enroll -p inkproof -- REFERENCE...`; without arguments it takes the bundled signatures, and a
//! forgery among them.

use inkproof::Verifier;
use inkproof::enrolment::Candidate;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut paths: Vec<String> = std::env::args().skip(1).collect();
    if paths.is_empty() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/signatures");
        paths = (1..=4).map(|number| format!("{folder}/001/001_0{number}.png")).collect();
        paths.push(format!("{folder}/002/002_01.png"));
    }
    let verifier = Verifier::bundled();
    let signatures = paths.iter().map(|path| verifier.embed_file(path)).collect::<Result<Vec<_>, _>>()?;
    let candidates: Vec<Candidate<'_>> =
        paths.iter().zip(&signatures).map(|(path, signature)| Candidate::new(path, signature)).collect();
    let report = verifier.check_references(&[], &candidates)?;
    for objection in &report.objections {
        println!("{objection}");
    }
    println!("{}", report.advice());
    Ok(())
}
