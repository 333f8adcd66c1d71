//! Pages: where their signatures are, which are signed, and whose the signatures are.

use std::collections::BTreeMap;
use std::fs;

use super::program::{Desk, example_files};

/// A page of nobody's letters, forms and cheques, of a seed that nothing has learned from.
fn pages(desk: &Desk, count: usize) {
    desk.run(&format!("synth pages --pages {count} --seed 904")).succeeds();
}

/// The signatures of each page, as its table says.
fn signatures(desk: &Desk) -> BTreeMap<String, usize> {
    let table = fs::read_to_string(desk.path("pages/pages.csv")).unwrap();
    let row = |line: &str| {
        let (path, count) = line.split_once(',').unwrap();
        (path.to_owned(), count.parse().unwrap())
    };
    table.lines().skip(1).map(row).collect()
}

#[test]
fn signed_pages_are_told_from_others_and_signatures_are_cut_out() {
    let desk = Desk::new();
    pages(&desk, 24);
    let truth = signatures(&desk);
    let found = desk.run("find pages/images --json --cut cut --explain shown").json();
    let pages = found["pages"].as_array().unwrap();
    assert_eq!(pages.len(), 24);
    let mut right = 0;
    let mut boxes = 0;
    for page in pages {
        let path = page["path"].as_str().unwrap();
        let decision = page["signed"]["decision"].as_str().unwrap();
        let is_signed = truth[path.strip_prefix("pages/").unwrap()] > 0;
        right += usize::from(decision == if is_signed { "yes" } else { "no" });
        let (width, height) = image::image_dimensions(desk.path(path)).unwrap();
        assert_eq!([page["width"].as_u64(), page["height"].as_u64()], [Some(width.into()), Some(height.into())]);
        for found in page["signatures"].as_array().unwrap() {
            let side = |name: &str| found[name].as_u64().unwrap();
            assert!(
                side("x") + side("width") <= width.into() && side("y") + side("height") <= height.into(),
                "{found}"
            );
            assert!((0.0..=1.0).contains(&found["confidence"].as_f64().unwrap()));
            boxes += 1;
        }
    }
    assert!(right >= 18, "{right} of 24 pages are called what they are");
    assert!(boxes >= 8, "{boxes} signatures");
    let files = desk.everything();
    assert_eq!(files.iter().filter(|name| name.starts_with("cut/")).count(), boxes);
    assert_eq!(files.iter().filter(|name| name.starts_with("shown/")).count(), 24);
}

#[test]
fn the_exit_code_says_whether_a_page_is_signed_and_what_cannot_be_read_is_named() {
    let desk = Desk::new();
    let blank = image::GrayImage::from_pixel(1240, 1754, image::Luma([255]));
    blank.save(desk.path("blank.png")).unwrap();
    let empty = desk.run("find blank.png");
    assert_eq!(empty.code, 1, "{}", empty.out);
    assert!(empty.out.contains("blank.png, page 1: not signed"), "{}", empty.out);
    desk.write("broken.tif", b"no page");
    desk.run("find broken.tif").fails_with(&["broken.tif"]);
    desk.run("find blank.png --page 2").fails_with(&["blank.png", "page 2"]);
    desk.run("find").is_no_usage();
}

/// A letter on which the bundled writer signed: the signature laid on a page of lines of print.
pub fn letter(desk: &Desk, name: &str, signatures: &[(&std::path::Path, u32)]) {
    desk.run("synth paper --pages 1 --design report --seed 11").succeeds();
    let mut page = image::open(desk.path("paper/images/00001.png")).unwrap().into_luma8();
    let (width, height) = page.dimensions();
    for row in height / 2..height {
        for x in 0..width {
            page.put_pixel(x, row, image::Luma([255]));
        }
    }
    for (path, down) in signatures {
        let signature = image::open(path).unwrap().into_luma8();
        let wide = width * 2 / 5;
        let tall = wide * signature.height() / signature.width();
        let signature = image::imageops::thumbnail(&signature, wide, tall);
        for (x, y, pixel) in signature.enumerate_pixels() {
            let ink = if pixel.0[0] < 140 { 0 } else { 255 };
            page.put_pixel(width / 3 + x, height * down / 100 + y, image::Luma([ink]));
        }
    }
    page.save(desk.path(name)).unwrap();
}

#[test]
fn the_signatures_of_a_letter_are_judged_each_by_itself() {
    let desk = Desk::new();
    let own = example_files("001");
    let other = example_files("005");
    let references: String = own[1..5].iter().map(|path| format!("--reference {} ", path.display())).collect();
    letter(&desk, "letter.png", &[(&own[0], 55), (&other[0], 75)]);
    let judged = desk.run(&format!("verify {references} --document letter.png --json"));
    let found = judged.json();
    let decisions: Vec<&str> = found["signatures"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["verification"]["decision"].as_str().unwrap())
        .collect();
    assert_eq!(decisions.len(), 2, "{found}");
    assert!(decisions.contains(&"accepted") && judged.code == 0, "{found}");
    assert!(decisions.iter().any(|decision| *decision != "accepted"), "{found}");
    let fields = "--field upper=20%,50%,70%,18% --field top=5%,0%,90%,10%";
    let asked = desk.run(&format!("find letter.png {fields} --json"));
    assert_eq!(asked.code, 1, "the top of the page is not signed");
    let asked = asked.json();
    let signed = |at: usize| asked["pages"][0]["fields"][at]["decision"].as_str();
    assert_eq!([signed(0), signed(1)], [Some("yes"), Some("no")], "{asked}");
    assert_eq!(desk.run("find letter.png --field upper=20%,50%,70%,18%").code, 0);
    assert_eq!(desk.run("find letter.png --field upper=20,50,70,18").code, 2);
    let text = desk.run(&format!("verify {references} --document letter.png"));
    assert!(text.out.contains("Signature 1 of 2 on page 1"), "{}", text.out);
    let blank = image::GrayImage::from_pixel(1240, 1754, image::Luma([255]));
    blank.save(desk.path("blank.png")).unwrap();
    desk.run(&format!("verify {references} --document blank.png")).fails_with(&["blank.png", "no signature"]);
}

#[test]
fn a_finder_is_taught_and_measured() {
    let desk = Desk::new();
    desk.run("finder learn small.json --pages 120 --trees 30").succeeds();
    pages(&desk, 30);
    let judged = desk.run("finder evaluate pages --finder small.json --json --boxes boxes.csv").succeeds().json();
    assert_eq!(judged["counted"]["pages"], 30);
    assert!(judged["page_auc"]["value"].as_f64().unwrap() > 0.8, "{judged}");
    assert!(fs::read_to_string(desk.path("boxes.csv")).unwrap().contains(",truth"));
    desk.run("finder learn none.json --pages 1").fails_with(&["1 page(s)"]);
    desk.run("finder evaluate missing").fails_with(&["pages.csv"]);
    desk.write("other.json", b"{}");
    desk.run("finder evaluate pages --finder other.json").fails_with(&["other.json"]);
}
