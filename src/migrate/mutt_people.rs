//! mutt's names for people: aliases, which may name each other, and groups.

use crate::migrate::found::{Alias, Findings, Kind, Place};
use crate::migrate::words;
use crate::model::Address;
use std::collections::BTreeMap;

/// Names for people.
const ALIASES: usize = 2_000;
/// Members of one name.
const MEMBERS: usize = 200;
/// Parts of aliases that are looked at for one: they may name themselves many times.
const PARTS: usize = 10_000;
/// Aliases that name others, one in another.
const NESTED: usize = 8;

/// A name as it is written.
struct Written {
    name: String,
    members: String,
    place: Place,
    /// A group gets members more; an alias is what its last line says.
    adds: bool,
}

/// The names as they are written.
#[derive(Default)]
pub struct Names(Vec<Written>);

impl Names {
    /// `alias [-group name …] name members`
    pub fn alias(&mut self, mut raw: &str, place: &Place) {
        while let Some(rest) = raw.strip_prefix("-group") {
            let rest = rest.trim_start();
            raw = rest
                .split_once(char::is_whitespace)
                .map_or("", |(_, r)| r.trim_start());
        }
        if let Some((name, members)) = raw.split_once(char::is_whitespace) {
            self.0.push(Written {
                name: name.to_owned(),
                members: members.to_owned(),
                place: place.clone(),
                adds: false,
            });
        }
    }

    /// `group -group name -addr a, b -rx …`
    pub fn group(&mut self, raw: &str, place: &Place, out: &mut Findings) {
        let (mut name, mut members) = (None, Vec::new());
        let mut about = "";
        for word in raw.split_whitespace() {
            match word {
                "-group" | "-addr" | "-rx" => about = word,
                word if about == "-group" => name = Some(word),
                word if about == "-addr" => members.push(word),
                _ => {
                    let why = "a group is a list of addresses here";
                    out.note(place, "group -rx", Kind::NoCounterpart, why);
                }
            }
        }
        if let Some(name) = name.filter(|_| !members.is_empty()) {
            self.0.push(Written {
                name: name.to_owned(),
                members: members.join(" ").trim_matches('"').to_owned(),
                place: place.clone(),
                adds: true,
            });
        }
    }

    /// Tells who is meant by each.
    pub fn settle(&self, out: &mut Findings) {
        if self.0.len() > ALIASES {
            let why = format!("only the first {ALIASES} names for people were taken");
            out.note(&Place::default(), "alias", Kind::Yours, &why);
        }
        let kept = self.0.get(..self.0.len().min(ALIASES)).unwrap_or_default();
        let aliases = kept.iter().filter(|w| !w.adds);
        let by_name: BTreeMap<&str, &str> = aliases
            .map(|w| (w.name.as_str(), w.members.as_str()))
            .collect();
        let mut places: BTreeMap<String, usize> = BTreeMap::new();
        for one in kept {
            let mut found = Resolving {
                by_name: &by_name,
                steps: PARTS,
                members: Vec::new(),
                odd: false,
            };
            found.resolve(&one.members, NESTED);
            if found.odd || found.members.is_empty() {
                let why = "something in it is no address and no other alias";
                let what = format!("alias {}", one.name);
                out.note(&one.place, &what, Kind::NotUnderstood, why);
            }
            let small = one.name.to_lowercase();
            match places.get(&small).and_then(|n| out.aliases.get_mut(*n)) {
                _ if found.members.is_empty() => {}
                Some(alias) => {
                    if !one.adds {
                        alias.members.clear();
                        alias.place.clone_from(&one.place);
                    }
                    for member in found.members {
                        add(&mut alias.members, member);
                    }
                }
                None => {
                    places.insert(small, out.aliases.len());
                    out.aliases.push(Alias {
                        name: one.name.clone(),
                        members: found.members,
                        place: one.place.clone(),
                    });
                }
            }
        }
    }
}

/// An alias being followed to its addresses.
struct Resolving<'n> {
    by_name: &'n BTreeMap<&'n str, &'n str>,
    steps: usize,
    members: Vec<Address>,
    odd: bool,
}

impl Resolving<'_> {
    fn resolve(&mut self, text: &str, deep: usize) {
        for part in words::list(text) {
            self.steps = self.steps.saturating_sub(1);
            if self.members.len() >= MEMBERS || self.steps == 0 {
                self.odd = true;
                return;
            }
            let inner = self.by_name.get(part).filter(|_| deep > 0);
            match (words::address(part), inner) {
                (Some(address), _) => add(&mut self.members, address),
                (None, Some(inner)) => self.resolve(inner, deep - 1),
                (None, None) => self.odd = true,
            }
        }
    }
}

/// Adds somebody who is not in it yet.
fn add(members: &mut Vec<Address>, one: Address) {
    if members.len() < MEMBERS && !members.iter().any(|m| m.same_mailbox(&one)) {
        members.push(one);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_alias_counts_and_groups_add() {
        let (mut names, mut out) = (Names::default(), Findings::default());
        let here = Place::default();
        names.alias("-group x bo Old <old@x.test>", &here);
        names.alias("team bo, cy@x.test, CY@x.test", &here);
        names.alias("bo Bo <bo@x.test>", &here);
        names.group("-group club -addr a@x.test, b@x.test", &here, &mut out);
        names.group("-group club -addr B@x.test, c@x.test", &here, &mut out);
        names.settle(&mut out);
        let told: Vec<String> = out
            .aliases
            .iter()
            .map(|a| {
                let members: Vec<&str> = a.members.iter().map(|m| m.addr.as_str()).collect();
                format!("{}: {}", a.name, members.join(" "))
            })
            .collect();
        let expected = [
            "bo: bo@x.test",
            "team: bo@x.test cy@x.test",
            "club: a@x.test b@x.test c@x.test",
        ];
        assert_eq!(told, expected);
        assert_eq!(out.notes, []);
    }
}
