//! Pages: where their signatures are, which are signed, and whose the signatures are.

use std::collections::BTreeMap;
use std::fs;

use super::program::{Desk, example_files};
use super::running::{Server, base64};

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
    desk.write("blank.png", &blank());
    let empty = desk.run("find blank.png");
    assert_eq!(empty.code, 1, "{}", empty.out);
    assert!(empty.out.contains("blank.png, page 1: not signed"), "{}", empty.out);
    desk.write("broken.tif", b"no page");
    desk.run("find broken.tif").fails_with(&["broken.tif"]);
    let both = desk.run("find broken.tif blank.png --json --csv pages.csv");
    assert_eq!(both.code, 2, "{}", both.out);
    let found = both.json();
    assert_eq!(found["pages"].as_array().unwrap().len(), 1, "{found}");
    assert!(found["unreadable"][0].as_str().unwrap().contains("broken.tif"), "{found}");
    let table = fs::read_to_string(desk.path("pages.csv")).unwrap();
    assert_eq!(
        table.lines().collect::<Vec<_>>(),
        ["path,page,signed,page_confidence,signature,x,y,width,height,confidence", "blank.png,1,no,0,,,,,,",]
    );
    desk.run("find blank.png --csv blank.png").fails_with(&["blank.png"]);
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
    desk.write("fields.txt", b"# two of a letter\nupper=20%,50%,70%,18%\n\ntop=5%,0%,90%,10%\n");
    assert_eq!(desk.run("find letter.png --template fields.txt --json").json(), asked);
    desk.run("find letter.png --field upper=20mm,150mm,100mm,50mm").fails_with(&[
        "letter.png",
        "how large",
        "per cent",
    ]);
    let scanned = image::open(desk.path("letter.png")).unwrap().to_luma8();
    desk.write("scanned.png", &png_of(&scanned, 300.0));
    let share =
        |at: &str, side: u32| format!("{:.2}mm", at.parse::<f64>().unwrap() / 100.0 * f64::from(side) / 300.0 * 25.4);
    let (width, height) = scanned.dimensions();
    let in_millimetres = |name: &str, [x, y, w, h]: [&str; 4]| {
        format!("--field {name}={},{},{},{}", share(x, width), share(y, height), share(w, width), share(h, height))
    };
    let upper = in_millimetres("upper", ["20", "50", "70", "18"]);
    let top = in_millimetres("top", ["5", "0", "90", "10"]);
    let measured = desk.run(&format!("find scanned.png {upper} {top} --json")).json();
    assert_eq!(measured["pages"][0]["fields"], asked["pages"][0]["fields"]);
    desk.run("find scanned.png --field far=900mm,1mm,1mm,1mm").fails_with(&["scanned.png", "far", "mm"]);
    desk.write("wrong.txt", b"upper=20%,50%,70%,18%\ntop=5%\n");
    desk.run("find letter.png --template wrong.txt").fails_with(&["wrong.txt, line 2", "NAME="]);
    let text = desk.run(&format!("verify {references} --document letter.png"));
    assert!(text.out.contains("Signature 1 of 2 on page 1"), "{}", text.out);
    desk.write("blank.png", &blank());
    desk.run(&format!("verify {references} --document blank.png")).fails_with(&[
        "blank.png",
        "no signature",
        "without --document",
    ]);
}

