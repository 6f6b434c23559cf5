//! `[[rule]]`: what is done to mail that answers a query.

use crate::config::options::{Part, keys};
use crate::config::problem::Problems;
use crate::config::section::{Section, wrong};
use crate::model::rule::DEEDS;
use crate::model::{Deed, Query, Rule};
use std::collections::BTreeSet;
use toml::Spanned;
use toml::de::DeValue;

/// More than anybody writes; each costs a look at what came.
const MOST: usize = 500;

/// Reads the rules; one with a mistake is left out.
pub(super) fn rules(found: &Spanned<DeValue<'_>>, problems: &mut Problems<'_>) -> Vec<Rule> {
    let wanted = "a section for each rule: [[rule]]";
    let DeValue::Array(tables) = found.get_ref() else {
        wrong("rule", found.get_ref(), wanted, found.span(), problems);
        return Vec::new();
    };
    let mut names = BTreeSet::new();
    let mut rules = Vec::new();
    for item in tables {
        let DeValue::Table(table) = item.get_ref() else {
            wrong("rule", item.get_ref(), wanted, item.span(), problems);
            continue;
        };
        let section = Section::new(table, item.span(), &keys(Part::Rule), problems);
        if rules.len() == MOST {
            let message = format!("no more than {MOST} rules are read");
            problems.add(&item.span(), message, None);
            break;
        }
        if let Some(rule) = rule(&section, &mut names, problems) {
            rules.push(rule);
        }
    }
    rules
}

fn rule(
    section: &Section<'_, '_>,
    names: &mut BTreeSet<String>,
    problems: &mut Problems<'_>,
) -> Option<Rule> {
    let before = problems.found.len();
    let missing = |key: &str, example: &str, problems: &mut Problems<'_>| {
        if section.raw(key).is_none() {
            let message = format!("a rule needs `{key}`");
            problems.add(&section.span, message, Some(format!("{key} = {example}")));
        }
    };
    missing("name", "\"Lists\"", problems);
    missing("query", "\"list:rust-lang\"", problems);
    missing("do", "[\"move Lists/Rust\", \"mark read\"]", problems);
    let name = section.line("name", problems);
    if let Some(name) = &name {
        if name.value.trim().is_empty() {
            problems.add(&name.span, "a rule needs a name", None);
        } else if !names.insert(name.value.clone()) {
            let shown = name.value.escape_debug();
            let message = format!("there is another rule \"{shown}\"");
            let hint = "what a rule did is kept by its name: give each its own".to_owned();
            problems.add(&name.span, message, Some(hint));
        }
    }
    let query = section.line("query", problems).and_then(|text| {
        let read = Query::parse(&text.value);
        let error = match read {
            Ok(query) if !query.is_empty() => return Some(query),
            Ok(_) => {
                problems.add(&text.span, "a rule for everything is none", None);
                return None;
            }
            Err(error) => error,
        };
        // Where nothing is escaped the trouble has its own column.
        let plain = text.span.len() == text.value.len() + 2;
        let at = text.span.start + if plain { 1 + error.at } else { 0 };
        let hint = "docs/searching.md has the language".to_owned();
        problems.add(&(at..text.span.end), error.message, Some(hint));
        None
    });
    let mut deeds = Vec::new();
    if let Some(found) = section.raw("do") {
        let DeValue::Array(items) = found.get_ref() else {
            let wanted = "a list of texts: [\"archive\", \"mark read\"]";
            wrong("do", found.get_ref(), wanted, found.span(), problems);
            return None;
        };
        for item in items {
            let DeValue::String(text) = item.get_ref() else {
                wrong(
                    "do",
                    item.get_ref(),
                    "a list of texts",
                    item.span(),
                    problems,
                );
                continue;
            };
            match Deed::parse(text) {
                Ok(deed) => deeds.push(deed),
                Err(why) => problems.add(&item.span(), why, Some(format!("one of: {DEEDS}"))),
            }
        }
        if items.is_empty() {
            problems.add(&found.span(), "the rule does nothing", None);
        }
        if deeds.iter().filter(|deed| deed.moves()).count() > 1 {
            let message = "a message can be moved to one mailbox only";
            let hint = "\"copy MAILBOX\" leaves it where it is".to_owned();
            problems.add(&found.span(), message, Some(hint));
        }
    }
    let on_arrival = section.flag("on-arrival", problems).unwrap_or(true);
    (problems.found.len() == before).then_some(())?;
    Some(Rule {
        name: name?.value,
        query: query?,
        deeds,
        on_arrival,
    })
}

#[cfg(test)]
mod tests {
    use crate::config::load::parse;
    use crate::model::Deed;
    use std::path::Path;

    #[test]
    fn rules_are_read_and_mistakes_have_their_place() {
        let text = "[[rule]]\nname = \"Rust\"\nquery = \"list:rust is:unread\"\ndo = [\"move Lists/Rust\", \"mark read\", \"stop\"]\n\
            [[rule]]\nname = \"Rust\"\nquery = \"from:ada\"\ndo = [\"flag\"]\n\
            [[rule]]\nname = \"x\"\nquery = \"from:ada nope:1\"\ndo = [\"flag\"]\non-arrival = false\n\
            [[rule]]\nname = \"y\"\nquery = \"a\"\ndo = [\"burn\", \"archive\", \"trash\"]\n\
            [[rule]]\nname = \"z\"\ndo = \"archive\"\n\
            [[rule]]\nname = \"all\"\nquery = \"\"\ndo = []\n";
        let loaded = parse(text, Path::new("/c"));
        let rules = &loaded.config.rules;
        assert_eq!(rules.len(), 1, "{:?}", loaded.problems);
        assert_eq!(
            rules[0].deeds,
            [Deed::Move("Lists/Rust".into()), Deed::Read, Deed::Stop]
        );
        assert!(rules[0].on_arrival);
        let places: Vec<_> = loaded.problems.iter().map(|p| (p.line, p.column)).collect();
        let expected = [
            (6, 8),
            (11, 19),
            (17, 6),
            (17, 7),
            (18, 1),
            (20, 6),
            (23, 9),
            (24, 6),
        ];
        assert_eq!(places, expected, "{:#?}", loaded.problems);
        assert!(parse("rule = 1\n", Path::new("/c")).problems.len() == 1);
    }

    #[test]
    fn the_examples_of_the_documentation_are_rules_and_come_back() {
        let docs = include_str!("../../docs/rules.md");
        let example = docs.split("```toml\n").nth(1).unwrap();
        let example = example.split("```").next().unwrap();
        let loaded = parse(example, Path::new("/c"));
        assert!(loaded.problems.is_empty(), "{:?}", loaded.problems);
        assert_eq!(loaded.config.rules.len(), 3);
        let text = crate::config::append::rules_text(&loaded.config.rules);
        assert_eq!(
            parse(&text, Path::new("/c")).config.rules,
            loaded.config.rules
        );
    }
}
