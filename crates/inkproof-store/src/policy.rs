//! Whether four eyes are wanted: the word of the store, which binds every door to it. It is the last entry of the audit that
//! tells of it, so that it cannot be changed without a trace.

use serde_json::json;

use crate::audit::Chain;
use crate::database::Session;
use crate::{Actor, Event, NewEntry, Result, Store, StoreError};

const ON: &str = "four-eyes";
const OFF: &str = "two-eyes";

impl Store {
    /// Whether a second person has to approve references and settle reviews; None where nobody has decided, and each program
    /// does as it is told.
    pub fn four_eyes(&self) -> Result<Option<bool>> {
        self.read(kept)
    }

    /// Decides on four eyes, for every program that uses the store from now on.
    ///
    /// # Errors
    /// [`StoreError::NoOwner`] where a valid token is nobody's: two of them could be one person's.
    pub fn keep_four_eyes(&self, on: bool, by: &Actor) -> Result<()> {
        self.write(|chain| {
            if kept(chain.session)? == Some(on) {
                return Ok(());
            }
            if on {
                require_owners(chain)?;
            }
            let (actor, outcome) = (by.clone(), if on { ON } else { OFF }.to_owned());
            let event = Event::PolicyChanged;
            chain.append(NewEntry { actor, event, writer: None, model: None, outcome, details: json!({}) }, None)?;
            Ok(())
        })
    }

    /// Whether four eyes are wanted by a program that `asks` so, or says nothing.
    ///
    /// # Errors
    /// [`StoreError::Policy`] where the store's word is another.
    pub fn four_eyes_as_asked(&self, asks: Option<bool>) -> Result<bool> {
        agreed(self.four_eyes()?, asks)
    }
}

pub(crate) fn kept(session: &mut dyn Session) -> Result<Option<bool>> {
    const LAST: &str = "SELECT outcome FROM audit WHERE event = 'policy-changed' ORDER BY sequence DESC LIMIT 1";
    let found = session.query(LAST, &[])?.pop();
    found.map(|mut row| row.text().map(|word| word == ON)).transpose()
}

pub(crate) fn agreed(kept: Option<bool>, asks: Option<bool>) -> Result<bool> {
    match (kept, asks) {
        (Some(kept), Some(asks)) if kept != asks => Err(StoreError::Policy { kept: if kept { "on" } else { "off" } }),
        (kept, asks) => Ok(kept.or(asks).unwrap_or(false)),
    }
}

fn require_owners(chain: &mut Chain<'_>) -> Result<()> {
    const FIND: &str = "SELECT id FROM tokens WHERE owner IS NULL AND revoked IS NULL
        AND (expires IS NULL OR expires > $1) ORDER BY id LIMIT 1";
    match chain.session.query(FIND, &[chain.now.milliseconds().into()])?.pop() {
        Some(mut row) => Err(StoreError::NoOwner(row.text()?)),
        None => Ok(()),
    }
}
