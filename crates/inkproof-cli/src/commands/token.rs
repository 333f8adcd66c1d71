//! `inkproof token`: who may use the server.

use std::process::ExitCode;

use anyhow::Result;
use clap::{Args, Subcommand};
use serde_json::json;

use crate::arguments::StorePlace;
use crate::terminal::one_line;
use inkproof_store::{Actor, Role, Time, Token as Kept};

/// Make, list and revoke the tokens that let clients use the server
#[derive(Debug, Args)]
pub struct Token {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    Create(Create),
    List(List),
    Revoke(Revoke),
}

/// Make a token; it is shown this once
#[derive(Debug, Args)]
struct Create {
    /// clerk: verifies and settles reviews; operator: enrols, approves and erases too; auditor: reads the audit and reviews;
    /// monitor: reads /metrics; administrator: sets the signing rules of accounts, calibrates on the store's writers, and reads
    /// /metrics
    #[arg(long)]
    role: Role,
    /// Whose it is; a person's tokens and the person's own user name count as one where four eyes are wanted
    #[arg(long = "for", value_name = "PERSON")]
    owner: Option<String>,
    /// For how many days it lets somebody in; for ever without
    #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(u32).range(1..=36500))]
    expires: Option<u32>,
    #[command(flatten)]
    store: StorePlace,
    /// Print one JSON document instead of text
    #[arg(long)]
    json: bool,
}

/// All tokens, without what they are
#[derive(Debug, Args)]
struct List {
    #[command(flatten)]
    store: StorePlace,
    /// Print one JSON document instead of text
    #[arg(long)]
    json: bool,
}

/// Let nobody in with a token any more
#[derive(Debug, Args)]
struct Revoke {
    /// The token's id, as `list` says
    id: String,
    #[command(flatten)]
    store: StorePlace,
    /// Print one JSON document instead of text
    #[arg(long)]
    json: bool,
}

impl Token {
    pub fn run(self) -> Result<ExitCode> {
        match self.verb {
            Verb::Create(verb) => verb.run(),
            Verb::List(verb) => verb.run(),
            Verb::Revoke(verb) => verb.run(),
        }?;
        Ok(ExitCode::SUCCESS)
    }
}

impl Create {
    fn run(self) -> Result<()> {
        let store = self.store.open()?;
        let expires = self.expires.map(|days| Time::now().plus_days(days));
        let new = store.create_token(self.role, self.owner.as_deref(), expires, &Actor::local())?;
        if self.json {
            println!("{:#}", json!(new));
        } else {
            println!("{}", new.secret);
            eprintln!("Token {} for a {}{}. It is shown this once.", new.token.id, self.role, until(&new.token));
        }
        Ok(())
    }
}

impl List {
    fn run(self) -> Result<()> {
        let tokens = self.store.open_existing()?.tokens()?;
        if self.json {
            println!("{:#}", json!({"tokens": tokens}));
            return Ok(());
        }
        for token in tokens {
            let revoked = token.revoked.map_or(String::new(), |at| format!(", revoked {at}"));
            println!(
                "{}  {:<8} {}made {} by {}{}{revoked}",
                token.id,
                token.role,
                token.owner.as_ref().map_or(String::new(), |owner| format!("for {owner}, ")),
                token.created,
                one_line(&token.created_by),
                until(&token)
            );
        }
        Ok(())
    }
}

impl Revoke {
    fn run(self) -> Result<()> {
        let token = self.store.open_existing()?.revoke_token(&self.id, &Actor::local())?;
        if self.json {
            println!("{:#}", json!(token));
        } else {
            println!("Token {} is revoked.", token.id);
        }
        Ok(())
    }
}

fn until(token: &Kept) -> String {
    token.expires.map_or(String::new(), |at| format!(", until {at}"))
}
