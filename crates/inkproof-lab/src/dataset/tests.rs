//! Each layout on folders made here, and each thing that can be wrong with one. Files are empty: no image is decoded.

use std::fs;

use tempfile::TempDir;

use super::*;

/// A data set of real signatures, which are not part of this repository: a folder of `INKPROOF_DATA`, or of `shared/data`
/// next to the checkout. None, with a message, where it is not there.
pub fn real_signatures(name: &str) -> Option<PathBuf> {
    let next_to_checkout = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    let folder = std::env::var_os("INKPROOF_DATA").map_or_else(next_to_checkout, PathBuf::from).join(name);
    if !folder.is_dir() {
        eprintln!("skipped: {} does not exist", folder.display());
        return None;
    }
    Some(folder)
}

/// A set in memory: for each writer the numbers of genuine and forged images.
pub(crate) fn set_in_memory(writers: &[(usize, usize)]) -> DataSet {
    let mut images = Vec::new();
    for (writer, &(genuine, forged)) in writers.iter().enumerate() {
        let kinds = [(Kind::Genuine, genuine), (Kind::Forgery, forged)];
        for kind in kinds.into_iter().flat_map(|(kind, n)| vec![kind; n]) {
            images.push(Image {
                path: PathBuf::from(format!("{}.png", images.len())),
                writer: WriterId::new(format!("{writer:03}")),
                kind,
                split: None,
                forger: None,
            });
        }
    }
    DataSet {
        root: PathBuf::from("made"),
        layout: Layout::Notebook,
        images,
        synthetic: None,
        skipped: Vec::new(),
        populations: BTreeMap::new(),
    }
}

/// A folder with these empty files; a name that ends in `/` is an empty folder.
fn folder(files: &[&str]) -> TempDir {
    let root = tempfile::tempdir().unwrap();
    for file in files {
        let path = root.path().join(file);
        if file.ends_with('/') {
            fs::create_dir_all(path).unwrap();
        } else {
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, []).unwrap();
        }
    }
    root
}

fn open(root: &TempDir) -> DataSet {
    DataSet::open(root.path(), None, OnBad::Stop).unwrap()
}

/// The error's text without the temporary folder's name.
fn error(root: &TempDir) -> String {
    let error = DataSet::open(root.path(), None, OnBad::Stop).unwrap_err();
    let folder = root.path().display().to_string();
    error.to_string().replace(&folder, "")
}

/// `path writer kind split forger` of each image.
fn listing(set: &DataSet) -> Vec<String> {
    let line = |image: &Image| {
        let path = image.path.strip_prefix(&set.root).unwrap().display();
        let kind = match image.kind {
            Kind::Genuine => "G",
            Kind::Forgery => "F",
        };
        let forger = image.forger.as_deref().unwrap_or("-");
        format!("{path} {} {kind} {forger}", image.writer)
    };
    set.images.iter().map(line).collect()
}

/// `path: why` of what was left out, without the temporary folder's name.
fn skipped(set: &DataSet) -> Vec<String> {
    let line = |skipped: &Skipped| {
        let path = skipped.path.strip_prefix(&set.root).unwrap().display();
        format!("{path}: {}", skipped.why)
    };
    set.skipped.iter().map(line).collect()
}

#[test]
fn notebook_layout_is_found_and_sorted() {
    let root = folder(&[
        "010/010_2.png",
        "010/010_10.PNG",
        "010/.hidden.png",
        "010/Thumbs.db",
        "010_forg/0105010_02.png",
        "010_forg/01_0213010.tif",
        "010_forg/other.jpg",
        "002/b.JPEG",
        "002/a.webp",
        "002_forg/x.bmp",
        "synth.json",
    ]);
    let note = r#"{"generator":1,"seed":5,"writers":10,"genuine":2,"forgeries":3,"images":50}"#;
    fs::write(root.path().join("synth.json"), note).unwrap();
    let set = open(&root);
    assert_eq!(set.synthetic, Some(SyntheticInfo { generator: 1, seed: 5, writers: 10 }));
    assert_eq!(set.layout, Layout::Notebook);
    assert_eq!(
        listing(&set),
        [
            "002/a.webp 002 G -",
            "002/b.JPEG 002 G -",
            "002_forg/x.bmp 002 F -",
            "010/010_10.PNG 010 G -",
            "010/010_2.png 010 G -",
            "010_forg/0105010_02.png 010 F 0105",
            "010_forg/01_0213010.tif 010 F 0213",
            "010_forg/other.jpg 010 F -",
        ]
    );
    assert_eq!(set.part(Split::Test).images, set.images, "no splits");
    assert!(set.skipped.is_empty());
}

