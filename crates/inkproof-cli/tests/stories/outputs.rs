//! What commands write: never over what they read, private, and no table of somebody else's; what they read ends.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::program::{Done, example_files};
use super::writers::{Office, files};

const MODEL: &[u8] = include_bytes!("../../../inkproof/models/bundled.safetensors");

/// A desk with one of everything that commands read: an undecided question of an enrolled writer is entry 2.
fn office() -> Office {
    let office = Office::new();
    for (name, file) in ["q.png", "r.png", "s.png"].iter().zip(example_files("005")) {
        office.desk.write(name, &fs::read(file).unwrap());
    }
    office.enroll("a", "005", 3).succeeds();
    shrunk(&office, "tiny.png");
    assert_eq!(office.run("verify --writer a tiny.png").code, 3);
    office.desk.write("m.safetensors", MODEL);
    office.desk.write("siamese.keras", MODEL);
    office.desk.write("cases.csv", b"references,questioned\nr.png,q.png\n");
    office.desk.synth("data", 6, 3, 2, 1);
    office.run("calibrate data --part all --out m2.safetensors --write-numbers n.json").succeeds();
    office
}

/// A signature of too few pixels to decide on.
fn shrunk(office: &Office, name: &str) {
    let scan = image::open(&example_files("005")[4]).unwrap().to_luma8();
    let small = image::imageops::resize(&scan, 60, 30, image::imageops::FilterType::Triangle);
    small.save(office.desk.path(name)).unwrap();
}

/// Every file of the desk but those that a reader of a store changes, with what is in it.
fn contents(office: &Office) -> Vec<(String, Vec<u8>)> {
    let names = office.desk.everything().into_iter().filter(|name| !name.contains(".db-"));
    let files = names.filter(|name| office.desk.path(name).is_file());
    files.map(|name| (name.clone(), fs::read(office.desk.path(&name)).unwrap())).collect()
}

#[test]
fn no_output_is_an_input() {
    const IMAGE: &str = "data/001/001_01.png";
    let office = office();
    let cases: &[(&str, &[&str])] = &[
        (
            "verify --reference r.png q.png --model m.safetensors --explain OUT",
            &["q.png", "r.png", "m.safetensors", "store.db"],
        ),
        ("verify --writer a q.png --explain OUT", &["q.png", "store.db"]),
        ("verify --reference r.png q.png --model m.safetensors --report OUT", &["q.png", "r.png", "m.safetensors"]),
        ("verify-batch cases.csv --out OUT", &["cases.csv", "q.png", "r.png", "store.db"]),
        ("reviews show 2 --picture OUT", &["store.db"]),
        ("check q.png --model m.safetensors --explain OUT", &["q.png", "m.safetensors"]),
        ("matrix q.png r.png --model m.safetensors --csv OUT", &["q.png", "m.safetensors"]),
        ("matrix q.png r.png --model m.safetensors --out OUT", &["q.png", "m.safetensors"]),
        ("train data --init m.safetensors --backbone inknet --out OUT", &[IMAGE, "m.safetensors"]),
        ("train data --out new.safetensors --log OUT", &[IMAGE, "data/synth.json"]),
        ("calibrate data --part all --model m.safetensors --out OUT", &[IMAGE, "m.safetensors"]),
        ("calibrate data --part all --out new.safetensors --write-numbers OUT", &[IMAGE]),
        ("calibrate --numbers n.json --model m.safetensors --out OUT", &["n.json", "m.safetensors"]),
        ("evaluate data --model m.safetensors --scores OUT", &[IMAGE, "m.safetensors"]),
        ("evaluate data --model m.safetensors --report OUT", &[IMAGE, "m.safetensors"]),
        ("evaluate data --protocol notebook --model m.safetensors --report OUT", &[IMAGE, "m.safetensors"]),
        ("leakage data --model m.safetensors --report OUT", &[IMAGE, "m.safetensors"]),
        ("statistics data --report OUT", &[IMAGE, "data/synth.json"]),
        ("robustness data --conditions cut --references 2 --csv OUT", &[IMAGE]),
        (
            "robustness data --conditions cut --references 2 --model m.safetensors --scores OUT",
            &[IMAGE, "m.safetensors"],
        ),
        ("export --model m.safetensors --onnx OUT", &["m.safetensors"]),
        ("import siamese.keras --out OUT", &["siamese.keras"]),
    ];
    for (line, inputs) in cases {
        for input in *inputs {
            fs::create_dir(office.desk.path("links")).unwrap();
            symlink(office.desk.path(input), office.desk.path("links/soft.csv")).unwrap();
            fs::hard_link(office.desk.path(input), office.desk.path("links/hard.csv")).unwrap();
            symlink(office.desk.path("."), office.desk.path("links/desk")).unwrap();
            let before = contents(&office);
            for out in [*input, "links/soft.csv", "links/hard.csv", &format!("links/desk/links/../{input}")] {
                let done = office.run(&line.replace("OUT", out));
                assert!(done.err.contains("is an input"), "{line} with {out}: {}", done.err);
                assert_eq!((done.code, done.out.as_str()), (2, ""), "{line} with {out}");
                assert!(contents(&office) == before, "{line} with {out} changed something");
            }
            fs::remove_dir_all(office.desk.path("links")).unwrap();
        }
    }
    office.run("evaluate data --scores x.csv --report ./x.csv").fails_with(&["cannot take two outputs"]);
}

