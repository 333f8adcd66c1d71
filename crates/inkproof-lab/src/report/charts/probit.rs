//! The probit axis: a rate is drawn at the quantile of the standard normal distribution that it belongs to, so that two
//! classes of normally distributed scores give a straight line and the corners of small errors get the room (Martin et
//! al., "The DET curve in assessment of detection task performance", Eurospeech 1997).

use std::ops::Range;

use plotters::coord::ranged1d::{KeyPointHint, NoDefaultFormatting, Ranged, ValueFormatter};

/// Where the axis is labelled, in rates; the second list where it also shows rates above one half.
const HALF_TICKS: [f64; 11] = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5];
const WHOLE_TICKS: [f64; 12] = [0.001, 0.005, 0.02, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 0.9, 0.95, 0.99];

/// An axis of rates from 0.1 % on, labelled in percent.
#[derive(Debug, Clone, Copy)]
pub(super) struct Probit {
    ticks: &'static [f64],
}

impl Probit {
    /// The usual axis, up to 50 %, or up to 99 % where `highest` lies beyond.
    pub(super) fn up_to(highest: f64) -> Self {
        Self { ticks: if highest <= 0.5 { &HALF_TICKS } else { &WHOLE_TICKS } }
    }

    pub(super) fn low(self) -> f64 {
        self.ticks[0]
    }

    pub(super) fn high(self) -> f64 {
        self.ticks[self.ticks.len() - 1]
    }

    /// Where a rate lies on the axis, 0..1; what is off the axis lies at its end.
    fn place(self, rate: f64) -> f64 {
        let (low, high) = (quantile(self.low()), quantile(self.high()));
        (quantile(rate.clamp(self.low(), self.high())) - low) / (high - low)
    }
}

impl Ranged for Probit {
    type FormatOption = NoDefaultFormatting;
    type ValueType = f64;

    fn map(&self, rate: &f64, (start, end): (i32, i32)) -> i32 {
        start + (self.place(*rate) * f64::from(end - start)).round() as i32
    }

    fn key_points<Hint: KeyPointHint>(&self, hint: Hint) -> Vec<f64> {
        if hint.weight().allow_light_points() { Vec::new() } else { self.ticks.to_vec() }
    }

    fn range(&self) -> Range<f64> {
        self.low()..self.high()
    }
}

impl ValueFormatter<f64> for Probit {
    fn format(rate: &f64) -> String {
        let percent = (1000.0 * rate).round() / 10.0;
        percent.to_string()
    }
}

/// The quantile of the standard normal distribution, by halving; exact to the last digits for rates in 1e-12 ..
/// 1 - 1e-12.
fn quantile(rate: f64) -> f64 {
    let (mut low, mut high) = (-8.0, 8.0);
    for _ in 0..64 {
        let middle = (low + high) / 2.0;
        let below = libm::erfc(-middle / std::f64::consts::SQRT_2) / 2.0;
        if below < rate { low = middle } else { high = middle }
    }
    (low + high) / 2.0
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `scipy.stats.norm.ppf(rate)`, SciPy 1.17.
    const SCIPY: [(f64, f64); 11] = [
        (0.001, -3.090232306167813),
        (0.002, -2.878161739095483),
        (0.005, -2.575829303548901),
        (0.01, -2.3263478740408408),
        (0.02, -2.053748910631823),
        (0.05, -1.6448536269514729),
        (0.1, -1.2815515655446004),
        (0.2, -0.8416212335729142),
        (0.4, -0.2533471031357997),
        (0.5, 0.0),
        (0.99, 2.3263478740408408),
    ];

    #[test]
    fn quantiles_are_scipys() {
        for (rate, expected) in SCIPY {
            assert!((quantile(rate) - expected).abs() < 1e-12, "{rate}: {}", quantile(rate));
        }
    }

    /// On an axis from 0.1 to 50 % that is 1,000 wide, a rate lies at 1000 (1 - ppf(rate) / ppf(0.001)).
    #[test]
    fn rates_lie_where_scipy_puts_them() {
        let axis = Probit::up_to(0.3);
        for (rate, place) in [(0.001, 0), (0.01, 247), (0.05, 468), (0.1, 585), (0.2, 728), (0.4, 918), (0.5, 1000)] {
            assert_eq!(axis.map(&rate, (0, 1000)), place, "{rate}");
            assert_eq!(axis.map(&rate, (2000, 1000)), 2000 - place, "{rate}, upwards");
        }
        assert_eq!(axis.map(&0.0, (0, 1000)), 0);
        assert_eq!(axis.map(&0.9, (0, 1000)), 1000);
        let wide = Probit::up_to(0.51);
        assert_eq!(wide.map(&0.5, (0, 1000)), 571, "3.0902 / (3.0902 + 2.3263)");
        assert_eq!(wide.map(&0.99, (0, 1000)), 1000);
    }

    #[test]
    fn labels_are_percent_without_noise() {
        let labels = |axis: Probit| -> Vec<String> { axis.ticks.iter().map(Probit::format).collect() };
        let expected = ["0.1", "0.2", "0.5", "1", "2", "5", "10", "20", "30", "40", "50"];
        assert_eq!(labels(Probit::up_to(0.5)), expected);
        assert_eq!(labels(Probit::up_to(1.0))[9..], ["90", "95", "99"]);
    }
}
