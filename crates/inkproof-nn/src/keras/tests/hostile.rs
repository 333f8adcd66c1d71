//! HDF5 that is made to keep its reader busy or to fill its memory: each is refused before it does.

use super::super::bounded::Bounded;
use super::*;
use hdf5_pure::Source;

/// An HDF5 file of the oldest layout, which has no checksums, so that anything can be put into it.
struct Hdf5(Vec<u8>);

const SUPERBLOCK: usize = 96;
const UNDEFINED: u64 = u64::MAX;

impl Hdf5 {
    fn new() -> Self {
        Self(vec![0; SUPERBLOCK])
    }

    /// Where the next piece will be.
    fn end(&self) -> u64 {
        self.0.len() as u64
    }

    /// Adds a piece, at a multiple of 8.
    fn add(&mut self, piece: &[u8]) -> u64 {
        let address = self.end();
        self.0.extend(padded(piece));
        address
    }

    /// Adds an object: a group, a data set.
    fn object(&mut self, messages: &[(u16, Vec<u8>)]) -> u64 {
        let mut body = Vec::new();
        for (kind, data) in messages {
            let data = padded(data);
            body.extend([&kind.to_le_bytes()[..], &(data.len() as u16).to_le_bytes(), &[0; 4], &data].concat());
        }
        let (count, length) = (messages.len() as u16, body.len() as u32);
        let head = [&[1, 0][..], &count.to_le_bytes(), &1_u32.to_le_bytes(), &length.to_le_bytes(), &[0; 4]].concat();
        self.add(&[head, body].concat())
    }

    /// The file, with this object as its outermost group.
    fn finish(mut self, root: u64) -> Vec<u8> {
        let versions = [0, 0, 0, 0, 0, 8, 8, 0, 4, 0, 16, 0, 0, 0, 0, 0];
        let addresses = [0, UNDEFINED, self.end(), UNDEFINED, 0, root].map(u64::to_le_bytes).concat();
        let superblock = [b"\x89HDF\r\n\x1a\n", &versions[..], &addresses].concat();
        self.0[..superblock.len()].copy_from_slice(&superblock);
        self.0
    }
}

fn padded(bytes: &[u8]) -> Vec<u8> {
    let mut padded = bytes.to_vec();
    padded.resize(bytes.len().next_multiple_of(8), 0);
    padded
}

const TEXTS: &[u8] = &[0x19, 1, 0, 0, 16, 0, 0, 0, 0x13, 0, 0, 0, 1, 0, 0, 0];

/// A message that is an attribute of so many values.
fn attribute(kind: &[u8], count: u64, values: &[u8]) -> (u16, Vec<u8>) {
    let space = [&[1, 1, 0, 0, 0, 0, 0, 0][..], &count.to_le_bytes()].concat();
    let lengths = [2, kind.len() as u16, space.len() as u16].map(u16::to_le_bytes).concat();
    (0x0c, [&[1, 0], &lengths[..], &padded(b"x\0"), &padded(kind), &space, values].concat())
}

/// Adds a group without members.
fn empty_group(file: &mut Hdf5) -> u64 {
    file.object(&[(0x02, [&[0, 0][..], &[0xff; 16]].concat())])
}

fn link(name: &str, to: u64) -> (u16, Vec<u8>) {
    (0x06, [&[1, 0, name.len() as u8][..], name.as_bytes(), &to.to_le_bytes()].concat())
}

/// A message that says where a group has its tree and its names.
fn symbol_table(tree: u64, heap: u64) -> (u16, Vec<u8>) {
    (0x11, [tree, heap].map(u64::to_le_bytes).concat())
}

/// Adds the names of a group.
fn add_names(file: &mut Hdf5, names: &[u8]) -> u64 {
    let names_are_at = file.add(names);
    let length = names.len() as u64;
    file.add(&[b"HEAP\0\0\0\0", &[length, UNDEFINED, names_are_at].map(u64::to_le_bytes).concat()[..]].concat())
}

/// Adds a node of a group's tree.
fn add_node(file: &mut Hdf5, level: u8, children: &[u64]) -> u64 {
    let head = [&b"TREE\0"[..], &[level], &(children.len() as u16).to_le_bytes(), &[0xff; 16]].concat();
    let children = children.iter().flat_map(|child| [0, *child]).chain([0]).flat_map(u64::to_le_bytes);
    file.add(&head.into_iter().chain(children).collect::<Vec<_>>())
}

fn told(file: &[u8]) -> String {
    read(file).map(|_| ()).unwrap_err().to_string()
}

