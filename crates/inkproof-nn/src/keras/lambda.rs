//! What a `Lambda` layer computes.
//!
//! Keras stores the compiled code of a lambda, and executes it when it opens the file. Here it is written out as an expression
//! and that is compared with known ones: nothing is executed, and an unknown one is refused, since `abs` and `square`
//! look alike from outside. Python 3.6 to 3.14 number their instructions in five ways; what fits none is unknown.

use super::marshal::{self, Code, Family, Object};

/// What a known lambda computes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// |a - b| of two inputs.
    Distance,
    /// a - b of two inputs, in either order.
    Difference,
    /// |x|.
    Absolute,
    /// Vectors of length 1 in the same direction.
    Unit,
}

/// How the expressions write it, with `F` for a module of TensorFlow or Keras.
const KNOWN: [(&str, Meaning); 22] = [
    ("F.abs(x[0] - x[1])", Meaning::Distance),
    ("F.abs(x[1] - x[0])", Meaning::Distance),
    ("F.absolute(x[0] - x[1])", Meaning::Distance),
    ("F.absolute(x[1] - x[0])", Meaning::Distance),
    ("abs(x[0] - x[1])", Meaning::Distance),
    ("abs(x[1] - x[0])", Meaning::Distance),
    ("F.abs(F.subtract(x[0], x[1]))", Meaning::Distance),
    ("F.abs(F.subtract(x[1], x[0]))", Meaning::Distance),
    ("F.absolute(F.subtract(x[0], x[1]))", Meaning::Distance),
    ("F.absolute(F.subtract(x[1], x[0]))", Meaning::Distance),
    ("x[0] - x[1]", Meaning::Difference),
    ("x[1] - x[0]", Meaning::Difference),
    ("F.subtract(x[0], x[1])", Meaning::Difference),
    ("F.abs(x)", Meaning::Absolute),
    ("F.absolute(x)", Meaning::Absolute),
    ("abs(x)", Meaning::Absolute),
    ("F.l2_normalize(x, axis=1)", Meaning::Unit),
    ("F.l2_normalize(x, axis=-1)", Meaning::Unit),
    ("F.l2_normalize(x, 1)", Meaning::Unit),
    ("F.l2_normalize(x, -1)", Meaning::Unit),
    ("F.normalize(x, axis=1)", Meaning::Unit),
    ("F.normalize(x, axis=-1)", Meaning::Unit),
];

/// What `F` stands for.
const MODULES: [&str; 18] = [
    "K",
    "backend",
    "keras.backend",
    "keras.ops",
    "kops",
    "ops",
    "tensorflow",
    "tensorflow.keras.backend",
    "tensorflow.linalg",
    "tensorflow.math",
    "tensorflow.nn",
    "tf",
    "tf.keras.backend",
    "tf.keras.ops",
    "tf.linalg",
    "tf.math",
    "tf.nn",
    "knp",
];

/// Bytes of marshalled code; a lambda of one line has some hundreds.
const LARGEST: usize = 4 << 10;

/// What the lambda with this marshalled code computes; otherwise its expression, as far as it can be read.
pub fn meaning(code: &[u8]) -> Result<Meaning, Option<String>> {
    if code.len() > LARGEST {
        return Err(None);
    }
    let (family, code) = marshal::code(code).ok_or(None)?;
    let expressions: Vec<String> = versions(family).iter().filter_map(|version| expression(version, &code)).collect();
    let mut meanings = expressions.iter().filter_map(|expression| known(expression));
    match meanings.next() {
        // No bytes that say two things in two versions.
        Some(meaning) if meanings.all(|other| other == meaning) => Ok(meaning),
        _ => Err(expressions.into_iter().next()),
    }
}

/// What a known expression computes.
pub fn known(expression: &str) -> Option<Meaning> {
    KNOWN.iter().find(|(known, _)| *known == expression).map(|(_, meaning)| *meaning)
}

/// What one instruction does to the stack.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Action {
    Nothing,
    Local,
    Constant,
    SmallInteger,
    /// A global name; from 3.11 on its number is shifted by one bit.
    Global,
    Attribute,
    Subscript,
    /// By the instruction's argument.
    Binary,
    Operator(&'static str),
    /// With so many positional arguments.
    Call,
    /// The names of its last arguments are on the stack.
    CallNamed,
    /// The names of the next call's last arguments.
    Names,
    Return,
}

/// How a version of Python numbers its instructions.
struct Version {
    /// By number: what the instruction does, and how many words behind it are its cache. Compilers write zeros there, and
    /// Python passes over whatever is there, so that anything else would be code that is read here and done nowhere.
    actions: &'static [(u8, Action, usize)],
    /// How far the number of a global's name is shifted, and that of an attribute's.
    shifts: [u8; 2],
}

