//! The result as a table: for a terminal, for a document, for a spreadsheet, with an earlier run's figures next to it.

use std::collections::BTreeMap;
use std::path::Path;

use super::bench::{Outcome, Trial};
use super::rates::{ConditionResult, Demands, Rate, RobustnessResult, Shares};
use crate::error::{Error, Result};
use inkproof_table::cell;

/// The figures of an earlier run, from the table that [`csv()`] made of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Earlier(BTreeMap<String, ThreeFigures>);

/// Genuine signatures accepted and rejected, and forgeries accepted, 0 to 1.
type ThreeFigures = [f64; 3];

/// Their columns in a table.
const THREE: [&str; 3] = ["genuine_accepted", "genuine_rejected", "forged_accepted"];

impl Earlier {
    /// Reads a table.
    ///
    /// # Errors
    /// [`Error::NotRobustnessTable`] where the file cannot be read or is another table.
    pub fn read(path: &Path) -> Result<Self> {
        let failed = |why: String| Error::NotRobustnessTable { path: path.to_owned(), why };
        let broken = |error: csv::Error| match error.into_kind() {
            csv::ErrorKind::Io(error) => failed(error.to_string()),
            _ => failed("it is no text in rows of equally many cells".to_owned()),
        };
        let mut table = csv::Reader::from_path(path).map_err(broken)?;
        let head = table.headers().map_err(broken)?.clone();
        let column = |name: &str| {
            let found = head.iter().position(|cell| cell == name);
            found.ok_or_else(|| failed(format!("it has no column '{name}'")))
        };
        let id = column("condition")?;
        let figures = THREE.into_iter().map(column).collect::<Result<Vec<usize>>>()?;
        let mut rows = BTreeMap::new();
        for row in table.records() {
            let row = row.map_err(broken)?;
            let mut shares = ThreeFigures::default();
            for (share, &column) in shares.iter_mut().zip(&figures) {
                *share = row[column].parse().map_err(|_| failed(format!("'{}' is no share", &row[column])))?;
            }
            rows.insert(row[id].to_owned(), shares);
        }
        Ok(Self(rows))
    }

    /// Of a condition; a dash where the earlier run had none such.
    fn figures(&self, id: &str) -> String {
        self.0.get(id).map_or("-".to_owned(), |&figures| three_figures(figures))
    }
}

/// Aligned columns of percents, without intervals.
pub fn text(result: &RobustnessResult, earlier: Option<&Earlier>) -> String {
    let before = |figures: &str| if earlier.is_some() { format!("{figures:>18}  ") } else { String::new() };
    let mut lines = vec![
        summary(result),
        String::new(),
        format!("{:<14} {:^31}   {:^31}   {:>5}", "", "genuine, %", "forged, %", "EER"),
        line("", HEADS, HEADS, "%", &format!("{}demands (rise over clean)", before("earlier*"))),
    ];
    lines.extend(result.conditions.iter().map(|row| {
        let (genuine, forged) = (cells(&row.genuine), cells(&row.forged));
        let earlier = earlier.map_or(String::new(), |earlier| earlier.figures(row.id));
        let last = format!("{}{}", before(&earlier), demands(row));
        line(row.id, borrowed(&genuine), borrowed(&forged), &eer(row), &last)
    }));
    if earlier.is_some() {
        lines.push("* genuine accepted / genuine rejected / forged accepted".to_owned());
    }
    lines.push(String::new());
    if !result.by_set.is_empty() {
        lines.extend(by_set(result));
        lines.push(String::new());
    }
    lines.push(verdict(result));
    lines.join("\n")
}

/// The sets next to each other: genuine accepted and rejected, forged accepted.
fn by_set(result: &RobustnessResult) -> Vec<String> {
    let mut lines = vec!["genuine accepted / genuine rejected / forged accepted, %, of each set:".to_owned()];
    let cells = |cells: Vec<String>| cells.into_iter().map(|cell| format!("{cell:>17}")).collect::<String>();
    lines.push(format!("{:<14}{}", "", cells(result.sets.clone())));
    lines.extend(result.conditions.iter().enumerate().map(|(place, row)| {
        let figures = result.by_set.iter().map(|set| three_of(&set.conditions[place]));
        format!("{:<14}{}", row.id, cells(figures.collect()))
    }));
    lines
}

fn three_of(row: &ConditionResult) -> String {
    three_figures([row.genuine.accepted, row.genuine.rejected, row.forged.accepted].map(|rate| rate.share))
}

