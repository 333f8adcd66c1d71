//! Signing rules of accounts: who has to sign for an account. What a rule demands is text to the store; whom it names is kept
//! beside it, by pseudonym. So an erased signer is nobody in a rule, too, and who is enrolled under the same id later is
//! somebody else.
//!
//! Under four eyes a rule waits until somebody else than who set it has approved it; until then the one before holds.

use std::collections::HashMap;

use serde_json::{Value as Json, json};
use sha2::{Digest, Sha256};

use crate::audit::{Chain, feed};
use crate::check::{ExpectedMandate, ToldMandate};
use crate::database::{Row, Session, Value};
use crate::records::Approval;
use crate::writer_row::{WriterRow, stored_id};
use crate::{
    AccountId, Actor, Event, Hash, Hex, NewEntry, Pseudonym, Result, Store, StoreError, Time, WriterId, policy,
};

/// The table's columns, what numbers its rows first.
pub(crate) const COLUMNS: &str = "number, account, pseudonym, rule, added, added_by, approved, approved_by";

/// A rule that an account is to have.
#[derive(Debug, Clone, Copy)]
pub struct NewMandate<'a> {
    /// Whose rule it is.
    pub account: &'a AccountId,
    /// Whom it names, each once.
    pub signers: &'a [WriterId],
    /// What it demands; it names the signers by their places, from 0.
    pub rule: &'a Json,
    /// Who sets it.
    pub by: &'a Actor,
    /// Whether somebody else has to approve it before it holds; so they do, too, where the store wants it.
    pub four_eyes: bool,
}

/// A rule of an account.
#[derive(Debug, Clone)]
pub struct Mandate {
    /// The number of the audit's entry that tells of it; rules are in the order of these.
    pub number: i64,
    /// Whose rule it is.
    pub account: AccountId,
    /// What the audit calls the account.
    pub pseudonym: Pseudonym,
    /// Whom it names.
    pub signers: Vec<Signer>,
    /// What it demands, as it was given.
    pub rule: Json,
    /// When it was set.
    pub added: Time,
    /// Who set it.
    pub added_by: Actor,
    /// None where somebody else has to approve it before it holds.
    pub approved: Option<Approval>,
}

/// Somebody whom a rule names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signer {
    /// What the audit calls the writer.
    pub pseudonym: Pseudonym,
    /// None where the writer is erased.
    pub writer: Option<WriterId>,
}

/// Which rules are wanted, in the order in which they were set.
#[derive(Debug, Clone, Default)]
pub struct MandatePage {
    /// [`Mandate::number`] of the last one that is known; 0 begins with the first.
    pub after: i64,
    /// At most so many.
    pub limit: usize,
    /// How the ids of their accounts begin.
    pub prefix: String,
}

impl Store {
    /// Gives an account a rule, in place of the one before; its number. Where somebody else has to approve it, it takes the
    /// place of another that waits, and the one that holds goes on.
    ///
    /// # Errors
    /// [`StoreError::NoWriter`] for a signer who is not enrolled, [`StoreError::Policy`].
    pub fn set_mandate(&self, new: &NewMandate<'_>) -> Result<i64> {
        self.write(|chain| set(chain, new))
    }

    /// Lets a rule hold from now on, by its number, in place of the one before.
    ///
    /// # Errors
    /// [`StoreError::OwnRule`] where the same person set it, [`StoreError::RuleApproved`], [`StoreError::NoRule`].
    pub fn approve_mandate(&self, account: &AccountId, number: i64, by: &Actor) -> Result<()> {
        self.write(|chain| approve(chain, account, number, by))
    }

    /// Forgets an account: its id, the rule that holds and one that waits. Whether somebody still reads what was before, so
    /// that the id is cleared from the database's files later.
    ///
    /// # Errors
    /// [`StoreError::NoMandate`]; [`StoreError::MayNotRewrite`] where the id can never be cleared away so.
    pub fn remove_mandate(&self, account: &AccountId, by: &Actor) -> Result<bool> {
        self.write(|chain| {
            let pseudonym = known(chain.session, account)?.ok_or_else(|| StoreError::NoMandate(account.clone()))?;
            chain.session.execute("DELETE FROM mandates WHERE account = $1", &[account.as_str().into()])?;
            chain.append(entry(by, Event::MandateRemoved, "removed", json!({"account": pseudonym})), None)
        })?;
        self.clear_away(by)
    }

    /// The rules of an account, in the order of their numbers: one that holds, one that waits, or both.
    pub fn mandates_of(&self, account: &AccountId) -> Result<Vec<Mandate>> {
        let statement = format!("SELECT {COLUMNS} FROM mandates WHERE account = $1 ORDER BY number");
        self.read(|session| found(session, &statement, &[account.as_str().into()]))
    }