const OLD: &[(u8, Action, usize)] = &[
    (9, Action::Nothing, 0),
    (19, Action::Operator("**"), 0),
    (20, Action::Operator("*"), 0),
    (23, Action::Operator("+"), 0),
    (24, Action::Operator("-"), 0),
    (25, Action::Subscript, 0),
    (83, Action::Return, 0),
    (100, Action::Constant, 0),
    (106, Action::Attribute, 0),
    (116, Action::Global, 0),
    (124, Action::Local, 0),
    (131, Action::Call, 0),
    (141, Action::CallNamed, 0),
    (160, Action::Attribute, 0),
    (161, Action::Call, 0),
];

const PYTHON_3_11: &[(u8, Action, usize)] = &[
    (2, Action::Nothing, 0),
    (9, Action::Nothing, 0),
    (25, Action::Subscript, 4),
    (83, Action::Return, 0),
    (100, Action::Constant, 0),
    (106, Action::Attribute, 4),
    (116, Action::Global, 5),
    (122, Action::Binary, 1),
    (124, Action::Local, 0),
    (151, Action::Nothing, 0),
    (160, Action::Attribute, 10),
    (166, Action::Nothing, 1),
    (171, Action::Call, 4),
    (172, Action::Names, 0),
];

const PYTHON_3_12: &[(u8, Action, usize)] = &[
    (2, Action::Nothing, 0),
    (9, Action::Nothing, 0),
    (25, Action::Subscript, 1),
    (83, Action::Return, 0),
    (100, Action::Constant, 0),
    (106, Action::Attribute, 9),
    (116, Action::Global, 4),
    (122, Action::Binary, 1),
    (124, Action::Local, 0),
    (151, Action::Nothing, 0),
    (171, Action::Call, 3),
    (172, Action::Names, 0),
];

const PYTHON_3_13: &[(u8, Action, usize)] = &[
    (5, Action::Subscript, 1),
    (30, Action::Nothing, 0),
    (34, Action::Nothing, 0),
    (36, Action::Return, 0),
    (45, Action::Binary, 1),
    (53, Action::Call, 3),
    (57, Action::CallNamed, 0),
    (82, Action::Attribute, 9),
    (83, Action::Constant, 0),
    (85, Action::Local, 0),
    (91, Action::Global, 4),
    (149, Action::Nothing, 0),
];

const PYTHON_3_14: &[(u8, Action, usize)] = &[
    (27, Action::Nothing, 0),
    (33, Action::Nothing, 0),
    (35, Action::Return, 0),
    (44, Action::Binary, 5),
    (52, Action::Call, 3),
    (55, Action::CallNamed, 3),
    (80, Action::Attribute, 9),
    (82, Action::Constant, 0),
    (84, Action::Local, 0),
    (86, Action::Local, 0),
    (92, Action::Global, 4),
    (94, Action::SmallInteger, 0),
    (128, Action::Nothing, 0),
];

fn versions(family: Family) -> &'static [Version] {
    match family {
        Family::Without | Family::PositionalOnly => &[Version { actions: OLD, shifts: [0, 0] }],
        Family::Localsplus => &[
            Version { actions: PYTHON_3_11, shifts: [1, 0] },
            Version { actions: PYTHON_3_12, shifts: [1, 1] },
            Version { actions: PYTHON_3_13, shifts: [1, 1] },
            Version { actions: PYTHON_3_14, shifts: [1, 1] },
        ],
    }
}

/// A value on the stack.
#[derive(Clone, Debug)]
enum Value {
    Text(String),
    /// Two values with an operator between them.
    Operation(String),
    /// The names of a call's last arguments.
    Names(Vec<String>),
}

impl Value {
    fn words(self) -> Option<String> {
        match self {
            Self::Text(words) | Self::Operation(words) => Some(words),
            Self::Names(_) => None,
        }
    }

    /// In brackets where an operator stands next to it.
    fn operand(self) -> Option<String> {
        match self {
            Self::Text(words) => Some(words),
            Self::Operation(words) => Some(format!("({words})")),
            Self::Names(_) => None,
        }
    }
}

