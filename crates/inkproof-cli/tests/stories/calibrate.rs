//! A model's thresholds and likelihood ratios, fixed on other writers, and what is said with them.

use std::fs;

use serde_json::Value;

use super::program::{Desk, example_files, examples};
use super::running::{FORM, Server, form};
use super::tokens::{guarded, token};
use super::writers::Office;

/// The bundled model calibrated on 12 writers, and what the program said of it.
fn calibrated(desk: &Desk, options: &str) -> Value {
    desk.synth("others", 12, 5, 6, 77);
    desk.run(&format!("calibrate others --out calibrated.safetensors --repeats 2 --json {options}")).succeeds().json()
}

#[test]
fn evidence_is_support_for_one_of_two_propositions_within_its_bound() {
    let desk = Desk::new();
    let found = calibrated(&desk, "");
    assert_eq!((found["writers"].as_u64(), found["images"].as_u64()), (Some(12), Some(12 * 11)));
    let fits = found["calibration"].as_array().unwrap();
    assert_eq!(fits.iter().map(|fit| fit["references"].as_u64().unwrap()).collect::<Vec<_>>(), [1, 2, 3]);
    assert_eq!(found["threshold"], fits[0]["threshold"]);
    assert_eq!(found["missing"], serde_json::json!([]));

    let genuine: Vec<String> = example_files("001").iter().map(|path| path.display().to_string()).collect();
    let stranger = example_files("004")[0].display().to_string();
    let mut ratios = Vec::new();
    for (questioned, count) in [(&genuine[0], 1), (&genuine[4], 2), (&stranger, 3), (&stranger, 4)] {
        let references: String = genuine[..count].iter().map(|path| format!("--reference {path} ")).collect();
        let line = format!("verify --model calibrated.safetensors {references} {questioned}");
        let done = desk.run(&format!("{line} --json"));
        let verdict = done.json();
        let fit = &fits[count.min(3) - 1];
        assert_eq!(verdict["threshold"], fit["threshold"]["value"], "{count} reference(s)");
        let (lr, bound) = (verdict["log10_lr"].as_f64().unwrap(), verdict["bound"].as_f64().unwrap());
        assert!((bound - 12f64.log10()).abs() < 1e-12 && lr.abs() <= bound, "{lr} {bound}");
        let at = |key: &str| fit[key].as_f64().unwrap();
        let line_at_score = at("slope") * verdict["score"].as_f64().unwrap() + at("intercept");
        assert!((lr - line_at_score.clamp(-bound, bound)).abs() < 1e-12);
        let support = verdict["support"].as_str().unwrap();
        let supported = if lr > 0.0 { "by the writer of the references, rather" } else { "by somebody else, rather" };
        assert!(support.contains(supported) || support.starts_with("support for neither"), "{support}");
        let printed = desk.run(&line);
        assert_eq!(printed.code, done.code);
        assert!(printed.out.contains(&format!("Evidence: {support}.")), "{}", printed.out);
        assert!(printed.out.contains("12 calibration writers support no more than 1.08"), "{}", printed.out);
        assert!(!printed.out.contains("forge"), "{}", printed.out);
        ratios.push(lr);
    }
    assert!(ratios[0] > 0.3, "a reference is like itself: {ratios:?}");
    assert!(ratios[0] > ratios[2], "{ratios:?}");
}

