//! Story: how fast is this machine, and what do other runtimes get?

use crate::program::Desk;

#[test]
fn a_developer_measures_the_machine() {
    let speed = Desk::new().run("bench --quick --json").json();
    for rate in ["decode", "ink", "embed", "verify", "cold_verify_milliseconds", "peak_gflops", "embed_share_of_peak"] {
        assert!(speed[rate].as_f64().unwrap() > 0.0, "{rate}: {speed}");
    }
    assert_eq!(speed["model"], "bundled");
}

#[test]
fn a_developer_exports_both_halves_of_a_model() {
    let desk = Desk::new();
    for part in ["embedding", "score"] {
        let done = desk.run(&format!("export --onnx {part}.onnx --part {part}"));
        assert_eq!(done.code, 0, "{}", done.err);
        let bytes = std::fs::read(desk.path(&format!("{part}.onnx"))).unwrap();
        let has = |word: &str| bytes.windows(word.len()).any(|window| window == word.as_bytes());
        assert!(has("inkproof") && has(part), "{part}");
    }
}

#[test]
fn what_cannot_be_exported_is_refused() {
    let desk = Desk::new();
    let done = desk.run("export --onnx no-such-folder/model.onnx");
    assert_eq!(done.code, 2);
    assert!(done.err.contains("no-such-folder"), "{}", done.err);
    let done = desk.run("export --onnx model.onnx --part both");
    assert_eq!(done.code, 2);
    assert!(done.err.contains("embedding and score"), "{}", done.err);
}

#[test]
fn a_gpu_that_is_not_there_is_said_so() {
    let desk = Desk::new();
    let done = desk.run("train nothing --out model.safetensors --device gpu");
    assert_eq!(done.code, 2);
    assert!(done.err.contains("GPU"), "{}", done.err);
}
