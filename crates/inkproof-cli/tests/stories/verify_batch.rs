//! A table of cases becomes a table of results, also when it is stopped on the way.

use std::fmt::Write;
use std::fs;

use serde_json::Value;

use super::program::{Desk, example_files};
use super::writers::Office;

/// A table of so many rows on enrolled writers, with one bad row after every eleven.
fn table(office: &Office, rows: usize) {
    let mut table = "questioned,note,writer\n".to_owned();
    for row in 0..rows {
        let writer = ["005", "002"][row % 2];
        match row % 12 {
            11 => writeln!(table, "missing-{row}.png,,{writer}").unwrap(),
            _ => writeln!(table, "{},,{writer}", example_files(writer)[row % 8].display()).unwrap(),
        }
    }
    office.desk.write("cases.csv", table.as_bytes());
}

fn office() -> Office {
    let office = Office::new();
    office.enroll("005", "005", 3).succeeds();
    office.enroll("002", "002", 3).succeeds();
    office
}

#[test]
fn rows_come_out_in_order_and_bad_ones_say_why() {
    let office = office();
    table(&office, 24);
    let counts = office.run("verify-batch cases.csv --out results.jsonl --json").succeeds().json();
    assert_eq!(counts["failed"], 2);
    let results = fs::read_to_string(office.desk.path("results.jsonl")).unwrap();
    let results: Vec<Value> = results.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(results.len(), 24);
    for (place, result) in results.iter().enumerate() {
        assert_eq!(
            (result["row"].as_u64(), result["writer"].as_str()),
            (Some(place as u64 + 1), Some(["005", "002"][place % 2]))
        );
        match place % 12 {
            11 => assert!(result["error"].as_str().unwrap().contains("cannot be read"), "{result}"),
            _ => assert!(result["score"].is_number() && result["error"].is_null(), "{result}"),
        }
    }
    let questioned = results[4]["questioned"].as_str().unwrap();
    let alone = office.run(&format!("verify --writer 005 {questioned} --json")).json();
    assert_eq!((&results[4]["score"], &results[4]["decision"]), (&alone["score"], &alone["decision"]));
    let entries = office.run("store check --json").succeeds().json()["entries"].as_i64();
    assert_eq!(entries, Some(2 + 22 + 1), "each decision is in the audit");
}

#[test]
fn a_batch_goes_on_where_it_was_stopped() {
    let office = office();
    table(&office, 24);
    for out in ["whole.csv", "whole.jsonl"] {
        office.run(&format!("verify-batch cases.csv --out {out}")).succeeds();
        let whole = fs::read(office.desk.path(out)).unwrap();
        for cut in [0, 3, whole.len() / 2, whole.len() - 1, whole.len()] {
            let part = format!("part-{out}");
            office.desk.write(&part, &whole[..cut]);
            let counts = office.run(&format!("verify-batch cases.csv --out {part} --json")).succeeds().json();
            assert_eq!(fs::read(office.desk.path(&part)).unwrap(), whole, "{out} cut at {cut}");
            let lines = whole[..cut].iter().filter(|byte| **byte == b'\n').count();
            let kept = if out == "whole.csv" { lines.saturating_sub(1) } else { lines };
            assert_eq!(counts["earlier"].as_u64(), Some(kept as u64), "{out} cut at {cut}");
        }
    }
    table(&office, 25);
    office.desk.write("cases.csv", &[&fs::read(office.desk.path("cases.csv")).unwrap()[..], b"x.png,,009\n"].concat());
    let counts = office.run("verify-batch cases.csv --out whole.csv --json").succeeds().json();
    assert_eq!((counts["earlier"].as_u64(), counts["failed"].as_u64()), (Some(24), Some(1)), "a table may grow");
    office.desk.write("cases.csv", b"writer,questioned\n009,x.png\n");
    office.run("verify-batch cases.csv --out whole.csv").fails_with(&["whole.csv", "something else"]);
    office.run("verify-batch cases.csv --out whole.txt").fails_with(&["whole.txt", ".csv or .jsonl"]);
}

#[test]
fn references_can_be_files_beside_the_table() {
    let office = Office::new();
    for (name, file) in ["a.png", "b.png", "c.png"].iter().zip(example_files("003")) {
        office.desk.write(&format!("batch/{name}"), &fs::read(file).unwrap());
    }
    let table = "references,questioned\na.png; b.png,c.png\n,c.png\na.png,\na.png\na.png,b.png\n";
    office.desk.write("batch/cases.csv", table.as_bytes());
    office.run("verify-batch batch/cases.csv --out results.jsonl").succeeds();
    let results = fs::read_to_string(office.desk.path("results.jsonl")).unwrap();
    let results: Vec<Value> = results.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let both = office.run("verify --reference batch/a.png --reference batch/b.png batch/c.png --json").json();
    assert_eq!((&results[0]["score"], &results[0]["log10_lr"]), (&both["score"], &both["log10_lr"]));
    for (row, words) in [(1, "names no reference"), (2, "names no questioned"), (3, "names no questioned")] {
        assert!(results[row]["error"].as_str().unwrap().contains(words), "{}", results[row]);
    }
    assert!(results[4]["score"].is_number());
    assert!(!office.store().exists(), "no store is needed");
    office.desk.write("batch/bad.csv", b"who,what\n1,2\n");
    office.run("verify-batch batch/bad.csv --out r.csv").fails_with(&["bad.csv", "needs the columns"]);
}

#[test]
fn tables_are_read_as_excel_and_windows_write_them() {
    let desk = Desk::new();
    for (name, file) in ["a.png", "b.png", "q.png"].iter().zip(example_files("003")) {
        desk.write(&format!("d/{name}"), &fs::read(file).unwrap());
    }
    let plain = "references,questioned\nd/a.png,d/q.png\n";
    let windows = plain.replace('\n', "\r\n");
    let utf16: Vec<u8> = windows.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let tables: [Vec<u8>; 10] = [
        plain.into(),
        [b"\xef\xbb\xbf", windows.as_bytes()].concat(),
        windows.replace("references,questioned", "References,Questioned").into(),
        windows.replace(',', ";").into(),
        format!("sep=;\r\n{}", windows.replace(',', ";")).into(),
        windows.replace(',', "\t").into(),
        [b"\xff\xfe".to_vec(), utf16].concat(),
        windows.replace('/', "\\").into(),
        "Reference 1;Reference 2;Query\nd/a.png;d/b.png;d/q.png\n".into(),
        "references;questioned\n\"d/a.png;d/b.png\";d/q.png\n".into(),
    ];
    for (place, table) in tables.iter().enumerate() {
        desk.write("cases.csv", table);
        let out = format!("{place}.csv");
        let counts = desk.run(&format!("verify-batch cases.csv --out {out} --json")).succeeds().json();
        assert_eq!(counts["failed"], 0, "{place}: {}", fs::read_to_string(desk.path(&out)).unwrap());
    }
    desk.write("cases.csv", b"references;questioned\nd/a.png;d/b.png;d/q.png\n");
    desk.run("verify-batch cases.csv --out wide.csv").succeeds();
    let wide = fs::read_to_string(desk.path("wide.csv")).unwrap();
    assert!(wide.contains("line 2 cannot be read: it has 3 cells, but the first line has 2"), "{wide}");
    desk.write("cases.csv", b"signature;reference\n");
    desk.run("verify-batch cases.csv --out r.csv").fails_with(&["signature, reference (parted by ;)"]);
    desk.write("cases.csv", b"PK\x03\x04");
    desk.run("verify-batch cases.csv --out r.csv").fails_with(&["Excel workbook"]);
}