#[test]
fn pages_come_over_http_too() {
    let desk = Desk::new();
    let (own, other) = (example_files("001"), example_files("005"));
    letter(&desk, "letter.png", &[(&own[0], 55), (&other[0], 75)]);
    let page = fs::read(desk.path("letter.png")).unwrap();
    let images: Vec<Vec<u8>> = own[1..5].iter().map(|path| fs::read(path).unwrap()).collect();
    let server = Server::start(&desk, "");

    let parts =
        [("questioned", "letter.png", &page[..]), ("field", "", b"top=5%,0%,90%,10%"), ("explain", "", b"true")];
    let mut found = server.post_form("/v1/find", &parts).is(200).json();
    let pictures = found["pages"][0].as_object_mut().unwrap().remove("pictures").unwrap();
    let by_command = desk.run("find letter.png --field top=5%,0%,90%,10% --json").json();
    assert_eq!(in_single_precision(&found), in_single_precision(&by_command));
    assert_eq!(pictures["signatures"].as_array().unwrap().len(), 2);
    let is_png = |text: &serde_json::Value| text.as_str().unwrap().starts_with("iVBORw0KGgo");
    assert!(is_png(&pictures["page"]) && is_png(&pictures["signatures"][0]));

    let references = images.iter().map(|image| ("reference", "r.png", &image[..]));
    let asked: Vec<_> = references.clone().chain([("questioned", "letter.png", &page[..])]).collect();
    let judged = server.post_form("/v1/verify-document", &asked).is(200).json();
    let paths: String = own[1..5].iter().map(|path| format!("--reference {} ", path.display())).collect();
    let by_command = desk.run(&format!("verify {paths} --document letter.png --json")).json();
    for at in 0..2 {
        let [one, two] = [&judged, &by_command].map(|judged| &judged["signatures"][at]);
        assert_eq!(in_single_precision(&one["found"]), in_single_precision(&two["found"]));
        assert_eq!(one["verification"]["score"], two["verification"]["score"]);
        // What /v1/find cuts is judged like what is cut on the way.
        let cut = pictures["signatures"][at].as_str().unwrap();
        let image = |bytes: &[u8]| serde_json::json!({"image": base64(bytes)});
        let references: Vec<_> = images.iter().map(|bytes| image(bytes)).collect();
        let document = serde_json::json!({"references": references, "questioned": {"image": cut}});
        let alone = server.post_json("/v1/verify", &document).is(200).json();
        assert_eq!(alone["score"], one["verification"]["score"]);
    }

    let enrolled: Vec<_> = references.chain([("id", "", &b"K-1"[..]), ("force", "", b"true")]).collect();
    server.post_form("/v1/writers", &enrolled).is(201);
    let page_alone = [("questioned", "letter.png", &page[..])];
    let judged = server.post_form("/v1/writers/K-1/verify-document", &page_alone).is(200).json();
    assert_eq!((&judged["page"], &judged["pages"]), (&1.into(), &1.into()));
    let numbers: Vec<_> =
        (0..2).map(|at| judged["signatures"][at]["verification"]["audit"].as_i64().unwrap()).collect();
    let audit = server.get("/v1/audit?limit=500").is(200).json();
    let entries = audit["entries"].as_array().unwrap();
    for (number, at) in numbers.iter().zip(0..) {
        let entry = entries.iter().find(|entry| entry["sequence"] == *number).unwrap();
        let found: &serde_json::Value = &judged["signatures"][at]["found"];
        assert_eq!((&entry["event"], &entry["details"]["found"]["x"]), (&"decided".into(), &found["x"]));
    }
    let identified = server.post_form("/v1/identify-document", &page_alone).is(200).json();
    assert_eq!(identified["signatures"][0]["identification"]["writers"][0]["writer"], "K-1");
    let by_command = desk.run("identify letter.png --document --store office.db --json").succeeds().json();
    let found = [&by_command, &identified].map(|found| in_single_precision(&found["signatures"][1]["found"]));
    assert_eq!(found[0], found[1]);

    desk.write("blank.png", &blank());
    let blank = fs::read(desk.path("blank.png")).unwrap();
    let nothing = server.post_form("/v1/writers/K-1/verify-document", &[("questioned", "blank.png", &blank)]);
    nothing.is_problem(422, Some("questioned"));
    assert!(nothing.text().contains("no signature that could be found"), "{}", nothing.text());
    assert_eq!(
        server.post_form("/v1/find", &[("questioned", "", &blank)]).is(200).json()["pages"][0]["signed"]["decision"],
        "no"
    );
    let wrong = [("questioned", "letter.png", &page[..]), ("field", "", b"top=5,0,90,10")];
    server.post_form("/v1/find", &wrong).is_problem(400, Some("fields"));
    let explained = [("questioned", "letter.png", &page[..]), ("explain", "", b"true")];
    server.post_form("/v1/writers/K-1/verify-document", &explained).is_problem(400, Some("explain"));
}

/// A document with its numbers as text of so many digits as single precision has: one door prints more.
fn in_single_precision(document: &serde_json::Value) -> serde_json::Value {
    use serde_json::Value;
    match document {
        Value::Number(number) if number.is_f64() => format!("{:.5}", number.as_f64().unwrap()).into(),
        Value::Array(values) => values.iter().map(in_single_precision).collect(),
        Value::Object(fields) => {
            fields.iter().map(|(name, value)| (name.clone(), in_single_precision(value))).collect()
        }
        other => other.clone(),
    }
}

/// A page as a PNG file that says how many of its pixels are an inch.
fn png_of(page: &image::GrayImage, inch: f64) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, page.width(), page.height());
    encoder.set_color(png::ColorType::Grayscale);
    let dots = (inch / 0.0254).round() as u32;
    encoder.set_pixel_dims(Some(png::PixelDimensions { xppu: dots, yppu: dots, unit: png::Unit::Meter }));
    encoder.write_header().unwrap().write_image_data(page.as_raw()).unwrap();
    bytes
}

/// A white page as a PNG file.
fn blank() -> Vec<u8> {
    let page = image::GrayImage::from_pixel(1240, 1754, image::Luma([255]));
    let mut png = std::io::Cursor::new(Vec::new());
    page.write_to(&mut png, image::ImageFormat::Png).unwrap();
    png.into_inner()
}

#[test]
fn a_finder_is_taught_and_measured() {
    let desk = Desk::new();
    let learned = desk.run("finder learn small.finder --pages 80 --trees 30 --epochs 1").succeeds();
    assert!(learned.out.contains("on 144 pages"), "{}", learned.out);
    pages(&desk, 30);
    let judged = desk.run("finder evaluate pages --finder small.finder --json --boxes boxes.csv").succeeds().json();
    assert_eq!(judged["counted"]["pages"], 30);
    assert!(judged["page_auc"]["value"].as_f64().unwrap() > 0.8, "{judged}");
    assert!(fs::read_to_string(desk.path("boxes.csv")).unwrap().contains(",truth"));
    desk.run("finder learn none.finder --pages 1").fails_with(&["1 page(s)"]);
    desk.run("finder learn none.finder --pages 2 --trees 1").fails_with(&["2 page(s)"]);
    desk.run("finder evaluate missing").fails_with(&["pages.csv"]);
    desk.write("other.json", b"{}");
    desk.run("finder evaluate pages --finder other.json").fails_with(&["other.json", "not a finder"]);
}