    /// Some rules, of whatever account.
    pub fn mandates(&self, page: &MandatePage) -> Result<Vec<Mandate>> {
        let statement = format!(
            "SELECT {COLUMNS} FROM mandates WHERE number > $1 AND substr(account, 1, $2) = $3 ORDER BY number LIMIT $4"
        );
        let values = [
            page.after.into(),
            (page.prefix.len() as i64).into(),
            page.prefix.as_str().into(),
            (page.limit as i64).into(),
        ];
        self.read(|session| found(session, &statement, &values))
    }

    /// The accounts whose rules name a writer.
    pub(crate) fn accounts_of(&self, writer: Pseudonym) -> Result<Vec<AccountId>> {
        const FIND: &str = "SELECT DISTINCT account FROM mandates WHERE rule LIKE $1 ORDER BY account";
        let among = format!("%\"{writer}\"%");
        let account = |mut row: Row| row.text()?.parse().map_err(StoreError::damaged);
        self.read(|session| session.query(FIND, &[among.as_str().into()])?.into_iter().map(account).collect())
    }
}

fn set(chain: &mut Chain<'_>, new: &NewMandate<'_>) -> Result<i64> {
    const INSERT: &str = "
        INSERT INTO mandates (number, account, pseudonym, rule, added, added_by, approved, approved_by)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    let waits = policy::agreed(policy::kept(chain.session)?, new.four_eyes.then_some(true))?;
    let signers = new.signers.iter().map(|signer| Ok(WriterRow::get(chain.session, signer)?.pseudonym));
    let rule = json!({"signers": signers.collect::<Result<Vec<_>>>()?, "demands": new.rule});
    let pseudonym = known(chain.session, new.account)?.unwrap_or_else(Hex::random);
    let replaced = if waits { " AND approved IS NULL" } else { "" };
    let delete = format!("DELETE FROM mandates WHERE account = $1{replaced}");
    chain.session.execute(&delete, &[new.account.as_str().into()])?;
    let (number, now) = (chain.next(), chain.now.milliseconds());
    let values = [
        number.into(),
        new.account.as_str().into(),
        pseudonym.0[..].into(),
        rule.to_string().as_str().into(),
        now.into(),
        new.by.as_str().into(),
        (!waits).then_some(now).into(),
        (!waits).then_some(new.by.as_str()).into(),
    ];
    chain.session.execute(INSERT, &values)?;
    let seal = seal(chain.session, number)?;
    let outcome = if waits { "waiting" } else { "approved" };
    let details = json!({"account": pseudonym, "rule": rule});
    chain.append(entry(new.by, Event::MandateSet, outcome, details), Some(seal))
}

fn approve(chain: &mut Chain<'_>, account: &AccountId, number: i64, by: &Actor) -> Result<()> {
    const FIND: &str = "SELECT pseudonym, added_by, approved FROM mandates WHERE account = $1 AND number = $2";
    let found = chain.session.query(FIND, &[account.as_str().into(), number.into()])?.pop();
    let mut found = found.ok_or_else(|| StoreError::NoRule { account: account.clone(), rule: number })?;
    let (pseudonym, added_by) = (Pseudonym::from_slice(&found.bytes()?)?, found.text()?);
    if found.maybe_integer()?.is_some() {
        return Err(StoreError::RuleApproved(number));
    }
    if by.is_same_person(&Actor::new(added_by.clone())) {
        return Err(StoreError::OwnRule { rule: number, by: added_by });
    }
    let others = [account.as_str().into(), number.into()];
    chain.session.execute("DELETE FROM mandates WHERE account = $1 AND number <> $2", &others)?;
    let values = [chain.now.milliseconds().into(), by.as_str().into(), number.into()];
    chain.session.execute("UPDATE mandates SET approved = $1, approved_by = $2 WHERE number = $3", &values)?;
    let seal = seal(chain.session, number)?;
    let details = json!({"account": pseudonym, "number": number});
    chain.append(entry(by, Event::MandateApproved, "approved", details), Some(seal)).map(drop)
}

fn entry(by: &Actor, event: Event, outcome: &str, details: Json) -> NewEntry {
    NewEntry { actor: by.clone(), event, writer: None, model: None, outcome: outcome.to_owned(), details }
}

/// What the audit calls an account that has a rule.
fn known(session: &mut dyn Session, account: &AccountId) -> Result<Option<Pseudonym>> {
    const FIND: &str = "SELECT pseudonym FROM mandates WHERE account = $1 LIMIT 1";
    let found = session.query(FIND, &[account.as_str().into()])?.pop();
    found.map(|mut row| Pseudonym::from_slice(&row.bytes()?)).transpose()
}

fn found(session: &mut dyn Session, statement: &str, values: &[Value]) -> Result<Vec<Mandate>> {
    let rows = session.query(statement, values)?;
    rows.into_iter().map(|row| mandate(session, row)).collect()
}

