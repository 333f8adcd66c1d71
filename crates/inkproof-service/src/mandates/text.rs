//! Rules as people type them: `A, or 2 of B C D, or E and F up to 10000.50`.
//!
//! ```text
//! rule        = alternative { ", or" alternative }
//! alternative = signers [ "up to" amount ]
//! signers     = id | id "and" id { "and" id } | number "of" id { id }
//! ```
//!
//! Alternatives are parted by `, or`, and by nothing else: what `2 of B, C or D` means depends on who reads it, so it is refused.
//! An id that is a word of the language (`or`, `of`, `and`, `up`, `to`) stands in double quotes.

use std::fmt;
use std::str::FromStr;

use inkproof_store::WriterId;

use crate::mandates::rule::{Alternative, Rule, RuleError};

const WORDS: [&str; 5] = ["or", "of", "and", "up", "to"];

#[derive(Debug, Clone, PartialEq)]
enum Token {
    Word(String),
    Quoted(String),
    Comma,
}

impl FromStr for Rule {
    type Err = RuleError;

    fn from_str(text: &str) -> Result<Self, RuleError> {
        let tokens = tokens(text)?;
        if tokens.is_empty() {
            return Err(RuleError::Empty);
        }
        let alternatives = parted(&tokens)?;
        Self::new(alternatives.into_iter().zip(1..).map(alternative).collect::<Result<_, _>>()?)
    }
}

fn tokens(text: &str) -> Result<Vec<Token>, RuleError> {
    let (mut found, mut rest) = (Vec::new(), text.trim_start());
    while let Some(first) = rest.chars().next() {
        let token = match first {
            ',' => Token::Comma,
            '"' => Token::Quoted(rest[1..].split_once('"').ok_or(RuleError::Quote)?.0.to_owned()),
            _ => Token::Word(rest.split(ends_word).next().unwrap_or_default().to_owned()),
        };
        rest = rest[token.length()..].trim_start();
        found.push(token);
    }
    Ok(found)
}

fn ends_word(char: char) -> bool {
    char.is_whitespace() || char == ',' || char == '"'
}

/// The alternatives, each without what parts it from the next.
fn parted(tokens: &[Token]) -> Result<Vec<&[Token]>, RuleError> {
    let (mut found, mut rest) = (Vec::new(), tokens);
    loop {
        let end = rest.iter().position(|token| *token == Token::Comma || token.is("or")).unwrap_or(rest.len());
        found.push(&rest[..end]);
        rest = match &rest[end..] {
            [] => return Ok(found),
            [Token::Comma, or, after @ ..] if or.is("or") => after,
            [Token::Comma, ..] => return Err(RuleError::Comma),
            _ => return Err(RuleError::Or),
        };
    }
}

fn alternative((tokens, number): (&[Token], usize)) -> Result<Alternative, RuleError> {
    let (tokens, up_to) = match tokens {
        [signers @ .., up, to, amount] if up.is("up") && to.is("to") => (signers, Some(amount.text().parse()?)),
        _ => (tokens, None),
    };
    let (at_least, of) = match tokens {
        [] => return Err(RuleError::Nobody(number)),
        [count, of, signers @ ..] if of.is("of") => {
            let count = count.text();
            let at_least = count.parse().map_err(|_| RuleError::Count(count.to_owned()))?;
            (at_least, signers.iter().map(signer).collect::<Result<Vec<_>, _>>()?)
        }
        [first, rest @ ..] => {
            let mut all = vec![signer(first)?];
            for more in rest.chunks(2) {
                match more {
                    [and, next] if and.is("and") => all.push(signer(next)?),
                    [and] if and.is("and") => return Err(RuleError::Word("and".to_owned())),
                    _ => return Err(unclear(tokens)),
                }
            }
            (all.len(), all)
        }
    };
    Ok(Alternative { at_least, of, up_to })
}

/// What is wrong with signers that nothing joins.
fn unclear(tokens: &[Token]) -> RuleError {
    let word = tokens.iter().find(|token| WORDS.iter().any(|word| token.is(word)) && !token.is("and"));
    let all = || tokens.iter().map(Token::text).collect::<Vec<_>>().join(" ");
    word.map_or_else(|| RuleError::HowMany(all()), |word| RuleError::Word(word.text().to_owned()))
}

