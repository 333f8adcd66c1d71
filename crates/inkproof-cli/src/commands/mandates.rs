//! `inkproof mandates`: who has to sign for an account, and whether signatures do.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::{Args, Subcommand};
use inkproof::Decision;
use inkproof::find::Finder;
use inkproof_service::{
    Alternative, Amount, CountedSignature, JudgedSignature, Mandate, MandateRule, MandateVerification, Outcome, Rule,
    Service, Signer, SignerVerdict,
};
use inkproof_store::{AccountId, Actor, MandatePage};
use serde_json::json;

use crate::arguments::{ImageOptions, ModelFile, StorePlace};
use crate::images::ImageFiles;
use crate::terminal::one_line;

/// Rules that are asked for at once.
const AT_ONCE: usize = 500;

/// Keep who has to sign for an account, and judge signatures by it
///
/// A rule has alternatives, parted by ', or'; it is met when one of them is. An alternative is a writer's id, several joined by
/// 'and', or a number 'of' several, and may end with 'up to' an amount in the account's own currency. An id that is itself or, of,
/// and, up or to stands in double quotes.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    inkproof mandates set K-1 'A, or 2 of B C D, or E up to 10000'\n  \
    inkproof mandates show K-1\n  \
    inkproof mandates verify K-1 --amount 250.50 signature.png\n  \
    inkproof mandates verify K-1 --document order.pdf")]
pub struct Mandates {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    Set(Set),
    Approve(Approve),
    Show(Show),
    List(List),
    Remove(Remove),
    Verify(Verify),
}

/// Give an account a rule, in place of the one before
///
/// Everybody whom it names has to be enrolled. Where the store wants four eyes (`inkproof store policy`) it waits until somebody
/// else approves it, and the rule before holds until then.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    inkproof mandates set K-1 A\n  \
    inkproof mandates set K-1 A and B\n  \
    inkproof mandates set K-1 'A, or 2 of B C D, or E up to 10000'")]
struct Set {
    /// The account's id
    account: AccountId,
    /// Who has to sign, such as 'A, or 2 of B C D, or E up to 10000'
    #[arg(required = true, value_name = "RULE")]
    rule: Vec<String>,
    #[command(flatten)]
    store: StorePlace,
    /// Print one JSON document instead of text
    #[arg(long)]
    json: bool,
}

/// Let a rule hold that somebody else set
#[derive(Debug, Args)]
struct Approve {
    /// The account's id
    account: AccountId,
    /// Its number, as `show` says
    rule: i64,
    #[command(flatten)]
    store: StorePlace,
    /// Print one JSON document instead of text
    #[arg(long)]
    json: bool,
}

/// The rule of an account that holds, and one that waits
#[derive(Debug, Args)]
struct Show {
    /// The account's id
    account: AccountId,
    #[command(flatten)]
    store: StorePlace,
    /// Print one JSON document instead of text
    #[arg(long)]
    json: bool,
}

/// The rules of all accounts, in the order in which they were set
#[derive(Debug, Args)]
struct List {
    /// Only those of accounts whose id begins so
    #[arg(long, default_value = "")]
    prefix: String,
    #[command(flatten)]
    store: StorePlace,
    /// Print one JSON document instead of text
    #[arg(long)]
    json: bool,
}

/// Forget an account and its rules; the audit keeps entries that nothing connects to the id any more
#[derive(Debug, Args)]
struct Remove {
    /// The account's id
    account: AccountId,
    #[command(flatten)]
    store: StorePlace,
    /// Print one JSON document instead of text
    #[arg(long)]
    json: bool,
}

/// Judge signatures by the rule of an account, and write that down in the store's audit
///
/// Each signature is compared with the references of everybody whom the rule names. It counts for one of them at most, and
/// everybody for one signature. What was left undecided completes no rule, nor does an image that cannot be read.
///
/// Exit code 0 when the rule is met, 1 when it is not, 3 when it would be if a person accepted signatures that were left
/// undecided, 2 when something is wrong.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    inkproof mandates verify K-1 first.png second.png\n  \
    inkproof mandates verify K-1 --amount 250.50 signature.png\n  \
    inkproof mandates verify K-1 --document order.pdf --page 2")]