#[test]
fn a_calibration_that_is_none_is_refused_with_its_file() {
    let desk = Desk::new();
    calibrated(&desk, "");
    let model = fs::read(desk.path("calibrated.safetensors")).unwrap();
    let header = 8 + u64::from_le_bytes(*model.first_chunk().unwrap()) as usize;
    let json = std::str::from_utf8(&model[8..header]).unwrap();
    let broken = json.replace(r#"{\"references\":3,"#, r#"{\"references\":2,"#);
    assert_ne!(json, broken);
    desk.write("broken.safetensors", &[&model[..8], broken.as_bytes(), &model[header..]].concat());
    let image = example_files("001")[0].display().to_string();
    desk.run(&format!("verify --model broken.safetensors --reference {image} {image}")).fails_with(&[
        "broken.safetensors",
        "not a calibration of a model",
        "do not ascend by references",
    ]);
}

#[test]
fn evaluation_uses_each_threshold_and_counts_the_cost_of_the_ratios() {
    let desk = Desk::new();
    let fits = calibrated(&desk, "")["calibration"].clone();
    let line =
        format!("evaluate {} --model calibrated.safetensors --references 1,3,5 --repeats 2", examples().display());
    let found = desk.run(&format!("{line} --json")).succeeds().json();
    for (run, fit) in found["runs"].as_array().unwrap().iter().zip([&fits[0], &fits[2], &fits[2]]) {
        assert_eq!(run["threshold"], fit["threshold"]["value"]);
        for class in ["skilled", "random"] {
            let rates = &run[class];
            let number = |key: &str| rates[key].as_f64().unwrap_or_else(|| panic!("{class} {key}: {rates}"));
            assert!((number("cllr") - number("cllr_min") - number("calibration_loss")).abs() < 1e-12);
            assert!(number("calibration_loss") >= 0.0 && number("cllr_min") <= 1.0);
            for key in ["eer", "auc", "far_at_threshold", "frr_at_threshold", "cllr"] {
                let interval: Vec<f64> = serde_json::from_value(rates[format!("{key}_ci95")].clone()).unwrap();
                assert!(interval[0] <= number(key) && number(key) <= interval[1], "{class} {key}");
            }
            for at in rates["frr_at_far"].as_array().unwrap() {
                let refused = at["refused"].as_str().unwrap();
                assert!(refused.contains("rule of 3") && at.get("frr").is_none(), "{at}");
                assert!(at["forged_images"].as_u64() < at["needed"].as_u64(), "{at}");
            }
        }
    }
    let printed = desk.run(&line).succeeds();
    assert!(
        printed.out.contains("Cllr ") && printed.out.contains("no FRR at FAR 0.1 % (needs 3000"),
        "{}",
        printed.out
    );
}

#[test]
fn a_wanted_far_decides_where_the_writers_can_show_it() {
    let desk = Desk::new();
    let by_eer = calibrated(&desk, "");
    fs::remove_dir_all(desk.path("others")).unwrap();
    let by_far = calibrated(&desk, "--far 0.05");
    for (eer, far) in by_eer["calibration"].as_array().unwrap().iter().zip(by_far["calibration"].as_array().unwrap()) {
        assert_eq!((&eer["slope"], &eer["intercept"]), (&far["slope"], &far["intercept"]));
        let wanted = far["wanted_far"].as_array().unwrap();
        assert_eq!(far["threshold"]["value"], wanted[1]["threshold"], "72 forgeries can show 5 %");
        assert!(wanted[0]["refused"].as_str().unwrap().contains("needs 300"), "and not 1 %: {wanted:?}");
    }
    let refuse = |far: &str, words: &[&str]| {
        desk.run(&format!("calibrate others --out no.safetensors --repeats 1 --far {far}")).fails_with(words);
    };
    refuse("0.01", &["FAR 1 % needs 300 different questioned forgeries", "there are 72"]);
    refuse("1.5", &["between 0 and 1"]);
    assert!(!desk.path("no.safetensors").exists());
    let printed = desk.run("calibrate others --out printed.safetensors --repeats 1").succeeds();
    for words in ["12 writers", "1 reference: threshold", "3 or more references: threshold", "FAR 5.0 %: threshold"] {
        assert!(printed.out.contains(words), "`{words}` in {}", printed.out);
    }
}

#[test]
fn a_hundred_writers_fix_a_low_far_against_strangers_which_verify_tells() {
    let desk = Desk::new();
    desk.synth("many", 100, 4, 1, 79);
    let printed = desk.run("calibrate many --out c.safetensors --repeats 1").succeeds().out;
    assert!(printed.contains("FAR 0.1 % of random forgeries alone: threshold "), "{printed}");
    let genuine = example_files("002");
    let verify = |model: &str| {
        let (a, b) = (genuine[0].display(), genuine[1].display());
        desk.run(&format!("verify {model} --reference {a} {b} --json")).json()
    };
    let (found, bundled) = (verify("--model c.safetensors"), verify(""));
    let far = &found["random_far"];
    assert_eq!(far["far"], 0.001);
    assert!(far["threshold"].as_f64().unwrap().is_finite() && (0.0..1.0).contains(&far["frr"].as_f64().unwrap()));
    assert_eq!(found["wanted_far"].as_array().unwrap().len(), 2);
    assert_eq!(bundled["random_far"]["far"], 0.001, "nearly 300 writers fixed the bundled model's thresholds");
}

#[test]
fn what_a_model_was_trained_on_does_not_calibrate_it() {
    let desk = Desk::new();
    desk.synth("synthetic", 4, 3, 2, 21);
    desk.synth("real", 4, 3, 2, 22);
    fs::remove_file(desk.path("real/synth.json")).unwrap();
    for data in ["synthetic", "real"] {
        desk.run(&format!("train {data} --out {data}.safetensors --preprocess raw --epochs 1")).succeeds();
        desk.run(&format!("calibrate {data} --model {data}.safetensors --out no.safetensors"))
            .fails_with(&[data, "20 of its images were in the model's training"]);
    }
    let found = desk.run("calibrate real --model synthetic.safetensors --out c.safetensors --json").succeeds().json();
    assert_eq!(found["writers"], 4);
    assert_eq!(found["missing"][0]["references"], 3, "three genuine signatures make two references");
    let test = desk.run("evaluate real --model c.safetensors --repeats 1 --json").succeeds().json();
    assert_eq!(
        (&test["training_images_in_test"], &test["calibration_images_in_test"]),
        (&0.into(), &20.into()),
        "who calibrated a model does not test its threshold"
    );
    let printed = desk.run("evaluate real --model c.safetensors --repeats 1").succeeds();
    assert!(printed.out.contains("threshold was fixed on 20 of the 20 test images"), "{}", printed.out);
    desk.synth("one", 1, 3, 2, 23);
    desk.run("calibrate one --model synthetic.safetensors --out no.safetensors")
        .fails_with(&["one", "1 usable writer"]);
    desk.run("calibrate real --model synthetic.safetensors --out nowhere/no.safetensors").fails_with(&["nowhere"]);
    assert!(!desk.path("no.safetensors").exists());
}

/// The bundled weights with other likelihood ratios.
fn other_calibration(office: &Office) -> &'static str {
    office.run("calibrate population --part all --repeats 1 --out other.safetensors").succeeds();
    "other.safetensors"
}