fn three_figures(shares: ThreeFigures) -> String {
    shares.map(|share| format!("{:.0}", 100.0 * share)).join(" / ")
}

/// A table in Markdown with the intervals of what is demanded.
pub fn markdown(result: &RobustnessResult, earlier: Option<&Earlier>) -> String {
    let mut heads = vec!["condition", "what it is"];
    for class in ["genuine accepted", "forged accepted"] {
        heads.extend([class, "undecided", "rejected", "refused"]);
    }
    heads.push("EER");
    heads.extend(earlier.map(|_| "earlier*"));
    heads.push("holds");
    let rules =
        heads.iter().enumerate().map(|(place, _)| if (2..heads.len() - 1).contains(&place) { "--:" } else { "---" });
    let rules = rules.collect::<Vec<_>>().join(" | ");
    let mut lines = vec![summary(result), String::new(), format!("| {} |", heads.join(" | ")), format!("| {rules} |")];
    lines.extend(result.conditions.iter().map(|row| {
        let with_interval = |rate: Rate| match rate.ci95 {
            Some([low, high]) => format!("{} ({} to {})", percent(rate.share), percent(low), percent(high)),
            None => percent(rate.share),
        };
        let shares = |shares: &Shares| {
            let [accepted, undecided, rejected, refused] = of(shares);
            [with_interval(accepted), percent(undecided.share), with_interval(rejected), percent(refused.share)]
                .join(" | ")
        };
        let eer = row.eer.map_or("-".to_owned(), with_interval);
        let (genuine, forged) = (shares(&row.genuine), shares(&row.forged));
        let earlier = earlier.map_or(String::new(), |earlier| format!("{} | ", earlier.figures(row.id)));
        format!("| `{}` | {} | {genuine} | {forged} | {eer} | {earlier}{} |", row.id, row.title, demands(row))
    }));
    if earlier.is_some() {
        lines.push("\n\\* genuine accepted / genuine rejected / forged accepted".to_owned());
    }
    if !result.by_set.is_empty() {
        lines.push("\nGenuine accepted / genuine rejected / forged accepted, in percent, of each set:\n".to_owned());
        lines.push(format!("| condition | {} |", result.sets.join(" | ")));
        lines.push(format!("| --- |{}", " --: |".repeat(result.sets.len())));
        lines.extend(result.conditions.iter().enumerate().map(|(place, row)| {
            let figures = result.by_set.iter().map(|set| three_of(&set.conditions[place]));
            format!("| `{}` | {} |", row.id, figures.collect::<Vec<_>>().join(" | "))
        }));
    }
    lines.push(format!("\n{}", verdict(result)));
    lines.join("\n")
}

/// One row a condition, all figures as shares from 0 to 1.
pub fn csv(result: &RobustnessResult) -> Vec<u8> {
    written(std::iter::once(csv_head()).chain(result.conditions.iter().map(csv_row)))
}

/// One row a file: what it was, what was done to it, and what was said of it.
pub fn trials_csv(result: &RobustnessResult) -> Vec<u8> {
    let head = ["set", "writer", "questioned", "class", "condition", "decision", "score", "why"].map(str::to_owned);
    let row = |trial: &Trial| {
        let image = &result.questioned[trial.questioned];
        let (decision, score, why) = match &trial.outcome {
            Outcome::Judged { decision, score, flaws } => (decision.to_string(), score.to_string(), flaws.join("; ")),
            Outcome::Refused(why) => ("refused".to_owned(), String::new(), why.clone()),
        };
        let (writer, path) = (cell(image.writer.as_str()), cell(&image.path.display().to_string()));
        let class = image.class.word().to_owned();
        vec![cell(&image.set), writer, path, class, trial.condition.to_owned(), decision, score, cell(&why)]
    };
    written(std::iter::once(head.to_vec()).chain(result.trials.iter().map(row)))
}

fn written(rows: impl Iterator<Item = Vec<String>>) -> Vec<u8> {
    let mut table = csv::Writer::from_writer(Vec::new());
    for row in rows {
        table.write_record(row).expect("a buffer takes everything");
    }
    table.into_inner().expect("a buffer takes everything")
}

fn csv_head() -> Vec<String> {
    let mut head = vec!["condition".to_owned(), "title".to_owned()];
    for class in ["genuine", "forged"] {
        for fate in HEADS {
            head.extend(["", "_low", "_high"].map(|end| format!("{class}_{fate}{end}")));
        }
    }
    head.extend(["eer", "eer_low", "eer_high", "genuine_rejected_rise", "forged_accepted_rise"].map(str::to_owned));
    head.extend(["genuine_accepted_kept", "holds"].map(str::to_owned));
    head
}

