//! Whether signatures meet a rule: plain data in, plain data out.
//!
//! A signature counts for one signer at most and a signer for one signature, so an alternative is met where its signers can be
//! given so many signatures, each accepted for its signer: a matching of that size in a graph whose edges are the accepted pairs.
//! The pairs that are left to a person are edges that cost 1, the accepted ones cost nothing; the cheapest matching of the size,
//! by successive cheapest paths (Ahuja, Magnanti and Orlin, "Network Flows", 1993, chapter 9), costs nothing where the alternative
//! is met, and otherwise names the fewest signatures that a person would have to accept.

use std::collections::HashMap;
use std::hash::Hash;

use inkproof::Decision;
use serde::Serialize;

use crate::mandates::amount::Amount;
use crate::mandates::rule::{Alternative, Rule};

/// Whether a rule is met.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// By signatures that were accepted.
    Met,
    /// It would be if a person accepted signatures that were left undecided.
    Look,
    /// Neither.
    NotMet,
}

impl Outcome {
    /// Its name in the audit and in answers.
    pub fn word(self) -> &'static str {
        match self {
            Self::Met => "met",
            Self::Look => "look",
            Self::NotMet => "not-met",
        }
    }
}

/// How one alternative of a rule stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Standing {
    /// It is met.
    Met,
    /// It would be if a person accepted signatures that were left undecided.
    Look,
    /// Too few signatures are those of its signers.
    NotMet,
    /// It holds up to an amount, and none was given: it did not count.
    NoAmount,
    /// The amount is above that up to which it holds: it did not count.
    AboveLimit,
}

/// A signature, and the signer that it counts for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counted<S> {
    /// Its index, from 0.
    pub signature: usize,
    /// Whose it is taken for.
    pub signer: S,
    /// Accepted; or undecided, where a person has to accept it first.
    pub decision: Decision,
}

/// How signatures stand against a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evaluation<S> {
    /// Whether it is met.
    pub outcome: Outcome,
    /// The first alternative that is met, or would be, by its index from 0; None where the rule is not met.
    pub alternative: Option<usize>,
    /// What counts for that alternative, in the order of the signatures.
    pub counted: Vec<Counted<S>>,
    /// How each alternative stands.
    pub standings: Vec<Standing>,
}

/// Evaluates a rule. `signatures` has what was decided of each for each signer; who is not in it did not sign there, and one that
/// could not be read has nobody.
pub fn evaluate<S: Clone + Eq + Hash>(
    rule: &Rule<S>,
    amount: Option<Amount>,
    signatures: &[HashMap<S, Decision>],
) -> Evaluation<S> {
    let found: Vec<(Standing, Vec<Counted<S>>)> =
        rule.any_of().iter().map(|alternative| stands(alternative, amount, signatures)).collect();
    let standings: Vec<Standing> = found.iter().map(|(standing, _)| *standing).collect();
    let first = |wanted| standings.iter().position(|standing| *standing == wanted);
    let (outcome, alternative) = match (first(Standing::Met), first(Standing::Look)) {
        (Some(met), _) => (Outcome::Met, Some(met)),
        (None, Some(look)) => (Outcome::Look, Some(look)),
        (None, None) => (Outcome::NotMet, None),
    };
    let counted = alternative.map_or_else(Vec::new, |place| found[place].1.clone());
    Evaluation { outcome, alternative, counted, standings }
}

fn stands<S: Clone + Eq + Hash>(
    Alternative { at_least, of, up_to }: &Alternative<S>,
    amount: Option<Amount>,
    signatures: &[HashMap<S, Decision>],
) -> (Standing, Vec<Counted<S>>) {
    match (up_to, amount) {
        (Some(_), None) => return (Standing::NoAmount, Vec::new()),
        (Some(up_to), Some(amount)) if amount > *up_to => return (Standing::AboveLimit, Vec::new()),
        _ => {}
    }
    let costs = signatures.iter().map(|decided| of.iter().map(|signer| cost(decided.get(signer).copied())).collect());
    let costs: Vec<Vec<Option<i64>>> = costs.collect();
    let Some(mut pairs) = cheapest(&costs, *at_least) else { return (Standing::NotMet, Vec::new()) };
    pairs.sort_unstable();
    let counted = pairs.iter().map(|&(signature, signer)| Counted {
        signature,
        signer: of[signer].clone(),
        decision: if costs[signature][signer] == Some(0) { Decision::Accepted } else { Decision::Undecided },
    });
    let counted: Vec<Counted<S>> = counted.collect();
    let is_met = counted.iter().all(|counted| counted.decision == Decision::Accepted);
    (if is_met { Standing::Met } else { Standing::Look }, counted)
}

