//! Writers are enrolled once, verified by their id, found among others, and erased.

use std::fs;
use std::path::PathBuf;

use serde_json::Value;

use super::program::{Desk, Done, example_files};

/// A desk whose store is one of its own.
pub struct Office {
    pub desk: Desk,
}

impl Office {
    pub fn new() -> Self {
        Self { desk: Desk::new() }
    }

    pub fn run(&self, line: &str) -> Done {
        Done::new(self.desk.command(line).env("INKPROOF_STORE", self.store()).output().unwrap())
    }

    pub fn keys(&self) -> inkproof_store::KeySource {
        inkproof_store::KeySource::File(self.desk.key_file())
    }

    pub fn store(&self) -> PathBuf {
        self.desk.path("store.db")
    }

    /// Enrols bundled signatures of a writer, from the first on.
    pub fn enroll(&self, writer: &str, of: &str, count: usize) -> Done {
        self.run(&format!("enroll {writer} {}", files(of, 0..count)))
    }
}

/// Some bundled signatures of a writer, as words of a command.
pub fn files(of: &str, which: std::ops::Range<usize>) -> String {
    let words: Vec<String> = example_files(of)[which].iter().map(|path| path.display().to_string()).collect();
    words.join(" ")
}

#[test]
fn a_writer_is_enrolled_and_verified_by_id() {
    let office = Office::new();
    let done = office.enroll("customer-1", "005", 3).succeeds();
    assert!(done.out.starts_with("Enrolled 3 references of 'customer-1', who has 3 now."), "{}", done.out);
    assert!(done.out.contains("agree with each other"), "{}", done.out);
    let questioned = files("005", 5..6);
    let references: String = files("005", 0..3).split(' ').map(|path| format!("--reference {path} ")).collect();
    let by_files = office.run(&format!("verify {references} {questioned} --json"));
    let by_id = office.run(&format!("verify --writer customer-1 {questioned} --json"));
    assert_eq!(by_id.code, by_files.code);
    let (found, expected) = (by_id.json(), by_files.json());
    for key in ["decision", "score", "log10_lr", "support", "bound", "threshold", "model", "questioned"] {
        assert_eq!(found[key], expected[key], "{key}");
    }
    assert_eq!(found["references"][2]["reference"], 3);
    assert_eq!(found["references"][2]["score"], expected["references"][2]["score"]);
    assert_eq!((&found["writer"], &found["age"]["old"]), (&"customer-1".into(), &false.into()));
    assert_eq!(found["audit"], 2, "the enrolment is the first entry");
    let text = office.run(&format!("verify --writer customer-1 {questioned} --explain why.png"));
    assert!(text.out.contains("the 3 references of 'customer-1'"), "{}", text.out);
    assert!(text.out.contains("Recorded as 3."), "{}", text.out);
    assert!(office.desk.path("why.png").exists());
    let forgery = files("005_forg", 0..1);
    let wrong = office.run(&format!("verify --writer customer-1 {forgery} --threshold 99"));
    assert_eq!(wrong.code, 1);
    office.run(&format!("verify --writer nobody {questioned}")).fails_with(&["no writer 'nobody'", "writers list"]);
    office.run(&format!("verify --writer ../x {questioned}")).is_no_usage();
}

#[test]
fn without_a_store_there_is_nobody() {
    let office = Office::new();
    let questioned = files("005", 0..1);
    office.run(&format!("verify --writer a {questioned}")).fails_with(&["store.db", "there is no store", "enroll"]);
    office.run("writers list").fails_with(&["there is no store"]);
    assert_eq!(office.desk.everything(), Vec::<String>::new(), "looking makes nothing");
    let elsewhere = Desk::new();
    let mut command = elsewhere.command(&format!("enroll a {questioned}"));
    let home = elsewhere.path("home");
    Done::new(command.env_remove("INKPROOF_STORE").env("XDG_DATA_HOME", &home).output().unwrap()).succeeds();
    assert!(home.join("inkproof/store.db").exists(), "the user's data folder is the default");
}

