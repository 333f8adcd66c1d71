//! Numbers and sentences as the report writes them.

use crate::evaluate::{Class, ErrorRates, NotebookResult, VerificationResult};

/// Text with the characters that mean something in HTML replaced.
pub(crate) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped += "&amp;",
            '<' => escaped += "&lt;",
            '>' => escaped += "&gt;",
            '"' => escaped += "&quot;",
            other => escaped.push(other),
        }
    }
    escaped
}

/// A rate as "12.3 %", with a space that does not break.
pub(super) fn percent(rate: f64) -> String {
    format!("{:.1}\u{a0}%", 100.0 * rate)
}

/// "1 reference", "3 references".
pub(super) fn references(count: usize) -> String {
    match count {
        1 => "1 reference".to_owned(),
        _ => format!("{count} references"),
    }
}

pub(super) fn class(class: Class) -> &'static str {
    match class {
        Class::Genuine => "genuine",
        Class::Skilled => "skilled forgery",
        Class::Random => "random forgery",
    }
}

/// The class in the plural.
pub(super) fn classes(class: Class) -> &'static str {
    match class {
        Class::Genuine => "genuine",
        Class::Skilled => "skilled forgeries",
        Class::Random => "random forgeries",
    }
}

/// The outcome of a run in plain language: the EER against both kinds of forgeries with its interval, what the threshold
/// makes of it, and a warning first when the test was not honest.
pub fn verdict(run: &VerificationResult) -> String {
    verdicts(std::slice::from_ref(run))
}

/// The outcome of runs that differ in their number of references, in as few sentences as one; what the threshold makes
/// of it is said of the last.
pub fn verdicts(runs: &[VerificationResult]) -> String {
    let mut sentences = Vec::new();
    sentences.extend(met(
        runs,
        |run| run.training_images_in_test,
        "The model was trained",
        "these figures measure memory",
    ));
    let flatters = "its FAR and FRR here flatter, the EER does not";
    sentences.extend(met(runs, |run| run.calibration_images_in_test, "The model's threshold was fixed", flatters));
    let skilled = each(runs, |run| run.skilled.as_ref());
    let found = "are distinguished from genuine signatures with an equal error rate of";
    sentences.push(match (skilled.is_empty(), runs) {
        (true, _) => "There are no skilled forgeries in this data, so nothing is known about them.".to_owned(),
        (false, [run]) => format!("With {}, skilled forgeries {found} {skilled}.", references(run.references)),
        (false, _) => format!("Skilled forgeries {found} {skilled}."),
    });
    if let Some(run) = runs.last() {
        let random = each(runs, |run| Some(&run.random));
        sentences.push(format!("For other people's signatures (random forgeries) it is {random}."));
        sentences.extend(at_threshold(run, runs.len()));
    }
    sentences.join(" ")
}

/// The outcome of the notebook's protocol in a sentence or two.
pub fn notebook_verdict(result: &NotebookResult) -> String {
    format!(
        "{} pairs: accuracy {:.1} % at 0.5, loss {:.4}. No pair compares a writer with strangers.",
        result.pairs,
        100.0 * result.accuracy,
        result.loss
    )
}

/// A warning where a run's test has images in it that the model has met: what it did on them, and what follows.
fn met(
    runs: &[VerificationResult],
    seen: impl Fn(&VerificationResult) -> Option<usize>,
    did: &str,
    so: &str,
) -> Option<String> {
    let (run, seen) = runs.iter().find_map(|run| Some((run, seen(run).filter(|&seen| seen > 0)?)))?;
    Some(format!("{did} on {seen} of the {} test images: {so}.", run.images))
}

/// "25.0 % (95 % interval 20.1 % to 30.0 %) with 1 reference, and 13.0 % (9.0 % to 17.0 %) with 5 references"; without the references
/// where there is only one run.
fn each(runs: &[VerificationResult], of: impl Fn(&VerificationResult) -> Option<&ErrorRates>) -> String {
    let mut named = "95\u{a0}% interval ";
    let rate = |run: &VerificationResult| {
        let rate = rate_with_interval(of(run)?, std::mem::take(&mut named));
        Some(if runs.len() > 1 { format!("{rate} with {}", references(run.references)) } else { rate })
    };
    listed(&runs.iter().filter_map(rate).collect::<Vec<_>>())
}

/// Words: "a", "a and b", "a, b and c".
pub(crate) fn list(words: &[&str]) -> String {
    match words {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [all @ .., last] => format!("{} and {last}", all.join(", ")),
    }
}

/// Clauses: "a", "a, and b", "a, b, and c".
fn listed(parts: &[String]) -> String {
    match parts {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{}, and {last}", first.join(", ")),
    }
}

/// "12.3 % (95 % interval 10.1 % to 15.0 %)", where `named` is "95 % interval "
fn rate_with_interval(rates: &ErrorRates, named: &str) -> String {
    let eer = percent(rates.eer);
    match rates.eer_ci95 {
        Some([low, high]) => format!("{eer} ({named}{} to {})", percent(low), percent(high)),
        None => eer,
    }
}

fn at_threshold(run: &VerificationResult, runs: usize) -> Option<String> {
    let random_far = percent(run.random.far_at_threshold?);
    let frr = percent(run.random.frr_at_threshold?);
    let skilled = run.skilled.as_ref().and_then(|rates| rates.far_at_threshold);
    let skilled = skilled.map_or(String::new(), |far| format!("{} of the skilled forgeries and ", percent(far)));
    let with = if runs > 1 { format!(" with {}", references(run.references)) } else { String::new() };
    Some(format!(
        "At the model's threshold it accepts {skilled}{random_far} of the random ones{with}, and rejects {frr} of the \
         genuine signatures."
    ))
}

/// What the EERs of a run mean, for those who have never met the word.
pub(super) fn in_plain_words(run: &VerificationResult) -> String {
    let with = references(run.references);
    let mut sentences = Vec::new();
    match &run.skilled {
        Some(skilled) => {
            sentences.push(format!(
                "With {with}, {} skilled forgeries in 100 pass for genuine when as many genuine signatures are turned \
                 away.",
                in_100(skilled.eer)
            ));
            sentences.extend(skilled.eer_ci95.map(likely));
        }
        None => sentences.push("Nothing was tested against skilled forgeries.".to_owned()),
    }
    let random = in_100(run.random.eer);
    sentences.push(format!("For other people's signatures it is {random} in 100."));
    sentences.join(" ")
}

fn likely([low, high]: [f64; 2]) -> String {
    let range = format!("With other writers of the same kind it could well be {} to {}", whole(low), whole(high));
    if high >= 0.5 { format!("{range}, so this test cannot exclude mere guessing.") } else { format!("{range}.") }
}

/// "about 27", "fewer than 1"
fn in_100(rate: f64) -> String {
    match 100.0 * rate {
        percent if percent < 0.5 => "fewer than 1".to_owned(),
        percent => format!("about {percent:.0}"),
    }
}

fn whole(rate: f64) -> String {
    format!("{:.0}", 100.0 * rate)
}
