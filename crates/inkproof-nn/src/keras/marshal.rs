//! Python's `marshal`, as far as the code of a lambda needs it: nothing is executed, and what is not known is not read.
//!
//! Versions 3.6 to 3.14 are read. The format names no version, and a code object has other fields in each family, so each
//! family is tried until one fits to the last byte.

use std::rc::Rc;

/// More objects than any one-line function has.
const OBJECTS: usize = 1_000;
const DEPTH: usize = 8;

/// What is read of a Python object.
#[derive(Clone, Debug, PartialEq)]
pub enum Object {
    None,
    Integer(i64),
    Text(String),
    Bytes(Vec<u8>),
    /// Shared by what refers to it: tuples of references to tuples of references would fill any memory as copies.
    Tuple(Rc<[Object]>),
    Code(Box<Code>),
    /// A value that says nothing here: a boolean, a float.
    Other,
}

/// A compiled function.
#[derive(Clone, Debug, PartialEq)]
pub struct Code {
    /// Positional arguments.
    pub arguments: i32,
    /// Instructions, two bytes each.
    pub instructions: Vec<u8>,
    pub constants: Rc<[Object]>,
    /// Of globals and attributes.
    pub names: Rc<[Object]>,
    /// Variables that come from around the function.
    pub captures: bool,
}

/// How the fields of code objects are laid out.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Family {
    /// 3.6 and 3.7.
    Without,
    /// 3.8 to 3.10: arguments that are positional only.
    PositionalOnly,
    /// From 3.11 on: one list of variables for all kinds.
    Localsplus,
}

/// The code object that these bytes are, with the family of versions that it was written by.
pub fn code(bytes: &[u8]) -> Option<(Family, Code)> {
    [Family::Localsplus, Family::PositionalOnly, Family::Without].into_iter().find_map(|family| {
        let mut reader = Reader { rest: bytes, family, seen: Vec::new(), objects: 0 };
        match reader.object(0)? {
            Object::Code(code) if reader.rest.is_empty() => Some((family, *code)),
            _ => None,
        }
    })
}

struct Reader<'a> {
    rest: &'a [u8],
    family: Family,
    /// Objects that later ones refer to.
    seen: Vec<Object>,
    objects: usize,
}

/// Set in an object's type where later ones may refer to it.
const REFERABLE: u8 = 0x80;

impl Reader<'_> {
    fn object(&mut self, depth: usize) -> Option<Object> {
        self.objects += 1;
        if depth > DEPTH || self.objects > OBJECTS {
            return None;
        }
        let kind = self.byte()?;
        let place = (kind & REFERABLE != 0).then(|| {
            self.seen.push(Object::Other);
            self.seen.len() - 1
        });
        let object = match kind & !REFERABLE {
            b'N' => Object::None,
            b'T' | b'F' => Object::Other,
            b'i' => Object::Integer(self.integer()?.into()),
            b'g' => self.take(8).map(|_| Object::Other)?,
            b's' => Object::Bytes(self.sized()?.to_vec()),
            b'u' | b't' | b'a' | b'A' => Object::Text(String::from_utf8(self.sized()?.to_vec()).ok()?),
            b'z' | b'Z' => {
                let length = self.byte()?.into();
                Object::Text(String::from_utf8(self.take(length)?.to_vec()).ok()?)
            }
            b')' => {
                let length = self.byte()?.into();
                self.tuple(length, depth)?
            }
            b'(' => {
                let length = usize::try_from(self.integer()?).ok()?;
                self.tuple(length, depth)?
            }
            b'r' => {
                let place = usize::try_from(self.integer()?).ok()?;
                self.seen.get(place)?.clone()
            }
            b'c' => Object::Code(Box::new(self.code(depth)?)),
            _ => return None,
        };
        if let Some(place) = place {
            self.seen[place] = object.clone();
        }
        Some(object)
    }

    fn tuple(&mut self, length: usize, depth: usize) -> Option<Object> {
        if length > OBJECTS {
            return None;
        }
        (0..length).map(|_| self.object(depth + 1)).collect::<Option<_>>().map(Object::Tuple)
    }

    fn code(&mut self, depth: usize) -> Option<Code> {
        let arguments = self.integer()?;
        // Positional-only and keyword-only arguments, local variables, depth of the stack, flags.
        let others = if self.family == Family::PositionalOnly { 5 } else { 4 };
        let others: Vec<i32> = (0..others).map(|_| self.integer()).collect::<Option<_>>()?;
        let keyword_only = others[usize::from(self.family != Family::Without)];
        let Object::Bytes(instructions) = self.object(depth + 1)? else { return None };
        let Object::Tuple(constants) = self.object(depth + 1)? else { return None };
        let Object::Tuple(names) = self.object(depth + 1)? else { return None };
        let Object::Tuple(locals) = self.object(depth + 1)? else { return None };
        let captures = if self.family == Family::Localsplus {
            let Object::Bytes(kinds) = self.object(depth + 1)? else { return None };
            const LOCAL: u8 = 0x20;
            kinds.len() != locals.len() || kinds.iter().any(|kind| kind & LOCAL == 0)
        } else {
            let mut has_any = || Some(self.object(depth + 1)? != Object::Tuple(Rc::default()));
            // Free ones, and those that an inner function uses.
            let (free, shared) = (has_any()?, has_any()?);
            free || shared
        };
        let Object::Text(_file) = self.object(depth + 1)? else { return None };
        let Object::Text(_name) = self.object(depth + 1)? else { return None };
        if self.family == Family::Localsplus {
            let Object::Text(_qualified) = self.object(depth + 1)? else { return None };
        }
        self.integer()?; // The first line.
        let Object::Bytes(_lines) = self.object(depth + 1)? else { return None };
        if self.family == Family::Localsplus {
            let Object::Bytes(_exceptions) = self.object(depth + 1)? else { return None };
        }
        let arguments = if keyword_only == 0 { arguments } else { return None };
        Some(Code { arguments, instructions, constants, names, captures })
    }

    fn byte(&mut self) -> Option<u8> {
        self.take(1).map(|bytes| bytes[0])
    }

    fn integer(&mut self) -> Option<i32> {
        self.take(4).map(|bytes| i32::from_le_bytes(bytes.try_into().expect("four bytes")))
    }

    fn sized(&mut self) -> Option<&[u8]> {
        let length = usize::try_from(self.integer()?).ok()?;
        self.take(length)
    }

    fn take(&mut self, length: usize) -> Option<&[u8]> {
        let (bytes, rest) = self.rest.split_at_checked(length)?;
        self.rest = rest;
        Some(bytes)
    }
}