#[test]
fn references_that_do_not_fit_are_refused_and_none_is_kept() {
    let office = Office::new();
    let (first, own) = (files("002", 0..1), files("002", 0..3));
    office.run(&format!("enroll a {own} {first}")).fails_with(&["nothing was enrolled", "is the same image as"]);
    let other = files("003", 0..1);
    office
        .run(&format!("enroll a {own} {other}"))
        .fails_with(&["003_01.png does not agree with the other references", "somebody else"]);
    let blank = office.desk.path("specks.png");
    image::GrayImage::from_fn(200, 100, |x, y| image::Luma([if x / 4 == 20 && y / 4 == 10 { 0 } else { 255 }]))
        .save(&blank)
        .unwrap();
    office.run(&format!("enroll a {own} specks.png")).fails_with(&["specks.png is unfit", "hardly any ink"]);
    let scan = image::open(&example_files("002")[0]).unwrap().to_luma8();
    let (width, height) = (scan.width() * 8 / 10, scan.height() * 8 / 10);
    let smaller = image::imageops::resize(&scan, width, height, image::imageops::FilterType::Triangle);
    smaller.save(office.desk.path("scanned-again.png")).unwrap();
    let again = ["scanned-again.png is the same signing as", "002_01.png"];
    office.run(&format!("enroll a {own} scanned-again.png")).fails_with(&again);
    assert!(!office.run("writers list").out.contains('a'), "nobody was enrolled");
    let anyway = office.run(&format!("enroll a {own} {other} --anyway --json")).succeeds().json();
    assert_eq!((anyway["total"].as_u64(), anyway["objections"].as_array().unwrap().len()), (Some(4), 1));
    office.run(&format!("enroll a {first}")).fails_with(&["is the same image as reference 1"]);
}

#[test]
fn a_set_is_said_to_be_small_loose_or_old() {
    let office = Office::new();
    let done = office.enroll("a", "004", 1).succeeds();
    assert!(done.out.contains("One reference says nothing of how much the writer varies. 2 more"), "{}", done.out);
    let later = office.run(&format!("enroll a {} --json", files("004", 1..3))).succeeds().json();
    assert_eq!((later["total"].as_u64(), later["wanted"].as_u64()), (Some(3), Some(0)));
    office.run(&format!("enroll b {} --written 2015-03-31", files("006", 0..3))).succeeds();
    let old = office.run(&format!("verify --writer b {}", files("006", 4..5)));
    assert!(old.out.contains("years old: ask the writer for fresh ones"), "{}", old.out);
    let shown = office.run("writers show b").succeeds();
    assert!(shown.out.contains("years old"), "{}", shown.out);
    let list = office.run("writers list --json").succeeds().json();
    let ages: Vec<&Value> = list["writers"].as_array().unwrap().iter().map(|writer| &writer["age"]["old"]).collect();
    assert_eq!(ages, [&Value::from(false), &Value::from(true)]);
    office.run(&format!("enroll b {}", files("006", 3..4))).succeeds();
    let fresh = office.run(&format!("verify --writer b {} --json", files("006", 4..5))).json();
    assert_eq!(fresh["age"]["old"], false, "the newest counts");
}

#[test]
fn the_writer_is_found_among_others() {
    let office = Office::new();
    for writer in ["001", "002", "003", "004", "006", "005"] {
        office.run(&format!("enroll w{writer} {} --anyway", files(writer, 0..3))).succeeds();
    }
    for writer in ["001", "004", "005"] {
        let found = office.run(&format!("identify {} --top 3 --json", files(writer, 6..7))).succeeds().json();
        let suspects = found["writers"].as_array().unwrap();
        assert_eq!((suspects.len(), found["compared"].as_u64()), (3, Some(18)));
        assert_eq!(suspects[0]["writer"], format!("w{writer}"));
        let scores: Vec<f64> = suspects.iter().map(|suspect| suspect["score"].as_f64().unwrap()).collect();
        assert!(scores.is_sorted_by(|a, b| a >= b), "{scores:?}");
        let verified = office.run(&format!("verify --writer w{writer} {} --json", files(writer, 6..7))).json();
        assert_eq!(suspects[0]["score"], verified["score"]);
    }
    let text = office.run(&format!("identify {}", files("002", 7..8))).succeeds();
    assert!(text.out.lines().nth(1).unwrap().starts_with("w002 "), "{}", text.out);
}

