//! Numbers and sentences as the report writes them.

use crate::evaluate::{Class, ErrorRates, VerificationResult};

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

/// The outcome of a run in plain language: the EER against both kinds of forgeries with its interval, what the threshold
/// makes of it, and a warning first when the test was not honest.
pub fn verdict(run: &VerificationResult) -> String {
    let mut sentences = Vec::new();
    if let Some(seen @ 1..) = run.training_images_in_test {
        sentences.push(format!(
            "The model was trained on {seen} of the {} test images: these figures measure memory.",
            run.images
        ));
    }
    sentences.push(match &run.skilled {
        Some(skilled) => format!(
            "With {}, skilled forgeries are told from genuine signatures with an equal error rate of {}.",
            references(run.references),
            rate_with_interval(skilled)
        ),
        None => "There are no skilled forgeries in this data, so nothing is known about them.".to_owned(),
    });
    sentences
        .push(format!("For other people's signatures (random forgeries) it is {}.", rate_with_interval(&run.random)));
    sentences.extend(at_threshold(run));
    sentences.join(" ")
}

/// "12.3 % (95 % interval 10.1 % to 15.0 %)"
fn rate_with_interval(rates: &ErrorRates) -> String {
    let eer = percent(rates.eer);
    match rates.eer_ci95 {
        Some([low, high]) => format!("{eer} (95\u{a0}% interval {} to {})", percent(low), percent(high)),
        None => eer,
    }
}

fn at_threshold(run: &VerificationResult) -> Option<String> {
    let random_far = percent(run.random.far_at_threshold?);
    let frr = percent(run.random.frr_at_threshold?);
    let skilled = run.skilled.as_ref().and_then(|rates| rates.far_at_threshold);
    let skilled = skilled.map_or(String::new(), |far| format!("{} of the skilled forgeries and ", percent(far)));
    Some(format!(
        "At the model's threshold it accepts {skilled}{random_far} of the random ones, and rejects {frr} of the genuine signatures."
    ))
}
