//! How many synthetic signatures one core makes in a second: in memory, and as files. `make bench` runs it.

use std::time::Instant;

use inkproof_lab::progress::Silent;
use inkproof_lab::synth::{SynthOptions, Writer, write};

const WRITERS: usize = 40;
const EACH: usize = 5;
const IMAGES: f64 = (2 * WRITERS * EACH) as f64;
const ROUNDS: usize = 5;

fn main() {
    let one_core = rayon::ThreadPoolBuilder::new().num_threads(1).build().expect("a pool of one thread");
    one_core.install(|| {
        println!("in memory: {:.0} images/s on one core", IMAGES / median(in_memory));
        println!("as files:  {:.0} images/s on one core", IMAGES / median(as_files));
    });
}

fn median(work: fn()) -> f64 {
    let mut seconds: Vec<f64> = (0..ROUNDS)
        .map(|_| {
            let begun = Instant::now();
            work();
            begun.elapsed().as_secs_f64()
        })
        .collect();
    seconds.sort_by(f64::total_cmp);
    seconds[ROUNDS / 2]
}

fn in_memory() {
    for index in 0..WRITERS as u64 {
        let writer = Writer::new(1, index);
        for repeat in 0..EACH as u64 {
            std::hint::black_box((writer.genuine(repeat), writer.forgery(repeat)));
        }
    }
}

fn as_files() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let options = SynthOptions { writers: WRITERS, genuine: EACH, forgeries: EACH, seed: 1, style: None };
    write(&folder.path().join("signatures"), &options, &mut Silent).expect("a folder that can be written");
}