struct Verify {
    /// The account's id
    account: AccountId,
    /// The signatures, an image each; or pages, with --document
    #[arg(required = true, value_name = "IMAGE")]
    images: Vec<PathBuf>,
    /// What is signed for, as 10000 or 10000.50, in the account's own currency; without it an alternative that holds up to an
    /// amount does not count
    #[arg(long)]
    amount: Option<Amount>,
    /// Each IMAGE is a page, as an order or a cheque: its signatures are found. Without --page its first page that is signed
    #[arg(long)]
    document: bool,
    #[command(flatten)]
    model: ModelFile,
    #[command(flatten)]
    store: StorePlace,
    #[command(flatten)]
    image: ImageOptions,
    /// Print one JSON document instead of text
    #[arg(long)]
    json: bool,
}

impl Mandates {
    pub fn run(self) -> Result<ExitCode> {
        match self.verb {
            Verb::Set(verb) => verb.run(),
            Verb::Approve(verb) => verb.run(),
            Verb::Show(verb) => verb.run(),
            Verb::List(verb) => verb.run(),
            Verb::Remove(verb) => verb.run(),
            Verb::Verify(verb) => return verb.run(),
        }?;
        Ok(ExitCode::SUCCESS)
    }
}

/// What keeps rules, which no model is needed for but the one that is there.
fn service(store: &StorePlace) -> Result<Service> {
    store.service(&ModelFile::default(), &ImageOptions::default())
}

impl Set {
    fn run(self) -> Result<()> {
        let rule: Rule = self.rule.join(" ").parse()?;
        let mandate = service(&self.store)?.set_mandate(&self.account, &rule, &Actor::local())?;
        tell(&mandate, self.json);
        Ok(())
    }
}

impl Approve {
    fn run(self) -> Result<()> {
        let mandate = service(&self.store)?.approve_mandate(&self.account, self.rule, &Actor::local())?;
        tell(&mandate, self.json);
        Ok(())
    }
}

impl Show {
    fn run(self) -> Result<()> {
        tell(&service(&self.store)?.mandate(&self.account)?, self.json);
        Ok(())
    }
}

fn tell(mandate: &Mandate, json: bool) {
    if json {
        println!("{:#}", json!(mandate));
        return;
    }
    let account = &mandate.account;
    if let Some(rule) = &mandate.rule {
        println!("For '{account}' has to sign:\n{}\n{}", in_words(&rule.demands), since(rule));
    }
    if let Some(rule) = &mandate.waiting {
        println!("To be approved for '{account}':\n{}\n{}", in_words(&rule.demands), since(rule));
        println!(
            "It does not hold until somebody else approves it: inkproof mandates approve {account} {}",
            rule.number
        );
    }
}

/// A line for each alternative.
fn in_words(rule: &Rule<Signer>) -> String {
    let line = |(alternative, number): (&Alternative<Signer>, i32)| {
        let Alternative { at_least, of, up_to } = alternative;
        let names = |between: &str| of.iter().map(ToString::to_string).collect::<Vec<_>>().join(between);
        let who = match *at_least {
            _ if of.len() == 1 => names(""),
            all if all == of.len() => format!("{} together", names(" and ")),
            1 => format!("one of {}", names(", ")),
            some => format!("{some} of {}", names(", ")),
        };
        let up_to = up_to.map_or(String::new(), |amount| format!(", up to {amount}"));
        format!("  {number}. {who}{up_to}")
    };
    rule.any_of().iter().zip(1..).map(line).collect::<Vec<_>>().join("\n")
}

fn since(rule: &MandateRule) -> String {
    let MandateRule { number, set, set_by, .. } = rule;
    let approved = match &rule.approved {
        Some(approval) if approval.by != *set_by => format!(", approved by {} on {}", approval.by, approval.at),
        _ => String::new(),
    };
    one_line(format_args!("Set by {set_by} on {set}{approved} (number {number} in the audit)."))
}

impl List {
    fn run(self) -> Result<()> {
        let service = service(&self.store)?;
        let mut page = MandatePage { after: 0, limit: AT_ONCE, prefix: self.prefix };
        let mut all: Vec<MandateRule> = Vec::new();
        loop {
            let found = service.mandates(&page)?;
            let Some(last) = found.last() else { break };
            page.after = last.number;
            all.extend(found);
        }
        if self.json {
            println!("{:#}", json!({"mandates": all}));
        } else if all.is_empty() {
            println!("No account has a signing rule.");
        } else {
            all.iter().for_each(|rule| println!("{}", line(rule)));
        }
        Ok(())
    }
}

