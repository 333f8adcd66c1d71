//! The part of ONNX's messages (onnx/onnx.proto, version 8 of the format) that our graphs need, and how protobuf writes
//! them: fields by number, each with its kind; numbers that are 0 and empty texts are left out.

#[derive(Debug, Default)]
pub struct Model {
    pub ir_version: i64,
    pub producer_name: String,
    pub producer_version: String,
    pub graph: Graph,
    pub opset_import: Vec<OperatorSet>,
    pub metadata: Vec<StringStringEntry>,
}

#[derive(Debug)]
pub struct StringStringEntry {
    pub key: String,
    pub value: String,
}

#[derive(Debug)]
pub struct OperatorSet {
    pub domain: String,
    pub version: i64,
}

#[derive(Debug, Default)]
pub struct Graph {
    pub nodes: Vec<Node>,
    pub name: String,
    pub initializers: Vec<Tensor>,
    pub inputs: Vec<ValueInfo>,
    pub outputs: Vec<ValueInfo>,
}

#[derive(Debug)]
pub struct Node {
    pub inputs: Vec<String>,
    pub outputs: Vec<String>,
    pub name: String,
    pub operator: String,
    pub attributes: Vec<Attribute>,
}

#[derive(Debug)]
pub struct Attribute {
    pub name: String,
    pub value: Value,
}

#[derive(Debug)]
pub enum Value {
    Float(f32),
    Integer(i64),
    Integers(Vec<i64>),
}

#[derive(Debug)]
pub struct Tensor {
    pub dims: Vec<i64>,
    pub data_type: i64,
    pub name: String,
    /// Little-endian.
    pub data: Vec<u8>,
}

impl Tensor {
    pub const FLOAT: i64 = 1;
    pub const INT64: i64 = 7;
}

/// A tensor of f32 with any number of rows, of the given shape each.
#[derive(Debug)]
pub struct ValueInfo {
    pub name: String,
    pub shape: Vec<i64>,
}

impl Model {
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut to = Writer::default();
        to.integer(1, self.ir_version);
        to.text(2, &self.producer_name);
        to.text(3, &self.producer_version);
        to.message(7, |to| self.graph.write(to));
        for set in &self.opset_import {
            to.message(8, |to| {
                to.text(1, &set.domain);
                to.integer(2, set.version);
            });
        }
        for StringStringEntry { key, value } in &self.metadata {
            to.message(14, |to| {
                to.text(1, key);
                to.text(2, value);
            });
        }
        to.0
    }
}

impl Graph {
    fn write(&self, to: &mut Writer) {
        self.nodes.iter().for_each(|node| to.message(1, |to| node.write(to)));
        to.text(2, &self.name);
        self.initializers.iter().for_each(|tensor| to.message(5, |to| tensor.write(to)));
        self.inputs.iter().for_each(|input| to.message(11, |to| input.write(to)));
        self.outputs.iter().for_each(|output| to.message(12, |to| output.write(to)));
    }
}

impl Node {
    fn write(&self, to: &mut Writer) {
        self.inputs.iter().for_each(|input| to.bytes(1, input.as_bytes()));
        self.outputs.iter().for_each(|output| to.bytes(2, output.as_bytes()));
        to.text(3, &self.name);
        to.text(4, &self.operator);
        self.attributes.iter().for_each(|attribute| to.message(5, |to| attribute.write(to)));
    }
}

impl Attribute {
    fn write(&self, to: &mut Writer) {
        to.text(1, &self.name);
        let kind = match &self.value {
            Value::Float(value) => {
                to.float(2, *value);
                1
            }
            Value::Integer(value) => {
                to.number(3, *value);
                2
            }
            Value::Integers(values) => {
                values.iter().for_each(|&value| to.number(8, value));
                7
            }
        };
        to.integer(20, kind);
    }
}

impl Tensor {
    fn write(&self, to: &mut Writer) {
        self.dims.iter().for_each(|&size| to.number(1, size));
        to.integer(2, self.data_type);
        to.text(8, &self.name);
        to.bytes(9, &self.data);
    }
}

impl ValueInfo {
    fn write(&self, to: &mut Writer) {
        to.text(1, &self.name);
        to.message(2, |to| to.message(1, |to| self.write_tensor(to)));
    }

    fn write_tensor(&self, to: &mut Writer) {
        to.integer(1, Tensor::FLOAT);
        to.message(2, |to| {
            to.message(1, |to| to.text(2, "n"));
            self.shape.iter().for_each(|&size| to.message(1, |to| to.number(1, size)));
        });
    }
}

/// A protobuf message in the making.
#[derive(Default)]
struct Writer(Vec<u8>);

impl Writer {
    /// Seven bits to a byte, the lowest first.
    fn variable_length(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.0.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.0.push(value as u8);
    }

    fn key(&mut self, field: u64, kind: u64) {
        self.variable_length(field << 3 | kind);
    }

    /// A number that is written even if it is 0.
    fn number(&mut self, field: u64, value: i64) {
        self.key(field, 0);
        self.variable_length(value as u64);
    }

    fn integer(&mut self, field: u64, value: i64) {
        if value != 0 {
            self.number(field, value);
        }
    }

    fn float(&mut self, field: u64, value: f32) {
        self.key(field, 5);
        self.0.extend(value.to_le_bytes());
    }

    /// Bytes that are written even if there are none.
    fn bytes(&mut self, field: u64, bytes: &[u8]) {
        self.key(field, 2);
        self.variable_length(bytes.len() as u64);
        self.0.extend(bytes);
    }

    fn text(&mut self, field: u64, text: &str) {
        if !text.is_empty() {
            self.bytes(field, text.as_bytes());
        }
    }

    fn message(&mut self, field: u64, write: impl FnOnce(&mut Writer)) {
        let mut message = Writer::default();
        write(&mut message);
        self.bytes(field, &message.0);
    }
}
