//! What a layer of Keras computes, apart from its weights.
//!
//! A layer is one or two of these: a convolution with an activation is a convolution and an activation. What changes nothing
//! after training, such as dropout, is none.

use std::fmt;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Map, Value};

use super::config::{Call, Layer};
use super::error::{Error, Result};
use super::lambda::{self, Meaning};
use crate::SIDE;

/// Bytes of a lambda's code in base64, ends of lines included.
const LONGEST_CODE: usize = 16 << 10;

#[derive(Clone, Debug, PartialEq)]
pub enum Op {
    /// Pictures, of the first or the second input.
    Input(usize),
    /// All numbers times a factor.
    Rescale(f32),
    /// By the mean and variance of data, which are 0 and 1 in these networks.
    Normalise,
    /// Zeros above, below, left and right.
    Pad([usize; 4]),
    Convolution {
        filters: usize,
        window: Window,
        bias: bool,
    },
    Depthwise {
        window: Window,
        bias: bool,
    },
    BatchNorm {
        epsilon: f64,
    },
    Activation(String),
    MaxPool(Window),
    /// The mean of each plane.
    Average,
    /// Vectors as pictures of one pixel, with so many channels.
    OnePixel(usize),
    Dense {
        units: usize,
        bias: bool,
    },
    /// Vectors of length 1.
    Unit,
    Add,
    Multiply,
    Subtract,
    Maximum,
    Minimum,
    Absolute,
    /// |a - b|.
    Distance,
    /// Anything else, in words.
    Other(String),
}

/// What a convolution or a pooling looks at.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Window {
    pub side: usize,
    pub stride: usize,
    /// With zeros around the input, so that its size stays; of no consequence for windows of one pixel.
    pub same: bool,
}

impl Window {
    pub fn new(side: usize, stride: usize, same: bool) -> Self {
        Self { side, stride, same: same && (side, stride) != (1, 1) }
    }
}

impl fmt::Display for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { side, stride, same } = self;
        write!(f, "of {side} x {side}, stride {stride}{}", if *same { ", padded" } else { "" })
    }
}

impl fmt::Display for Op {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let without = |bias: &bool| if *bias { "" } else { ", without bias" };
        match self {
            Self::Input(_) => write!(f, "an input of {SIDE} x {SIDE} x 1"),
            Self::Rescale(factor) => write!(f, "a rescaling by {factor}"),
            Self::Normalise => f.write_str("a normalization"),
            Self::Pad([above, below, left, right]) => write!(f, "a padding of {above}, {below}, {left}, {right}"),
            Self::Convolution { filters, window, bias } => {
                write!(f, "a convolution of {filters} filters {window}{}", without(bias))
            }
            Self::Depthwise { window, bias } => write!(f, "a depthwise convolution {window}{}", without(bias)),
            Self::BatchNorm { epsilon } => write!(f, "a batch normalization of epsilon {epsilon}"),
            Self::Activation(name) => write!(f, "the activation {name}"),
            Self::MaxPool(window) => write!(f, "a max pooling {window}"),
            Self::Average => f.write_str("a global average"),
            Self::OnePixel(channels) => write!(f, "a reshaping to 1 x 1 x {channels}"),
            Self::Dense { units, bias } => write!(f, "a dense layer of {units} unit(s){}", without(bias)),
            Self::Unit => f.write_str("an L2 normalization"),
            Self::Add => f.write_str("a sum"),
            Self::Multiply => f.write_str("a product"),
            Self::Subtract => f.write_str("a difference"),
            Self::Maximum => f.write_str("a maximum"),
            Self::Minimum => f.write_str("a minimum"),
            Self::Absolute => f.write_str("an absolute value"),
            Self::Distance => f.write_str("an absolute difference"),
            Self::Other(words) => f.write_str(words),
        }
    }
}

