//! Tokens: what lets a client of the server in. The store knows their SHA-256 alone.

use std::collections::HashMap;
use std::fmt;
use std::str::FromStr;

use serde::Serialize;
use serde_json::json;
use sha2::{Digest, Sha256};

use crate::audit::feed;
use crate::check::ExpectedToken;
use crate::database::{Row, Session, Value};
use crate::{Actor, Event, Hash, Hex, NewEntry, Result, Store, StoreError, Time, policy};

/// What a token allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Verifies, and settles reviews.
    Clerk,
    /// What a clerk may, and enrols, approves and erases.
    Operator,
    /// Reads the audit and reviews, and nothing else.
    Auditor,
    /// Reads the server's figures, and nothing else.
    Monitor,
    /// Sets the signing rules of accounts, calibrates on the store's own writers, reads the figures, and nothing else.
    Administrator,
}

impl Role {
    /// Its name in the store, at the command line and in the API.
    pub fn word(self) -> &'static str {
        match self {
            Self::Clerk => "clerk",
            Self::Operator => "operator",
            Self::Auditor => "auditor",
            Self::Monitor => "monitor",
            Self::Administrator => "administrator",
        }
    }
}

impl FromStr for Role {
    type Err = StoreError;

    fn from_str(word: &str) -> Result<Self> {
        let all = [Self::Clerk, Self::Operator, Self::Auditor, Self::Monitor, Self::Administrator];
        all.into_iter().find(|role| role.word() == word).ok_or_else(|| StoreError::NoRole(word.to_owned()))
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

/// A token that was just made: the only time that it can be read.
#[derive(Debug, Clone, Serialize)]
pub struct NewToken {
    /// What the client sends; kept nowhere.
    pub secret: String,
    /// What the store keeps of it.
    pub token: Token,
}

/// What the store knows of a token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Token {
    /// Names it in the audit and for its revocation.
    pub id: String,
    /// SHA-256 of the secret.
    #[serde(skip)]
    pub hash: Hash,
    /// What it allows.
    pub role: Role,
    /// Whose it is; None of tokens that were made for nobody.
    pub owner: Option<String>,
    /// When it was made.
    pub created: Time,
    /// Who made it.
    pub created_by: Actor,
    /// From when on it is not valid any more; None where it does not expire.
    pub expires: Option<Time>,
    /// When it was revoked; None where it was not.
    pub revoked: Option<Time>,
    /// Whether the audit has seen a time at which it had expired, so that a clock that is set back does not revive it.
    #[serde(skip)]
    pub outlived: bool,
}

impl Token {
    /// SHA-256 of the secret that a client sends.
    pub fn hash_of(secret: &str) -> Hash {
        Hex(Sha256::digest(secret.as_bytes()).into())
    }

    /// Whether it lets somebody in at that time.
    pub fn is_valid(&self, now: Time) -> bool {
        self.revoked.is_none() && !self.outlived && self.expires.is_none_or(|expires| now < expires)
    }

    /// Who somebody with this token is in the audit.
    pub fn actor(&self) -> Actor {
        Actor::with_token(&self.id, self.owner.as_deref())
    }

    fn seal(&self) -> Hash {
        let mut hash = Sha256::new();
        hash.update(b"inkproof token 1");
        let values: [Value; 5] = [
            self.id.as_str().into(),
            self.hash.0[..].into(),
            self.role.word().into(),
            self.expires.map(Time::milliseconds).into(),
            self.revoked.map(Time::milliseconds).into(),
        ];
        values.iter().for_each(|value| feed(&mut hash, value));
        Hex(hash.finalize().into())
    }
}

/// What was written before it was made does not count: a clock that was ahead once would end every token for ever.
const COLUMNS: &str = "id, hash, role, created, created_by, expires, revoked, owner,
    CASE WHEN EXISTS (SELECT 1 FROM audit WHERE time >= expires AND sequence >
        (SELECT max(sequence) FROM audit WHERE time = created AND event = 'token-created')) THEN 1 ELSE 0 END";

impl Store {
    /// Makes a token of 256 random bits, for a person if an `owner` is given.
    ///
    /// # Errors
    /// [`StoreError::Owner`]; [`StoreError::NoOwner`] where there is none and the store wants four eyes.
    pub fn create_token(&self, role: Role, owner: Option<&str>, expires: Option<Time>, by: &Actor) -> Result<NewToken> {
        if let Some(owner) = owner.filter(|owner| !is_name(owner)) {
            return Err(StoreError::Owner(owner.chars().take(LONGEST_NAME).collect()));
        }
        let secret = format!("inkproof_{}", Hex::<32>::random());
        let (id, hash) = (Hex::<6>::random().to_string(), Token::hash_of(&secret));
        let token = self.write(|chain| {
            if owner.is_none() && policy::kept(chain.session)? == Some(true) {
                return Err(StoreError::NoOwner(id.clone()));
            }
            let (id, created, created_by, owner) = (id.clone(), chain.now, by.clone(), owner.map(str::to_owned));
            let token = Token { id, hash, role, owner, created, created_by, expires, revoked: None, outlived: false };
            let values = [
                token.id.as_str().into(),
                token.hash.0[..].into(),
                role.word().into(),
                chain.now.milliseconds().into(),
                by.as_str().into(),
                expires.map(Time::milliseconds).into(),
                token.owner.as_deref().into(),
            ];
            const INSERT: &str = "INSERT INTO tokens (id, hash, role, created, created_by, expires, owner)
                VALUES ($1, $2, $3, $4, $5, $6, $7)";
            chain.session.execute(INSERT, &values)?;
            chain.append(entry(by, Event::TokenCreated, &token), Some(token.seal()))?;
            Ok(token)
        })?;
        Ok(NewToken { secret, token })
    }

