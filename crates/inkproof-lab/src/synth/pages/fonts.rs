//! The faces that pages are printed in: outlines of the system's fonts, read once.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use rand::Rng;
use skrifa::instance::{LocationRef, Size};
use skrifa::outline::{DrawSettings, OutlinePen};
use skrifa::{FontRef, MetadataProvider};

use crate::error::{Error, Result};
use crate::synth::draw::{chance, pick};

/// Where systems keep their fonts.
const FOLDERS: [&str; 3] = ["/usr/share/fonts", "/usr/local/share/fonts", "/Library/Fonts"];

/// No deeper below a folder than this.
const DEPTH: usize = 6;

/// What pages are written in, beside ASCII.
const BEYOND_ASCII: &str = "äöüÄÖÜßéèëïçñ£€§©°•–";

/// What kind of letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Family {
    /// All letters are as wide.
    Typewriter,
    Serif,
    Sans,
    /// Printed letters that look written.
    Script,
}

/// A part of an outline, in shares of the em, y up.
#[derive(Debug, Clone, Copy)]
pub(super) enum Segment {
    Move([f32; 2]),
    Line([f32; 2]),
    Quad([f32; 2], [f32; 2]),
    Cubic([f32; 2], [f32; 2], [f32; 2]),
    Close,
}

/// One letter.
#[derive(Debug, Clone)]
pub(super) struct Letter {
    pub advance: f64,
    pub outline: Vec<Segment>,
}

/// One face: its letters, in shares of the em.
#[derive(Debug, Clone)]
pub(super) struct Face {
    pub family: Family,
    pub bold: bool,
    pub italic: bool,
    /// Named after typewriters' most frequent type.
    is_courier: bool,
    letters: HashMap<char, Letter>,
}

/// The faces of a system.
#[derive(Debug, Clone)]
pub struct Fonts {
    faces: Vec<Face>,
}

impl Fonts {
    /// The TrueType and OpenType fonts with Latin letters under `folder`, or where the system keeps its fonts. Pages
    /// follow from a seed as long as these are the same.
    ///
    /// # Errors
    /// [`Error::NoFonts`] where there are none. Files that are no fonts are passed over.
    pub fn find(folder: Option<&Path>) -> Result<Self> {
        let folders: Vec<PathBuf> = match folder {
            Some(folder) => vec![folder.to_owned()],
            None => FOLDERS.iter().map(PathBuf::from).collect(),
        };
        let mut files = Vec::new();
        for folder in &folders {
            font_files(folder, DEPTH, &mut files);
        }
        files.sort();
        let faces: Vec<Face> = files.iter().filter_map(|file| Face::read(file)).collect();
        if faces.iter().any(Face::is_for_text) { Ok(Self { faces }) } else { Err(Error::NoFonts { folders }) }
    }

    /// An upright face of a family; of another one where there is none.
    pub(super) fn face(&self, family: Family, bold: bool, rng: &mut impl Rng) -> &Face {
        self.like(rng, |face| face.family == family && face.bold == bold && !face.italic)
    }

    /// A slanted face of a family; an upright one where there is none.
    pub(super) fn italic(&self, family: Family, rng: &mut impl Rng) -> &Face {
        self.like(rng, |face| face.family == family && face.italic)
    }

    fn like(&self, rng: &mut impl Rng, wanted: impl Fn(&Face) -> bool) -> &Face {
        let mut fitting: Vec<&Face> = self.faces.iter().filter(|face| wanted(face)).collect();
        if fitting.iter().any(|face| face.is_courier) && chance(rng, 0.6) {
            fitting.retain(|face| face.is_courier);
        }
        if fitting.is_empty() {
            let text: Vec<&Face> = self.faces.iter().filter(|face| face.is_for_text()).collect();
            return pick::<&Face>(rng, &text);
        }
        pick::<&Face>(rng, &fitting)
    }
}

