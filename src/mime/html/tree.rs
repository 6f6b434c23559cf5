//! A page's tree as the parser has it, and nobody asks for more of it: names, texts, and the
//! attributes that somebody reads.
//!
//! All nodes lie in one row and name each other by their places in it, and so do the attributes.
//! What a page costs is then two growing rows and its texts, which share the page's own octets, and
//! no search when the parser moves something.

use html5ever::interface::{Attribute, ElemName};
use html5ever::tendril::StrTendril;
use html5ever::{LocalName, Namespace, local_name};
use std::num::NonZeroU32;
use std::ops::Range;

/// A node of a [`Dom`]; the first is 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Id(NonZeroU32);

impl Id {
    /// The document itself.
    pub const ROOT: Id = Id(NonZeroU32::MIN);

    fn place(self) -> usize {
        usize::try_from(self.0.get() - 1).unwrap_or(usize::MAX)
    }
}

/// A tree.
#[derive(Default)]
pub struct Dom {
    nodes: Vec<Node>,
    attributes: Vec<(LocalName, StrTendril)>,
    sheets: Vec<Id>,
}

#[derive(Default)]
struct Node {
    parent: Option<Id>,
    first: Option<Id>,
    last: Option<Id>,
    before: Option<Id>,
    after: Option<Id>,
    data: Data,
}

/// What a node is, as the parser says it.
#[derive(Default)]
pub(super) enum Data {
    /// Words.
    Text(StrTendril),
    /// An element.
    Element(Element),
    /// The document, a comment, an instruction.
    #[default]
    Other,
}

/// An element, as the parser says it.
pub(super) struct Element {
    /// Its name.
    pub name: Name,
    /// Its attributes, of all those of the tree.
    pub attributes: Range<u32>,
    /// What is in a `<template>` lies beside the tree.
    pub template: Option<Id>,
    /// See [`html5ever::interface::ElementFlags`].
    pub integration: bool,
}

/// The name of an element.
#[derive(Clone, Debug)]
pub struct Name {
    /// HTML, SVG or MathML.
    pub ns: Namespace,
    /// The name itself.
    pub local: LocalName,
}

impl ElemName for Name {
    fn ns(&self) -> &Namespace {
        &self.ns
    }

    fn local_name(&self) -> &LocalName {
        &self.local
    }
}

/// What a node is.
pub enum Kind<'a> {
    /// Words.
    Text(&'a str),
    /// An element, by its name in lower case.
    Element(&'a str),
    /// The document, a comment, an instruction.
    Other,
}

/// The attributes of an element.
#[derive(Clone, Copy)]
pub struct Attributes<'a>(&'a [(LocalName, StrTendril)]);

impl<'a> Attributes<'a> {
    /// One by its name in lower case; nothing for a name that nobody asks for.
    pub fn get(&self, name: &str) -> Option<&'a str> {
        let found = self.0.iter().find(|(own, _)| &**own == name)?;
        Some(&found.1)
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Whether anybody asks for an attribute.
fn is_kept(name: &LocalName) -> bool {
    const KEPT: [LocalName; 18] = [
        local_name!("style"),
        local_name!("class"),
        local_name!("id"),
        local_name!("href"),
        local_name!("src"),
        local_name!("alt"),
        local_name!("width"),
        local_name!("height"),
        local_name!("align"),
        local_name!("hidden"),
        local_name!("role"),
        local_name!("name"),
        local_name!("type"),
        local_name!("value"),
        local_name!("start"),
        local_name!("reversed"),
        local_name!("colspan"),
        local_name!("rowspan"),
    ];
    KEPT.contains(name)
}

impl Dom {
    fn node(&self, id: Id) -> Option<&Node> {
        self.nodes.get(id.place())
    }

    /// An element; `None` for anything else.
    pub(super) fn element(&self, id: Id) -> Option<&Element> {
        match self.node(id).map(|n| &n.data) {
            Some(Data::Element(element)) => Some(element),
            _ => None,
        }
    }

