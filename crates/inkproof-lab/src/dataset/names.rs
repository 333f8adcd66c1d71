//! Names of files that say whose signature they hold and whether it is forged, as the field's data sets have them; and
//! names that make a folder doubtful, because they look as if genuine and forged signatures lay in it together.

use std::collections::BTreeMap;

use super::{Kind, WriterId, words};

/// A way of naming files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scheme {
    /// GPDS (Ferrer et al.): `c-NNN-II` genuine, `cf-NNN-II` forged.
    Gpds,
    /// MCYT-75 (Ortega-Garcia et al. 2003): `NNNNvII` genuine, `NNNNfII` forged.
    Mcyt,
    /// ICDAR's competitions of 2009 and 2011: `NNN_TT` (or `TT_NNN`) genuine, `FFFFNNN_TT` a forgery of writer NNN by FFFF;
    /// `NFI-AAATTNNN` is made by AAA as writer NNN.
    SigComp,
}

/// What a name says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Named {
    pub writer: WriterId,
    pub kind: Kind,
    pub forger: Option<String>,
}

impl Scheme {
    const ALL: [Self; 3] = [Self::Gpds, Self::Mcyt, Self::SigComp];

    /// The form of its names, for messages.
    pub fn expected(self) -> &'static str {
        match self {
            Self::Gpds => "c-NNN-II or cf-NNN-II",
            Self::Mcyt => "NNNNvII or NNNNfII",
            Self::SigComp => "NNN_TT or FFFFNNN_TT",
        }
    }

    /// What a name, without its extension, says; None where it is not of this form.
    pub fn parse(self, stem: &str) -> Option<Named> {
        match self {
            Self::Gpds => gpds(stem),
            Self::Mcyt => mcyt(stem),
            Self::SigComp => sigcomp(stem),
        }
    }
}

/// What a name of any scheme says.
pub(super) fn parse(stem: &str) -> Option<Named> {
    Scheme::ALL.into_iter().find_map(|scheme| scheme.parse(stem))
}

/// What CEDAR's names say, `original_W_N` and `forgeries_W_N`, in whatever folder.
pub(super) fn cedar(stem: &str) -> Option<Named> {
    let fields: Vec<&str> = stem.split('_').collect();
    let [word, writer, number] = fields[..] else { return None };
    let kind = words::kind_of_name(word)?;
    (is_number(writer) && is_number(number)).then(|| named(writer, kind))
}

/// What a file's name says of its kind alone, by scheme or by a word.
pub(super) fn kind_of_stem(stem: &str) -> Option<Kind> {
    words::kind_of_name(stem).or_else(|| parse(stem).map(|named| named.kind))
}

fn named(writer: &str, kind: Kind) -> Named {
    Named { writer: WriterId::new(writer), kind, forger: None }
}

fn gpds(stem: &str) -> Option<Named> {
    let fields: Vec<&str> = stem.split(['-', '_']).collect();
    let [word, writer, number] = fields[..] else { return None };
    let kind = match word.to_ascii_lowercase().as_str() {
        "c" => Kind::Genuine,
        "cf" => Kind::Forgery,
        _ => return None,
    };
    (is_number(writer) && is_number(number)).then(|| named(writer, kind))
}

fn mcyt(stem: &str) -> Option<Named> {
    let place = stem.find(|c: char| !c.is_ascii_digit())?;
    let (writer, rest) = stem.split_at(place);
    let kind = match rest.as_bytes()[0] {
        b'v' | b'V' => Kind::Genuine,
        b'f' | b'F' => Kind::Forgery,
        _ => return None,
    };
    let number = &rest[1..];
    (writer.len() >= 3 && number.len() >= 2 && is_number(number)).then(|| named(writer, kind))
}

fn sigcomp(stem: &str) -> Option<Named> {
    const WRITER: usize = 3;
    const TRY: usize = 2;
    const FORGER: usize = 4;
    if let Some(digits) = stem.strip_prefix("NFI-").filter(|digits| is_number(digits) && digits.len() == 8) {
        let (signer, writer) = (&digits[..WRITER], &digits[WRITER + TRY..]);
        return Some(made_by(signer, writer, signer == writer));
    }
    let (left, right) = stem.split_once('_').filter(|(left, right)| is_number(left) && is_number(right))?;
    let who = match (left.len(), right.len()) {
        (who, TRY) if who != TRY => left,
        (TRY, _) => right,
        _ => return None,
    };
    match who.len() {
        WRITER => Some(named(who, Kind::Genuine)),
        len if len == FORGER + WRITER => Some(made_by(&who[..FORGER], &who[FORGER..], false)),
        _ => None,
    }
}