/// Folders, and files that have to be new.
#[test]
fn what_is_there_is_no_place_for_a_new_thing() {
    let office = office();
    fs::create_dir(office.desk.path("folder")).unwrap();
    fs::hard_link(office.desk.path("data/001/001_01.png"), office.desk.path("folder/report.html")).unwrap();
    let before = contents(&office);
    for (line, words) in [
        ("store backup q.png", "there is a file already"),
        ("store copy store.db q.png", "not a store"),
        ("writers export a --out folder", "give a new folder"),
        ("synth folder --writers 1", "folder"),
        ("synth q.png --writers 1", "q.png"),
        ("truth data --out folder", "is an input"),
    ] {
        let done = office.run(line);
        assert!(done.code == 2 && done.err.contains(words), "{line}: {}", done.err);
        assert!(contents(&office) == before, "{line} changed something");
    }
    assert!(Command::new("mkfifo").arg(office.desk.path("pipe")).status().unwrap().success());
    office.run("verify --reference r.png q.png --explain pipe").fails_with(&["pipe", "no file"]);
    assert!(!office.desk.path("pipe").is_file(), "no file took its place");
}

#[test]
fn what_is_written_is_for_its_owner_alone() {
    let office = office();
    for line in [
        "verify --reference r.png q.png --explain why.png",
        "verify --reference r.png q.png --report case.html",
        "verify-batch cases.csv --out results.csv",
        "verify-batch cases.csv --out results.jsonl",
        "reviews show 2 --picture seen.png",
        "check q.png --explain checked.png",
        "matrix q.png r.png --csv matrix.csv --out matrix.svg",
        "evaluate data --scores scores.csv --report report.html",
        "leakage data --report leakage.html",
        "statistics data --writers 4 --report statistics.html",
        "train data --backbone simple-cnn --epochs 1 --out trained.safetensors",
        "export --model trained.safetensors --onnx trained.onnx",
        "export --model trained.safetensors --keras trained.keras",
        "import trained.keras --out imported.safetensors",
        "store backup backup.db",
        "store copy backup.db copy.db",
        "writers export a --out all",
    ] {
        let done = office.run(line);
        assert!(done.code < 2, "{line}: {}", done.err);
    }
    let written = [
        "why.png",
        "results.csv",
        "results.jsonl",
        "seen.png",
        "checked.png",
        "matrix.csv",
        "matrix.svg",
        "scores.csv",
        "report.html",
        "leakage.html",
        "statistics.html",
        "trained.safetensors",
        "trained.jsonl",
        "trained.onnx",
        "trained.keras",
        "imported.safetensors",
        "m2.safetensors",
        "n.json",
        "backup.db",
        "copy.db",
        "store.db",
        "all",
        "all/writer.json",
        "all/1-ink.png",
        "all/review-2-ink.png",
    ];
    for name in written {
        let mode = fs::metadata(office.desk.path(name)).unwrap_or_else(|error| panic!("{name}: {error}")).permissions();
        assert_eq!(mode.mode() & 0o077, 0, "{name}");
    }
}