/// What one call of a layer computes, in order; nothing for a layer that changes nothing after training.
pub fn ops(layer: &Layer<'_>, call: &Call<'_>) -> Result<Vec<Op>> {
    let settings = layer.settings;
    let main = match layer.class {
        "Dropout"
        | "SpatialDropout2D"
        | "GaussianNoise"
        | "GaussianDropout"
        | "AlphaDropout"
        | "ActivityRegularization"
        | "Identity" => None,
        "Activation" | "ReLU" | "Softmax" => None,
        "Lambda" => Some(of_lambda(layer)?),
        "TFOpLambda" => Some(of_tensorflow(layer, call)),
        "SlicingOpLambda" => Some(Op::Other("an operation of TensorFlow".to_owned())),
        _ => Some(plain(layer).unwrap_or_else(|| described(layer))),
    };
    let has_activation = matches!(layer.class, "Activation" | "Conv2D" | "Convolution2D" | "DepthwiseConv2D" | "Dense");
    let activation = match layer.class {
        "ReLU" => relu(settings),
        "Softmax" => Some("softmax".to_owned()),
        _ if has_activation => activation(settings.get("activation")),
        _ => None,
    };
    Ok(main.into_iter().chain(activation.map(Op::Activation)).collect())
}

/// A layer whose settings say what it is; none where they are not those of these networks.
fn plain(layer: &Layer<'_>) -> Option<Op> {
    let settings = layer.settings;
    let bias = flag(settings, "use_bias");
    Some(match layer.class {
        "Rescaling" if number(settings, "offset")? == 0.0 => Op::Rescale(number(settings, "scale")? as f32),
        "Normalization" => Op::Normalise,
        "ZeroPadding2D" => Op::Pad(padding(settings)?),
        "Conv2D" | "Convolution2D" => {
            let undivided = settings.get("groups").is_none_or(|groups| groups == 1);
            let window = window(settings, "kernel_size").filter(|_| undivided)?;
            Op::Convolution { filters: count(settings, "filters")?, window, bias }
        }
        "DepthwiseConv2D" if settings.get("depth_multiplier").is_none_or(|outputs| *outputs == 1) => {
            Op::Depthwise { window: window(settings, "kernel_size")?, bias }
        }
        "BatchNormalization" | "BatchNormalizationV1" | "BatchNormalizationV2"
            if on_channels(settings) && flag(settings, "center") && flag(settings, "scale") =>
        {
            Op::BatchNorm { epsilon: number(settings, "epsilon")? }
        }
        "MaxPooling2D" | "MaxPool2D" => Op::MaxPool(window(settings, "pool_size")?),
        // What keeps its dimensions is no vector, and a length over `axis=1` then is that of each number.
        "GlobalAveragePooling2D" | "GlobalAvgPool2D"
            if channels_last(settings)
                && settings.get("keepdims").is_none_or(|keeps| keeps.as_bool() == Some(false)) =>
        {
            Op::Average
        }
        "Reshape" => match settings.get("target_shape")?.as_array()?.as_slice() {
            [one, other, channels] if *one == 1 && *other == 1 => Op::OnePixel(usize_of(channels)?),
            _ => return None,
        },
        "Dense" => Op::Dense { units: count(settings, "units")?, bias },
        // A class has no code in the file; these are taken at their word, where they say no more than is known.
        "L2Normalization" | "L2Normalize" | "UnitNormalization" if on_vectors(settings) => {
            known_settings(layer, &["axis", "epsilon"], Op::Unit)
        }
        "L1Distance" | "L1Dist" => known_settings(layer, &[], Op::Distance),
        "Add" => Op::Add,
        "Multiply" => Op::Multiply,
        "Subtract" => Op::Subtract,
        "Maximum" => Op::Maximum,
        "Minimum" => Op::Minimum,
        "Absolute" | "Abs" => Op::Absolute,
        _ => return None,
    })
}

/// What a class of somebody's own does, unless it has settings that nothing is known of.
fn known_settings(layer: &Layer<'_>, known: &[&str], op: Op) -> Op {
    // What every layer may have, of no consequence after training.
    const OF_ALL: [&str; 7] =
        ["name", "trainable", "dtype", "autocast", "activity_regularizer", "batch_shape", "batch_input_shape"];
    let other = layer.settings.keys().find(|name| !known.contains(&name.as_str()) && !OF_ALL.contains(&name.as_str()));
    other.map_or(op, |name| Op::Other(format!("{} with a setting '{}'", layer.class, cut(name))))
}

