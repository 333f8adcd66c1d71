//! What a mandate demands, as plain data: one of several alternatives, each so many signatures of certain people, up to an
//! amount or to any.

use std::collections::HashSet;
use std::fmt;
use std::hash::Hash;

use inkproof_store::{StoreError, WriterId};
use serde::{Deserialize, Serialize};

use crate::mandates::amount::{Amount, AmountError};

/// Alternatives of a rule, at most.
pub const MOST_ALTERNATIVES: usize = 32;
/// People whom a rule names, at most.
pub const MOST_SIGNERS: usize = 100;

/// A rule: it is met when one of its alternatives is. As text `A, or 2 of B C D, or E up to 10000`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Unchecked<S>", bound(deserialize = "S: Deserialize<'de> + Eq + Hash + fmt::Display"))]
pub struct Rule<S = WriterId> {
    any_of: Vec<Alternative<S>>,
}

/// So many signatures of certain people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Alternative<S = WriterId> {
    /// How many of them have to sign.
    pub at_least: usize,
    /// Who may sign, each once.
    pub of: Vec<S>,
    /// It holds for amounts that are not above this; without, for any and where none is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub up_to: Option<Amount>,
}

/// A rule as it may come from anywhere.
#[derive(Deserialize)]
#[serde(rename = "Rule", deny_unknown_fields)]
struct Unchecked<S> {
    any_of: Vec<Alternative<S>>,
}

impl<S: Eq + Hash + fmt::Display> TryFrom<Unchecked<S>> for Rule<S> {
    type Error = RuleError;

    fn try_from(rule: Unchecked<S>) -> Result<Self, RuleError> {
        Self::new(rule.any_of)
    }
}

/// What is wrong with a rule. Alternatives are counted from 1.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RuleError {
    /// There is no alternative.
    #[error("the rule is empty; say who may sign, as in 'A, or 2 of B C D, or E up to 10000'")]
    Empty,
    /// There are too many alternatives.
    #[error("the rule has {0} alternatives; give at most {MOST_ALTERNATIVES}")]
    TooManyAlternatives(usize),
    /// There are too many people.
    #[error("the rule names {0} signers; give at most {MOST_SIGNERS}")]
    TooManySigners(usize),
    /// An alternative without anybody.
    #[error("alternative {0} names no signer")]
    Nobody(usize),
    /// A number of signatures that these people cannot give, or none.
    #[error("alternative {alternative} asks for {at_least} of {signers} signers; ask for 1 to {signers}")]
    AtLeast {
        /// Which.
        alternative: usize,
        /// How many it asks for.
        at_least: usize,
        /// How many it names.
        signers: usize,
    },
    /// Somebody is named again.
    #[error("alternative {alternative} names '{signer}' twice; everybody signs once")]
    Twice {
        /// Which.
        alternative: usize,
        /// Who.
        signer: String,
    },
    /// Nothing is below the amount.
    #[error("alternative {0} holds up to 0, so never; give an amount above 0")]
    UpToNothing(usize),
    /// Text: a comma that no `or` follows.
    #[error(
        "a comma comes only before 'or' and another alternative; between signers and within amounts there is none, as in \
         'A, or 2 of B C D, or E up to 10000'"
    )]
    Comma,
    /// Text: an `or` that no comma precedes. Whether it parts two alternatives or two signers cannot be known.
    #[error("write a comma before 'or': 'A, or B'; for one of several signers write '1 of B C D'")]
    Or,
    /// Text: several signers, and it is not said how many of them.
    #[error("say how many of '{0}' have to sign: '1 of A B' is either of them, 'A and B' is both")]
    HowMany(String),
    /// Text: what stands before `of` is no number.
    #[error("'{0}' is no number of signers; write '2 of B C D'")]
    Count(String),
    /// Text: a word of the rule's language where somebody is named.
    #[error("'{0}' is a word of rules; put it in quotes (\"{0}\") where it names somebody")]
    Word(String),
    /// Text: a quote that is not closed.
    #[error("a quote (\") is not closed")]
    Quote,
    /// Text: an id that cannot be one.
    #[error("{0}")]
    Signer(String),
    /// Text: an amount that is none.
    #[error(transparent)]
    Amount(#[from] AmountError),
}

impl From<StoreError> for RuleError {
    fn from(error: StoreError) -> Self {
        Self::Signer(error.to_string())
    }
}

impl<S: Eq + Hash + fmt::Display> Rule<S> {
    /// Of alternatives, in the order in which they are tried.
    ///
    /// # Errors
    /// Where it could not be met, says something twice, or is too large.
    pub fn new(any_of: Vec<Alternative<S>>) -> Result<Self, RuleError> {
        if any_of.is_empty() {
            return Err(RuleError::Empty);
        }
        if any_of.len() > MOST_ALTERNATIVES {
            return Err(RuleError::TooManyAlternatives(any_of.len()));
        }
        for (alternative, number) in any_of.iter().zip(1..) {
            check(alternative, number)?;
        }
        let rule = Self { any_of };
        let signers = rule.signers().len();
        if signers > MOST_SIGNERS { Err(RuleError::TooManySigners(signers)) } else { Ok(rule) }
    }

    /// Everybody whom it names, each once, in the order in which they are named first.
    pub fn signers(&self) -> Vec<&S> {
        let mut seen = HashSet::new();
        self.any_of.iter().flat_map(|alternative| &alternative.of).filter(|signer| seen.insert(*signer)).collect()
    }
}

impl<S> Rule<S> {
    /// Its alternatives, in the order in which they are tried.
    pub fn any_of(&self) -> &[Alternative<S>] {
        &self.any_of
    }

    /// The same with other names; different signers have to stay different.
    pub(crate) fn map<T, E>(&self, mut name: impl FnMut(&S) -> Result<T, E>) -> Result<Rule<T>, E> {
        let mut map = |alternative: &Alternative<S>| {
            let of = alternative.of.iter().map(&mut name).collect::<Result<_, E>>()?;
            Ok(Alternative { at_least: alternative.at_least, of, up_to: alternative.up_to })
        };
        Ok(Rule { any_of: self.any_of.iter().map(&mut map).collect::<Result<_, E>>()? })
    }
}

fn check<S: Eq + Hash + fmt::Display>(alternative: &Alternative<S>, number: usize) -> Result<(), RuleError> {
    let Alternative { at_least, of, up_to } = alternative;
    if of.is_empty() {
        return Err(RuleError::Nobody(number));
    }
    let mut seen = HashSet::new();
    if let Some(twice) = of.iter().find(|signer| !seen.insert(*signer)) {
        return Err(RuleError::Twice { alternative: number, signer: twice.to_string() });
    }
    if !(1..=of.len()).contains(at_least) {
        return Err(RuleError::AtLeast { alternative: number, at_least: *at_least, signers: of.len() });
    }
    if *up_to == Some(Amount::ZERO) { Err(RuleError::UpToNothing(number)) } else { Ok(()) }
}
