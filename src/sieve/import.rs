//! A script as rules. What has no counterpart is told with its line, and the rule that it belongs to
//! is left out whole.

use crate::model::{Deed, Expr, Query, Rule, tag};
use crate::sieve::asked::{expr, weight};
use crate::sieve::fault::SieveError;
use crate::sieve::tree::{Arg, Command, Script};
use std::collections::BTreeSet;

/// Rules that are made of one script, at most.
const MOST: usize = 500;

/// Conditions in one another, and parts of one.
const HEAVIEST: usize = 100;

/// Rules, and what the script says beyond them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Imported {
    /// The rules, in order.
    pub rules: Vec<Rule>,
    /// What was left out or is different here: line (from 1) and words.
    pub remarks: Vec<(usize, String)>,
}

/// The rules of a script.
///
/// # Errors
/// Where it does not follow the grammar.
pub fn import(text: &str) -> Result<Imported, SieveError> {
    let script = Script::parse(text)?;
    let mut reader = Reader {
        out: Imported::default(),
        names: BTreeSet::new(),
        ifs: 0,
        branch: Vec::new(),
        moved: Vec::new(),
    };
    reader.commands(&script.commands, &[], None);
    Ok(reader.out)
}

struct Reader {
    out: Imported,
    names: BTreeSet<String>,
    /// How many `if`s were read.
    ifs: usize,
    /// Where we are: in which branch of which `if`, from the outermost.
    branch: Vec<(usize, usize)>,
    /// What moves a message and lets the script go on: its line, and where it stands.
    moved: Vec<(usize, Vec<(usize, usize)>)>,
}

/// What a run of actions comes to.
#[derive(Default)]
struct Actions {
    deeds: Vec<Deed>,
    /// Mailboxes that it is filed in.
    filed: Vec<String>,
    keeps: bool,
    /// Whether anything was said that a rule can't do.
    beyond: bool,
}

impl Reader {
    fn remark(&mut self, line: usize, words: impl Into<String>) {
        self.out.remarks.push((line, words.into()));
    }

    /// Commands that are reached where all of `conditions` hold. What stands in a row is one rule.
    fn commands(&mut self, commands: &[Command], conditions: &[Expr], name: Option<&str>) {
        let mut at = 0;
        while let Some(command) = commands.get(at) {
            match command.name.as_str() {
                "require" => at += 1,
                "if" => {
                    at += self.branches(commands.get(at..).unwrap_or_default(), conditions, name)
                }
                "elsif" | "else" => {
                    let told = format!("`{}` without an `if`", command.name);
                    self.remark(command.line, told);
                    at += 1;
                }
                _ => {
                    let rest = commands.get(at..).unwrap_or_default();
                    let is_action = |c: &&Command| {
                        !matches!(c.name.as_str(), "require" | "if" | "elsif" | "else")
                    };
                    let run = rest.iter().take_while(is_action).count().max(1);
                    let stop = rest.iter().take(run).position(|c| c.name == "stop");
                    let run = stop.map_or(run, |stop| stop + 1);
                    self.actions(rest.get(..run).unwrap_or_default(), conditions, name);
                    at += run;
                    if stop.is_some() {
                        return self.unreached(commands.get(at));
                    }
                }
            }
        }
    }

    /// Behind a `stop` nothing is done any more (RFC 5228 §3.3).
    fn unreached(&mut self, next: Option<&Command>) {
        if let Some(next) = next {
            let told = "nothing behind `stop` is reached: it is left out";
            self.remark(next.line, told);
        }
    }