/// Of a layer that is none of these networks'.
fn described(layer: &Layer<'_>) -> Op {
    let settings = [
        "filters",
        "units",
        "kernel_size",
        "pool_size",
        "padding",
        "dilation_rate",
        "axis",
        "epsilon",
        "keepdims",
        "target_shape",
    ];
    let said = |name: &&str| layer.settings.get(*name).map(|value| format!("{name} {}", short(value)));
    let said: Vec<String> = settings.iter().filter_map(said).collect();
    let said = if said.is_empty() { String::new() } else { format!(" ({})", said.join(", ")) };
    Op::Other(format!("{}{said}", layer.class))
}

fn short(value: &Value) -> String {
    cut(&value.to_string().replace('"', ""))
}

/// The beginning of words that a file has, which may be as long as the file.
fn cut(words: &str) -> String {
    words.chars().take(40).collect()
}

fn of_lambda(layer: &Layer<'_>) -> Result<Op> {
    let settings = layer.settings;
    let name = || layer.name.clone();
    let unknown = |expression| Error::UnknownLambda { layer: name(), expression };
    let function = settings.get("function").ok_or_else(|| unknown(None))?;
    let has_arguments = settings.get("arguments").and_then(Value::as_object).is_some_and(|given| !given.is_empty());
    let (code, has_values) = match function {
        // Keras 2: code, default values, values from around the function.
        Value::Array(parts) => (parts.first(), parts.iter().skip(1).any(|part| !part.is_null())),
        Value::Object(parts) if parts.get("class_name").is_some_and(|class| class == "__lambda__") => {
            let config = parts.get("config");
            let part = |key: &str| config.and_then(|config| config.get(key));
            let has_values = ["defaults", "closure"].into_iter().filter_map(part).any(|part| !part.is_null());
            (part("code"), has_values)
        }
        other => {
            let function = other.as_str().or_else(|| other.get("config").and_then(Value::as_str));
            let function = function.unwrap_or("without a name").to_owned();
            return Err(Error::NamedFunction { layer: name(), function });
        }
    };
    let text = code.and_then(Value::as_str).filter(|text| text.len() <= LONGEST_CODE).ok_or_else(|| unknown(None))?;
    let text: String = text.split_whitespace().collect();
    let code = BASE64_STANDARD.decode(text).map_err(|_| unknown(None))?;
    let meaning = lambda::meaning(&code).map_err(unknown)?;
    if has_values || has_arguments {
        return Err(unknown(Some("with values from elsewhere".to_owned())));
    }
    Ok(of_meaning(meaning))
}

fn of_meaning(meaning: Meaning) -> Op {
    match meaning {
        Meaning::Distance => Op::Distance,
        Meaning::Difference => Op::Subtract,
        Meaning::Absolute => Op::Absolute,
        Meaning::Unit => Op::Unit,
    }
}

/// An operation that was written between layers, which Keras 2 keeps by its name.
fn of_tensorflow(layer: &Layer<'_>, call: &Call<'_>) -> Op {
    let function = layer.settings.get("function").and_then(Value::as_str).unwrap_or_default();
    let argument =
        |wanted: &str| call.arguments.iter().find(|(name, _)| *name == Some(wanted)).map(|(_, value)| *value);
    match (function, call.inputs.len()) {
        ("math.subtract", 2) => Op::Subtract,
        ("math.abs", 1) => Op::Absolute,
        ("math.l2_normalize" | "linalg.l2_normalize" | "nn.l2_normalize", 1)
            if argument("axis").is_some_and(is_vector_axis) && is_no_epsilon(argument("epsilon")) =>
        {
            Op::Unit
        }
        _ => Op::Other(format!("TensorFlow's {}", cut(function))),
    }
}

fn is_vector_axis(axis: &Value) -> bool {
    match axis {
        Value::Array(axes) => axes.len() == 1 && is_vector_axis(&axes[0]),
        axis => *axis == 1 || *axis == -1,
    }
}

