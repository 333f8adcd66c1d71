//! Mandates: who has to sign for an account, and whether signatures do: "A alone, or any two of B, C and D, or up to 10,000 by E".
//!
//! [`Rule`] is what a mandate demands, in JSON and as text that people type; [`evaluate`] says whether signatures meet it. Here
//! the store keeps it and gives it back; [`Service::verify_mandate`] judges signatures by it.

mod amount;
mod evaluation;
mod rule;
mod text;
mod verification;

use std::fmt;

use inkproof_store::{
    AccountId, Actor, Approval, Mandate as Kept, MandatePage, NewMandate, Pseudonym, StoreError, Time, WriterId,
};
use serde::{Serialize, Serializer};
use serde_json::Value;

use crate::{Error, Result, Service};

pub use amount::{Amount, AmountError};
pub use evaluation::{Counted, Evaluation, Outcome, Standing, evaluate};
pub use rule::{Alternative, MOST_ALTERNATIVES, MOST_SIGNERS, Rule, RuleError};
pub use verification::{
    CountedSignature, FoundIn, JudgedSignature, MOST_SIGNATURES, MandateSigner, MandateVerification, SignerVerdict,
    TriedAlternative,
};

/// The rules of an account.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Mandate {
    /// Whose rules they are.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub account: AccountId,
    /// The one that holds; null where none was approved yet.
    pub rule: Option<MandateRule>,
    /// One that holds once somebody else has approved it; null where there is none.
    pub waiting: Option<MandateRule>,
}

/// A rule of an account.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MandateRule {
    /// The number of the audit's entry that tells of it: to approve it, and to ask for the page after it.
    pub number: i64,
    /// Whose rule it is.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub account: AccountId,
    /// What it demands, as text: `A, or 2 of B C D, or E up to 10000`; who was erased is `(erased)` in it.
    #[serde(rename = "rule", serialize_with = "as_text")]
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub demands: Rule<Signer>,
    /// The same as data; who was erased is null in it.
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<Object>))]
    pub any_of: Vec<Alternative<Signer>>,
    /// When it was set.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub set: Time,
    /// Who set it.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub set_by: Actor,
    /// When and by whom it was approved; null where it waits for that.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Object>))]
    pub approved: Option<Approval>,
    /// What the audit calls the account.
    #[serde(skip)]
    pub pseudonym: Pseudonym,
}

/// Somebody whom a rule that is kept names.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Signer {
    /// An enrolled writer.
    Writer {
        /// Who.
        id: WriterId,
        /// What the audit calls the writer.
        pseudonym: Pseudonym,
    },
    /// Who was erased, by what the audit calls them: nobody can sign as they did any more.
    Erased(Pseudonym),
}

impl Signer {
    /// The writer's id; None of one who was erased.
    pub fn id(&self) -> Option<&WriterId> {
        match self {
            Self::Writer { id, .. } => Some(id),
            Self::Erased(_) => None,
        }
    }
}

impl fmt::Display for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id().map_or("(erased)", WriterId::as_str))
    }
}

/// The id, or nothing where the writer was erased.
impl Serialize for Signer {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.id().serialize(serializer)
    }
}

fn as_text<S: Serializer>(rule: &Rule<Signer>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(rule)
}

impl TryFrom<Kept> for MandateRule {
    type Error = Error;

    fn try_from(kept: Kept) -> Result<Self> {
        let damaged = |error: &dyn fmt::Display| {
            Error::Store(StoreError::Damaged(format!("rule {} of an account: {error}", kept.number)))
        };
        let places: Rule<usize> = serde_json::from_value(kept.rule).map_err(|error| damaged(&error))?;
        let signer = |place: &usize| {
            let signer =
                kept.signers.get(*place).ok_or_else(|| damaged(&"it names somebody who is not among its signers"))?;
            let pseudonym = signer.pseudonym;
            Ok::<_, Error>(match &signer.writer {
                Some(id) => Signer::Writer { id: id.clone(), pseudonym },
                None => Signer::Erased(pseudonym),
            })
        };
        let demands = places.map(signer)?;
        Ok(Self {
            number: kept.number,
            account: kept.account,
            any_of: demands.any_of().to_vec(),
            demands,
            set: kept.added,
            set_by: kept.added_by,
            approved: kept.approved,
            pseudonym: kept.pseudonym,
        })
    }
}

impl Service {
    /// Gives an account a rule, in place of the one before. Under four eyes it waits until somebody else approves it, and the
    /// one before holds until then.
    ///
    /// # Errors
    /// [`StoreError::NoWriter`] for a signer who is not enrolled, and what else the store says.
    pub fn set_mandate(&self, account: &AccountId, rule: &Rule, by: &Actor) -> Result<Mandate> {
        let signers: Vec<WriterId> = rule.signers().into_iter().cloned().collect();
        let place = |writer: &WriterId| signers.iter().position(|signer| signer == writer).ok_or(());
        let places = rule.map(place).expect("its signers are those whom it names");
        let demands: Value = serde_json::to_value(&places).expect("plain data");
        let four_eyes = self.options.four_eyes;
        self.store.set_mandate(&NewMandate { account, signers: &signers, rule: &demands, by, four_eyes })?;
        self.mandate(account)
    }

    /// The rules of an account.
    ///
    /// # Errors
    /// [`StoreError::NoMandate`], and what else the store says.
    pub fn mandate(&self, account: &AccountId) -> Result<Mandate> {
        let mut mandate = Mandate { account: account.clone(), rule: None, waiting: None };
        for kept in self.store.mandates_of(account)? {
            let rule = MandateRule::try_from(kept)?;
            let place = if rule.approved.is_some() { &mut mandate.rule } else { &mut mandate.waiting };
            *place = Some(rule);
        }
        if mandate.rule.is_none() && mandate.waiting.is_none() {
            return Err(StoreError::NoMandate(account.clone()).into());
        }
        Ok(mandate)
    }

    /// Some rules of all accounts, in the order in which they were set; also those that wait.
    ///
    /// # Errors
    /// What the store says.
    pub fn mandates(&self, page: &MandatePage) -> Result<Vec<MandateRule>> {
        self.store.mandates(page)?.into_iter().map(MandateRule::try_from).collect()
    }

    /// Lets a rule that waits hold from now on, by its number.
    ///
    /// # Errors
    /// [`StoreError::OwnRule`] where the same person set it, [`StoreError::RuleApproved`], [`StoreError::NoRule`].
    pub fn approve_mandate(&self, account: &AccountId, number: i64, by: &Actor) -> Result<Mandate> {
        self.store.approve_mandate(account, number, by)?;
        self.mandate(account)
    }

    /// Forgets an account and its rules; whether another program still reads what was before, so that the id is cleared from the
    /// database's files later.
    ///
    /// # Errors
    /// [`StoreError::NoMandate`], and what else the store says.
    pub fn remove_mandate(&self, account: &AccountId, by: &Actor) -> Result<bool> {
        Ok(self.store.remove_mandate(account, by)?)
    }
}
