//! Whatever is wrong: one line that names it, exit code 2, and nothing left behind.

use std::fs;

use super::program::{Desk, example_files};

/// A gray PNG of one tone; of `rows` rows fewer pixels than its header says where that is asked.
fn png(width: u32, height: u32, pixels: usize, tone: u8) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, width, height);
    encoder.set_color(png::ColorType::Grayscale);
    let mut writer = encoder.write_header().unwrap();
    if pixels > 0 {
        writer.write_image_data(&vec![tone; pixels]).unwrap();
    }
    drop(writer);
    bytes
}

#[test]
fn what_is_wrong_is_said_once() {
    let desk = Desk::new();
    desk.write("empty.png", b"");
    let line = format!("verify --reference empty.png {}", example_files("001")[0].display());
    assert_eq!(desk.run(&line).err.matches("is empty").count(), 1);
    let done =
        desk.run(&format!("verify --reference {0} {0} --explain nowhere/o.png", example_files("001")[0].display()));
    assert!(done.err.contains("nowhere/o.png: cannot be written: "), "{}", done.err);
}

/// As `inkproof help verify | head -1` has it.
#[cfg(target_os = "linux")]
#[test]
fn a_reader_that_goes_away_ends_the_program_without_a_word() {
    use std::process::Stdio;

    let desk = Desk::new();
    let pictures: String = example_files("001").iter().map(|path| format!("--reference {} ", path.display())).collect();
    let last = example_files("001")[0].display().to_string();
    let mut command = desk.command(&format!("verify {pictures} {last} --json"));
    let mut program = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(program.stdout.take());
    let done = program.wait_with_output().unwrap();
    assert_eq!(String::from_utf8_lossy(&done.stderr), "");
}

#[test]
fn images_that_cannot_be_judged() {
    let desk = Desk::new();
    let good = example_files("001")[0].clone();
    let bytes = fs::read(&good).unwrap();
    desk.write("good.png", &bytes);
    desk.write("cut.png", &bytes[..bytes.len() / 2]);
    desk.write("empty.png", b"");
    desk.write("text.png", b"this is not a picture");
    desk.write("huge.png", &png(100_000, 100_000, 0, 0));
    desk.write("white.png", &png(300, 100, 30_000, 255));
    desk.write("folder.png/inside", b"");
    let before = desk.everything();
    for (name, words) in [
        ("cut.png", "cut off"),
        ("empty.png", "0 bytes"),
        ("text.png", "not an image"),
        ("huge.png", "100000 x 100000"),
        ("white.png", "no ink"),
        ("folder.png", "folder"),
        ("missing.png", "cannot be read"),
    ] {
        desk.run(&format!("verify --reference good.png {name}")).fails_with(&[name, words]);
        desk.run(&format!("verify --reference {name} good.png --json")).fails_with(&[name, words]);
    }
    assert_eq!(desk.everything(), before);
}

#[test]
fn standard_input_that_is_no_image() {
    let desk = Desk::new();
    desk.write("good.png", &fs::read(&example_files("001")[0]).unwrap());
    desk.run_with_input("verify --reference good.png -", b"").fails_with(&["-: is empty"]);
    desk.run_with_input("verify --reference good.png -", b"nothing").fails_with(&["not an image"]);
    desk.run("verify --reference - -").fails_with(&["one image only"]);
}

#[test]
fn models_that_cannot_judge() {
    let desk = Desk::new();
    desk.write("good.png", &fs::read(&example_files("001")[0]).unwrap());
    desk.write("other.png", &fs::read(&example_files("001")[1]).unwrap());
    let model = include_bytes!("../../../inkproof/models/bundled.safetensors");
    desk.write("model.safetensors", model);

    let mut not_a_number = model.to_vec();
    let end = not_a_number.len();
    not_a_number[end - 4..].copy_from_slice(&f32::NAN.to_le_bytes());
    desk.write("nan.safetensors", &not_a_number);

    let header = 8 + u64::from_le_bytes(*model.first_chunk().unwrap()) as usize;
    let json = std::str::from_utf8(&model[8..header]).unwrap();
    let later = json.replace(r#"{\"format\":1,"#, r#"{\"format\":7,"#);
    assert_ne!(json, later);
    desk.write("later.safetensors", &[&model[..8], later.as_bytes(), &model[header..]].concat());

    desk.write("cut.safetensors", &model[..model.len() - 100]);
    desk.write("text.safetensors", b"weights");
    for (name, words) in [
        ("nan.safetensors", "NaN"),
        ("later.safetensors", "format 7"),
        ("cut.safetensors", "not a safetensors file"),
        ("text.safetensors", "not a safetensors file"),
        ("good.png", "not a safetensors file"),
        ("missing.safetensors", "cannot be read"),
    ] {
        desk.run(&format!("verify --model {name} --reference good.png good.png")).fails_with(&[name, words]);
    }
    let whole = desk.run("verify --model model.safetensors --reference good.png other.png --threshold 0");
    assert_eq!(whole.code, 0, "{}", whole.err);
}

#[test]
fn command_lines_that_say_too_little() {
    let desk = Desk::new();
    desk.write("good.png", &fs::read(&example_files("001")[0]).unwrap());
    let no_reference = desk.run("verify good.png");
    assert_eq!(no_reference.code, 2);
    assert!(no_reference.err.contains("--reference"), "{}", no_reference.err);
    desk.run("verify --reference good.png good.png --threshold NaN").fails_with(&["threshold"]);
    let unknown = desk.run("train . --out m.safetensors --backbone resnet");
    assert_eq!(unknown.code, 2);
    assert!(unknown.err.contains("inknet, simple-cnn or efficientnet-b0"), "{}", unknown.err);
}

#[test]
fn data_sets_that_are_none() {
    let desk = Desk::new();
    desk.write("strange/a/b.png", b"");
    fs::create_dir(desk.path("empty")).unwrap();
    desk.write("half/001/1.png", b"");
    let before = desk.everything();
    for command in ["train", "evaluate"] {
        let out = if command == "train" { "--out m.safetensors" } else { "" };
        let run = |data: &str| desk.run(&format!("{command} {data} {out}"));
        run("missing").fails_with(&["missing", "not a folder"]);
        run("empty").fails_with(&["empty"]);
        run("strange").fails_with(&["strange", "notebook", "cedar", "bhsig260", "manifest"]);
        run("half").fails_with(&["001_forg", "missing", "001"]);
        run("half --layout cedar").fails_with(&["half", "cedar"]);
    }
    assert_eq!(desk.everything(), before);
}
