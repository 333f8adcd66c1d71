//! The lab's errors, one enum: each message names the file or the figure that is wrong, and where it helps, what to do. A
//! message speaks of data and options, never of a command line; the program adds its flags.

use std::path::PathBuf;

use inkproof::Architecture;

use crate::dataset::{Problem, WriterId};
use crate::table::TableProblem;

/// What can go wrong in the lab.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
#[allow(missing_docs, reason = "the fields are the words of the messages")]
pub enum Error {
    /// An image or a model that the engine refuses; it names the file.
    #[error(transparent)]
    Engine(#[from] inkproof::Error),

    /// A file or folder could not be read or written.
    #[error("{}: {source}", path.display())]
    Io { path: PathBuf, source: std::io::Error },

    /// A data set is not as its layout asks; see [`Problem`].
    #[error("{}: {problem}", path.display())]
    DataSet { path: PathBuf, problem: Problem },

    /// A table that cannot be read; see [`TableProblem`].
    #[error("{}: {problem}", path.display())]
    Table { path: PathBuf, problem: TableProblem },

    /// The same writers are in `train` and in `test`.
    #[error("{}: train and test share {}, so the test would measure memory; the notebook protocol allows it, verification does not",
        root.display(), list_writers(writers))]
    WritersInBothSplits { root: PathBuf, writers: Vec<WriterId> },

    /// Every image of a data set was left out.
    #[error("{}: none of its {images} images can be used; look at the reasons above", root.display())]
    NothingReadable { root: PathBuf, images: usize },

    /// The pair rule found nothing to pair.
    #[error("{}: no {what} pairs can be made; they need {needs}", root.display())]
    NoPairs { root: PathBuf, what: &'static str, needs: &'static str },

    /// Too few writers are left for a protocol.
    #[error("{}: {found} usable writer(s), but random forgeries need at least 2, each with at least {genuine_needed} genuine signatures",
        root.display())]
    TooFewWriters { root: PathBuf, found: usize, genuine_needed: usize },

    /// Too few writers to hold some out for the threshold.
    #[error("{}: {writers} writer(s), but at least {needed} are needed: one in five, and no fewer than two, fix the threshold and are not trained on; raw preprocessing trains on all",
        root.display())]
    TooFewToCalibrate { root: PathBuf, writers: usize, needed: usize },

    /// A calibration on what the model knows would flatter it.
    #[error("{}: {images} of its images were in the model's training, so it cannot be calibrated on them; give writers that it was not trained on",
        root.display())]
    TrainedOnThese { root: PathBuf, images: usize },

    /// Synthetic or real pages among which there are no signed ones, or no others.
    #[error("{pages} page(s) are too few: some have to be signed, and some not")]
    TooFewPages { pages: usize },

    /// A table of pages or boxes that is missing or no such table.
    #[error("{}: {why}; pages need pages.csv with a column path, and boxes.csv with path, kind, x, y, width and height", path.display())]
    PagesTable { path: PathBuf, why: String },

    /// A table of pairs that cannot be followed.
    #[error("{}: {why}", path.display())]
    Order { path: PathBuf, why: String },

    /// An order of pairs for a network that learns from places.
    #[error("inknet learns from places and not from pairs, so there is no order of pairs")]
    OrderNeedsPairs,

    /// A training became useless.
    #[error(
        "the loss is {loss} in epoch {epoch}, step {step}: training has diverged; try again with a smaller learning rate"
    )]
    Diverged { epoch: usize, step: usize, loss: f32 },

    /// A learning rate with which nothing can be learned.
    #[error("the learning rate must be a positive number, not {0}")]
    LearningRate(f64),

    /// `inknet` on raw images.
    #[error("inknet compares strokes, and raw pictures have none; it needs ink preprocessing")]
    InknetNeedsInk,

    /// A siamese network cannot continue from another model.
    #[error("only inknet can continue from what another model has learned; {backbone} starts from nothing")]
    InitNeedsInknet { backbone: Architecture },

    /// A model to continue from that has learned nothing of the kind.
    #[error("{name}: not an inknet model, so no training can continue from it")]
    NotInknet { name: String },

    /// A model whose training does not go on from epoch to epoch.
    #[error(
        "{name}: is an inknet model, which learns from places and not from pairs of pictures; give a siamese model"
    )]
    NotSiamese { name: String },

    /// Pictures in memory that cannot be trained or tested on.
    #[error("these pictures cannot be used: {0}")]
    Pictures(String),

    /// There is nothing to resume.
    #[error("{}: there is no checkpoint to resume from", .0.display())]
    NoCheckpoint(PathBuf),

    /// An unfinished training would be overwritten.
    #[error("{}: an unfinished training is there; resume it, or remove the file to start over", .0.display())]
    CheckpointInTheWay(PathBuf),

    /// A checkpoint that cannot be used.
    #[error("{}: this checkpoint cannot be resumed: {why}", path.display())]
    Checkpoint { path: PathBuf, why: String },

    /// A checkpoint of a training with other options; `option` is the name of one that differs.
    #[error("{}: this checkpoint cannot be resumed: its {} was {before} and not {now}", path.display(), option.replace('-', " "))]
    CheckpointOfOther { path: PathBuf, option: String, before: String, now: String },

    /// A checkpoint that is further than the training is to go.
    #[error("{}: this checkpoint cannot be resumed: it has done {done} epochs already, and {wanted} are wanted", path.display())]
    CheckpointBeyond { path: PathBuf, done: usize, wanted: usize },

    /// A folder that would be filled has something in it.
    #[error("{}: is not empty; give the name of a new folder", .0.display())]
    NotEmpty(PathBuf),

    /// Nothing to print pages with.
    #[error(
        "no TrueType or OpenType fonts with Latin letters under {}; install some, such as Debian's fonts-dejavu and fonts-liberation",
        list_folders(folders)
    )]
    NoFonts { folders: Vec<PathBuf> },

    /// A `synth.json` that does not say how its folder was made.
    #[error("{}: does not say how these signatures were made ({why}); make them again", path.display())]
    BrokenNote { path: PathBuf, why: String },

    /// An earlier run's table of the robustness bench that is none.
    #[error("{}: is not a table of this bench ({why}); give one that it wrote", path.display())]
    NotRobustnessTable { path: PathBuf, why: String },

    /// An option has a value that means nothing.
    #[error("{option} must be at least 1")]
    ZeroOption { option: &'static str },

    /// Too few writers for so many folds, or a single fold.
    #[error("{}: {writers} writer(s) cannot be cut into {folds} folds: at least 2 folds are needed, and 2 writers in each",
        root.display())]
    Folds { root: PathBuf, folds: usize, writers: usize },

    /// The writers outside a fold cannot fix its threshold.
    #[error(
        "fold {fold}: the other writers have too few genuine signatures to fix a threshold for {references} references; ask for fewer references"
    )]
    NotCalibrated { fold: usize, references: usize },

    /// Scores of several networks that nothing makes comparable.
    #[error(
        "with raw preprocessing no writers are held out, so the folds' networks are not calibrated and their scores cannot be pooled"
    )]
    FoldsOfRaw,

    /// A network is to be trained and judged at once.
    #[error(
        "a network that is trained for the test is measured in folds, each of which is judged by a network of its own"
    )]
    TrainingNeedsFolds,

    /// Nothing to test on is named.
    #[error("nothing to test on: give a set to test, or two or more sets for the table of all pairs")]
    NothingToTest,

    /// A network is to be trained on nothing.
    #[error("a network is to be trained, but there is nothing to train on: give a set to train on")]
    NothingToTrainOn,

    /// An image is in a set that is fitted on and in one that is tested.
    #[error("{}: is the same image as {}; sets that share images cannot test each other", path.display(), other.display())]
    SharedImage { path: PathBuf, other: PathBuf },

    /// A baseline that is fitted on other writers of the set that it judges, where there are none.
    #[error(
        "shortcuts are fitted on other writers of the set that they judge, so they are measured in folds of one set"
    )]
    ShortcutsAlone,

    /// The same baseline on a part of a set.
    #[error("shortcuts are fitted on other folds of all writers, so they cannot be measured on a part")]
    ShortcutsOnPart,

    /// The notebook's measure is of probabilities.
    #[error("{name}: its scores are not probabilities until it is calibrated")]
    NoProbabilities { name: String },

    /// The notebook's measure of a baseline.
    #[error("the notebook's protocol asks for probabilities, and a baseline's scores are not")]
    BaselineHasNoProbabilities,

    /// Neither a model file nor a name.
    #[error("{name}: no such model file, and no model has this name; the names are {names}")]
    NoSuchModel { name: String, names: String },

    /// A metric was asked of a class without members.
    #[error("no {class} scores: error rates are undefined without both classes")]
    EmptyClass { class: &'static str },

    /// A wanted FAR that no threshold can have.
    #[error("a wanted FAR must be between 0 and 1, not {0}")]
    WantedFar(f64),

    /// A wanted FAR that so few forgeries cannot show.
    #[error("FAR {} % needs {needed} different questioned forgeries (rule of 3); there are {images}: take more writers or a higher FAR", percent(*far))]
    TooFewForgeries { far: f64, images: usize, needed: usize },

    /// A score is NaN or infinite.
    #[error("a {class} score is {score}: error rates need finite scores")]
    ScoreNotFinite { class: &'static str, score: f64 },

    /// The model gave NaN or infinity for a questioned image.
    #[error("{}: the model's score is {score}, not a finite number", questioned.display())]
    ModelScoreNotFinite { questioned: PathBuf, score: f64 },

    /// The forest over the cues could not be fitted or asked.
    #[error("the forest over the cues: {why}")]
    Forest { why: String },

    /// A chart of a report could not be drawn.
    #[error("the report's chart \"{chart}\" could not be drawn: {why}")]
    Chart { chart: &'static str, why: String },
}

/// The lab's result.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// 0.001 is "0.1".
fn percent(rate: f64) -> f64 {
    (rate * 1e8).round() / 1e6
}

/// "/usr/share/fonts, /usr/local/share/fonts".
fn list_folders(folders: &[PathBuf]) -> String {
    let names: Vec<String> = folders.iter().map(|folder| folder.display().to_string()).collect();
    names.join(", ")
}

/// "writer 001", "writers 001, 002", "writers 001, 002, 003 and 40 more".
fn list_writers(writers: &[WriterId]) -> String {
    let names: Vec<&str> = writers.iter().map(WriterId::as_str).collect();
    format!("{} {}", if writers.len() == 1 { "writer" } else { "writers" }, some(&names))
}

/// The first few, and how many more: "001, 002, 003, 004, 005 and 38 more".
pub(crate) fn some(names: &[&str]) -> String {
    const SHOWN: usize = 5;
    match names.len().saturating_sub(SHOWN) {
        0 => names.join(", "),
        more => format!("{} and {more} more", names[..SHOWN].join(", ")),
    }
}