fn mandate(session: &mut dyn Session, mut row: Row) -> Result<Mandate> {
    let (number, account) = (row.integer()?, row.text()?.parse().map_err(StoreError::damaged)?);
    let pseudonym = Pseudonym::from_slice(&row.bytes()?)?;
    let (signers, rule) = parts(&row.text()?)?;
    Ok(Mandate {
        number,
        account,
        pseudonym,
        signers: named(session, &signers)?,
        rule,
        added: Time::from_milliseconds(row.integer()?)?,
        added_by: Actor::new(row.text()?),
        approved: match (row.maybe_integer()?, row.maybe_text()?) {
            (Some(at), Some(by)) => Some(Approval { at: Time::from_milliseconds(at)?, by: Actor::new(by) }),
            _ => None,
        },
    })
}

/// Whom a rule that is kept names, and what it demands.
fn parts(kept: &str) -> Result<(Vec<Pseudonym>, Json)> {
    let mut kept: Json = serde_json::from_str(kept).map_err(StoreError::damaged)?;
    let signers = kept["signers"].as_array().ok_or_else(|| StoreError::damaged("a rule names nobody"))?;
    let pseudonym = |signer: &Json| signer.as_str().unwrap_or_default().parse().map_err(StoreError::damaged);
    let signers = signers.iter().map(pseudonym).collect::<Result<_>>()?;
    Ok((signers, kept["demands"].take()))
}

/// The writers behind pseudonyms, in their order.
fn named(session: &mut dyn Session, pseudonyms: &[Pseudonym]) -> Result<Vec<Signer>> {
    if pseudonyms.is_empty() {
        return Ok(Vec::new());
    }
    let places: Vec<String> = (1..=pseudonyms.len()).map(|place| format!("${place}")).collect();
    let statement = format!("SELECT pseudonym, id FROM writers WHERE pseudonym IN ({})", places.join(", "));
    let values: Vec<Value> = pseudonyms.iter().map(|pseudonym| pseudonym.0[..].into()).collect();
    let mut ids = HashMap::new();
    for mut row in session.query(&statement, &values)? {
        ids.insert(Pseudonym::from_slice(&row.bytes()?)?, stored_id(&row.text()?)?);
    }
    let signer = |pseudonym: &Pseudonym| Signer { pseudonym: *pseudonym, writer: ids.remove(pseudonym) };
    Ok(pseudonyms.iter().map(signer).collect())
}

/// A hash over all that is kept of a rule, as it is now.
fn seal(session: &mut dyn Session, number: i64) -> Result<Hash> {
    let found = session.query(&format!("SELECT {COLUMNS} FROM mandates WHERE number = $1"), &[number.into()])?.pop();
    Ok(hash_of(found.ok_or_else(|| StoreError::damaged("a rule is gone"))?.values()))
}

fn hash_of(row: &[Value]) -> Hash {
    let mut hash = Sha256::new();
    hash.update(b"inkproof mandate 1");
    row.iter().for_each(|value| feed(&mut hash, value));
    Hex(hash.finalize().into())
}

/// Compares the rules with what the audit says.
pub(crate) fn check(
    session: &mut dyn Session,
    mut expected: HashMap<i64, ExpectedMandate>,
    wrong: &mut Vec<String>,
) -> Result<()> {
    let page = format!("SELECT {COLUMNS} FROM mandates WHERE number > $1 ORDER BY number LIMIT 500");
    let mut last = i64::MIN;
    loop {
        let rows = session.query(&page, &[last.into()])?;
        if rows.is_empty() {
            break;
        }
        for row in rows {
            let seal = hash_of(row.values());
            last = row.clone().integer()?;
            match expected.remove(&last) {
                Some(expected) if expected.seal == seal && is_as_told(row, &expected)? => {}
                Some(_) => wrong.push(format!("rule {last} of an account was changed")),
                None => wrong.push(format!("the audit knows nothing of rule {last} of an account")),
            }
        }
    }
    wrong.extend(expected.into_keys().map(|number| format!("rule {number} of an account is missing")));
    Ok(())
}

/// Whether the audit tells the same of a rule: whose it is, what it demands of whom, and who set and approved it when.
fn is_as_told(mut row: Row, expected: &ExpectedMandate) -> Result<bool> {
    let (_, _, account) = (row.integer()?, row.text()?, Pseudonym::from_slice(&row.bytes()?)?);
    let told = ToldMandate {
        rule: serde_json::from_str(&row.text()?).map_err(StoreError::damaged)?,
        added: Time::from_milliseconds(row.integer()?)?,
        added_by: Actor::new(row.text()?),
        approved: row.maybe_integer()?.map(Time::from_milliseconds).transpose()?.zip(row.maybe_text()?.map(Actor::new)),
    };
    Ok(account == expected.account && told == expected.told)
}