#[test]
fn splits_are_parts_and_shared_writers_are_seen() {
    let root = folder(&[
        "train/001/a.png",
        "train/001_forg/a.png",
        "train/002/a.png",
        "train/002_forg/a.png",
        "test/002/a.png",
        "test/002_forg/a.png",
        "extra/003/a.png",
    ]);
    let set = open(&root);
    assert_eq!(set.part(Split::Train).images.len(), 4);
    assert_eq!(listing(&set.part(Split::Test)), ["test/002/a.png 002 G -", "test/002_forg/a.png 002 F -"]);
    assert_eq!(skipped(&set), ["extra: a folder where the layout has none"]);
    assert_eq!(set.writers_in_both_splits(), [WriterId::new("002")]);
    let error = set.require_disjoint_splits().unwrap_err().to_string();
    assert!(error.contains("train and test share writer 002,"), "{error}");
    let only = set.restrict_to(&BTreeSet::from([WriterId::new("001")]));
    assert_eq!(only.writers(), [&WriterId::new("001")]);
    assert!(only.require_disjoint_splits().is_ok());
}

#[test]
fn cedar_layout_is_found() {
    let root = folder(&[
        "Readme.txt",
        "full_org/original_10_1.png",
        "full_org/original_2_1.png",
        "full_org/Thumbs.db",
        "full_forg/forgeries_2_11.png",
        "full_forg/forgeries_2_2.png",
    ]);
    let set = open(&root);
    assert_eq!(set.layout, Layout::Cedar);
    assert_eq!(
        listing(&set),
        [
            "full_org/original_10_1.png 10 G -",
            "full_org/original_2_1.png 2 G -",
            "full_forg/forgeries_2_11.png 2 F -",
            "full_forg/forgeries_2_2.png 2 F -",
        ]
    );
}

#[test]
fn bhsig260_scripts_have_writers_of_their_own() {
    let files = ["Bengali/001/B-S-1-G-01.tif", "Bengali/001/B-S-1-F-01.tif", "Hindi/001/H-S-1-G-01.tif"];
    let set = open(&folder(&files));
    assert_eq!(set.layout, Layout::Bhsig260);
    assert_eq!(
        listing(&set),
        [
            "Bengali/001/B-S-1-G-01.tif B-001 G -",
            "Bengali/001/B-S-1-F-01.tif B-001 F -",
            "Hindi/001/H-S-1-G-01.tif H-001 G -",
        ]
    );
    let one_script = open(&folder(&["7/H-S-7-G-01.tif", "7/H-S-7-F-01.tif"]));
    assert_eq!(one_script.layout, Layout::Bhsig260);
    assert_eq!(one_script.images.len(), 2);
}

fn manifest(files: &[&str], table: &str) -> TempDir {
    let root = folder(files);
    fs::write(root.path().join("manifest.csv"), table).unwrap();
    root
}

#[test]
fn manifest_is_read_with_any_order_of_columns() {
    let root = manifest(
        &["a/1.png", "a/2.png", "b.png"],
        "kind,split,writer,path,forger\n\
         forgery,test,anna,b.png,zoe\n\
         genuine, test ,anna,a/2.png,\n\
         genuine,train,bert,a/1.png,\n",
    );
    let set = open(&root);
    assert_eq!(set.layout, Layout::Manifest);
    assert_eq!(listing(&set), ["a/1.png bert G -", "a/2.png anna G -", "b.png anna F zoe"]);
    assert_eq!(set.part(Split::Train).images.len(), 1);
}

#[test]
fn manifests_may_use_other_words() {
    let files = ["i/1.png", "i/2.png", "i/forged_3.png"];
    for table in [
        "Image;Signer;Type\r\ni\\1.png;a;Genuine\r\ni\\2.png;a;original\r\ni\\forged_3.png;a;Skilled forgery\r\n",
        "file\tuser\tgenuine\ni/1.png\ta\t1\ni/2.png\ta\tTRUE\ni/forged_3.png\ta\t0\n",
        "filename,person,is_forged\ni/1.png,a,0\ni/2.png,a,no\ni/forged_3.png,a,yes\n",
        "path,writer,label\ni/1.png,a,1\ni/2.png,a,1\ni/forged_3.png,a,0\n",
        "path,writer,label\ni/1.png,a,0\ni/2.png,a,0.0\ni/forged_3.png,a,1.0\n",
    ] {
        let set = open(&manifest(&files, table));
        assert_eq!(listing(&set), ["i/1.png a G -", "i/2.png a G -", "i/forged_3.png a F -"], "{table}");
    }
}

