//! A network as Keras describes it: the JSON of Keras 2 and of Keras 3, in `.keras` files and in HDF5, as layers and calls.

use serde_json::{Map, Value};

use super::error::{Error, Result};

/// More layers than either network has, many times.
const LAYERS: usize = 3_000;
/// Models in models.
const DEPTH: usize = 6;
/// Bytes of the name of a layer or of its class, which unfolding repeats for every call.
const NAME: usize = 500;

/// Layers that call each other.
#[derive(Debug)]
pub struct Model<'a> {
    pub layers: Vec<Layer<'a>>,
    pub inputs: Vec<Source>,
    pub outputs: Vec<Source>,
}

#[derive(Debug)]
pub struct Layer<'a> {
    pub name: String,
    /// Without the package that it is registered in.
    pub class: &'a str,
    pub settings: &'a Map<String, Value>,
    /// Each time that it is applied to something.
    pub calls: Vec<Call<'a>>,
    /// A model that is used as a layer.
    pub inner: Option<Model<'a>>,
}

/// A layer that is applied to something.
#[derive(Debug)]
pub struct Call<'a> {
    pub inputs: Vec<Source>,
    /// What else it is given: numbers, flags, by name where they have one.
    pub arguments: Vec<(Option<&'a str>, &'a Value)>,
}

/// What one call of a layer gives.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Source {
    pub layer: String,
    pub call: usize,
}

fn invalid(what: impl Into<String>) -> Error {
    Error::Config(what.into())
}

impl<'a> Model<'a> {
    /// The model that this JSON describes, `{"class_name": ..., "config": ...}`.
    pub fn new(json: &'a Value) -> Result<Self> {
        let mut layers_left = LAYERS;
        let class = text(json, "class_name").unwrap_or_default();
        if !is_model(class, json) {
            return Err(invalid(format!("{class:?} is no model of layers")));
        }
        parse(json, DEPTH, &mut layers_left)
    }
}

fn text<'a>(json: &'a Value, key: &str) -> Option<&'a str> {
    json.get(key)?.as_str()
}

fn is_model(class: &str, json: &Value) -> bool {
    let has_layers = json.get("config").is_some_and(|config| config.get("layers").is_some() || config.is_array());
    has_layers && matches!(class, "Functional" | "Model" | "Sequential")
}

fn parse<'a>(json: &'a Value, depth: usize, layers_left: &mut usize) -> Result<Model<'a>> {
    let depth = depth.checked_sub(1).ok_or_else(|| invalid("models in models in models"))?;
    let config = json.get("config").ok_or_else(|| invalid("a model without config"))?;
    let list = config.get("layers").unwrap_or(config).as_array().ok_or_else(|| invalid("layers are no list"))?;
    *layers_left = layers_left.checked_sub(list.len()).ok_or_else(|| invalid("too many layers"))?;
    let layers = list.iter().map(|layer| parse_layer(layer, depth, layers_left)).collect::<Result<Vec<_>>>()?;
    if text(json, "class_name") == Some("Sequential") {
        return Ok(sequential(layers));
    }
    let mut model =
        Model { layers, inputs: sources(config.get("input_layers"))?, outputs: sources(config.get("output_layers"))? };
    count_calls_from_zero(&mut model);
    Ok(model)
}

fn parse_layer<'a>(json: &'a Value, depth: usize, layers_left: &mut usize) -> Result<Layer<'a>> {
    let class = text(json, "class_name").ok_or_else(|| invalid("a layer without class_name"))?;
    let class = class.rsplit('>').next().unwrap_or(class);
    let config = json.get("config").ok_or_else(|| invalid("a layer without config"))?;
    let name = text(json, "name").or_else(|| text(config, "name")).unwrap_or(class).to_owned();
    if name.len().max(class.len()) > NAME {
        return Err(invalid(format!("a layer's name of more than {NAME} bytes")));
    }
    let inner = if is_model(class, json) { Some(parse(json, depth, layers_left)?) } else { None };
    static NONE: std::sync::LazyLock<Map<String, Value>> = std::sync::LazyLock::new(Map::new);
    let settings = config.as_object().unwrap_or(&NONE);
    let calls = match json.get("inbound_nodes").and_then(Value::as_array) {
        Some(calls) => calls.iter().map(parse_call).collect::<Result<_>>()?,
        None => Vec::new(),
    };
    Ok(Layer { name, class, settings, calls, inner })
}