/// Another user of the system by number; only root can be so.
#[cfg(unix)]
const OTHER: u32 = 65534;

#[cfg(unix)]
#[test]
fn four_eyes_export_and_removal() {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    let office = Office::new();
    if fs::metadata(office.desk.path("")).unwrap().uid() != 0 {
        eprintln!("skipped: only root can be two persons");
        return;
    }
    let allow = |path: PathBuf, mode: u32| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    // Whoever says to be another by a variable is who the system says all the same.
    let as_user = |user: &str, line: &str| {
        let mut command = if user == "anna" { office.desk.command(line) } else { office.desk.command_as(OTHER, line) };
        if let Ok(key) = fs::read_to_string(office.desk.key_file()) {
            // The file is root's alone.
            command.env("INKPROOF_KEY", key);
        }
        command.env("INKPROOF_STORE", office.store()).env("USER", "somebody");
        let done = Done::new(command.output().unwrap());
        allow(office.desk.path(""), 0o777);
        allow(office.store(), 0o666);
        done
    };
    as_user("anna", &format!("enroll a {} --four-eyes --keep-images", files("005", 0..2))).succeeds();
    office.run(&format!("verify --writer a {}", files("005", 4..5))).fails_with(&["no reference that counts"]);
    as_user("anna", "writers approve a 1").fails_with(&["enrolled by local:root, who cannot approve it too"]);
    as_user("otto", "writers approve a 1").succeeds();
    let one = office.run(&format!("verify --writer a {} --json", files("005", 4..5))).json();
    assert_eq!(one["references"].as_array().unwrap().len(), 1);
    as_user("otto", "writers remove a 2").succeeds();
    let shown = office.run("writers show a").succeeds();
    assert!(shown.out.contains("enrolled by local:root, approved by local:nobody, image kept"), "{}", shown.out);
    office.run("writers export a --out all").succeeds();
    let document: Value = serde_json::from_slice(&fs::read(office.desk.path("all/writer.json")).unwrap()).unwrap();
    let events: Vec<_> = document["audit"].as_array().unwrap().iter().map(|entry| entry["event"].clone()).collect();
    assert_eq!(events, ["enrolled", "approved", "decided", "removed", "exported"]);
    assert_eq!(fs::read(office.desk.path("all/1-original")).unwrap(), fs::read(&example_files("005")[0]).unwrap());
    assert!(image::open(office.desk.path("all/1-ink.png")).is_ok());
    office.run("writers export a --out all").fails_with(&["all", "give a new folder"]);
}

#[test]
fn of_an_erased_writer_nothing_is_left_in_any_file() {
    let office = Office::new();
    office.run(&format!("enroll erased-customer {} --keep-images", files("005", 0..3))).succeeds();
    office.run(&format!("enroll kept-customer {} --keep-images", files("002", 0..3))).succeeds();
    office.run(&format!("verify --writer erased-customer {}", files("005", 4..5)));
    office.run("store backup before.db").succeeds();
    let image = fs::read(&example_files("005")[1]).unwrap();
    let holds = |file: &str, what: &[u8]| {
        let bytes = fs::read(office.desk.path(file)).unwrap();
        bytes.windows(what.len()).any(|window| window == what)
    };
    let part = &image[image.len() / 2..][..64];
    assert!(
        holds("before.db", b"erased-customer") && !holds("before.db", part),
        "the id can be found, images are sealed"
    );
    office.run("writers erase erased-customer").succeeds();
    office.run("store backup after.db").succeeds();
    for file in office.desk.everything().iter().filter(|file| *file != "before.db") {
        assert!(!holds(file, b"erased-customer"), "{file}");
    }
    assert!(holds("after.db", b"kept-customer"));
    office.run("writers show erased-customer").fails_with(&["no writer"]);
    office.run("store check").succeeds();
}

