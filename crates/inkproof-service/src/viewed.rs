//! What the audit keeps of a look at ink that is kept, or at pictures of it.

use inkproof_store::{Actor, Event, NewEntry, Pseudonym};
use serde_json::json;

/// Through which door somebody looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Door {
    /// A command on the machine.
    Command,
    /// A request to the server.
    Http,
}

/// What somebody looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seen {
    /// A writer's references.
    References,
    /// A writer's references beside a questioned signature, by the number of the decision on it.
    Verification(i64),
    /// What a person has to decide on, by its number.
    Review(i64),
}

/// The entry of a look, to be written down before anything is shown. It names the writer by pseudonym, as all entries do.
pub fn viewed(seen: Seen, writer: Option<Pseudonym>, door: Door, by: Actor) -> NewEntry {
    let door = match door {
        Door::Command => "command",
        Door::Http => "http",
    };
    let (outcome, details) = match seen {
        Seen::References => ("references", json!({"door": door})),
        Seen::Verification(decision) => ("verification", json!({"door": door, "decision": decision})),
        Seen::Review(decision) => ("review", json!({"door": door, "decision": decision})),
    };
    NewEntry { actor: by, event: Event::Viewed, writer, model: None, outcome: outcome.to_owned(), details }
}