/// Writers of a population with so many genuine signatures each, and the files of one.
fn population(desk: &Desk, writers: usize, genuine: usize) {
    desk.synth("population", writers, genuine, 1, 78);
    for folder in fs::read_dir(desk.path("population")).unwrap() {
        let path = folder.unwrap().path();
        if path.to_string_lossy().ends_with("_forg") {
            fs::remove_dir_all(path).unwrap();
        }
    }
}

/// Enrols the first signatures of each writer of the population, but for the last one.
fn table(desk: &Desk, writers: usize, genuine: usize) -> &'static str {
    let row =
        |writer: usize, number: usize| format!("w{writer:03},population/{writer:03}/{writer:03}_{number:02}.png\n");
    let rows = (1..=writers).flat_map(|writer| (1..genuine).map(move |number| row(writer, number)));
    desk.write("enrol.csv", ("writer,path\n".to_owned() + &rows.collect::<String>()).as_bytes());
    "enrol.csv"
}

#[test]
fn a_store_accepts_from_where_its_own_writers_show_and_it_is_undone() {
    let office = Office::new();
    population(&office.desk, 20, 5);
    let enrolled = office.run(&format!("enroll --from {} --anyway", table(&office.desk, 20, 5)));
    assert!(enrolled.code == 0, "{} {}", enrolled.out, enrolled.err);
    let questioned = "population/001/001_05.png";
    let verify = || office.run(&format!("verify --writer w001 {questioned} --json")).json();
    let before = verify();
    office.run("calibrate --store --undo").fails_with(&["no calibration to be undone"]);
    let tried = office.run("calibrate --store --frr 0.1 --dry-run --json").succeeds().json()["calibration"].clone();
    assert!(tried["audit"].is_null() && verify()["threshold"] == before["threshold"], "it was only tried: {tried}");
    let found = office.run("calibrate --store --frr 0.1 --json").succeeds().json()["calibration"].clone();
    assert_eq!((&found["frr"], &found["writers"]), (&0.1.into(), &20.into()));
    assert_eq!(found["levels"], tried["levels"]);
    let levels = found["levels"].as_array().unwrap();
    assert_eq!(levels.iter().map(|level| level["references"].as_u64().unwrap()).collect::<Vec<_>>(), [1, 2, 3]);
    for level in levels {
        assert_eq!((&level["writers"], &level["genuine"]), (&20.into(), &80.into()));
        assert_eq!(level["strangers"], 100);
    }
    // Four references are judged as three are.
    let after = verify();
    assert_eq!(after["threshold"], levels[2]["threshold"]);
    assert!(before["calibration"].is_null() && after["calibration"].is_i64(), "{after}");
    let words = office.run(&format!("verify --writer w001 {questioned}")).out;
    assert!(words.contains("The threshold is that of this store's own writers"), "{words}");
    assert_eq!((&after["score"], &after["log10_lr"]), (&before["score"], &before["log10_lr"]));
    let is_accepted = after["score"].as_f64() >= levels[2]["threshold"].as_f64();
    assert_eq!(after["decision"] == "accepted", is_accepted, "{after}");
    office.run(&format!("verify --writer w001 {questioned} --report case.html"));
    let page = fs::read_to_string(office.desk.path("case.html")).unwrap();
    assert!(page.contains("fixed on 20 writers of the store") && page.contains("at most 10 % of genuine"), "{page}");
    assert!(
        page.contains("reference 1<") && !page.contains("<strong>Reference 1"),
        "enrolled references have the store's numbers"
    );
    let asked = office.run(&format!("verify --writer w001 {questioned} --threshold 0.5 --json")).json();
    assert!(asked["threshold"] == 0.5 && asked["calibration"].is_null(), "who gives a threshold means it: {asked}");
    let identified = office.run(&format!("identify {questioned} --json")).json();
    assert_eq!(identified["calibration"], found["audit"]);
    let other = format!("--model {}", other_calibration(&office));
    let with_other = office.run(&format!("verify --writer w001 {questioned} {other} --json")).json();
    assert!(
        with_other["calibration"].is_null(),
        "levels are of the likelihood ratios that they were fixed with: {with_other}"
    );
    assert_eq!(office.run("calibrate --store --show --json").succeeds().json()["calibration"], found);
    let text = office.run("calibrate --store --show").succeeds().out;
    assert!(text.contains("\n3 or more ") && text.contains("the references of 20 writers"), "{text}");
    office.run("calibrate --store --undo").succeeds();
    assert_eq!(verify()["threshold"], before["threshold"]);
    assert!(office.run("calibrate --store --show").succeeds().out.starts_with("The model's own thresholds hold"));
    let log = office.run("store log --last 20").succeeds().out;
    assert_eq!(log.matches(" calibrated ").count(), 3, "the event twice, and one outcome: {log}");
    office.run("store check").succeeds();
}

