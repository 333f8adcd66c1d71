//! Images are looked at before anyone is enrolled, and many are sorted into hands.

use std::fs;

use super::program::{Desk, example_files};

/// A desk with two bundled signatures, an empty page and what is no image.
fn desk() -> Desk {
    let desk = Desk::new();
    for (name, file) in ["in/a.png", "in/b.png"].iter().zip(example_files("001")) {
        desk.write(name, &fs::read(file).unwrap());
    }
    let page = image::GrayImage::from_pixel(400, 200, image::Luma([255]));
    page.save(desk.path("empty.png")).unwrap();
    desk.write("broken.png", b"no image");
    desk
}

#[test]
fn an_intake_report_says_what_is_fit_and_why_the_rest_is_not() {
    let desk = desk();
    let fit = desk.run("check in --json").succeeds().json();
    assert_eq!((fit["fit"].as_u64(), fit["images"][0]["fitness"].as_str()), (Some(2), Some("fit")), "{fit}");
    let unfit = desk.run("check in/a.png empty.png");
    assert_eq!(unfit.code, 3, "{}", unfit.out);
    assert!(
        unfit.out.contains("fit         in/a.png") && unfit.out.contains("unfit       empty.png: "),
        "{}",
        unfit.out
    );
    let broken = desk.run("check in broken.png empty.png --json");
    assert_eq!(broken.code, 2);
    let found = broken.json();
    assert_eq!(["fit", "unfit", "unreadable"].map(|key| found[key].as_u64()), [Some(2), Some(1), Some(1)]);
    assert!(found["images"][2]["why"][0].as_str().unwrap().contains("broken.png"), "{found}");
    desk.write("copy.png", &fs::read(desk.path("in/a.png")).unwrap());
    let copy = desk.run("check in/a.png copy.png");
    assert_eq!(copy.code, 3, "{}", copy.out);
    assert!(copy.out.contains("unfit       copy.png: ") && copy.out.contains("in/a.png"), "{}", copy.out);
    let stranger = example_files("004")[0].display().to_string();
    desk.run(&format!("check in {stranger}")).succeeds();
    let of_one = desk.run("check in --one-writer");
    assert!(of_one.out.contains("more of this writer"), "{}", of_one.out);
    desk.run("check missing.png --json").json();
    desk.run("check").is_no_usage();
}

#[test]
fn pictures_show_what_is_seen_of_each_image() {
    let desk = desk();
    desk.run("check in empty.png broken.png --explain seen.png");
    let picture = image::open(desk.path("seen.png")).unwrap().into_rgb8();
    let side = picture.width() / 2;
    assert_eq!(picture.height(), 3 * side, "one for each that can be read");
    let is_dark = |x: u32, y: u32| picture.get_pixel(x, y).0.iter().all(|&value| value < 100);
    let dark =
        |left: u32, top: u32| (left + 4..left + side - 4).any(|x| (top + 4..top + side - 4).any(|y| is_dark(x, y)));
    assert!(dark(0, 0) && dark(side, 0), "an image and its strokes");
    assert!(!dark(0, 2 * side) && !dark(side, 2 * side), "an empty page has none");
    desk.run("check in --explain seen").succeeds();
    assert!(desk.path("seen/01-a.png").exists() && desk.path("seen/02-b.png").exists());
    desk.run("check in/a.png --explain in/a.png").fails_with(&["in/a.png", "is an input"]);
}

#[test]
fn everything_is_compared_with_everything_and_grouped_by_hand() {
    let desk = Desk::new();
    for writer in ["001", "004"] {
        for (number, file) in example_files(writer)[..3].iter().enumerate() {
            desk.write(&format!("pile/{writer}-{number}.png"), &fs::read(file).unwrap());
        }
    }
    let found = desk.run("matrix pile --csv m.csv --out m.svg --json").succeeds().json();
    let groups = found["groups"].as_array().unwrap();
    let mut members: Vec<&str> =
        groups.iter().flat_map(|group| group.as_array().unwrap()).filter_map(|m| m.as_str()).collect();
    members.sort_unstable();
    assert_eq!(members.len(), 6, "{found}");
    for group in groups {
        let writers: Vec<&str> = group.as_array().unwrap().iter().map(|name| &name.as_str().unwrap()[..8]).collect();
        assert!(writers.windows(2).all(|pair| pair[0] == pair[1]), "no group has two hands: {found}");
    }
    assert!(groups.len() < 6, "some are joined: {found}");
    assert!(found["scores"][0][0].is_null() && found["scores"][0][1] == found["scores"][1][0]);
    let csv = fs::read_to_string(desk.path("m.csv")).unwrap();
    assert_eq!((csv.lines().count(), csv.starts_with("image,group,pile/")), (7, true), "{csv}");
    assert!(fs::read_to_string(desk.path("m.svg")).unwrap().contains("pile/001-0.png"));
    let text = desk.run("matrix pile --out m.png").succeeds();
    assert!(text.out.starts_with("Group 1, mean score ") && text.out.contains("decide"), "{}", text.out);
    let picture = image::open(desk.path("m.png")).unwrap();
    assert_eq!(picture.width(), picture.height());
    desk.write("pile/copy.png", &fs::read(desk.path("pile/001-0.png")).unwrap());
    let copied = desk.run("matrix pile").succeeds();
    assert!(copied.out.contains("Copy: pile/copy.png is the same image as pile/001-0.png."), "{}", copied.out);
    fs::remove_file(desk.path("pile/copy.png")).unwrap();
    desk.write("pile/broken.png", b"no image");
    desk.run("matrix pile").fails_with(&["pile/broken.png"]);
    let skipped = desk.run("matrix pile --skip-bad").succeeds();
    assert!(skipped.err.contains("left out: pile/broken.png"), "{}", skipped.err);
    desk.run("matrix pile --out m.gif").fails_with(&["m.gif", ".png or .svg"]);
    desk.run("matrix pile/001-0.png").fails_with(&["needs 2"]);
}