    /// An `if` with what follows it; answers how many commands that are.
    fn branches(
        &mut self,
        commands: &[Command],
        conditions: &[Expr],
        outer: Option<&str>,
    ) -> usize {
        let name = commands
            .first()
            .and_then(|c| c.note.as_deref())
            .and_then(named);
        let name = name.or(outer);
        let mut inner = conditions.to_vec();
        let (mut done, mut lost) = (0, false);
        self.ifs += 1;
        let own_if = self.ifs;
        for (n, command) in commands.iter().enumerate() {
            let fits = match command.name.as_str() {
                "if" => n == 0,
                "elsif" | "else" => n > 0,
                _ => false,
            };
            if !fits {
                break;
            }
            done += 1;
            if inner.len() > HEAVIEST {
                let told = "too many conditions come before it: the rule is left out";
                self.remark(command.line, told);
                continue;
            }
            if lost {
                let told = "what stands before it can't be asked: the rule is left out";
                self.remark(command.line, told);
                continue;
            }
            let own = match command.tests.as_slice() {
                [] if command.name == "else" => Ok(Expr::All(Vec::new())),
                [test] => expr(test).and_then(|own| match weight(&own) {
                    0..=HEAVIEST => Ok(own),
                    _ => Err((test.line, "it asks for more than a query takes".to_owned())),
                }),
                _ => Err((command.line, "an `if` wants a test".to_owned())),
            };
            let own = match own {
                Ok(own) => own,
                Err((line, why)) => {
                    self.remark(line, format!("{why}: the rule is left out"));
                    lost = true;
                    continue;
                }
            };
            inner.push(own.clone());
            self.branch.push((own_if, n));
            self.commands(command.block.as_deref().unwrap_or_default(), &inner, name);
            self.branch.pop();
            inner.pop();
            if command.name == "else" {
                break;
            }
            inner.push(negated(own));
        }
        done
    }

    fn actions(&mut self, run: &[Command], conditions: &[Expr], name: Option<&str>) {
        let mut actions = Actions::default();
        for command in run {
            if let Err(why) = action(command, &mut actions) {
                actions.beyond = true;
                self.remark(command.line, format!("{why}: the rule is left out"));
            }
        }
        let line = run.first().map_or(0, |command| command.line);
        let deeds = actions.deeds();
        if actions.beyond || deeds.is_empty() {
            return;
        }
        let query = Query {
            root: Expr::all(conditions.iter().cloned()),
        };
        if query.is_empty() {
            let told = "what is done to every message is no rule: it is left out";
            return self.remark(line, told);
        }
        // What is printed must read the same: else the rule would be another one tomorrow.
        match Query::parse(&query.to_string()) {
            Ok(read) if read == query => {}
            _ => return self.remark(line, "no query asks that: the rule is left out"),
        }
        if self.out.rules.len() == MOST {
            return self.remark(line, "there are more rules than are read");
        }
        let name = self.name(name, line);
        let rule = Rule {
            name,
            query,
            deeds,
            on_arrival: true,
        };
        if rule.deeds.iter().any(Deed::moves) {
            // What is discarded stays where it was filed, there as here.
            let again = rule.deeds.iter().any(|d| d.moves() && *d != Deed::Trash);
            self.moves(line, again, rule.stops());
        }
        self.out.rules.push(rule);
    }

    /// A rule moves messages: in Sieve those, too, that an earlier one files elsewhere.
    fn moves(&mut self, line: usize, again: bool, stops: bool) {
        let mut earlier = self.moved.iter().filter(|_| again);
        let earlier = earlier.find(|(_, at)| both(at, &self.branch));
        if let Some(earlier) = earlier.map(|(line, _)| *line) {
            self.remark(
                line,
                format!("what line {earlier} moves is not moved again here"),
            );
        }
        if !stops {
            self.moved.push((line, self.branch.clone()));
        }
    }

    /// A name that no other rule has.
    fn name(&mut self, wanted: Option<&str>, line: usize) -> String {
        let base = wanted.map_or_else(|| format!("Sieve, line {line}"), str::to_owned);
        let mut name = base.clone();
        let mut n = 1;
        while !self.names.insert(name.clone()) {
            n += 1;
            name = format!("{base} {n}");
        }
        name
    }
}

impl Actions {
    /// As a rule does them: what is filed twice is copied, and moved at the end. What is discarded is
    /// only not kept by itself (RFC 5228 §4.4): what is kept or filed besides is not thrown away.
    fn deeds(&self) -> Vec<Deed> {
        let mut deeds: Vec<Deed> = self.deeds.clone();
        let stops = deeds.contains(&Deed::Stop);
        let stays = self.keeps || !self.filed.is_empty();
        deeds.retain(|deed| *deed != Deed::Stop && !(stays && *deed == Deed::Trash));
        match self.filed.split_last() {
            Some((last, others)) if !self.keeps => {
                deeds.extend(others.iter().cloned().map(Deed::Copy));
                deeds.push(Deed::Move(last.clone()));
            }
            _ => deeds.extend(self.filed.iter().cloned().map(Deed::Copy)),
        }
        deeds.extend(stops.then_some(Deed::Stop));
        deeds
    }
}

