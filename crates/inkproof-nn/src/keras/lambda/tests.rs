//! Lambdas as Python 3.10 to 3.14 compile them (`tests/golden/keras/lambdas.json`), and as older ones do.

use std::collections::BTreeMap;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use proptest::prelude::*;

use super::*;

/// By version, then by source.
fn compiled() -> BTreeMap<String, BTreeMap<String, Vec<u8>>> {
    let text = include_str!("../../../../../tests/golden/keras/lambdas.json");
    let all: BTreeMap<String, BTreeMap<String, String>> = serde_json::from_str(text).unwrap();
    let decode = |(source, code): (String, String)| (source, BASE64_STANDARD.decode(code).unwrap());
    all.into_iter().map(|(version, codes)| (version, codes.into_iter().map(decode).collect())).collect()
}

fn expected(source: &str) -> Option<Meaning> {
    Some(match source {
        "lambda x: tf.abs(x[0] - x[1])"
        | "lambda tensors: K.abs(tensors[0] - tensors[1])"
        | "lambda t: tf.math.abs(t[0] - t[1])"
        | "lambda x: abs(x[0] - x[1])"
        | "lambda x: keras.ops.abs(x[1] - x[0])"
        | "lambda x: tf.abs(tf.subtract(x[0], x[1]))" => Meaning::Distance,
        "lambda x: tf.math.l2_normalize(x, axis=1)"
        | "lambda x: tf.nn.l2_normalize(x, axis=-1)"
        | "lambda x: K.l2_normalize(x, 1)" => Meaning::Unit,
        "lambda x: tf.abs(x)" => Meaning::Absolute,
        _ => return None,
    })
}

#[test]
fn known_lambdas_of_every_version_are_known_and_no_others() {
    let all = compiled();
    assert_eq!(all.keys().collect::<Vec<_>>(), ["3.10", "3.11", "3.12", "3.13", "3.14"]);
    for (version, codes) in &all {
        assert!(codes.len() > 12);
        for (source, code) in codes {
            assert_eq!(meaning(code).ok(), expected(source), "{version}: {source}");
        }
    }
}

#[test]
fn an_unknown_lambda_is_told() {
    let told = [
        ("lambda x: tf.square(x[0] - x[1])", Some("F.square(x[0] - x[1])")),
        ("lambda x: (x[0] - x[1]) ** 2", Some("(x[0] - x[1]) ** 2")),
        ("lambda x: tf.abs(x[0] + x[1])", Some("F.abs(x[0] + x[1])")),
        (
            "lambda x: K.sqrt(K.sum(K.square(x[0] - x[1]), axis=1, keepdims=True))",
            Some("F.sqrt(F.sum(F.square(x[0] - x[1]), axis=1, keepdims=?))"),
        ),
        ("lambda x: tf.abs(x[0] - x[1]) if x else 0", None),
    ];
    for (version, codes) in compiled() {
        for (source, words) in told {
            assert_eq!(meaning(&codes[source]), Err(words.map(str::to_owned)), "{version}: {source}");
        }
    }
}

/// Python 3.7 writes what 3.10 does, without the number of positional-only arguments.
#[test]
fn the_code_of_older_versions_is_read() {
    let mut code = compiled()["3.10"]["lambda x: tf.abs(x[0] - x[1])"].clone();
    code.drain(5..9);
    assert_eq!(meaning(&code), Ok(Meaning::Distance));
}

#[test]
fn a_tower_of_tuples_is_not_climbed() {
    assert_eq!(meaning(&[b")\x01".repeat(2_000), b"N".to_vec()].concat()), Err(None));
    let mut code = compiled()["3.11"]["lambda x: tf.abs(x)"].clone();
    // A tuple that says it has two thousand million items.
    let at = code.iter().position(|&byte| byte & 0x7f == b')').unwrap();
    code.splice(at..at + 2, [b'(', 0xff, 0xff, 0xff, 0x7f]);
    assert_eq!(meaning(&code), Err(None));
}

/// A few tuples of a hundred references to the tuple before, copied, would be more objects than memory holds.
#[test]
fn references_to_references_fill_no_memory() {
    let mut bytes = vec![b')', 8, 0x80 | b')', 100];
    bytes.extend([b'N'; 100]);
    for before in 0..7_u32 {
        bytes.extend([0x80 | b')', 100]);
        bytes.extend([&b"r"[..], &before.to_le_bytes()[..]].concat().repeat(100));
    }
    assert_eq!(meaning(&bytes), Err(None));
}

/// Python passes over it, so that it is no part of what the lambda computes.
#[test]
fn code_where_an_instruction_has_its_cache_is_unknown() {
    let mut code = compiled()["3.12"]["lambda x: tf.abs(x)"].clone();
    const LOAD_GLOBAL: u8 = 116;
    let at = code.windows(4).position(|bytes| bytes[0] == LOAD_GLOBAL && bytes[2..] == [0_u8; 2]).unwrap();
    const NOP: u8 = 9;
    code[at + 2] = NOP;
    assert_eq!(meaning(&code), Err(None));
}

/// No global is called `tf.math`; a name that is more than a word could be a whole expression.
#[test]
fn a_name_of_several_words_is_unknown() {
    let mut code = compiled()["3.10"]["lambda x: tf.abs(x)"].clone();
    let at = code.windows(3).position(|bytes| bytes == b"\x02tf").unwrap();
    code.splice(at..at + 3, *b"\x07tf.math");
    assert_eq!(meaning(&code), Err(None));
}

proptest! {
    #[test]
    fn damaged_code_is_read_without_harm(place in 0_usize..1_000, byte: u8) {
        for code in compiled()["3.11"].values() {
            let mut code = code.clone();
            let place = place % code.len();
            code[place] = byte;
            let _ = meaning(&code);
        }
    }
}