#[test]
fn manifest_errors_name_the_line() {
    let files = ["1.png", "2.png"];
    let cases = [
        ("path,writer\n1.png,a\n", "/manifest.csv: no column \"kind\""),
        ("path,writer,kind\n1.png,a,genuine\n3.png,a,genuine\n", "/manifest.csv: line 3: no such file: /3.png"),
        ("path,writer,kind\n1.png,a,doubtful\n", "/manifest.csv: line 2: unknown kind \"doubtful\""),
        ("path,writer,kind\r\n1.png,a,genuine\r\n2.png,a,doubtful\r\n", "/manifest.csv: line 3: unknown kind"),
        ("path,writer,kind\n\n1.png,a,1\n", "/manifest.csv: line 3: kind \"1\" does not say whether it means genuine"),
        (
            "path;writer\n1.png;a\n",
            "/manifest.csv: no column \"kind\" in its first line, which has path, writer (parted by ;)",
        ),
        ("path,writer,kind\n1.png,a,genuine,x\n", "/manifest.csv: line 2: has 4 cells"),
        ("path,writer,kind\n1.png,,genuine\n", "/manifest.csv: line 2: no writer"),
        ("path,writer,kind\n1.png\n", "/manifest.csv: line 2: no writer"),
        ("path,writer,kind,split\n1.png,a,genuine,dev\n", "/manifest.csv: line 2: unknown split \"dev\""),
        ("path,writer,kind,split\n1.png,a,genuine,test\n2.png,a,genuine,\n", "/manifest.csv: line 3: no split"),
        ("path,writer,kind\n1.png,a,genuine\n1.png,b,genuine\n", "/manifest.csv: line 3: /1.png is also on line 2"),
        ("path,writer,kind\n1.png,a,forgery\n", "/1.png: forgeries of writer a, of whom"),
        ("path,writer,kind\n", ": no images"),
    ];
    for (table, expected) in cases {
        let error = error(&manifest(&files, table));
        assert!(error.starts_with(expected), "{error}");
    }
}

#[test]
fn folders_that_cannot_be_used_are_named() {
    let cases: [(&[&str], &str); 9] = [
        (&["001/a.png"], "/001_forg: missing: 001 needs it"),
        (&["001_forg/a.png"], "/001: missing: 001_forg needs it"),
        (&["001/", "001_forg/a.png"], "/001: an empty folder"),
        (&["001/a.png", "001_forg/a.txt"], "/001_forg: no images (png, jpg"),
        (&["train/001/a.png", "train/001_forg/a.png", "test/"], "/test: an empty folder"),
        (&["full_org/original_1_1.png"], "/full_forg: missing: full_org needs it"),
        (
            &["full_org/scan.png", "full_forg/forgeries_1_1.png"],
            "/full_org/scan.png: the file name does not fit original_W_N",
        ),
        (&["photos/a.png"], ": fits no layout; the layouts are: manifest (manifest.csv"),
        (&[], ": an empty folder"),
    ];
    for (files, expected) in cases {
        let error = error(&folder(files));
        assert!(error.starts_with(expected), "{error}");
    }
    let missing = DataSet::open(Path::new("nowhere"), None, OnBad::Stop).unwrap_err();
    assert!(missing.to_string().starts_with("nowhere: not a folder"));
}

#[test]
fn skipping_goes_on_and_records_what_was_left_out() {
    let root = folder(&[
        "001/a.png",
        "001/notes.txt",
        "002_forg/a.png",
        "003/a.png",
        "003_forg/",
        "004/a.png",
        "004_forg/a.png",
    ]);
    let set = DataSet::open(root.path(), None, OnBad::Skip).unwrap();
    assert_eq!(set.images.len(), 4);
    let skipped = skipped(&set);
    let starts = ["001_forg: missing", "001/notes.txt: not an image", "002: missing", "003_forg: an empty folder"];
    assert_eq!(skipped.len(), starts.len());
    for (line, start) in skipped.iter().zip(starts) {
        assert!(line.starts_with(start), "{line}");
    }
}