impl Face {
    /// The letter, or a question mark where the face lacks it.
    pub(super) fn letter(&self, character: char) -> &Letter {
        self.letters.get(&character).unwrap_or_else(|| &self.letters[&'?'])
    }

    /// How wide a text is, in ems.
    pub(super) fn width(&self, text: &str) -> f64 {
        text.chars().map(|character| self.letter(character).advance).sum()
    }

    fn is_for_text(&self) -> bool {
        self.family != Family::Script && !self.italic
    }

    /// None for what is no font, or has not all of ASCII.
    fn read(file: &Path) -> Option<Self> {
        let bytes = fs::read(file).ok()?;
        let font = FontRef::from_index(&bytes, 0).ok()?;
        let attributes = font.attributes();
        let charmap = font.charmap();
        let outlines = font.outline_glyphs();
        let metrics = font.glyph_metrics(Size::new(1.0), LocationRef::default());
        let letter = |character: char| -> Option<Letter> {
            let id = charmap.map(character)?;
            let mut drawn = Drawn::default();
            let settings = DrawSettings::unhinted(Size::new(1.0), LocationRef::default());
            outlines.get(id)?.draw(settings, &mut drawn).ok()?;
            Some(Letter { advance: f64::from(metrics.advance_width(id)?), outline: drawn.0 })
        };
        let mut letters = HashMap::new();
        for character in ' '..='~' {
            letters.insert(character, letter(character)?);
        }
        letters.extend(BEYOND_ASCII.chars().filter_map(|character| Some((character, letter(character)?))));
        let is_fixed = (letters[&'i'].advance - letters[&'W'].advance).abs() < 1e-4;
        let name = file.file_stem()?.to_string_lossy().to_lowercase();
        Some(Self {
            is_courier: ["courier", "liberationmono", "nimbusmono"].iter().any(|word| name.contains(word)),
            family: family(&name, is_fixed),
            bold: attributes.weight.value() >= 600.0,
            italic: attributes.style != skrifa::attribute::Style::Normal,
            letters,
        })
    }
}

/// The family that a file's name, in small letters, speaks of.
fn family(name: &str, is_fixed: bool) -> Family {
    let has = |words: &[&str]| words.iter().any(|word| name.contains(word));
    if is_fixed || has(&["courier"]) {
        Family::Typewriter
    } else if has(&["script", "hand", "breip", "kristi", "cursive", "chancery", "ecolier"]) {
        Family::Script
    } else if has(&["serif", "times", "roman", "termes", "pagella", "schola", "math"]) && !has(&["sansserif"]) {
        Family::Serif
    } else {
        Family::Sans
    }
}

fn font_files(folder: &Path, depth: usize, files: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for path in entries.flatten().map(|entry| entry.path()) {
        let is_font =
            path.extension().is_some_and(|name| ["ttf", "otf"].iter().any(|end| name.eq_ignore_ascii_case(end)));
        if is_font {
            files.push(path);
        } else if depth > 0 && path.is_dir() {
            font_files(&path, depth - 1, files);
        }
    }
}

#[derive(Default)]
struct Drawn(Vec<Segment>);

impl OutlinePen for Drawn {
    fn move_to(&mut self, x: f32, y: f32) {
        self.0.push(Segment::Move([x, y]));
    }

    fn line_to(&mut self, x: f32, y: f32) {
        self.0.push(Segment::Line([x, y]));
    }

    fn quad_to(&mut self, cx0: f32, cy0: f32, x: f32, y: f32) {
        self.0.push(Segment::Quad([cx0, cy0], [x, y]));
    }

    fn curve_to(&mut self, cx0: f32, cy0: f32, cx1: f32, cy1: f32, x: f32, y: f32) {
        self.0.push(Segment::Cubic([cx0, cy0], [cx1, cy1], [x, y]));
    }

    fn close(&mut self) {
        self.0.push(Segment::Close);
    }
}