fn made_by(signer: &str, writer: &str, is_genuine: bool) -> Named {
    if is_genuine {
        return named(writer, Kind::Genuine);
    }
    Named { forger: Some(signer.to_owned()), ..named(writer, Kind::Forgery) }
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether a file's name says *forged*.
pub(super) fn says_forged(stem: &str) -> bool {
    kind_of_stem(stem) == Some(Kind::Forgery) || is_bhsig_forgery(stem) || is_svc_forgery(stem)
}

fn is_bhsig_forgery(stem: &str) -> bool {
    stem.to_ascii_uppercase().split('-').nth(3) == Some("F")
}

/// SVC 2004's `UxSy` (Yeung et al. 2004): up to 20 genuine, and then forgeries of the same user.
fn is_svc_forgery(stem: &str) -> bool {
    const GENUINE: u32 = 20;
    let upper = stem.to_ascii_uppercase();
    let fields = upper.strip_prefix('U').and_then(|rest| rest.split_once('S'));
    fields.is_some_and(|(user, number)| is_number(user) && number.parse::<u32>().is_ok_and(|number| number > GENUINE))
}

/// An example of each of two kinds of names, where names look as if they were of two: letters that differ, or numbers of
/// which some are much longer. Names that are all different are of no kind.
pub(super) fn two_kinds(stems: &[String]) -> Option<(&String, &String)> {
    let mut kinds: BTreeMap<String, Vec<&String>> = BTreeMap::new();
    for stem in stems {
        kinds.entry(shape(stem)).or_default().push(stem);
    }
    let is_pair = kinds.len() == 2 && kinds.contains_key("f") && kinds.keys().all(|letters| letters.len() == 1);
    let least = if is_pair { 1 } else { 2 };
    let mut several = kinds.values().filter(|stems| stems.len() >= least).map(|stems| stems[0]);
    several.next().zip(several.next())
}

/// The letters of a name, with a mark for each long number; what parts them and short numbers do not matter.
fn shape(stem: &str) -> String {
    const LONG: usize = 5;
    let mut shape = String::new();
    let mut digits = 0;
    for c in stem.chars().chain([' ']) {
        if c.is_ascii_digit() {
            digits += 1;
            continue;
        }
        if digits >= LONG {
            shape.push('#');
        }
        digits = 0;
        shape.extend(c.to_lowercase().filter(|c| c.is_alphabetic()));
    }
    shape
}

#[cfg(test)]
mod tests {
    use super::*;

    fn says(stem: &str) -> Option<(String, char, Option<String>)> {
        let named = parse(stem)?;
        let kind = if named.kind == Kind::Genuine { 'G' } else { 'F' };
        Some((named.writer.to_string(), kind, named.forger))
    }

    #[test]
    fn the_field_s_names_are_read() {
        for (stem, writer, kind, forger) in [
            ("c-001-05", "001", 'G', None),
            ("cf-001-05", "001", 'F', None),
            ("C_0012_5", "0012", 'G', None),
            ("0000v00", "0000", 'G', None),
            ("0000f14", "0000", 'F', None),
            ("001_02", "001", 'G', None),
            ("02_001", "001", 'G', None),
            ("0113001_02", "001", 'F', Some("0113")),
            ("02_0113001", "001", 'F', Some("0113")),
            ("NFI-00602023", "023", 'F', Some("006")),
            ("NFI-02302023", "023", 'G', None),
        ] {
            assert_eq!(says(stem), Some((writer.to_owned(), kind, forger.map(str::to_owned))), "{stem}");
        }
        for stem in
            ["", "1", "scan", "1_2", "c-1", "cx-001-01", "12v3", "001_002", "01_02", "12345_01", "NFI-1", "é_01"]
        {
            assert_eq!(says(stem), None, "{stem}");
        }
    }

    #[test]
    fn names_of_two_kinds_are_seen() {
        let stems = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>();
        for names in [
            &["g1", "g2", "f1", "f2"][..],
            &["g1", "f1"],
            &["001-a-1", "001-a-2", "001-b-1", "001-b-2"],
            &["001_1", "001_2", "0113001_1", "0113001_2"],
        ] {
            assert!(two_kinds(&stems(names)).is_some(), "{names:?}");
        }
        for names in [
            &["1", "2", "10"][..],
            &["a", "b", "c"],
            &["a", "b", "c", "d", "e", "f", "g"],
            &["001_1", "001 (2)", "001-3"],
            &["Scan 1", "scan_2", "other"],
        ] {
            assert_eq!(two_kinds(&stems(names)), None, "{names:?}");
        }
        for (stem, forged) in [
            ("B-S-1-F-02", true),
            ("cf-001-02", true),
            ("fake one", true),
            ("U1S21", true),
            ("U1S20", false),
            ("001_02", false),
            ("g-2", false),
        ] {
            assert_eq!(says_forged(stem), forged, "{stem}");
        }
    }
}