fn csv_row(row: &ConditionResult) -> Vec<String> {
    let with_interval = |rate: Option<Rate>| {
        let [low, high] = rate.and_then(|rate| rate.ci95).map_or([None, None], |ci95| ci95.map(Some));
        [rate.map(|rate| rate.share), low, high].map(number)
    };
    let mut cells = vec![row.id.to_owned(), row.title.to_owned()];
    for shares in [&row.genuine, &row.forged] {
        cells.extend(of(shares).into_iter().flat_map(|rate| with_interval(Some(rate))));
    }
    cells.extend(with_interval(row.eer));
    let of = |figure: fn(&Demands) -> f64| number(row.demands.as_ref().map(figure));
    cells.push(of(|demands| demands.genuine_rejected.value));
    cells.push(of(|demands| demands.forged_accepted.value));
    cells.push(of(|demands| demands.genuine_accepted_kept.value));
    cells.push(row.demands.map_or(String::new(), |demands| demands.hold().to_string()));
    cells
}

fn number(value: Option<f64>) -> String {
    value.map_or(String::new(), |value| format!("{value:.6}"))
}

/// The columns of a class.
const HEADS: [&str; 4] = ["accepted", "undecided", "rejected", "refused"];

fn of(shares: &Shares) -> [Rate; 4] {
    [shares.accepted, shares.undecided, shares.rejected, shares.refused]
}

fn cells(shares: &Shares) -> [String; 4] {
    of(shares).map(|rate| percent(rate.share))
}

fn borrowed(cells: &[String; 4]) -> [&str; 4] {
    [&cells[0], &cells[1], &cells[2], &cells[3]]
}

fn line(name: &str, genuine: [&str; 4], forged: [&str; 4], eer: &str, demands: &str) -> String {
    let columns = |[a, b, c, d]: [&str; 4]| format!("{:>7} {:>7} {:>7} {:>7}", short(a), short(b), short(c), short(d));
    format!("{name:<14} {}   {}   {eer:>5}  {demands}", columns(genuine), columns(forged)).trim_end().to_owned()
}

/// A head that fits its column.
fn short(head: &str) -> &str {
    match head {
        "accepted" => "accept",
        "undecided" => "undec.",
        "rejected" => "reject",
        other => other,
    }
}

/// "12.3"
fn percent(share: f64) -> String {
    format!("{:.1}", 100.0 * share)
}

fn eer(row: &ConditionResult) -> String {
    row.eer.map_or("-".to_owned(), |eer| percent(eer.share))
}

fn demands(row: &ConditionResult) -> String {
    let Some(demands) = row.demands else {
        return if row.can_be_judged { String::new() } else { "to be undecided".to_owned() };
    };
    let mut broken = Vec::new();
    if !demands.genuine_rejected.holds {
        broken.push(format!("genuine rejected {:+.1}", 100.0 * demands.genuine_rejected.value));
    }
    if !demands.forged_accepted.holds {
        broken.push(format!("forged accepted {:+.1}", 100.0 * demands.forged_accepted.value));
    }
    if !demands.genuine_accepted_kept.holds {
        broken.push(format!("keeps {:.0} % of genuine accepted", 100.0 * demands.genuine_accepted_kept.value));
    }
    if broken.is_empty() { "yes".to_owned() } else { format!("NO: {}", broken.join(", ")) }
}

fn summary(result: &RobustnessResult) -> String {
    let random = match result.random {
        0 => String::new(),
        random => format!(" ({random} of them other writers' signatures)"),
    };
    format!(
        "{}: {} writers with {} references each, {} genuine and {} forged signatures{random}, seed {}.",
        result.sets.join(", "),
        result.writers,
        result.references,
        result.genuine,
        result.forged,
        result.seed
    )
}

fn verdict(result: &RobustnessResult) -> String {
    let demanded = result.conditions.iter().filter(|row| row.demands.is_some()).count();
    let failing = result.failing();
    let names: Vec<&str> = failing.iter().map(|row| row.id).collect();
    let which = if names.is_empty() { String::new() } else { format!("; not under {}", names.join(", ")) };
    format!("The demands hold under {} of {demanded} conditions{which}.", demanded - failing.len())
}