#[test]
fn nothing_left_is_an_error_even_when_skipping() {
    let root = manifest(&["1.png"], "path,writer,kind\n1.png,a,forgery\n");
    let error = DataSet::open(root.path(), None, OnBad::Skip).unwrap_err();
    assert!(error.to_string().contains("no images"));
}

#[test]
fn a_layout_can_be_insisted_on() {
    let root = folder(&["001/a.png", "001_forg/a.png"]);
    let insist = |layout| DataSet::open(root.path(), Some(layout), OnBad::Stop);
    assert!(insist(Layout::Notebook).is_ok());
    let error = insist(Layout::Cedar).unwrap_err().to_string();
    assert!(error.contains("not of the layout cedar (full_org"), "{error}");
    for layout in Layout::ALL {
        assert_eq!(layout.to_string().parse(), Ok(layout));
    }
    let unknown = "utsig".parse::<Layout>().unwrap_err().to_string();
    assert!(unknown.contains("one of notebook, cedar"));
}

/// Files of writers 001 and 002: each of `names` with `W` for the writer's number.
fn of_two_writers(names: &[&str]) -> TempDir {
    let named = |writer: &str| names.iter().map(|name| name.replace('W', writer)).collect::<Vec<_>>();
    let files: Vec<String> = ["001", "002"].into_iter().flat_map(named).collect();
    folder(&files.iter().map(String::as_str).collect::<Vec<_>>())
}

#[test]
fn the_fields_layouts_are_read_by_their_file_names() {
    let cases: [(Layout, &[&str]); 12] = [
        (Layout::Gpds, &["W/c-W-01.png", "W/c-W-02.png", "W/cf-W-01.jpg"]),
        (Layout::Gpds, &["c-W-01.png", "c-W-02.png", "cf-W-01.jpg"]),
        (Layout::Gpds, &["train/W/c-W-01.png", "train/W/c-W-02.png", "train/W/cf-W-01.jpg"]),
        (Layout::Mcyt, &["0W/0Wv00.bmp", "0W/0Wv01.bmp", "0W/0Wf00.bmp"]),
        (Layout::Mcyt, &["0Wv00.jfif", "0Wv01.JFIF", "0Wf00.jpe"]),
        (Layout::Sigcomp, &["W_01.png", "W_02.png", "0113W_01.png"]),
        (Layout::Sigcomp, &["W/W_01.png", "W/W_02.png", "W/0113W_01.png"]),
        (Layout::Sigcomp, &["NFI-W01W.png", "NFI-W02W.png", "NFI-00901W.png"]),
        (Layout::Kinds, &["Genuine/W_01.png", "Genuine/W_02.png", "Forged/0113W_01.png"]),
        (Layout::Kinds, &["genuine/W/a.png", "genuine/W/b.png", "forgeries/W/a.png"]),
        (Layout::Kinds, &["W/original/a.png", "W/original/b.png", "W/fake/a.png"]),
        (Layout::Notebook, &["W/a.png", "W/b.png", "W-forged/a.png"]),
    ];
    for (layout, names) in cases {
        let root = of_two_writers(names);
        let set = open(&root);
        assert_eq!(set.layout, layout, "{names:?}");
        let writers = set.by_writer();
        assert_eq!(writers.len(), 2, "{names:?}");
        for writer in writers {
            assert!(writer.writer.as_str().trim_start_matches('0').len() == 1, "{names:?} {}", writer.writer);
            assert_eq!((writer.genuine.len(), writer.forgeries.len()), (2, 1), "{names:?}");
            let forgery = &set.images[writer.forgeries[0]];
            assert_eq!(
                forgery.path.file_name().unwrap().to_string_lossy().contains("0113"),
                forgery.forger.as_deref() == Some("0113")
            );
        }
        assert!(set.skipped.is_empty(), "{names:?} {:?}", set.skipped);
    }
}