fn line(rule: &MandateRule) -> String {
    let waits = if rule.approved.is_some() { "" } else { ", to be approved" };
    let MandateRule { number, account, demands, set_by, .. } = rule;
    one_line(format_args!("{number:>8}  {:<24} {demands} (set by {set_by}{waits})", account.as_str()))
}

impl Remove {
    fn run(self) -> Result<()> {
        let pending = service(&self.store)?.remove_mandate(&self.account, &Actor::local())?;
        if self.json {
            println!("{:#}", json!({"account": self.account, "removed": true, "pending": pending}));
            return Ok(());
        }
        println!("'{}' has no signing rule any more. Older backups still hold it.", self.account);
        if pending {
            println!(
                "Its id is still in the store's files, since another program reads there; it is cleared away when that has \
                 finished and the store is opened again."
            );
        }
        Ok(())
    }
}

impl Verify {
    fn run(self) -> Result<ExitCode> {
        let service = self.store.service(&self.model, &self.image)?;
        let files = ImageFiles::read(&self.images, service.verifier().limits())?;
        let files = files.on_page(self.image.page, self.images.len());
        let (images, by) = (files.named(), Actor::local());
        let verified = match self.document {
            false => service.verify_mandate(&self.account, &images, self.amount, by),
            true => service.verify_mandate_document(&Finder::bundled(), &self.account, &images, self.amount, by),
        }?;
        Ok(self.answer(&verified))
    }

    fn answer(&self, verified: &MandateVerification) -> ExitCode {
        if self.json {
            println!("{:#}", json!(verified));
        } else {
            println!("{}", sentences(verified));
        }
        ExitCode::from(match verified.outcome {
            Outcome::Met => 0,
            Outcome::NotMet => 1,
            Outcome::Look => 3,
        })
    }
}

fn sentences(verified: &MandateVerification) -> String {
    let account = &verified.account;
    let demands = verified.alternative.map_or("", |number| verified.alternatives[number - 1].demands.as_str());
    let decision = match verified.outcome {
        Outcome::Met => format!("MET: the rule of '{account}' is met by the alternative {demands}."),
        Outcome::Look => format!(
            "LOOK: the rule of '{account}' would be met by the alternative {demands}, if a person accepted what was left undecided."
        ),
        Outcome::NotMet => format!("NOT MET: these signatures do not meet the rule of '{account}'."),
    };
    let signatures = verified.signatures.iter().zip(1..);
    let signatures = signatures.map(|(signature, number)| of_signature(signature, number, &verified.counted));
    let tried: Vec<&str> = verified.alternatives.iter().map(|one| one.demands.as_str()).collect();
    let rule = format!("The rule: {}.", tried.join(", or "));
    let notes = verified.notes.iter().map(one_line);
    let recorded = format!("Recorded as {}.", verified.audit);
    let lines = [decision].into_iter().chain(signatures).chain([rule]).chain(notes).chain([recorded]);
    lines.collect::<Vec<_>>().join("\n")
}

fn of_signature(signature: &JudgedSignature, number: usize, counted: &[CountedSignature]) -> String {
    let name = one_line(&signature.questioned);
    let found = match (&signature.unreadable, counted.iter().find(|one| one.signature == number)) {
        (Some(why), _) => format!("cannot be read ({}) and counts for nobody", one_line(why)),
        (None, Some(CountedSignature { writer, decision: Decision::Accepted, .. })) => format!("counts for '{writer}'"),
        (None, Some(CountedSignature { writer, .. })) => format!("would count for '{writer}', if a person accepts it"),
        (None, None) => "counts for nobody".to_owned(),
    };
    let compared: Vec<String> = signature.signers.iter().map(compared).collect();
    let page = signature.page.sentence(&name).map_or(String::new(), |read| format!(" {read}"));
    let compared = if compared.is_empty() { String::new() } else { format!(" ({})", compared.join("; ")) };
    format!("Signature {number}, {name}: {found}{compared}.{page}")
}

fn compared(verdict: &SignerVerdict) -> String {
    let SignerVerdict { writer, decision, score, flaws, .. } = verdict;
    let flaws = if flaws.is_empty() { String::new() } else { format!(", unfit: {}", one_line(flaws.join("; "))) };
    format!("{writer} {decision}, score {:.4}{flaws}", score.get())
}