fn signer(token: &Token) -> Result<WriterId, RuleError> {
    match token {
        Token::Word(word) if is_word(word) => Err(RuleError::Word(word.clone())),
        token => Ok(token.text().parse()?),
    }
}

fn is_word(text: &str) -> bool {
    WORDS.iter().any(|word| text.eq_ignore_ascii_case(word))
}

impl Token {
    fn is(&self, word: &str) -> bool {
        matches!(self, Self::Word(text) if text.eq_ignore_ascii_case(word))
    }

    fn text(&self) -> &str {
        match self {
            Self::Word(text) | Self::Quoted(text) => text,
            Self::Comma => ",",
        }
    }

    /// How many bytes of a text it is.
    fn length(&self) -> usize {
        match self {
            Self::Word(text) => text.len(),
            Self::Quoted(text) => text.len() + 2,
            Self::Comma => 1,
        }
    }
}

impl<S: fmt::Display> fmt::Display for Rule<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, alternative) in self.any_of().iter().enumerate() {
            if place > 0 {
                f.write_str(", or ")?;
            }
            alternative.fmt(f)?;
        }
        Ok(())
    }
}

impl<S: fmt::Display> fmt::Display for Alternative<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<String> = self.of.iter().map(quoted).collect();
        if self.at_least == names.len() {
            f.write_str(&names.join(" and "))?;
        } else {
            write!(f, "{} of {}", self.at_least, names.join(" "))?;
        }
        self.up_to.map_or(Ok(()), |amount| write!(f, " up to {amount}"))
    }
}

fn quoted(signer: &impl fmt::Display) -> String {
    let name = signer.to_string();
    if is_word(&name) { format!("\"{name}\"") } else { name }
}

#[cfg(test)]
mod tests {
    use proptest::collection::{btree_set, vec};
    use proptest::prelude::*;

    use super::*;
    use crate::mandates::rule::{MOST_ALTERNATIVES, MOST_SIGNERS};

    fn rule(text: &str) -> Result<Rule, RuleError> {
        text.parse()
    }

    #[test]
    fn a_rule_is_read_as_it_is_meant() {
        let read = rule("A, or 2 of B C D,or E and F up to 10000.5").unwrap();
        let json = serde_json::json!({"any_of": [
            {"at_least": 1, "of": ["A"]},
            {"at_least": 2, "of": ["B", "C", "D"]},
            {"at_least": 2, "of": ["E", "F"], "up_to": "10000.50"},
        ]});
        assert_eq!(serde_json::to_value(&read).unwrap(), json);
        assert_eq!(serde_json::from_value::<Rule>(json).unwrap(), read);
        assert_eq!(read.to_string(), "A, or 2 of B C D, or E and F up to 10000.50");
        for (text, shown) in [
            ("  4711  ", "4711"),
            ("1 of A", "A"),
            ("2 OF A B", "A and B"),
            ("1 of 4711 4712 up to 5, OR \"or\" And \"A\"", "1 of 4711 4712 up to 5, or \"or\" and A"),
            ("2 of 2 3 4", "2 of 2 3 4"),
            ("A up to 1", "A up to 1"),
            ("\"up\" and \"TO\"", "\"up\" and \"TO\""),
        ] {
            assert_eq!(rule(text).unwrap().to_string(), shown, "{text}");
        }
    }