/// How many looks of a person it takes to count a signature for a signer; None where it does not count for that one.
fn cost(decision: Option<Decision>) -> Option<i64> {
    match decision? {
        Decision::Accepted => Some(0),
        Decision::Undecided => Some(1),
        Decision::Rejected => None,
    }
}

/// The cheapest `count` pairs of a row and a column, no row and no column twice; None where there are not as many.
fn cheapest(costs: &[Vec<Option<i64>>], count: usize) -> Option<Vec<(usize, usize)>> {
    let columns = costs.first().map_or(0, Vec::len);
    let mut row_of: Vec<Option<usize>> = vec![None; columns];
    for _ in 0..count {
        grow(costs, &mut row_of)?;
    }
    Some(row_of.iter().enumerate().filter_map(|(column, row)| Some(((*row)?, column))).collect())
}

/// Adds a pair by the cheapest path from a row that has no column yet to a column that has no row: along it pairs change over.
/// Where the pairs so far were the cheapest of their number, they are so again.
fn grow(costs: &[Vec<Option<i64>>], row_of: &mut [Option<usize>]) -> Option<()> {
    let mut to_row: Vec<Option<i64>> =
        (0..costs.len()).map(|row| (!row_of.contains(&Some(row))).then_some(0)).collect();
    // What a path to a column costs, and the row before it.
    let mut to_column: Vec<Option<(i64, usize)>> = vec![None; row_of.len()];
    // No path is longer, and none gets cheaper by going in a circle.
    for _ in 0..=row_of.len() {
        for (row, costs) in costs.iter().enumerate() {
            for (column, cost) in costs.iter().enumerate().filter(|(column, _)| row_of[*column] != Some(row)) {
                if let (Some(cost), Some(before)) = (cost, to_row[row])
                    && to_column[column].is_none_or(|(known, _)| before + cost < known)
                {
                    to_column[column] = Some((before + cost, row));
                }
            }
        }
        for (column, row) in row_of.iter().enumerate() {
            if let (Some(row), Some((before, _))) = (*row, to_column[column]) {
                to_row[row] = costs[row][column].map(|cost| before - cost);
            }
        }
    }
    let free = (0..row_of.len()).filter(|column| row_of[*column].is_none());
    let end = free.filter_map(|column| Some((to_column[column]?.0, column))).min()?.1;
    let mut column = Some(end);
    while let Some(at) = column {
        let (_, row) = to_column[at]?;
        column = row_of.iter().position(|of| *of == Some(row));
        row_of[at] = Some(row);
        if let Some(left) = column {
            row_of[left] = None;
        }
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    type Decided = Vec<(&'static str, Decision)>;

    fn outcome(rule: &str, amount: Option<&str>, signatures: &[Decided]) -> Evaluation<String> {
        let rule: Rule = rule.parse().unwrap();
        let rule = rule.map(|writer| Ok::<_, ()>(writer.to_string())).unwrap();
        let signatures: Vec<HashMap<String, Decision>> =
            signatures.iter().map(|of| of.iter().map(|(who, what)| ((*who).to_owned(), *what)).collect()).collect();
        evaluate(&rule, amount.map(|amount| amount.parse().unwrap()), &signatures)
    }

    use Decision::{Accepted as YES, Rejected as NO, Undecided as MAYBE};

    const RULE: &str = "A, or 2 of B C D, or E up to 10000";

    #[test]
    fn an_alternative_is_met_by_as_many_as_it_asks_for() {
        let met = outcome(RULE, None, &[vec![("A", NO), ("C", YES)], vec![("B", YES), ("A", MAYBE)]]);
        assert_eq!((met.outcome, met.alternative), (Outcome::Met, Some(1)));
        let signed: Vec<(usize, &str)> = met.counted.iter().map(|one| (one.signature, one.signer.as_str())).collect();
        assert_eq!(signed, [(0, "C"), (1, "B")]);
        assert_eq!(met.standings, [Standing::Look, Standing::Met, Standing::NoAmount]);
        assert_eq!(outcome(RULE, None, &[vec![("B", YES)]]).outcome, Outcome::NotMet);
        assert_eq!(outcome(RULE, None, &[]).outcome, Outcome::NotMet);
        assert_eq!(outcome(RULE, None, &[vec![]]).outcome, Outcome::NotMet, "one that could not be read");
    }

    #[test]
    fn a_signature_is_one_person_s_and_a_person_signs_once() {
        let both = vec![("B", YES), ("C", YES)];
        assert_eq!(outcome("B and C", None, std::slice::from_ref(&both)).outcome, Outcome::NotMet);
        assert_eq!(outcome("2 of B C D", None, &[vec![("B", YES)], vec![("B", YES)]]).outcome, Outcome::NotMet);
        let met = outcome("B and C", None, &[both, vec![("B", YES)]]);
        let signed: Vec<(usize, &str)> = met.counted.iter().map(|one| (one.signature, one.signer.as_str())).collect();
        assert_eq!((met.outcome, &signed[..]), (Outcome::Met, &[(0, "C"), (1, "B")][..]), "the first makes room");
    }

    #[test]
    fn an_amount_has_to_be_known_and_not_above() {
        let signed = [vec![("E", YES)]];
        let found = |amount| {
            let found = outcome(RULE, amount, &signed);
            (found.outcome, found.standings[2])
        };
        assert_eq!(found(None), (Outcome::NotMet, Standing::NoAmount));
        assert_eq!(found(Some("10000")), (Outcome::Met, Standing::Met));
        assert_eq!(found(Some("10000.001")), (Outcome::NotMet, Standing::AboveLimit));
        assert_eq!(outcome("A", Some("5"), &[vec![("A", YES)]]).outcome, Outcome::Met, "no limit is for any amount");
    }

    #[test]
    fn a_person_looks_at_as_few_as_can_be() {
        let look = outcome("2 of B C D", None, &[vec![("B", MAYBE), ("C", MAYBE)], vec![("B", YES)]]);
        assert_eq!((look.outcome, look.alternative), (Outcome::Look, Some(0)));
        let decisions: Vec<Decision> = look.counted.iter().map(|one| one.decision).collect();
        assert_eq!(decisions, [MAYBE, YES]);
        assert_eq!(look.counted[0].signer, "C");
    }

    const NAMES: [&str; 4] = ["A", "B", "C", "D"];

    fn decision() -> impl Strategy<Value = Option<Decision>> {
        prop_oneof![Just(None), Just(Some(NO)), Just(Some(MAYBE)), Just(Some(YES))]
    }

    fn signature() -> impl Strategy<Value = HashMap<String, Decision>> {
        vec(decision(), NAMES.len()).prop_map(|decisions| {
            let named = NAMES.iter().zip(decisions);
            named.filter_map(|(name, decision)| Some(((*name).to_owned(), decision?))).collect()
        })
    }

    fn any_rule() -> impl Strategy<Value = Rule<String>> {
        let alternative = (1..16_usize, 0..4_usize, prop_oneof![Just(None), Just(Some("5")), Just(Some("10"))]);
        vec(alternative, 1..4).prop_map(|any_of| {
            let of =
                |mask: usize| (0..4).filter(move |place| (mask >> place) & 1 == 1).map(|place| NAMES[place].to_owned());
            let alternative = |(mask, at_least, up_to): (usize, usize, Option<&str>)| Alternative {
                at_least: 1 + at_least % of(mask).count(),
                of: of(mask).collect(),
                up_to: up_to.map(|up_to| up_to.parse().unwrap()),
            };
            Rule::new(any_of.into_iter().map(alternative).collect()).unwrap()
        })
    }

    fn any_amount() -> impl Strategy<Value = Option<Amount>> {
        prop_oneof![Just(None), Just(Some("5")), Just(Some("7")), Just(Some("11"))]
            .prop_map(|amount| amount.map(|amount| amount.parse().unwrap()))
    }

    /// The fewest undecided pairs among all ways to give `count` signers a signature each, by trying them all.
    fn fewest(signers: &[String], signatures: &[HashMap<String, Decision>], count: usize) -> Option<usize> {
        let Some((first, rest)) = signers.split_first() else { return (count == 0).then_some(0) };
        let without = fewest(rest, signatures, count);
        let with = (0..signatures.len()).filter(|_| count > 0).filter_map(|place| {
            let looks = match signatures[place].get(first)? {
                NO => return None,
                MAYBE => 1,
                YES => 0,
            };
            let mut others = signatures.to_vec();
            others.remove(place);
            Some(looks + fewest(rest, &others, count - 1)?)
        });
        with.chain(without).min()
    }

    fn by_trying(rule: &Rule<String>, amount: Option<Amount>, signatures: &[HashMap<String, Decision>]) -> Outcome {
        let counts = |one: &&Alternative<String>| one.up_to.is_none_or(|most| amount.is_some_and(|sum| sum <= most));
        let looks = rule.any_of().iter().filter(counts).map(|one| fewest(&one.of, signatures, one.at_least));
        match looks.flatten().min() {
            Some(0) => Outcome::Met,
            Some(_) => Outcome::Look,
            None => Outcome::NotMet,
        }
    }

    proptest! {
        #[test]
        fn it_is_what_trying_everything_finds(
            rule in any_rule(), amount in any_amount(), signatures in vec(signature(), 0..5)
        ) {
            let found = evaluate(&rule, amount, &signatures);
            prop_assert_eq!(found.outcome, by_trying(&rule, amount, &signatures));
            let Some(place) = found.alternative else { return Ok(()) };
            let alternative = &rule.any_of()[place];
            prop_assert_eq!(found.counted.len(), alternative.at_least);
            for (at, one) in found.counted.iter().enumerate() {
                prop_assert!(alternative.of.contains(&one.signer));
                prop_assert_eq!(signatures[one.signature].get(&one.signer), Some(&one.decision));
                let again = |other: &Counted<String>| other.signature == one.signature || other.signer == one.signer;
                prop_assert!(!found.counted[at + 1..].iter().any(again));
            }
            let looks = found.counted.iter().filter(|one| one.decision == MAYBE).count();
            prop_assert_eq!(Some(looks), fewest(&alternative.of, &signatures, alternative.at_least), "no more looks than it takes");
        }

        #[test]
        fn their_order_does_not_matter(
            rule in any_rule(), amount in any_amount(),
            (signatures, shuffled) in vec(signature(), 0..7).prop_flat_map(|all| (Just(all.clone()), Just(all).prop_shuffle()))
        ) {
            let [one, other] = [signatures, shuffled].map(|signatures| evaluate(&rule, amount, &signatures));
            prop_assert_eq!((one.outcome, one.alternative, one.standings), (other.outcome, other.alternative, other.standings));
        }

        #[test]
        fn what_was_not_accepted_meets_nothing_and_spoils_nothing(
            rule in any_rule(), amount in any_amount(), signatures in vec(signature(), 0..6), more in signature()
        ) {
            let unaccepted: HashMap<String, Decision> =
                more.into_iter().filter(|(_, decision)| *decision != YES).collect();
            let before = evaluate(&rule, amount, &signatures).outcome;
            let after = evaluate(&rule, amount, &[signatures, vec![unaccepted]].concat()).outcome;
            prop_assert_eq!(before == Outcome::Met, after == Outcome::Met);
        }
    }
}
