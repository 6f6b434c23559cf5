//! `rules`: what they are, what they would change, and having them change it.

use super::args::RulesCommand;
use super::change::report;
use super::exit::{self, Failure};
use super::home::{self, Home};
use super::say::{aside, say};
use super::{json, sieve, table};
use crate::config::options::Part;
use crate::model::query::period::{Age, in_zone};
use crate::model::{Intent, Rule, WhichRules};
use crate::sync::applying::verdicts;
use crate::sync::ruling::Verdict;
use crate::text::{Clean, when};
use anyhow::Result;
use serde_json::{Value, json};

/// `rules` and what stands behind it.
///
/// # Errors
/// No such rule, a time that can't be read, or a database that can't be.
pub fn rules(home: &Home, as_json: bool, command: Option<&RulesCommand>) -> Result<u8> {
    // One that is named may work beside one that is wrong; all of them don't.
    let named = match command {
        Some(RulesCommand::Test { name, .. } | RulesCommand::Run { name, .. }) => name.as_deref(),
        _ => None,
    };
    let imports = matches!(command, Some(RulesCommand::Import { .. }));
    let known = named.is_some_and(|name| home.config.rules.iter().any(|r| r.name == name));
    if !known && !imports {
        home.needs(|p| p.part == Some(Part::Rule))?;
    }
    match command {
        None => list(&home.config.rules, as_json),
        Some(RulesCommand::Test { since, name }) => test(home, as_json, &which(name, since)?),
        Some(RulesCommand::Run { since, name }) => {
            report(home, as_json, Intent::ApplyRules(which(name, since)?))
        }
        Some(RulesCommand::Export { account, file, .. }) => {
            sieve::export(home, as_json, account.as_deref(), file.as_deref())
        }
        Some(RulesCommand::Import { file, add }) => sieve::import(home, as_json, file, *add),
    }
}

fn list(rules: &[Rule], as_json: bool) -> Result<u8> {
    if as_json {
        let told = |rule: &Rule| {
            let deeds: Vec<String> = rule.deeds.iter().map(ToString::to_string).collect();
            json!({
                "name": rule.name,
                "query": rule.query.to_string(),
                "do": deeds,
                "on_arrival": rule.on_arrival,
            })
        };
        let all: Vec<Value> = rules.iter().map(told).collect();
        json::print(json!({ "rules": all }))?;
        return Ok(0);
    }
    let line = |rule: &Rule| {
        let when = if rule.on_arrival { "" } else { "by hand" };
        let deeds: Vec<String> = rule.deeds.iter().map(ToString::to_string).collect();
        vec![
            Clean::line(&rule.name),
            Clean::lit(when),
            Clean::line(&rule.query.to_string()),
            Clean::line(&deeds.join(", ")),
        ]
    };
    let lines = rules.iter().map(line).collect::<Vec<_>>();
    table::print_or(
        &lines,
        60,
        "There are no rules: docs/rules.md says how to write one.",
    )?;
    Ok(0)
}

fn which(name: &Option<String>, since: &Option<String>) -> Result<WhichRules> {
    let now = in_zone(when::now());
    let since = since.as_ref().map(|text| {
        let age = Age::parse(text).and_then(|age| age.before(&now));
        age.ok_or_else(|| {
            let told = format!("`{}` is no time: 12h, 30d, 2w, 6m, 1y", text.escape_debug());
            Failure::new(exit::USAGE, told)
        })
    });
    Ok(WhichRules {
        name: name.clone(),
        since: since.transpose()?,
    })
}

fn test(home: &Home, as_json: bool, which: &WhichRules) -> Result<u8> {
    let reader = home.reader()?;
    let accounts = &home.config.accounts;
    let verdicts = verdicts(&reader, &home.config.rules, which, accounts, when::now())
        .map_err(|why| home::refused(why, exit::NO_INPUT))?;
    let mut rows = Vec::new();
    let mut told = Vec::new();
    for verdict in &verdicts {
        let mut messages = Vec::new();
        for (target, deeds) in &verdict.does {
            let deeds: Vec<String> = deeds.iter().map(ToString::to_string).collect();
            let message = reader.named(&target.account, &target.key)?;
            let id = message.map_or_else(String::new, |id| format!("m{}", id.0));
            let subject = reader.subject(target.location)?.unwrap_or_default();
            rows.push(vec![
                Clean::line(&verdict.rule),
                Clean::line(&id),
                Clean::line(&deeds.join(", ")),
                Clean::line(&subject),
            ]);
            messages.push(json!({ "id": id, "subject": subject, "do": deeds }));
        }
        told.push(object(verdict, messages));
    }
    if as_json {
        json::print(json!({ "rules": told }))?;
        return Ok(0);
    }
    table::print(&rows, 40)?;
    for fault in verdicts.iter().flat_map(|v| &v.faults) {
        aside!("{}", Clean::line(fault));
    }
    if rows.is_empty() {
        say!("The rules would change nothing.");
    }
    Ok(0)
}

fn object(verdict: &Verdict, messages: Vec<Value>) -> Value {
    json!({ "name": verdict.rule, "messages": messages, "faults": verdict.faults })
}