/// Each layer is applied to the one before.
fn sequential(mut layers: Vec<Layer<'_>>) -> Model<'_> {
    const INPUT: &str = "(input)";
    let mut last = Source { layer: INPUT.to_owned(), call: 0 };
    if let Some(first) = layers.first().filter(|layer| layer.class == "InputLayer") {
        last.layer.clone_from(&first.name);
    } else if let Some(first) = layers.first() {
        let (class, settings) = ("InputLayer", first.settings);
        layers.insert(0, Layer { name: INPUT.to_owned(), class, settings, calls: Vec::new(), inner: None });
    }
    let inputs = vec![last.clone()];
    for layer in layers.iter_mut().skip(1) {
        layer.calls = vec![Call { inputs: vec![last], arguments: Vec::new() }];
        last = Source { layer: layer.name.clone(), call: 0 };
    }
    Model { layers, inputs, outputs: vec![last] }
}

/// Keras 2 counts the calls of a model within a model from 1: call 0 is that of its own making.
fn count_calls_from_zero(model: &mut Model<'_>) {
    let late: Vec<(String, usize)> = model
        .layers
        .iter()
        .filter(|layer| layer.inner.is_some())
        .filter_map(|layer| {
            let all = model.layers.iter().flat_map(|other| &other.calls).flat_map(|call| &call.inputs);
            let used = all.chain(&model.outputs).filter(|source| source.layer == layer.name);
            let last = used.map(|source| source.call).max()?;
            let late = (last + 1).saturating_sub(layer.calls.len());
            (late > 0).then(|| (layer.name.clone(), late))
        })
        .collect();
    let inner = model.layers.iter_mut().flat_map(|layer| &mut layer.calls).flat_map(|call| &mut call.inputs);
    for source in inner.chain(&mut model.outputs) {
        if let Some((_, late)) = late.iter().find(|(name, _)| *name == source.layer) {
            source.call = source.call.saturating_sub(*late);
        }
    }
}

/// Every `[layer, call, tensor]` in lists of lists.
fn sources(json: Option<&Value>) -> Result<Vec<Source>> {
    let mut found = Vec::new();
    let mut ahead = vec![json.ok_or_else(|| invalid("a model without inputs or outputs"))?];
    while let Some(json) = ahead.pop() {
        match json {
            Value::Array(items) => match source(items) {
                Some(source) => found.push(source),
                None => ahead.extend(items.iter().rev()),
            },
            Value::Object(items) => ahead.extend(items.values().rev()),
            _ => return Err(invalid("an input that is no layer")),
        }
    }
    Ok(found)
}

/// `[layer, call, tensor]`, with more behind it in Keras 2; layers of several tensors are no part of these networks.
fn source(items: &[Value]) -> Option<Source> {
    let [Value::String(layer), call, tensor, ..] = items else { return None };
    let call = usize::try_from(call.as_u64()?).ok()?;
    (tensor.as_u64()? == 0).then(|| Source { layer: layer.clone(), call })
}

fn parse_call(json: &Value) -> Result<Call<'_>> {
    let mut call = Call { inputs: Vec::new(), arguments: Vec::new() };
    match json {
        // Keras 3.
        Value::Object(parts) => {
            let kwargs = parts.get("kwargs").and_then(Value::as_object).into_iter().flatten();
            let args = parts.get("args").and_then(Value::as_array).into_iter().flatten();
            let given = args.map(|value| (None, value));
            for (name, value) in given.chain(kwargs.map(|(name, value)| (Some(name.as_str()), value))) {
                collect(name, value, &mut call)?;
            }
        }
        // Keras 2: a list of tensors, or one.
        Value::Array(items) => {
            let tensors: &[Value] = if source(items).is_some() { std::slice::from_ref(json) } else { items };
            for tensor in tensors {
                let items = tensor.as_array().ok_or_else(|| invalid("a call that is no list"))?;
                call.inputs.push(source(items).ok_or_else(|| invalid("a call of something that is no layer"))?);
                for (name, value) in items.get(3).and_then(Value::as_object).into_iter().flatten() {
                    collect(Some(name), value, &mut call)?;
                }
            }
        }
        _ => return Err(invalid("a call that is neither a list nor an object")),
    }
    Ok(call)
}

/// Tensors among the inputs, everything else among the arguments.
fn collect<'a>(name: Option<&'a str>, value: &'a Value, call: &mut Call<'a>) -> Result<()> {
    match value {
        Value::Null => {}
        Value::Object(parts) if text(value, "class_name") == Some("__keras_tensor__") => {
            let history = parts.get("config").and_then(|config| config.get("keras_history"));
            let items = history.and_then(Value::as_array).ok_or_else(|| invalid("a tensor without history"))?;
            call.inputs.push(source(items).ok_or_else(|| invalid("a tensor of something that is no layer"))?);
        }
        Value::Array(items) if source(items).is_some() => call.inputs.extend(source(items)),
        Value::Array(items) if items.iter().any(|item| item.is_object() || item.is_array()) => {
            for item in items {
                collect(name, item, call)?;
            }
        }
        other => call.arguments.push((name, other)),
    }
    Ok(())
}