#[test]
fn a_forgery_is_never_read_as_genuine() {
    let cases: [&[&str]; 14] = [
        &["W/genuine-1.png", "W/genuine-2.png", "W/forged-1.png"],
        &["W/g1.png", "W/g2.png", "W/f1.png", "W/f2.png"],
        &["W/g.png", "W/f.png"],
        &["W/W-A-1.png", "W/W-A-2.png", "W/W-B-1.png", "W/W-B-2.png"],
        &["W/original_W_1.png", "W/forgeries_W_1.png"],
        &["W/01.png", "W/02.png", "W/fake 1.png"],
        &["W/1.png", "W/0113W_1.png", "W/2.png", "W/0113W_2.png"],
        &["W/W_01.png", "W/0113W_01.png", "W_forg/0114W_01.png"],
        &["W/W_01.png", "forged_W/W_01.png"],
        &["W/1.png", "forged/W.png"],
        &["wW/1.png", "wW/2.png", "xW/1.png", "xW/2.png"],
        &["genuine/W_01.png", "genuine/0113W_01.png", "forged/0113W_02.png"],
        &["genuine/W/g1.png", "genuine/W/f1.png", "forged/W/f2.png"],
        &["W/genuine/g1.png", "W/genuine/forged 1.png", "W/forged/f2.png"],
    ];
    for names in cases {
        let root = of_two_writers(names);
        let stopped = DataSet::open(root.path(), None, OnBad::Stop).map(|set| listing(&set));
        let message = stopped.expect_err(&format!("{names:?}")).to_string();
        assert!(["genuine", "forged", "layout"].iter().any(|word| message.contains(word)), "{names:?} {message}");
        let Ok(set) = DataSet::open(root.path(), None, OnBad::Skip) else { continue };
        for image in set.images.iter().filter(|image| image.kind == Kind::Genuine) {
            let name = image.path.strip_prefix(root.path()).unwrap().display().to_string();
            let is_forged = ["forg", "fake", "0113", "f.", "f1.", "B-", "x0"].iter().any(|part| name.contains(part));
            assert!(!is_forged, "{names:?}: {name}");
        }
    }
}

#[test]
fn genuine_signatures_alone_are_a_data_set_of_several_writers() {
    for names in [
        &["W/a.png", "W/b.png"][..],
        &["writer W/1.png", "writer W/2.png"],
        &["genuine/W/1.png", "genuine/W/2.png"],
        &["W/c-W-01.png", "W/c-W-02.png"],
    ] {
        let set = open(&of_two_writers(names));
        assert_eq!(set.by_writer().iter().map(|writer| writer.genuine.len()).collect::<Vec<_>>(), [2, 2], "{names:?}");
        assert!(set.images.iter().all(|image| image.kind == Kind::Genuine));
    }
}

#[test]
fn folders_that_are_no_writers_are_passed_over_with_a_note() {
    let root = folder(&[
        "001/a.png",
        "001_forg/a.png",
        "__MACOSX/001/._a.png",
        "docs/",
        "notes/text.txt",
        "results/roc.png",
        "c-notes.txt",
    ]);
    let set = open(&root);
    assert_eq!(listing(&set), ["001/a.png 001 G -", "001_forg/a.png 001 F -"]);
    let notes = skipped(&set);
    let starts = ["__MACOSX: no signatures", "docs: no signatures", "notes: no signatures", "results: passed over"];
    assert_eq!(notes.len(), starts.len(), "{notes:?}");
    for (note, start) in notes.iter().zip(starts) {
        assert!(note.starts_with(start), "{note}");
    }
    let gpds = folder(&["001/c-001-01.png", "001/cf-001-01.png", "__MACOSX/001/"]);
    assert_eq!(skipped(&open(&gpds)), ["__MACOSX: no signatures in it, so it is passed over"]);
}

/// A folder with a table of pairs and the files that it names.
fn pair_table(name: &str, table: &str) -> TempDir {
    let cells = table.lines().skip(1).flat_map(|line| line.split([',', ';']));
    let root = folder(&cells.filter(|cell| cell.ends_with(".png")).collect::<Vec<_>>());
    fs::write(root.path().join(name), table).unwrap();
    root
}