/// Runs a command that must not wait for anybody.
fn soon(office: &Office, line: &str) -> Done {
    let mut command = office.desk.command(line);
    command.env("INKPROOF_STORE", office.store()).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let (mut child, begun) = (command.spawn().unwrap(), Instant::now());
    while child.try_wait().unwrap().is_none() {
        if begun.elapsed() > Duration::from_secs(60) {
            child.kill().unwrap();
            panic!("{line} waits");
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    Done::new(child.wait_with_output().unwrap())
}

#[test]
fn a_pipe_or_a_device_holds_nothing_up() {
    let office = office();
    let pipe = office.desk.path("pipe.png");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let table = "references,questioned\nr.png,pipe.png\npipe.png,q.png\nr.png,/dev/zero\nr.png,-\nr.png,q.png\n";
    office.desk.write("pipes.csv", table.as_bytes());
    soon(&office, "verify-batch pipes.csv --out results.jsonl").succeeds();
    let results = fs::read_to_string(office.desk.path("results.jsonl")).unwrap();
    let lines: Vec<&str> = results.lines().collect();
    assert!(lines[..3].iter().all(|line| line.contains("is not a file but a pipe or a device")), "{results}");
    assert!(lines[3].contains("cannot be read") && lines[4].contains("\"score\":"), "{results}");
    fs::rename(&pipe, office.desk.path("data/001/001_09.png")).unwrap();
    let refused = soon(&office, "evaluate data");
    assert!(refused.code == 2 && refused.err.contains("001_09.png: is not a file but a pipe"), "{}", refused.err);
    assert!(soon(&office, "evaluate data --skip-bad").succeeds().err.contains("001_09.png"));
}

/// As a shell has it: `verify --reference r.png <(scan)`.
#[test]
fn one_signature_may_come_from_a_pipe() {
    let office = office();
    let script = "exec \"$0\" verify --reference r.png <(cat q.png) --json";
    let program = env!("CARGO_BIN_EXE_inkproof");
    let Ok(output) = Command::new("bash").args(["-c", script, program]).current_dir(office.desk.path(".")).output()
    else {
        eprintln!("skipped: there is no bash");
        return;
    };
    let (piped, file) = (Done::new(output).json(), office.run("verify --reference r.png q.png --json").json());
    assert_eq!(piped["score"], file["score"]);
}

#[test]
fn a_table_of_somebody_else_is_left_as_it_is() {
    let office = office();
    office.desk.write("cases.csv", b"references,questioned\nr.png,q.png\nr.png,s.png\n");
    office.run("verify-batch cases.csv --out ours.csv").succeeds();
    office.run("verify-batch cases.csv --out ours.jsonl").succeeds();
    let read = |name: &str| fs::read_to_string(office.desk.path(name)).unwrap();
    let (csv, json) = (read("ours.csv"), read("ours.jsonl"));
    let (header, first) = csv.split_once('\n').map(|(header, rows)| (header, rows.lines().next().unwrap())).unwrap();
    let notes = "what nobody has a copy of";
    for (name, text) in [
        ("other.csv", notes.to_owned()),
        ("other.csv", format!("{notes}\n")),
        ("other.csv", format!("name,remark\n1,{notes}\n")),
        ("other.csv", format!("{header}\n{notes}")),
        ("other.csv", format!("{header}\n{notes}\n")),
        ("other.csv", format!("{header}\n{first}\n{notes}\n1,2\n")),
        ("other.csv", format!("{header}\n{first},{notes}\n{first}\n")),
        ("other.csv", format!("{header}\n1,r.png,q.png\n{notes}\n")),
        ("other.csv", format!("{csv}{notes}")),
        ("other.jsonl", notes.to_owned()),
        ("other.jsonl", format!("{{\"{notes}\"")),
        ("other.jsonl", format!("{json}{notes}")),
        ("other.jsonl", format!("{notes}\n{json}")),
    ] {
        office.desk.write(name, text.as_bytes());
        office.run(&format!("verify-batch cases.csv --out {name}")).fails_with(&[name]);
        assert_eq!(read(name), text);
    }
}

#[test]
fn a_table_computes_nothing_in_a_spreadsheet() {
    let office = office();
    for name in ["=1+1.png", "+x.png", "-x.png", "@x.png"] {
        office.desk.write(name, &fs::read(office.desk.path("q.png")).unwrap());
    }
    let table = "references,questioned\n=1+1.png,+x.png\n-x.png,@x.png\n=1+1.png,=gone.png\n";
    office.desk.write("formulas.csv", table.as_bytes());
    for earlier in [0, 3] {
        let told = office.run("verify-batch formulas.csv --out results.csv --json").succeeds().json();
        assert_eq!(told["earlier"], earlier, "what is quoted is known again");
    }
    let results = fs::read_to_string(office.desk.path("results.csv")).unwrap();
    let rows: Vec<Vec<&str>> = results.lines().skip(1).map(|line| line.split(',').collect()).collect();
    assert_eq!((rows[0][1], rows[0][2]), ("'=1+1.png", "'+x.png"));
    assert_eq!((rows[1][1], rows[1][2]), ("'-x.png", "'@x.png"));
    assert!(rows[2][8].starts_with("'=gone.png: cannot be read"), "{results}");
    let signed = |writer: &str, of: &str| {
        let files = (1..=3).map(|number| format!("{of}/{of}_0{number}.png,{writer},genuine\n"));
        files.collect::<String>()
    };
    let manifest = format!("path,writer,kind\n{}{}", signed("=WEBSERVICE()", "001"), signed("@b", "002"));
    office.desk.write("data/manifest.csv", manifest.as_bytes());
    office.run("evaluate data --layout manifest --model hog --scores scores.csv").succeeds();
    let scores = fs::read_to_string(office.desk.path("scores.csv")).unwrap();
    assert!(scores.lines().skip(1).all(|line| line.starts_with("'=WEBSERVICE(),") || line.starts_with("'@b,")));
}

#[test]
fn an_export_has_everything_about_a_writer() {
    let office = office();
    office.enroll("b", "002", 3).succeeds();
    office.run("reviews settle 2 --note ask-the-branch").succeeds();
    let found = office.run(&format!("identify {} --json", files("002", 6..7))).succeeds().json();
    assert_eq!(found["writers"][1]["writer"], "a", "named behind another");
    office.run("writers export a --out all").succeeds();
    let text = fs::read_to_string(office.desk.path("all/writer.json")).unwrap();
    let all: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(all["writer"]["references"].as_array().unwrap().len(), 3);
    assert_eq!((&all["reviews"][0]["decision"], &all["reviews"][0]["note"]), (&2.into(), &"ask-the-branch".into()));
    assert!(image::open(office.desk.path("all/review-2-ink.png")).is_ok(), "an open one has its signature");
    let events: Vec<_> = all["audit"].as_array().unwrap().iter().map(|entry| entry["event"].clone()).collect();
    assert_eq!(events, ["enrolled", "decided", "settled", "identified", "exported"]);
    office.run("writers export b --out others").succeeds();
    assert!(!fs::read_to_string(office.desk.path("others/writer.json")).unwrap().contains("ask-the-branch"));
}