/// Whether a message can come by both places: they do not stand in different branches of one `if`.
fn both(one: &[(usize, usize)], other: &[(usize, usize)]) -> bool {
    let apart = one.iter().zip(other).find(|(a, b)| a != b);
    apart.is_none_or(|(a, b)| a.0 != b.0)
}

/// The name in `rule:[Lists]`, as several programs write it.
fn named(note: &str) -> Option<&str> {
    let name = note.strip_prefix("rule:[")?.strip_suffix(']')?.trim();
    (!name.is_empty() && !name.chars().any(char::is_control)).then_some(name)
}

fn negated(expr: Expr) -> Expr {
    match expr {
        Expr::Not(side) => *side,
        side => side.negate(),
    }
}

/// Adds what an action does.
fn action(command: &Command, actions: &mut Actions) -> Result<(), String> {
    if command.block.is_some() || !command.tests.is_empty() {
        return Err(format!("`{}` is not understood", command.name));
    }
    match command.name.as_str() {
        "keep" | "fileinto" => file(command, actions),
        "discard" => {
            actions.deeds.push(Deed::Trash);
            Ok(())
        }
        "stop" => {
            actions.deeds.push(Deed::Stop);
            Ok(())
        }
        "addflag" | "setflag" | "removeflag" => {
            let [flags] = command.args.as_slice() else {
                return Err("flags in variables have no counterpart".to_owned());
            };
            let flags = flags.strings().unwrap_or_default();
            flag(flags, command.name != "removeflag", actions)
        }
        name => Err(format!("`{name}` has no counterpart")),
    }
}

fn file(command: &Command, actions: &mut Actions) -> Result<(), String> {
    let mut args = command.args.iter();
    let (mut to, mut copy) = (None, false);
    while let Some(arg) = args.next() {
        match arg {
            Arg::Tag(tag) if tag == "copy" => copy = true,
            // Which mailboxes there are is seen when it is done.
            Arg::Tag(tag) if tag == "create" => {}
            Arg::Tag(tag) if tag == "flags" => {
                let flags = args.next().and_then(Arg::strings);
                flag(flags.unwrap_or_default(), true, actions)?;
            }
            Arg::Text(name) if to.is_none() => to = Some(name),
            Arg::Tag(tag) => return Err(format!("`:{tag}` has no counterpart")),
            _ => return Err(format!("`{}` is not understood", command.name)),
        }
    }
    match (command.name.as_str(), to) {
        ("keep", None) => actions.keeps = true,
        ("fileinto", Some(to)) => {
            let deed = Deed::parse(&format!("move {to}")).map_err(|_| "it names no mailbox")?;
            let Deed::Move(to) = deed else {
                return Err("it names no mailbox".to_owned());
            };
            if copy {
                actions.deeds.push(Deed::Copy(to));
            } else if to.eq_ignore_ascii_case("inbox") {
                actions.keeps = true;
            } else if !actions.filed.contains(&to) {
                actions.filed.push(to);
            }
        }
        (name, _) => return Err(format!("`{name}` is not understood")),
    }
    Ok(())
}

fn flag(flags: &[String], set: bool, actions: &mut Actions) -> Result<(), String> {
    // One text may hold several (RFC 5232 §2).
    for flag in flags.iter().flat_map(|text| text.split_whitespace()) {
        let deed = match (flag.to_ascii_lowercase().as_str(), set) {
            ("\\seen", true) => Deed::Read,
            ("\\seen", false) => Deed::Unread,
            ("\\flagged", true) => Deed::Flag,
            ("\\flagged", false) => Deed::Unflag,
            ("$muted", true) => Deed::Mute,
            (_, set) if tag::keyword(flag, false).is_ok() => match set {
                true => Deed::Tag(tag::in_english(flag).to_owned()),
                false => Deed::Untag(tag::in_english(flag).to_owned()),
            },
            _ => {
                return Err(format!(
                    "the flag `{}` is not set by rules",
                    flag.escape_debug()
                ));
            }
        };
        actions.deeds.push(deed);
    }
    Ok(())
}