/// A function of one argument, which is called `x`, as the expression that it returns; none where it is more than one
/// expression of attributes, subscripts, operators and calls.
fn expression(version: &Version, code: &Code) -> Option<String> {
    if code.arguments != 1 || code.captures || code.instructions.len() > 1_000 {
        return None;
    }
    let mut stack: Vec<Value> = Vec::new();
    let mut names = Vec::new();
    let mut instructions = code.instructions.chunks_exact(2);
    while let Some(&[number, argument]) = instructions.next() {
        let (_, action, cache) = version.actions.iter().find(|(other, ..)| *other == number)?;
        if instructions.by_ref().take(*cache).filter(|word| *word == [0_u8; 2]).count() != *cache {
            return None;
        }
        match action {
            Action::Nothing => {}
            Action::Local if argument == 0 => stack.push(Value::Text("x".to_owned())),
            Action::Local => return None,
            Action::Constant => stack.push(constant(code.constants.get(usize::from(argument))?)?),
            Action::SmallInteger => stack.push(Value::Text(argument.to_string())),
            Action::Global => stack.push(Value::Text(name(code, argument >> version.shifts[0])?)),
            Action::Attribute => {
                let of = stack.pop()?.operand()?;
                stack.push(Value::Text(format!("{of}.{}", name(code, argument >> version.shifts[1])?)));
            }
            Action::Subscript => subscript(&mut stack)?,
            Action::Binary => binary(&mut stack, argument)?,
            Action::Operator(sign) => operator(&mut stack, sign)?,
            Action::Call => call(&mut stack, argument, std::mem::take(&mut names))?,
            Action::CallNamed => {
                let Value::Names(names) = stack.pop()? else { return None };
                call(&mut stack, argument, names)?;
            }
            Action::Names => {
                let Value::Names(given) = constant(code.constants.get(usize::from(argument))?)? else { return None };
                names = given;
            }
            Action::Return => {
                let value = stack.pop()?.words()?;
                return (stack.is_empty() && instructions.next().is_none()).then_some(value);
            }
        }
    }
    None
}

/// A name of one word: in no other could an expression be hidden.
fn name(code: &Code, number: u8) -> Option<String> {
    match code.names.get(usize::from(number))? {
        Object::Text(name) if name.chars().all(|letter| letter.is_alphanumeric() || letter == '_') => {
            Some(name.clone())
        }
        _ => None,
    }
}

fn constant(object: &Object) -> Option<Value> {
    let text = |object: &Object| match object {
        Object::Text(text) => Some(text.clone()),
        _ => None,
    };
    match object {
        Object::None => Some(Value::Text("None".to_owned())),
        Object::Integer(number) => Some(Value::Text(number.to_string())),
        Object::Text(text) => Some(Value::Text(format!("'{text}'"))),
        Object::Other => Some(Value::Text("?".to_owned())),
        Object::Tuple(items) => items.iter().map(text).collect::<Option<_>>().map(Value::Names),
        Object::Bytes(_) | Object::Code(_) => None,
    }
}

fn subscript(stack: &mut Vec<Value>) -> Option<()> {
    let (at, of) = (stack.pop()?.words()?, stack.pop()?.operand()?);
    stack.push(Value::Text(format!("{of}[{at}]")));
    Some(())
}

/// By the number that the compiler gives to an operator.
fn binary(stack: &mut Vec<Value>, number: u8) -> Option<()> {
    match number {
        0 => operator(stack, "+"),
        5 => operator(stack, "*"),
        8 => operator(stack, "**"),
        10 => operator(stack, "-"),
        26 => subscript(stack),
        _ => None,
    }
}

fn operator(stack: &mut Vec<Value>, sign: &str) -> Option<()> {
    let (right, left) = (stack.pop()?.operand()?, stack.pop()?.operand()?);
    stack.push(Value::Operation(format!("{left} {sign} {right}")));
    Some(())
}

/// Calls what is below `count` arguments; the last ones have these names.
fn call(stack: &mut Vec<Value>, count: u8, names: Vec<String>) -> Option<()> {
    let first = stack.len().checked_sub(count.into())?;
    let arguments = stack.split_off(first).into_iter().map(Value::words).collect::<Option<Vec<_>>>()?;
    let unnamed = arguments.len().checked_sub(names.len())?;
    let named = |(place, argument): (usize, String)| match place.checked_sub(unnamed) {
        Some(place) => format!("{}={argument}", names[place]),
        None => argument,
    };
    let arguments: Vec<String> = arguments.into_iter().enumerate().map(named).collect();
    let function = stack.pop()?.operand()?;
    stack.push(Value::Text(format!("{}({})", short(&function), arguments.join(", "))));
    Some(())
}

/// The function's name, with `F` for a module of TensorFlow or Keras.
fn short(function: &str) -> String {
    match function.rsplit_once('.') {
        Some((module, name)) if MODULES.contains(&module) => format!("F.{name}"),
        _ => function.to_owned(),
    }
}

#[cfg(test)]
mod tests;
