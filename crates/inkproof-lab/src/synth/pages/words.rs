//! What pages say: words, names, addresses, dates and amounts of nobody.

use rand::{Rng, RngExt};

use crate::synth::draw::{between, chance, pick};

const ENGLISH: &str = "the of and to in is that for it as was with be by on not he this are or his from at which but \
    have an had they you were their one all we can has there been if more when will would who so no our your report \
    company program market test product letter meeting office department review year sales budget material request \
    information committee plan schedule copies agreement contract regarding research study results please advise \
    enclosed following during between attached received approval payment shipment samples number per cent total costs \
    proposed development national public health commission general industry certain additional subject necessary \
    discussion responsibility consideration appreciate opportunity representatives";
const GERMAN: &str = "der die und in den von zu das mit sich des auf für ist im dem nicht ein eine als auch es an \
    werden aus er hat dass sie nach wird bei einer um am sind noch wie einem über einen so zum haben nur oder aber vor \
    zur bis mehr durch man sein wurde wenn Vertrag Rechnung Angebot Lieferung Schreiben Unterlagen Gesellschaft \
    Bestellung Versicherung Bescheinigung Geschäftsführung Überweisung Kündigung hiermit gemäß bitten freundlichen";
const DUTCH: &str = "de van het een en in is dat op te zijn met voor niet aan er om ook als dan maar bij nog uit door \
    over naar heeft hebben wordt deze worden kan geen meer onze uw brief rekening betaling overeenkomst gemeente \
    aanvraag verzekering ondertekening bedrag afspraak vergadering levering voorwaarden graag ontvangen bijlage";
const SYLLABLES: [&str; 28] = [
    "ba", "ber", "dor", "el", "fen", "gar", "hol", "in", "jan", "kel", "lan", "mar", "nor", "os", "pet", "rin", "sal",
    "ton", "ul", "ver", "wil", "zan", "brook", "field", "man", "sen", "stein", "win",
];
const FIRST: &str = "Anna Peter Maria John Thomas Susan Karel Ingrid Robert Helen Walter Joan Dirk Elise Frank Ruth George \
    Carla Henry Nora Paul Vera Martin Alice";
const TITLES: &str = "Manager,Director,Vice President,Secretary,Treasurer,General Counsel,Product Manager,Controller,Head of \
    Department,Research Chemist,Sales Director,Assistant Director,Geschäftsführer,Prokurist,Notary Public";
const DEPARTMENTS: &str = "Research and Development,Marketing,Legal Department,Accounts,Purchasing,Public Affairs,Personnel,\
    Quality Assurance,Claims,Operations";
const FIRMS: &str = "Company,Corporation,Inc.,Ltd.,GmbH,B.V.,& Sons,Associates,Institute,Foundation,Laboratories,Bank,Trust,\
    Insurance,Council,Group";
const MONTHS: &str = "January February March April May June July August September October November December";
const CLOSINGS: [&str; 14] = [
    "Sincerely,",
    "Sincerely yours,",
    "Very truly yours,",
    "Yours truly,",
    "Yours faithfully,",
    "Yours sincerely,",
    "Cordially,",
    "With kind regards,",
    "Best regards,",
    "Respectfully,",
    "Mit freundlichen Grüßen",
    "Hochachtungsvoll",
    "Met vriendelijke groet,",
    "Hoogachtend,",
];

/// What language a page is in.
#[derive(Debug, Clone, Copy)]
pub(super) struct Language(&'static str);

impl Language {
    pub(super) fn draw(rng: &mut impl Rng) -> Self {
        Self(pick::<&str>(rng, &[ENGLISH, ENGLISH, ENGLISH, ENGLISH, GERMAN, DUTCH]))
    }
}

fn listed<'a>(rng: &mut impl Rng, list: &'a str, separator: char) -> &'a str {
    let words: Vec<&str> = list.split(separator).filter(|word| !word.is_empty()).collect();
    pick::<&str>(rng, &words)
}

/// One word.
pub(super) fn word(rng: &mut impl Rng, language: Language) -> &'static str {
    listed(rng, language.0, ' ')
}

/// So many words with a capital first.
pub(super) fn phrase(rng: &mut impl Rng, language: Language, words: usize) -> String {
    let words: Vec<&str> = (0..words).map(|_| word(rng, language)).collect();
    capital(&words.join(" "))
}