/// The layout above is one that is read, so that what is refused below is not refused for its form.
#[test]
fn a_file_of_the_oldest_layout_is_read() {
    let mut file = Hdf5::new();
    let text = file.end();
    file.add(
        &[&b"GCOL\x01\0\0\0"[..], &4096_u64.to_le_bytes(), &[1, 0, 1, 0, 0, 0, 0, 0], &5_u64.to_le_bytes(), b"hello"]
            .concat(),
    );
    file.add(&[0; 4096]);
    let reference = [&5_u32.to_le_bytes()[..], &text.to_le_bytes(), &1_u32.to_le_bytes()].concat();
    let group = empty_group(&mut file);
    let root = file.object(&[link("layers", group), attribute(TEXTS, 1, &reference)]);
    let (bytes, budget) = Bounded::new(file.finish(root));
    let file = hdf5_pure::File::from_source(bytes).unwrap();
    assert_eq!(file.root().attrs().unwrap()["x"].as_strings().unwrap(), ["hello"]);
    assert!(!budget.is_spent());
}

#[test]
fn one_long_text_that_is_meant_four_thousand_times_is_refused() {
    const LENGTH: usize = 1 << 20;
    let mut file = Hdf5::new();
    let text = [&[1, 0, 1, 0, 0, 0, 0, 0][..], &(LENGTH as u64).to_le_bytes(), &vec![b'a'; LENGTH]].concat();
    let collection = [b"GCOL\x01\0\0\0", &(16 + text.len() as u64).to_le_bytes()[..], &text].concat();
    let collection = file.add(&collection);
    let reference = [&(LENGTH as u32).to_le_bytes()[..], &collection.to_le_bytes(), &1_u32.to_le_bytes()].concat();
    let group = empty_group(&mut file);
    let root = file.object(&[link("layers", group), attribute(TEXTS, 4_000, &reference.repeat(4_000))]);
    assert!(told(&file.finish(root)).contains("its attributes are more than any model's"));
}

#[test]
fn a_tree_whose_branches_meet_again_is_refused() {
    let mut file = Hdf5::new();
    let names = add_names(&mut file, b"\0\0\0\0\0\0\0\0");
    let mut tree = add_node(&mut file, 0, &[]);
    for level in 1..=60 {
        tree = add_node(&mut file, level, &[tree, tree]);
    }
    let root = file.object(&[symbol_table(tree, names)]);
    assert!(told(&file.finish(root)).contains("more to read than in any model"));
}

#[test]
fn a_long_name_that_thousands_have_is_refused() {
    let mut file = Hdf5::new();
    let names = add_names(&mut file, &[&vec![b'a'; 100 << 10][..], b"\0"].concat());
    let entries = vec![0; 3_000 * 40];
    let symbols = file.add(&[&b"SNOD\x01\0"[..], &3_000_u16.to_le_bytes(), &entries].concat());
    let tree = add_node(&mut file, 0, &vec![symbols; 100]);
    let root = file.object(&[symbol_table(tree, names)]);
    assert!(told(&file.finish(root)).contains("more to read than in any model"));
}

#[test]
fn a_group_that_holds_itself_is_refused() {
    let mut file = Hdf5::new();
    let root = file.end();
    file.object(&[link("a", root), link("b", root)]);
    assert!(told(&file.finish(root)).contains("more groups than any model has"));
}

/// The reader descends into types by recursion.
#[test]
fn types_in_types_overflow_no_stack() {
    let mut file = Hdf5::new();
    let list_of = [0x19, 0, 0, 0, 16, 0, 0, 0];
    let kind = [list_of.repeat(8_000), TEXTS[8..].to_vec()].concat();
    let group = empty_group(&mut file);
    let root = file.object(&[link("layers", group), attribute(&kind, 1, &[0; 16])]);
    assert!(told(&file.finish(root)).contains("holds no weights"));
}

/// The reader descends trees of version 2 by recursion, too, and lays out a table for each level.
#[test]
fn trees_that_are_too_deep_are_refused() {
    let header = |record: u16, depth: u16| {
        let numbers = [record, depth].map(u16::to_le_bytes).concat();
        [&b"BTHD\0\x05\0\x02\0\0"[..], &numbers, &[0; 50]].concat()
    };
    for (record, depth, fits) in [(11, 2, true), (11, 65_535, false), (11, 17, false), (0, 0, false)] {
        let (file, _) = Bounded::new(header(record, depth));
        assert_eq!(file.read_metadata_at(0, 64).is_ok(), fits, "records of {record}, depth {depth}");
    }
    // In a group of so many members that they are in such a tree.
    let mut file = hdf5_pure::FileBuilder::new();
    for name in 0..40 {
        file.set_attr(&format!("a{name}"), hdf5_pure::AttrValue::I64(1));
    }
    let mut file = file.finish().unwrap();
    let at = file.windows(4).position(|bytes| bytes == b"BTHD").unwrap();
    file[at + 12..at + 14].copy_from_slice(&65_535_u16.to_le_bytes());
    assert!(told(&file).contains("a tree is deeper than in any model"));
}

#[test]
fn a_piece_of_structure_as_large_as_the_file_is_refused() {
    let mut file = Hdf5::new();
    let names = add_names(&mut file, &vec![0; 1 << 20]);
    let tree = add_node(&mut file, 0, &[]);
    let root = file.object(&[symbol_table(tree, names)]);
    assert!(told(&file.finish(root)).contains("larger than in any model"));
}