#[test]
fn a_person_settles_what_is_undecided() {
    let office = Office::new();
    office.enroll("a", "005", 3).succeeds();
    let tiny = office.desk.path("tiny.png");
    let scan = image::open(&example_files("005")[4]).unwrap().to_luma8();
    image::imageops::resize(&scan, 60, 30, image::imageops::FilterType::Triangle).save(tiny).unwrap();
    let left = office.run("verify --writer a tiny.png --json");
    assert_eq!((left.code, &left.json()["decision"]), (3, &"undecided".into()));
    let list = office.run("reviews list --json").succeeds().json();
    assert_eq!((&list["reviews"][0]["writer"], &list["reviews"][0]["decision"]), (&"a".into(), &2.into()));
    office.run("reviews show 2 --picture seen.png").succeeds();
    assert!(image::open(office.desk.path("seen.png")).is_ok());
    office.run("reviews settle 2 --note asked").succeeds();
    let settled = office.run("reviews settle 2 --reject").succeeds();
    assert!(settled.out.contains("rejected by local:") && settled.out.ends_with(": asked\n"), "{}", settled.out);
    office.run("reviews settle 2 --accept").fails_with(&["review 2 was settled on"]);
    office.run("reviews settle 7 --accept").fails_with(&["no review 7"]);
    office.run("reviews show 2 --picture seen.png").fails_with(&["not kept any more"]);
    assert!(office.run("reviews list").out.contains("Nothing waits"));
    let log = office.run("store log --last 3").succeeds();
    let events: Vec<_> = log.out.lines().map(|line| line.split_whitespace().nth(2).unwrap().to_owned()).collect();
    assert_eq!(events, ["settled", "settled", "viewed"], "the newest first");
    office.run("writers erase a").succeeds();
    assert!(office.run("store log").out.contains("(erased)"));
    office.run("store check").succeeds();
}

#[test]
fn many_writers_are_enrolled_each_whole_or_not_at_all() {
    let office = Office::new();
    for (writer, of) in [("anna", "005"), ("bert", "002"), ("carl", "003")] {
        for (number, file) in example_files(of)[..3].iter().enumerate() {
            office.desk.write(&format!("people/{writer}/{number}.png"), &fs::read(file).unwrap());
        }
    }
    office.desk.write("people/carl/9.png", b"no image");
    office.desk.write("people/anna_forg/f.png", &fs::read(&example_files("005_forg")[0]).unwrap());
    fs::create_dir_all(office.desk.path("people/__MACOSX/anna")).unwrap();
    let done = office.run("enroll --from people");
    assert_eq!(done.code, 3, "{}{}", done.out, done.err);
    for words in ["Enrolled 3 references of 'anna'", "Refused 'carl', of whom nothing is kept", "2 writer(s) enrolled"]
    {
        assert!(done.out.contains(words), "{words}: {}", done.out);
    }
    for words in ["anna_forg: its name says forged", "__MACOSX: no signatures"] {
        assert!(done.err.contains(words), "{words}: {}", done.err);
    }
    office.run(&format!("verify --writer carl {}", files("003", 4..5))).fails_with(&["no writer 'carl'"]);
    fs::remove_file(office.desk.path("people/carl/9.png")).unwrap();
    let again = office.run("enroll --from people --json").succeeds().json();
    let counts = ["enrolled", "known", "refused"].map(|key| again[key].as_u64());
    assert_eq!(counts, [Some(1), Some(2), Some(0)], "it can be run again: {again}");
    assert_eq!(office.run("store check --json").succeeds().json()["entries"], 3);

    let row = |path: &PathBuf, writer: &str| format!("{writer};{}\r\n", path.display());
    let rows: String = example_files("001")[..2].iter().map(|path| row(path, "dora")).collect();
    office.desk.write("people.csv", format!("Customer;File\r\n{rows}").as_bytes());
    let done = office.run("enroll --from people.csv").succeeds();
    assert!(done.out.contains("Enrolled 2 references of 'dora'"), "{}", done.out);
    office.desk.write("people.csv", format!("writer;path\n{}", row(&example_files("001")[4], "no id")).as_bytes());
    office.run("enroll --from people.csv").fails_with(&["people.csv", "writer 'no id'"]);
    office.desk.write("mixed/emil/g1.png", b"");
    office.desk.write("mixed/emil/f1.png", b"");
    office.run("enroll --from mixed").fails_with(&["emil", "seem to lie in it together"]);
    office.run("enroll --from people anna").is_no_usage();
    office.run("enroll anna").is_no_usage();
}