/// A sentence, with commas and figures now and then.
pub(super) fn sentence(rng: &mut impl Rng, language: Language) -> String {
    let count = rng.random_range(5..24);
    let mut text = String::new();
    for place in 0..count {
        if place > 0 {
            text.push_str(if chance(rng, 0.08) { ", " } else { " " });
        }
        if chance(rng, 0.03) {
            text.push_str(&rng.random_range(2..2000).to_string());
        } else {
            text.push_str(word(rng, language));
        }
    }
    capital(&text) + "."
}

pub(super) fn paragraph(rng: &mut impl Rng, language: Language) -> String {
    let sentences: Vec<String> = (0..rng.random_range(1..6)).map(|_| sentence(rng, language)).collect();
    sentences.join(" ")
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or(String::new(), |first| first.to_uppercase().chain(letters).collect())
}

/// A family name, or a town.
pub(super) fn surname(rng: &mut impl Rng) -> String {
    let syllables: String = (0..rng.random_range(2..4)).map(|_| *pick(rng, &SYLLABLES)).collect();
    capital(&syllables)
}

/// A name in one of the forms in which names are typed.
pub(super) fn name(rng: &mut impl Rng) -> String {
    let (first, last) = (listed(rng, FIRST, ' '), surname(rng));
    let initial = char::from(b'A' + rng.random_range(0..26));
    match rng.random_range(0..6) {
        0 => format!("{}. {initial}. {last}", &first[..1]),
        1 => format!("{first} {initial}. {last}"),
        2 => format!("{first} {last}, Ph.D."),
        3 => format!("Dr. {first} {last}"),
        _ => format!("{first} {last}"),
    }
}

pub(super) fn title(rng: &mut impl Rng) -> &'static str {
    listed(rng, TITLES, ',')
}

pub(super) fn department(rng: &mut impl Rng) -> &'static str {
    listed(rng, DEPARTMENTS, ',')
}

pub(super) fn closing(rng: &mut impl Rng) -> &'static str {
    pick::<&str>(rng, &CLOSINGS)
}

pub(super) fn firm(rng: &mut impl Rng) -> String {
    let end = listed(rng, FIRMS, ',');
    match rng.random_range(0..3) {
        0 => format!("{} {} {end}", surname(rng), surname(rng)),
        1 => format!("The {} {end}", surname(rng)),
        _ => format!("{} {end}", surname(rng)),
    }
}

pub(super) fn street(rng: &mut impl Rng) -> String {
    let kind = *pick(rng, &["Street", "Avenue", "Road", "Plaza", "straat", "weg", "strasse"]);
    let joint = if kind.starts_with(char::is_lowercase) { "" } else { " " };
    let (name, number) = (surname(rng), rng.random_range(1..4000));
    if joint.is_empty() { format!("{name}{kind} {number}") } else { format!("{number} {name}{joint}{kind}") }
}

pub(super) fn town(rng: &mut impl Rng) -> String {
    format!("{}, {}", surname(rng), figures(rng, 5))
}

/// A date in one of the ways in which dates are typed.
pub(super) fn date(rng: &mut impl Rng) -> String {
    let (day, year) = (rng.random_range(1..29), rng.random_range(1955..2025));
    let month = listed(rng, MONTHS, ' ');
    match rng.random_range(0..4) {
        0 | 1 => format!("{month} {day}, {year}"),
        2 => format!("{day} {month} {year}"),
        _ => short_date(rng),
    }
}

/// A date of figures.
pub(super) fn short_date(rng: &mut impl Rng) -> String {
    let (day, month, year) = (rng.random_range(1..29), rng.random_range(1..13), rng.random_range(55..100));
    let sign = *pick(rng, &["/", "/", "-", "."]);
    format!("{month}{sign}{day}{sign}{year}")
}

/// An amount of money.
pub(super) fn amount(rng: &mut impl Rng) -> String {
    let whole = libm::pow(10.0, between(rng, 1.0, 5.5)) as u64;
    let cents = rng.random_range(0..100);
    if whole >= 1000 {
        format!("{},{:03}.{cents:02}", whole / 1000, whole % 1000)
    } else {
        format!("{whole}.{cents:02}")
    }
}

/// So many figures.
pub(super) fn figures(rng: &mut impl Rng, count: usize) -> String {
    (0..count).map(|_| char::from(b'0' + rng.random_range(0..10))).collect()
}