#[test]
fn pair_lists_become_images_where_they_say_enough() {
    let wanted =
        ["001/a.png 001 G -", "001/b.png 001 G -", "001_forg/x.png 001 F -", "002/a.png 002 G -", "002/b.png 002 G -"];
    for (name, header, genuine, forged) in [
        ("pairs.csv", "image1,image2,label", "1", "0"),
        ("pairs.csv", "image1,image2,label", "0", "1"),
        ("list.csv", "Image 1,Image 2,Label", "genuine", "Forged"),
        ("train.csv", "first,second,same", "1", "0"),
        ("pairs.tsv", "image1,image2,is_forged", "no", "yes"),
    ] {
        let rows = [
            ("002/a.png", "002/b.png", genuine),
            ("001/a.png", "001_forg/x.png", forged),
            ("001/a.png", "001/b.png", genuine),
            ("001/a.png", "002/a.png", forged),
        ];
        let rows: Vec<String> = rows.iter().map(|(a, b, label)| format!("{a},{b},{label}")).collect();
        let table = format!("{header}\n{}\n", rows.join("\n"));
        // Numbers are told by the names of the files, which a pair of two people's signatures does not contradict.
        let root = pair_table(name, &table);
        if name == "pairs.csv" || name == "pairs.tsv" {
            let set = open(&root);
            assert_eq!((set.layout, listing(&set)), (Layout::Pairs, wanted.map(str::to_owned).to_vec()), "{table}");
            assert!(set.files().any(|file| file == root.path().join(name)), "the table belongs to the set");
        }
        let set = DataSet::open(root.path(), Some(Layout::Pairs), OnBad::Stop).unwrap();
        assert_eq!(listing(&set), wanted, "{table}");
    }
}

#[test]
fn pair_lists_that_do_not_say_enough_are_refused() {
    let cases = [
        ("i/1.png,i/2.png,1\ni/1.png,i/3.png,0\n", "line 2: label \"1\" does not say whether"),
        ("a/1.png,a/2.png,genuine\nb/1.png,b/2.png,doubtful\n", "line 3: unknown label \"doubtful\""),
        ("i/1.png,i/2.png,genuine\ni/1.png,i/3.png,forged\n", "whose signature"),
        ("a/1.png,a/2.png,forged\nb/1.png,b/2.png,genuine\n", "line 2: does not say which of the two is forged"),
        ("a/1.png,b/2.png,genuine\n", "line 2: is labelled genuine, but the names say two writers"),
        ("a/1.png,a/forged 2.png,genuine\nb/1.png,b/2.png,genuine\n", "line 2: is labelled genuine, but"),
        (
            "a/1.png,a/2.png,genuine\na/1.png,a/2.png,forged\nb/1.png,b/2.png,genuine\n",
            "line 3: is labelled forged, but both",
        ),
        ("a/1.png,a/forged 2.png,1\na/1.png,a/forged 3.png,0\n", "does not say whether"),
    ];
    for (rows, words) in cases {
        let root = pair_table("pairs.csv", &format!("image1,image2,label\n{rows}"));
        let error = error(&root);
        assert!(error.contains(words), "{rows}: {error}");
    }
}

#[test]
fn references_of_many_writers_are_genuine_alone() {
    let by_writer = |root: &Path| {
        let References { writers, skipped } = References::read(root).unwrap();
        let writers = writers.iter().map(|(writer, paths)| format!("{writer} {}", paths.len())).collect::<Vec<_>>();
        (writers, skipped.len())
    };
    let words = |words: &[&str]| words.iter().map(|&word| word.to_owned()).collect::<Vec<_>>();
    let root = folder(&["anna/1.png", "anna/2.png", "bert/x.jfif", "__MACOSX/anna/", "bert_forg/1.png", "notes.txt"]);
    assert_eq!(by_writer(root.path()), (words(&["anna 2", "bert 1"]), 2));
    let root = folder(&["001/c-001-01.png", "001/cf-001-01.png", "002/c-002-01.png"]);
    assert_eq!(by_writer(root.path()), (words(&["001 1", "002 1"]), 1));
    let root = folder(&["001/1.png"]);
    assert_eq!(by_writer(root.path()), (words(&["001 1"]), 0));
    let root = folder(&["i/1.png", "i/2.png", "i/3.png"]);
    fs::write(root.path().join("people.csv"), "File;Customer\r\ni\\1.png;anna\r\ni\\2.png;bert\r\n").unwrap();
    assert_eq!(by_writer(&root.path().join("people.csv")), (words(&["anna 1", "bert 1"]), 0));
    fs::write(root.path().join("people.csv"), "path,writer,kind\ni/1.png,anna,genuine\ni/2.png,anna,forged\n").unwrap();
    assert_eq!(by_writer(&root.path().join("people.csv")), (words(&["anna 1"]), 1));
    for names in [&["anna/g1.png", "anna/g2.png", "anna/f1.png", "anna/f2.png"][..], &["a/genuine.png", "a/forged.png"]]
    {
        let error = References::read(folder(names).path()).unwrap_err().to_string();
        assert!(error.contains("seem to lie in it together"), "{error}");
    }
    assert!(References::read(folder(&["notes.txt"]).path()).unwrap_err().to_string().contains("no images"));
}