#[test]
fn a_promise_that_the_writers_cannot_show_is_not_made() {
    let office = Office::new();
    population(&office.desk, 8, 3);
    office.run(&format!("enroll --from {} --anyway", table(&office.desk, 8, 3))).succeeds();
    office.run("calibrate --store").fails_with(&[
        "8 writers have two references or more",
        "at most 5 %",
        "at least 19",
    ]);
    office.run("calibrate --store --frr 0.6").fails_with(&["0.6 is no share"]);
    let model = examples().display().to_string();
    office.run(&format!("calibrate {model} --store store.db")).is_no_usage();
    assert!(office.run("calibrate --store --frr 0.2").succeeds().out.contains("at most 20.0 %"));
}

#[test]
fn an_administrator_calibrates_over_http_and_nobody_else() {
    let desk = Desk::new();
    population(&desk, 10, 5);
    let server = guarded(&desk, "");
    desk.run(&format!("enroll --from {} --anyway --store guarded.db", table(&desk, 10, 5))).succeeds();
    let (administrator, operator) = (token(&desk, "administrator").0, token(&desk, "operator").0);
    let ask =
        |who: &str, method: &str, body: &[u8]| server.ask(method, "/v1/calibration", &[("Authorization", who)], body);
    assert!(ask(&operator, "GET", b"").is(200).json()["calibration"].is_null());
    ask(&operator, "POST", br#"{"frr": 0.1}"#).is_problem(403, Some("Authorization"));
    ask(&administrator, "POST", br#"{"frr": 0.9}"#).is_problem(400, Some("frr"));
    let tried = ask(&administrator, "POST", br#"{"frr": 0.1, "keep": false}"#).is(200).json();
    assert!(tried["audit"].is_null() && ask(&operator, "GET", b"").is(200).json()["calibration"].is_null());
    ask(&administrator, "POST", b"").is_problem(409, None);
    let made = ask(&administrator, "POST", br#"{"frr": 0.1}"#).is(200).json();
    assert_eq!((&made["writers"], &made["levels"][2]["references"]), (&10.into(), &3.into()));
    assert_eq!(ask(&operator, "GET", b"").is(200).json()["calibration"], made);
    let verify = |server: &Server| {
        let image = fs::read(desk.path("population/001/001_05.png")).unwrap();
        let headers = [("Authorization", &operator[..]), ("Content-Type", FORM)];
        server
            .ask("POST", "/v1/writers/w001/verify", &headers, &form(&[("questioned", "q.png", &image)]))
            .is(200)
            .json()
    };
    assert_eq!(verify(&server)["threshold"], made["levels"][2]["threshold"], "four references are judged as three are");
    // A program that the server knows nothing of undoes it.
    desk.run("calibrate --store guarded.db --undo").succeeds();
    assert_ne!(verify(&server)["threshold"], made["levels"][2]["threshold"]);
    ask(&administrator, "POST", br#"{"frr": 0.1}"#).is(200);
    assert!(ask(&administrator, "DELETE", b"").is(200).json()["calibration"].is_null());
    assert!(ask(&operator, "GET", b"").is(200).json()["calibration"].is_null());
}