    /// The node that one is in.
    pub(super) fn parent(&self, id: Id) -> Option<Id> {
        self.node(id)?.parent
    }

    fn node_mut(&mut self, id: Id) -> Option<&mut Node> {
        self.nodes.get_mut(id.place())
    }

    /// What a node is.
    pub fn kind(&self, id: Id) -> Kind<'_> {
        match self.node(id).map(|n| &n.data) {
            Some(Data::Text(words)) => Kind::Text(words),
            Some(Data::Element(element)) => Kind::Element(&element.name.local),
            Some(Data::Other) | None => Kind::Other,
        }
    }

    /// The name of an element in lower case; empty for anything else.
    pub fn tag(&self, id: Id) -> &str {
        match self.kind(id) {
            Kind::Element(name) => name,
            _ => "",
        }
    }

    /// The words of a text.
    pub fn text(&self, id: Id) -> Option<&str> {
        match self.kind(id) {
            Kind::Text(words) => Some(words),
            _ => None,
        }
    }

    /// The attributes of an element; none for anything else.
    pub fn attributes(&self, id: Id) -> Attributes<'_> {
        let all = self.element(id).map(|e| places(&e.attributes));
        let found = all.and_then(|all| self.attributes.get(all));
        Attributes(found.unwrap_or_default())
    }

    /// Its style sheets, in the order in which they came.
    pub fn sheets(&self) -> &[Id] {
        &self.sheets
    }

    /// The nodes inside one, from first to last.
    pub fn children(&self, id: Id) -> impl DoubleEndedIterator<Item = Id> + '_ {
        let ends = self.node(id).map(|n| (n.first, n.last));
        let (first, last) = ends.unwrap_or_default();
        Children {
            dom: self,
            first,
            last,
        }
    }

    /// How deep the tree is.
    pub(super) fn depth(&self) -> usize {
        let (mut depth, mut deepest) = (0usize, 0);
        let mut at = Some(Id::ROOT);
        while let Some(node) = at.and_then(|id| self.node(id)) {
            if node.first.is_some() {
                at = node.first;
                depth += 1;
                deepest = deepest.max(depth);
                continue;
            }
            // On to what comes after it, or after what it is in.
            let mut done = node;
            while done.after.is_none()
                && let Some(parent) = done.parent.and_then(|id| self.node(id))
            {
                done = parent;
                depth = depth.saturating_sub(1);
            }
            at = done.after;
        }
        deepest
    }

    /// Adds a node, which is nowhere yet.
    pub(super) fn add(&mut self, data: Data) -> Id {
        let is_sheet = matches!(&data, Data::Element(e) if e.name.local == local_name!("style"));
        self.nodes.push(Node {
            data,
            ..Node::default()
        });
        let id = u32::try_from(self.nodes.len())
            .ok()
            .and_then(NonZeroU32::new);
        let id = id.map_or(Id::ROOT, Id);
        if is_sheet {
            self.sheets.push(id);
        }
        id
    }

    /// Adds attributes; where they are.
    pub(super) fn keep(&mut self, attributes: impl Iterator<Item = Attribute>) -> Range<u32> {
        let end = |all: &[_]| u32::try_from(all.len()).unwrap_or(u32::MAX);
        let begin = end(&self.attributes);
        let kept = attributes.filter(|a| is_kept(&a.name.local));
        self.attributes
            .extend(kept.map(|a| (a.name.local, a.value)));
        begin..end(&self.attributes)
    }

    /// Takes a node out of where it is.
    pub(super) fn detach(&mut self, id: Id) {
        let Some(node) = self.node_mut(id) else {
            return;
        };
        let (parent, before, after) = (node.parent.take(), node.before.take(), node.after.take());
        match before.and_then(|id| self.node_mut(id)) {
            Some(before) => before.after = after,
            None => {
                if let Some(parent) = parent.and_then(|id| self.node_mut(id)) {
                    parent.first = after;
                }
            }
        }
        match after.and_then(|id| self.node_mut(id)) {
            Some(after) => after.before = before,
            None => {
                if let Some(parent) = parent.and_then(|id| self.node_mut(id)) {
                    parent.last = before;
                }
            }
        }
    }

    /// Puts a node into another, before one that is in it or else as the last.
    pub(super) fn put(&mut self, id: Id, parent: Id, after: Option<Id>) {
        self.detach(id);
        let before = match after {
            Some(after) => {
                let after = self.node_mut(after);
                after.and_then(|n| n.before.replace(id))
            }
            None => self.node_mut(parent).and_then(|n| n.last.replace(id)),
        };
        match before.and_then(|id| self.node_mut(id)) {
            Some(before) => before.after = Some(id),
            None => {
                if let Some(parent) = self.node_mut(parent) {
                    parent.first = Some(id);
                }
            }
        }
        if let Some(node) = self.node_mut(id) {
            (node.parent, node.before, node.after) = (Some(parent), before, after);
        }
    }

    /// Adds the attributes that an element does not have yet.
    pub(super) fn add_missing(&mut self, id: Id, attributes: Vec<Attribute>) {
        // There are only so many names that are kept, so these can't become many.
        let mut own = self.attributes(id).0.to_vec();
        let had = own.len();
        for attribute in attributes {
            let name = attribute.name.local;
            if is_kept(&name) && own.iter().all(|(own, _)| *own != name) {
                own.push((name, attribute.value));
            }
        }
        if own.len() == had {
            return;
        }
        let end = |all: &[_]| u32::try_from(all.len()).unwrap_or(u32::MAX);
        let begin = end(&self.attributes);
        self.attributes.extend(own);
        let all = begin..end(&self.attributes);
        if let Some(Data::Element(element)) = self.node_mut(id).map(|n| &mut n.data) {
            element.attributes = all;
        }
    }

    /// All that is in a node comes behind what is in another.
    pub(super) fn move_all(&mut self, from: Id, to: Id) {
        while let Some(child) = self.node(from).and_then(|n| n.first) {
            self.put(child, to, None);
        }
    }

    /// Adds to the text that stands before a node, or else that is the last in one; whether there is
    /// a text.
    pub(super) fn grows(&mut self, parent: Id, after: Option<Id>, more: &StrTendril) -> bool {
        let id = match after {
            Some(after) => self.node(after).and_then(|n| n.before),
            None => self.node(parent).and_then(|n| n.last),
        };
        match id.and_then(|id| self.node_mut(id)).map(|n| &mut n.data) {
            Some(Data::Text(words)) => {
                words.push_tendril(more);
                true
            }
            _ => false,
        }
    }
}

fn places(range: &Range<u32>) -> Range<usize> {
    let place = |n: u32| usize::try_from(n).unwrap_or(usize::MAX);
    place(range.start)..place(range.end)
}

/// See [`Dom::children`].
struct Children<'a> {
    dom: &'a Dom,
    first: Option<Id>,
    last: Option<Id>,
}

impl Children<'_> {
    /// Takes one at an end; whether it was the only one that was left.
    fn one(&mut self) -> bool {
        let only = self.first == self.last;
        if only {
            (self.first, self.last) = (None, None);
        }
        only
    }
}

impl Iterator for Children<'_> {
    type Item = Id;

    fn next(&mut self) -> Option<Id> {
        let id = self.first?;
        if !self.one() {
            self.first = self.dom.node(id)?.after;
        }
        Some(id)
    }
}

impl DoubleEndedIterator for Children<'_> {
    fn next_back(&mut self) -> Option<Id> {
        let id = self.last?;
        if !self.one() {
            self.last = self.dom.node(id)?.before;
        }
        Some(id)
    }
}
