//! Story: how fast is this machine, and what do other runtimes get?

use crate::program::Desk;

#[test]
fn a_developer_measures_the_machine() {
    let speed = Desk::new().run("bench --quick --json").json();
    for rate in ["decode", "ink", "embed", "verify", "verdict", "cold_verify_milliseconds", "peak_gflops"] {
        assert!(speed[rate].as_f64().unwrap() > 0.0, "{rate}: {speed}");
    }
    assert!(speed["embed_share_of_peak"].is_null(), "nobody has counted what inknet does");
    assert_eq!(speed["model"], "bundled");
}

/// With a network of the notebook's that has just begun to learn.
fn siamese() -> Desk {
    let desk = Desk::new();
    desk.synth("few", 4, 2, 1, 3);
    desk.run("train few --out siamese.safetensors --epochs 1 --batch-size 4").succeeds();
    desk
}

#[test]
fn a_developer_exports_both_halves_of_a_model() {
    let desk = siamese();
    for part in ["embedding", "score"] {
        let done = desk.run(&format!("export --model siamese.safetensors --onnx {part}.onnx --part {part}"));
        assert_eq!(done.code, 0, "{}", done.err);
        let bytes = std::fs::read(desk.path(&format!("{part}.onnx"))).unwrap();
        let has = |word: &str| bytes.windows(word.len()).any(|window| window == word.as_bytes());
        assert!(has("inkproof") && has(part), "{part}");
    }
}

#[test]
fn what_cannot_be_exported_is_refused() {
    let desk = siamese();
    desk.run("export --onnx model.onnx").fails_with(&["bundled", "no ONNX"]);
    let done = desk.run("export --model siamese.safetensors --onnx no-such-folder/model.onnx");
    assert_eq!(done.code, 2);
    assert!(done.err.contains("no-such-folder"), "{}", done.err);
    let done = desk.run("export --onnx model.onnx --part both");
    assert_eq!(done.code, 2);
    assert!(done.err.contains("embedding or score"), "{}", done.err);
}

#[test]
fn a_gpu_that_is_not_there_is_said_so() {
    let desk = Desk::new();
    let done = desk.run("train nothing --out model.safetensors --device gpu");
    assert_eq!(done.code, 2);
    assert!(done.err.contains("GPU"), "{}", done.err);
}

/// Steps of a training that is warm reuse the memory of the steps before.
#[cfg(target_os = "linux")]
#[test]
fn a_training_step_takes_no_new_memory() {
    use std::io::{BufRead, BufReader, Write};
    use std::process::Stdio;

    const PAIRS: usize = 4;
    const SIDE: usize = 224;
    const PAGE: usize = 4096;
    let desk = siamese();
    let pictures = (0..2 * PAIRS * SIDE * SIDE).map(|i| if i % 7 == 0 { 0.25 } else { 1.0 });
    let labels = (0..PAIRS).map(|pair| (pair % 2) as f32);
    let bytes: Vec<u8> = pictures.chain(labels).flat_map(f32::to_le_bytes).collect();
    desk.write("batch.f32", &bytes);
    let model = "siamese.safetensors";

    let mut command = desk.command("bench --worker");
    // Pages of one size, so that they can be counted.
    let command = command.env("MIMALLOC_ALLOW_THP", "0").stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut worker = command.spawn().unwrap();
    let mut lines = BufReader::new(worker.stdout.take().unwrap()).lines();
    let mut input = worker.stdin.take().unwrap();
    let mut ask = |line: &str| {
        writeln!(input, "{line}").unwrap();
        assert!(lines.next().unwrap().unwrap().starts_with('{'));
    };
    let faults = || -> usize {
        let status = std::fs::read_to_string(format!("/proc/{}/stat", worker.id())).unwrap();
        let (_, fields) = status.rsplit_once(')').unwrap();
        fields.split_whitespace().nth(7).unwrap().parse().unwrap()
    };
    ask(&format!("model {model}"));
    ask("batch batch.f32");
    let cold = faults();
    ask("step");
    let first = faults() - cold;
    (0..5).for_each(|_| ask("step"));
    let warm = faults();
    (0..4).for_each(|_| ask("step"));
    let each = (faults() - warm) / 4;
    drop(input);
    worker.wait().unwrap();
    assert!(first * PAGE > 50_000_000, "a step needs memory: {first} pages");
    assert!(each * 50 < first, "{each} new pages a step, {first} in the first one");
}
