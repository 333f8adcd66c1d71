//! What people's words say about a signature: the words for *genuine* and *forged* in tables, and in names of files and
//! folders. A word that is not known says nothing, and never *genuine*.

use super::Kind;

const GENUINE: [&str; 12] = [
    "genuine",
    "genuines",
    "genuin",
    "original",
    "originals",
    "orig",
    "org",
    "real",
    "authentic",
    "genuinesignature",
    "own",
    "g",
];

const FORGED: [&str; 16] = [
    "forgery",
    "forgeries",
    "forged",
    "forge",
    "forg",
    "fake",
    "fakes",
    "faked",
    "skilled",
    "simulated",
    "simulation",
    "imitation",
    "imitated",
    "traced",
    "forgedsignature",
    "f",
];

/// What may stand beside these in a table and changes nothing.
const NEUTRAL: [&str; 6] = ["signature", "signatures", "sig", "sign", "image", "simple"];

/// What a cell of a table calls a signature; None where that is not clear.
pub(super) fn kind_of_cell(cell: &str) -> Option<Kind> {
    let mut kind = None;
    for word in words(cell).filter(|word| !NEUTRAL.contains(&word.as_str())) {
        let found = kind_of_word(&word)?;
        if *kind.get_or_insert(found) != found {
            return None;
        }
    }
    kind
}

/// What a name of a file or folder says about what is in it; None where it says nothing, or both. Single letters say
/// nothing here.
pub(super) fn kind_of_name(name: &str) -> Option<Kind> {
    let of_word = |word: String| kind_of_word(&word).or(word.contains("forg").then_some(Kind::Forgery));
    let mut kinds = words(name).filter(|word| word.len() > 1).filter_map(of_word);
    let first = kinds.next()?;
    kinds.all(|kind| kind == first).then_some(first)
}

/// What a folder's whole name means; None where it has any word of its own, as a writer's has.
pub(super) fn kind_of_folder(name: &str) -> Option<Kind> {
    const NEUTRAL: [&str; 11] =
        ["full", "offline", "all", "set", "data", "images", "image", "signature", "signatures", "sign", "signs"];
    if name.starts_with(|c: char| c.is_ascii_digit()) || name.ends_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let mut kind = None;
    for word in words(name).filter(|word| !NEUTRAL.contains(&word.as_str())) {
        let found = kind_of_word(&word).filter(|_| word.len() > 1)?;
        // "skilled forgeries" say it twice.
        if *kind.get_or_insert(found) != found {
            return None;
        }
    }
    kind
}

/// Whose folder a name with a word for a kind at its end is, as `001_forg` or `anna-genuine`; None without such a word.
pub(super) fn role_of_folder(name: &str) -> Option<(&str, Kind)> {
    let is_letter = |c: char| c.is_alphabetic();
    let base = name.trim_end_matches(is_letter);
    let kind = kind_of_name(&name[base.len()..])?;
    let base = base.trim_end_matches([' ', '_', '-', '.']);
    (!base.is_empty()).then_some((base, kind))
}

/// Yes or no, as tables write it.
pub(super) fn flag(cell: &str) -> Option<bool> {
    match cell.to_lowercase().as_str() {
        "1" | "1.0" | "true" | "yes" | "y" => Some(true),
        "0" | "0.0" | "false" | "no" | "n" => Some(false),
        _ => None,
    }
}

fn kind_of_word(word: &str) -> Option<Kind> {
    if GENUINE.contains(&word) {
        Some(Kind::Genuine)
    } else if FORGED.contains(&word) {
        Some(Kind::Forgery)
    } else {
        None
    }
}

/// Runs of letters, in lower case.
fn words(text: &str) -> impl Iterator<Item = String> + '_ {
    text.split(|c: char| !c.is_alphabetic()).filter(|word| !word.is_empty()).map(str::to_lowercase)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_understood_or_say_nothing() {
        for word in ["genuine", "Genuine", "ORIGINAL", "real", "authentic", "g", "Genuine signature"] {
            assert_eq!(kind_of_cell(word), Some(Kind::Genuine), "{word}");
        }
        for word in ["forgery", "Forged", "forgeries", "fake", "skilled", "skilled forgery", "skilled_forgery", "F"] {
            assert_eq!(kind_of_cell(word), Some(Kind::Forgery), "{word}");
        }
        for word in ["", "1", "not genuine", "doubtful", "random forgery", "genuine/forged", "disguised", "signature"] {
            assert_eq!(kind_of_cell(word), None, "{word}");
        }
    }

    #[test]
    fn folders_are_of_a_kind_or_a_writer_s() {
        for (name, kind) in [
            ("genuine", Some(Kind::Genuine)),
            ("full_org", Some(Kind::Genuine)),
            ("Offline Genuine", Some(Kind::Genuine)),
            ("Forged", Some(Kind::Forgery)),
            ("skilled forgeries", Some(Kind::Forgery)),
            ("001", None),
            ("001_forg", None),
            ("anna_forg", None),
            ("genuine1", None),
            ("f", None),
            ("signatures", None),
        ] {
            assert_eq!(kind_of_folder(name), kind, "{name}");
        }
        assert_eq!(role_of_folder("001_forg"), Some(("001", Kind::Forgery)));
        assert_eq!(role_of_folder("anna-genuine"), Some(("anna", Kind::Genuine)));
        for name in ["001", "forged", "anna", "001f", "forg_001"] {
            assert_eq!(role_of_folder(name), None, "{name}");
        }
    }

    #[test]
    fn names_say_what_they_hold_or_nothing() {
        for name in ["full_org", "Offline Genuine", "genuine12", "original_3_4", "real"] {
            assert_eq!(kind_of_name(name), Some(Kind::Genuine), "{name}");
        }
        for name in ["001_forg", "full_forg", "Offline Forgeries", "forgeries_1_2", "Fake-3", "myforgedones", "skilled"]
        {
            assert_eq!(kind_of_name(name), Some(Kind::Forgery), "{name}");
        }
        for name in ["001", "g-1", "f", "genuine and forged", "scan", "Fakenham"] {
            assert_eq!(kind_of_name(name), None, "{name}");
        }
    }
}
