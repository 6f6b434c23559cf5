//! Which of some messages are one thread: those that identifiers join, and by subject those that
//! nothing else says anything of. A pure function of the messages and the rules.
//!
//! What a subject says is weak. It adds to sets that identifiers made: an answer that leads nowhere
//! brings its set to another, unless both would have a beginning of their own then, and neither if the
//! user cut it off. Links are taken in the order of dates, so the order of arrival decides nothing.

use crate::store::joins::Rules;
use std::collections::{BTreeMap, HashMap, HashSet};

/// A message of a thread, as the grouping needs it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Member {
    pub(super) message: i64,
    pub(super) thread: i64,
    pub(super) date: i64,
    /// Its own identifier.
    pub(super) own: Option<i64>,
    pub(super) joins: Vec<i64>,
    /// What it would join without rules.
    pub(super) plain: Vec<i64>,
    /// Whether its subject says that it answers.
    pub(super) answers: bool,
    /// What it belongs to by its subject.
    pub(super) link: Option<i64>,
}

/// Adds to the rules which members are below a cut, by however many steps, and answers what was not
/// known: their identifiers and the cuts.
pub(super) fn below_cuts(rules: &mut Rules, members: &[Member]) -> Vec<(i64, i64)> {
    let mut namers: HashMap<i64, Vec<i64>> = HashMap::new();
    for member in members {
        for hash in member.plain.iter().filter(|h| Some(**h) != member.own) {
            namers.entry(*hash).or_default().extend(member.own);
        }
    }
    let mut found = Vec::new();
    let mut ahead: Vec<(i64, i64)> = rules.cuts.iter().map(|(a, b)| (*a, *b)).collect();
    while let Some((named, cut)) = ahead.pop() {
        for own in namers.get(&named).into_iter().flatten() {
            if let std::collections::hash_map::Entry::Vacant(free) = rules.cuts.entry(*own) {
                free.insert(cut);
                found.push((*own, cut));
                ahead.push((*own, cut));
            }
        }
    }
    found
}

/// Sets of places: each leads to another of its set, the first of it to itself.
struct Sets(Vec<usize>);

impl Sets {
    fn root(&mut self, mut at: usize) -> usize {
        while let Some(next) = self.0.get(at).copied().filter(|next| *next != at) {
            let after = self.0.get(next).copied().unwrap_or(next);
            if let Some(lead) = self.0.get_mut(at) {
                *lead = after;
            }
            at = next;
        }
        at
    }

    /// Makes one set of two and answers its root.
    fn unite(&mut self, a: usize, b: usize) -> usize {
        let (a, b) = (self.root(a), self.root(b));
        if let Some(lead) = self.0.get_mut(a.max(b)) {
            *lead = a.min(b);
        }
        a.min(b)
    }
}

/// The members that belong together, by their places; the largest group first.
pub(super) fn groups(members: &[Member], rules: &Rules) -> Vec<Vec<usize>> {
    let mut sets = Sets((0..members.len()).collect());
    let mut first: HashMap<i64, usize> = HashMap::new();
    for (at, member) in members.iter().enumerate() {
        for hash in &member.joins {
            let other = *first.entry(*hash).or_insert(at);
            sets.unite(at, other);
        }
    }
    if members.iter().any(|member| member.link.is_some()) {
        link(members, rules, &mut sets);
    }
    let mut groups: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for at in 0..members.len() {
        groups.entry(sets.root(at)).or_default().push(at);
    }
    let mut groups: Vec<Vec<usize>> = groups.into_values().collect();
    groups.sort_by_key(|group| std::cmp::Reverse(group.len()));
    groups
}

/// Unites sets that identifiers made by what subjects say.
fn link(members: &[Member], rules: &Rules, sets: &mut Sets) {
    let roots: Vec<usize> = (0..members.len()).map(|at| sets.root(at)).collect();
    let all = || members.iter().zip(roots.iter().copied());
    let owns: HashSet<(usize, i64)> = all()
        .filter_map(|(member, root)| Some((root, member.own?)))
        .collect();
    let leads_nowhere = |member: &Member, root: usize| {
        let mut named = member.plain.iter().filter(|h| Some(**h) != member.own);
        named.all(|hash| !owns.contains(&(root, *hash)))
    };
    let is_cut = |member: &Member| member.own.is_some_and(|own| rules.cuts.contains_key(&own));
    let cut: HashSet<usize> = all().filter(|(m, _)| is_cut(m)).map(|(_, r)| r).collect();
    // Sets that have a beginning: a message that answers nothing, as far as anybody knows.
    let begun = all().filter(|(m, root)| !m.answers && leads_nowhere(m, *root));
    let mut begun: HashSet<usize> = begun.map(|(_, root)| root).collect();
    let homes: HashMap<i64, usize> = all()
        .filter_map(|(member, root)| Some((member.own?, root)))
        .collect();
    let mut links: Vec<(&Member, i64, usize, usize)> = all()
        .filter(|(m, root)| !begun.contains(root) && !cut.contains(root) && leads_nowhere(m, *root))
        .filter_map(|(m, root)| {
            let target = m.link?;
            Some((m, target, root, *homes.get(&target)?))
        })
        .filter(|(.., to)| !cut.contains(to))
        .collect();
    links.sort_by_key(|(m, target, ..)| (m.date, m.own, *target, &m.plain, m.message));
    for (_, _, from, to) in links {
        let (from, to) = (sets.root(from), sets.root(to));
        let both = begun.contains(&from) && begun.contains(&to);
        if from != to && !both {
            let begins = begun.contains(&from) || begun.contains(&to);
            let root = sets.unite(from, to);
            if begins {
                begun.insert(root);
            }
        }
    }
}