    /// All tokens, the oldest first.
    pub fn tokens(&self) -> Result<Vec<Token>> {
        let statement = format!("SELECT {COLUMNS} FROM tokens ORDER BY created, id");
        self.read(|session| session.query(&statement, &[])?.into_iter().map(token).collect())
    }

    /// The token with this hash, valid or not.
    pub fn token(&self, hash: Hash) -> Result<Option<Token>> {
        let statement = format!("SELECT {COLUMNS} FROM tokens WHERE hash = $1");
        self.read(|session| session.query(&statement, &[hash.0[..].into()])?.pop().map(token).transpose())
    }

    /// Lets nobody in with it from now on; nothing happens where it is revoked already.
    ///
    /// # Errors
    /// [`StoreError::NoToken`].
    pub fn revoke_token(&self, id: &str, by: &Actor) -> Result<Token> {
        let statement = format!("SELECT {COLUMNS} FROM tokens WHERE id = $1");
        self.write(|chain| {
            let found = chain.session.query(&statement, &[id.into()])?.pop();
            let found = token(found.ok_or_else(|| StoreError::NoToken(id.to_owned()))?)?;
            if found.revoked.is_some() {
                return Ok(found);
            }
            let values = [chain.now.milliseconds().into(), id.into()];
            chain.session.execute("UPDATE tokens SET revoked = $1 WHERE id = $2", &values)?;
            let revoked = Token { revoked: Some(chain.now), ..found };
            chain.append(entry(by, Event::TokenRevoked, &revoked), Some(revoked.seal()))?;
            Ok(revoked)
        })
    }
}

const LONGEST_NAME: usize = 64;

/// A person's name goes into the audit as a part of who did something.
fn is_name(text: &str) -> bool {
    let fits = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._@-".contains(&byte));
    fits && (1..=LONGEST_NAME).contains(&text.len())
}

fn entry(by: &Actor, event: Event, token: &Token) -> NewEntry {
    let outcome = token.role.word().to_owned();
    let details = json!({"token": token.id, "expires": token.expires, "owner": token.owner});
    NewEntry { actor: by.clone(), event, writer: None, model: None, outcome, details }
}

fn token(mut row: Row) -> Result<Token> {
    Ok(Token {
        id: row.text()?,
        hash: Hash::from_slice(&row.bytes()?)?,
        role: row.text()?.parse().map_err(StoreError::damaged)?,
        created: Time::from_milliseconds(row.integer()?)?,
        created_by: Actor::new(row.text()?),
        expires: row.maybe_integer()?.map(Time::from_milliseconds).transpose()?,
        revoked: row.maybe_integer()?.map(Time::from_milliseconds).transpose()?,
        owner: row.maybe_text()?,
        outlived: row.integer()? == 1,
    })
}

/// Compares every token with what the audit says.
pub(crate) fn check(
    session: &mut dyn Session,
    version: i64,
    mut expected: HashMap<String, ExpectedToken>,
    wrong: &mut Vec<String>,
) -> Result<()> {
    let columns = if version > 1 { COLUMNS.to_owned() } else { COLUMNS.replacen("owner", "NULL", 1) };
    for row in session.query(&format!("SELECT {columns} FROM tokens ORDER BY id"), &[])? {
        let token = token(row)?;
        match expected.remove(&token.id) {
            Some(expected) if expected.is_told_of(&token) => {}
            Some(_) => wrong.push(format!("token {} was changed", token.id)),
            None => wrong.push(format!("the audit knows nothing of token {}", token.id)),
        }
    }
    wrong.extend(expected.into_keys().map(|id| format!("token {id} is missing")));
    Ok(())
}

impl ExpectedToken {
    fn is_told_of(&self, token: &Token) -> bool {
        let told = (self.created, &self.created_by, self.revoked, &self.owner);
        self.seal == token.seal() && told == (token.created, &token.created_by, token.revoked, &token.owner)
    }
}
