//! Connections to the server: kept when nobody needs them, and never more than a number at once.

use std::ops::{Deref, DerefMut};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use postgres::{Client, NoTls};

use super::address::Address;
use super::{describe, said};
use crate::{Result, StoreError};

/// Connections at the same time; a server has 100 for all programs unless told otherwise.
const MOST: usize = 16;
/// How long to wait for one of them.
const PATIENCE: Duration = Duration::from_secs(10);
const CONNECTING: Duration = Duration::from_secs(5);
/// From when on a server that says nothing is asked whether it is there, and how long it may keep silent then.
const SILENCE: Duration = Duration::from_secs(30);
/// How each connection is set up: what is acknowledged is on the disk, and nobody waits for ever.
pub const SETTINGS: &str = "
    SET lock_timeout = '10s';
    SET statement_timeout = '60s';
    SET idle_in_transaction_session_timeout = '5min';
    SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off';
    SET client_min_messages = 'warning'";

/// All connections of a store.
pub struct Pool {
    address: Address,
    most: usize,
    patience: Duration,
    state: Mutex<State>,
    returned: Condvar,
}

#[derive(Default)]
struct State {
    idle: Vec<Client>,
    lent: usize,
}

impl Pool {
    pub fn new(address: Address) -> Self {
        Self::with_most(address, MOST, PATIENCE)
    }

    pub fn with_most(mut address: Address, most: usize, patience: Duration) -> Self {
        let config = &mut address.config;
        config.application_name("inkproof").tcp_user_timeout(SILENCE);
        config.keepalives_idle(SILENCE).keepalives_interval(SILENCE / 3).keepalives_retries(3);
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(CONNECTING);
        }
        Self { address, most, patience, state: Mutex::default(), returned: Condvar::new() }
    }

    /// An idle connection, or a new one; waits where all are in use.
    ///
    /// # Errors
    /// [`StoreError::Overloaded`] where none is given back in time; what the server says.
    pub fn take(&self) -> Result<Lent<'_>> {
        let all_lent = |state: &mut State| state.lent >= self.most;
        let waited = self.returned.wait_timeout_while(self.held(), self.patience, all_lent);
        let (mut state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        if state.lent >= self.most {
            let why = format!("all {} connections are in use for {} s", self.most, self.patience.as_secs());
            return Err(StoreError::Overloaded(why));
        }
        state.lent += 1;
        let idle = state.idle.pop();
        drop(state);
        let mut lent = Lent { pool: self, client: None };
        lent.client = Some(match idle.filter(|client| !client.is_closed()) {
            Some(client) => client,
            None => self.connect()?,
        });
        Ok(lent)
    }

    /// Closes those that nobody uses.
    pub fn clear(&self) {
        self.held().idle.clear();
    }

    fn connect(&self) -> Result<Client> {
        let config = &self.address.config;
        let connected = match &self.address.tls {
            Some(tls) => config.connect(tls.clone()),
            None => config.connect(NoTls),
        };
        let mut client = connected.map_err(|error| StoreError::Unreachable(describe(&error)))?;
        client.batch_execute(SETTINGS).map_err(said)?;
        Ok(client)
    }

    fn held(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A connection that is in use; closed in the end, unless it is kept.
pub struct Lent<'a> {
    pool: &'a Pool,
    client: Option<Client>,
}

impl Lent<'_> {
    /// Gives it back for others; what is wrong with it is better closed.
    pub fn keep(mut self) {
        let client = self.client.take();
        self.pool.held().idle.extend(client);
    }
}

impl Drop for Lent<'_> {
    fn drop(&mut self) {
        // Closed before somebody else may open one.
        drop(self.client.take());
        self.pool.held().lent -= 1;
        self.pool.returned.notify_one();
    }
}

impl Deref for Lent<'_> {
    type Target = Client;

    fn deref(&self) -> &Client {
        self.client.as_ref().expect("it is there until it is given back")
    }
}

impl DerefMut for Lent<'_> {
    fn deref_mut(&mut self) -> &mut Client {
        self.client.as_mut().expect("it is there until it is given back")
    }
}