    #[test]
    fn what_could_be_read_in_two_ways_is_refused_with_what_is_clear() {
        for (text, why) in [
            ("", "the rule is empty"),
            ("2 of B, C or D", "a comma comes only before 'or'"),
            ("2 of B, C, or D", "a comma comes only before 'or'"),
            ("A or B", "write a comma before 'or'"),
            ("A, B", "a comma comes only before 'or'"),
            ("A B", "say how many of 'A B'"),
            ("A and B C", "say how many of 'A and B C'"),
            ("A and", "'and' is a word of rules"),
            ("and A", "'and' is a word of rules"),
            ("A up 10", "'up' is a word of rules"),
            ("2 of B and C", "'and' is a word of rules"),
            ("two of B C", "'two' is no number of signers"),
            ("A, or", "alternative 2 names no signer"),
            (", or A", "alternative 1 names no signer"),
            ("A, or , or B", "alternative 2 names no signer"),
            ("2 of", "alternative 1 names no signer"),
            ("up to 5", "alternative 1 names no signer"),
            ("A up to 10,000", "a comma comes only before 'or'"),
            ("A up to much", "'much' is no amount"),
            ("A up to 0.00", "holds up to 0"),
            ("3 of B C", "alternative 1 asks for 3 of 2 signers; ask for 1 to 2"),
            ("0 of B C", "asks for 0 of 2"),
            ("A, or 2 of B C B", "alternative 2 names 'B' twice"),
            ("A and \"B", "a quote (\") is not closed"),
            ("Zoë", "'Zoë' cannot be a writer's id"),
            ("../x", "'../x' cannot be a writer's id"),
        ] {
            let error = rule(text).map(|rule| rule.to_string()).unwrap_err();
            assert!(error.to_string().contains(why), "{text}: {error}");
        }
        let many = |count: usize, between: &str| (0..count).map(|n| format!("w{n}")).collect::<Vec<_>>().join(between);
        assert!(rule(&many(MOST_ALTERNATIVES, ", or ")).is_ok());
        assert!(matches!(rule(&many(MOST_ALTERNATIVES + 1, ", or ")), Err(RuleError::TooManyAlternatives(_))));
        assert!(rule(&many(MOST_SIGNERS, " and ")).is_ok());
        assert!(matches!(rule(&many(MOST_SIGNERS + 1, " and ")), Err(RuleError::TooManySigners(_))));
    }

    #[test]
    fn json_is_checked_like_text() {
        let read = |json: &str| serde_json::from_str::<Rule>(json).map_err(|error| error.to_string());
        for (json, why) in [
            (r#"{"any_of": []}"#, "the rule is empty"),
            (r#"{"any_of": [{"at_least": 2, "of": ["A"]}]}"#, "asks for 2 of 1"),
            (r#"{"any_of": [{"at_least": 1, "of": ["A"], "up_to": 1.5}]}"#, "is no amount"),
            (r#"{"any_of": [{"at_least": 1, "of": ["A"], "upto": 1}]}"#, "unknown field"),
            (r#"{"any_of": [{"at_least": 1, "of": ["a b"]}]}"#, "cannot be a writer's id"),
        ] {
            let error = read(json).unwrap_err();
            assert!(error.contains(why), "{json}: {error}");
        }
    }

    fn ids() -> impl Strategy<Value = Vec<String>> {
        let id = prop_oneof![4 => "[A-Za-z0-9][A-Za-z0-9._:@-]{0,6}", 1 => "(or|OF|and|Up|to|2|10)"];
        btree_set(id, 1..6).prop_map(|ids| ids.into_iter().collect())
    }

    fn alternatives() -> impl Strategy<Value = Alternative> {
        let amount = prop_oneof![Just(String::new()), "[1-9][0-9]{0,5}(\\.[0-9]{1,3})?"];
        (ids(), 0..6_usize, amount).prop_map(|(ids, at_least, amount)| Alternative {
            at_least: 1 + at_least % ids.len(),
            of: ids.iter().map(|id| id.parse().unwrap()).collect(),
            up_to: amount.parse().ok(),
        })
    }

    proptest! {
        #[test]
        fn what_is_shown_is_read_back(any_of in vec(alternatives(), 1..5)) {
            let written = Rule::new(any_of).unwrap();
            prop_assert_eq!(rule(&written.to_string()).unwrap(), written.clone());
            let json = serde_json::to_string(&written).unwrap();
            prop_assert_eq!(serde_json::from_str::<Rule>(&json).unwrap(), written);
        }

        #[test]
        fn no_text_makes_it_panic(text: String, words in "([A-C0-9,\" ]|or|of|up to| and ){0,30}") {
            for text in [text, words] {
                if let Ok(read) = rule(&text) {
                    prop_assert_eq!(rule(&read.to_string()).unwrap(), read);
                }
            }
        }
    }
}
