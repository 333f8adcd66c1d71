//! The master key of a store, taken up and exchanged.

use serde::Serialize;
use serde_json::json;

use crate::audit::{Event, NewEntry, SealedHead, mark};
use crate::database::{Erasable, Session};
use crate::keys::{KeyId, sealed_by};
use crate::sealing::Key;
use crate::{Actor, Result, Store, StoreError, jobs};

/// Writers in one transaction.
const PAGE: i64 = 200;

/// What exchanging the master key did.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Rotated {
    /// The key that seals now.
    pub master: KeyId,
    /// How many writers' keys are sealed with it that were not before.
    pub writers: u64,
}

impl Store {
    /// Seals with the newest key all keys that lie open, as in a store that an older program wrote, and the head.
    pub(crate) fn adopt(&self) -> Result<()> {
        let mut has_open_keys = false;
        self.database.write(&mut |session| {
            let locking = session.locking();
            let SealedHead { head, master, .. } = SealedHead::read(session, locking)?;
            // Another program may have been first.
            if let Some(id) = master {
                return self.keys.require(id);
            }
            let id = self.keys.newest()?;
            for mut row in session.query("SELECT number, key FROM writers", &[])? {
                let (number, key) = (row.integer()?, Key::from_slice(&row.bytes()?)?);
                replace_key(session, number, &self.keys.lock(id, number, &key)?)?;
                has_open_keys = true;
            }
            let values = [id.0[..].into(), mark(&self.keys, id, head)?.into()];
            session.execute("UPDATE chain SET master = $1, mark = $2 WHERE one = 1", &values).map(drop)
        })?;
        if has_open_keys {
            self.database.forget(&[Erasable::Writers])?;
        }
        Ok(())
    }

    /// Seals all writers' keys with the newest master key of the source, while other programs go on reading and writing.
    /// What was stopped can be begun again.
    ///
    /// # Errors
    /// [`StoreError::NoNewerKey`] where all are already; the source and the database.
    pub fn rotate(&self, by: &Actor) -> Result<Rotated> {
        self.keys.reload()?;
        let newest = self.keys.newest()?;
        // From here on other programs seal with it, too.
        let is_new = self.write(|chain| {
            let before = chain.master()?;
            if before != newest {
                chain.change_master(newest)?;
                jobs::lock_keys(chain.session, None, newest)?;
                chain.append(changed(by, before, newest), None)?;
            }
            Ok(before != newest)
        })?;
        let (mut writers, mut last) = (0, 0);
        loop {
            let (sealed, end) = self.write(|chain| seal_page(chain.session, newest, last))?;
            writers += sealed;
            let Some(end) = end else { break };
            last = end;
        }
        if !is_new && writers == 0 {
            return Err(StoreError::NoNewerKey(self.source()?.to_string()));
        }
        self.database.forget(&[Erasable::Writers, Erasable::Jobs])?;
        Ok(Rotated { master: newest, writers })
    }

    /// The key of the source that seals, which is another than [`Store::master`] where one was added.
    ///
    /// # Errors
    /// Where the source cannot be read.
    pub fn newest_key(&self) -> Result<KeyId> {
        self.keys.reload()?;
        self.keys.newest()
    }
}

fn changed(by: &Actor, before: KeyId, after: KeyId) -> NewEntry {
    NewEntry {
        actor: by.clone(),
        event: Event::MasterKeyChanged,
        writer: None,
        model: None,
        outcome: "changed".to_owned(),
        details: json!({"before": before, "after": after}),
    }
}

/// Seals the keys of the writers after one; how many it were, and the last writer looked at.
fn seal_page(session: &mut dyn Session, master: KeyId, after: i64) -> Result<(u64, Option<i64>)> {
    const SELECT: &str = "SELECT number, key FROM writers WHERE number > $1 ORDER BY number LIMIT $2";
    let (mut sealed, mut last) = (0, None);
    for mut row in session.query(SELECT, &[after.into(), PAGE.into()])? {
        let (number, stored) = (row.integer()?, row.bytes()?);
        if sealed_by(&stored) != Some(master) {
            let key = session.keys().lock(master, number, &session.keys().unlock(number, &stored)?)?;
            replace_key(session, number, &key)?;
            sealed += 1;
        }
        last = Some(number);
    }
    Ok((sealed, last))
}

fn replace_key(session: &mut dyn Session, writer: i64, key: &[u8]) -> Result<()> {
    session.execute("UPDATE writers SET key = $1 WHERE number = $2", &[key.into(), writer.into()]).map(drop)
}