fn on_vectors(settings: &Map<String, Value>) -> bool {
    settings.get("axis").is_none_or(is_vector_axis) && is_no_epsilon(settings.get("epsilon"))
}

/// That what keeps a division from one by zero changes no other vector's length to speak of.
fn is_no_epsilon(value: Option<&Value>) -> bool {
    const SMALL: f64 = 1e-6;
    value.is_none_or(|value| value.is_null() || value.as_f64().is_some_and(|epsilon| epsilon <= SMALL))
}

fn on_channels(settings: &Map<String, Value>) -> bool {
    let axis = settings.get("axis");
    let axis = axis.and_then(|axis| axis.as_array().map_or(Some(axis), |axes| axes.first()));
    axis.is_none_or(|axis| *axis == 3 || *axis == -1)
}

fn channels_last(settings: &Map<String, Value>) -> bool {
    settings.get("data_format").is_none_or(|format| format.is_null() || *format == "channels_last")
}

fn flag(settings: &Map<String, Value>, name: &str) -> bool {
    settings.get(name).and_then(Value::as_bool).unwrap_or(true)
}

fn number(settings: &Map<String, Value>, name: &str) -> Option<f64> {
    settings.get(name)?.as_f64()
}

fn count(settings: &Map<String, Value>, name: &str) -> Option<usize> {
    usize_of(settings.get(name)?)
}

fn usize_of(value: &Value) -> Option<usize> {
    usize::try_from(value.as_u64()?).ok()
}

/// A number, or a list of two equal ones.
fn square(value: &Value) -> Option<usize> {
    match value.as_array() {
        Some(sides) => match sides.as_slice() {
            [a, b] if a == b => usize_of(a),
            _ => None,
        },
        None => usize_of(value),
    }
}

/// Settings that are not said are Keras' own.
fn window(settings: &Map<String, Value>, name: &str) -> Option<Window> {
    let dense = settings.get("dilation_rate").is_none_or(|rate| square(rate) == Some(1));
    if !dense || !channels_last(settings) {
        return None;
    }
    let side = square(settings.get(name)?)?;
    let own = if name == "pool_size" { side } else { 1 };
    let stride = settings.get("strides").filter(|strides| !strides.is_null()).map_or(Some(own), square)?;
    match settings.get("padding").map_or(Some("valid"), Value::as_str)? {
        "valid" => Some(Window::new(side, stride, false)),
        "same" => Some(Window::new(side, stride, true)),
        _ => None,
    }
}

fn padding(settings: &Map<String, Value>) -> Option<[usize; 4]> {
    let padding = settings.get("padding").filter(|_| channels_last(settings))?;
    let [rows, columns] = match padding.as_array() {
        Some(sides) => <[&Value; 2]>::try_from(sides.iter().collect::<Vec<_>>()).ok()?,
        None => [padding, padding],
    };
    let both = |sides: &Value| match sides.as_array() {
        Some(sides) => Some([usize_of(sides.first()?)?, usize_of(sides.get(1)?)?]),
        None => usize_of(sides).map(|side| [side, side]),
    };
    let ([above, below], [left, right]) = (both(rows)?, both(columns)?);
    Some([above, below, left, right])
}

/// An activation's name; none for the one that changes nothing.
fn activation(value: Option<&Value>) -> Option<String> {
    let value = value.filter(|value| !value.is_null())?;
    let named = || value.get("config").and_then(Value::as_str).or_else(|| value.get("class_name")?.as_str());
    match value.as_str().or_else(named).unwrap_or("unknown") {
        "linear" => None,
        "silu" => Some("swish".to_owned()),
        name => Some(cut(name)),
    }
}

fn relu(settings: &Map<String, Value>) -> Option<String> {
    let is_zero = |name: &str| settings.get(name).is_none_or(|value| value.is_null() || value.as_f64() == Some(0.0));
    let is_plain =
        is_zero("negative_slope") && is_zero("threshold") && settings.get("max_value").is_none_or(Value::is_null);
    Some(if is_plain { "relu" } else { "relu with limits" }.to_owned())
}
