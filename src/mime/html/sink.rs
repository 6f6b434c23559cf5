//! A page's tree while it is built, within bounds: a page of a few kilobytes can ask for gigabytes
//! (two hundred open `<b>` that every paragraph repeats), so the tree is counted while the parser
//! builds it, by the parser's own words and not by our guess at them.

use super::tree::{Data, Dom, Element, Id, Name};
use html5ever::interface::{Attribute, ElementFlags, NodeOrText, QualName, QuirksMode, TreeSink};
use html5ever::tendril::{StrTendril, TendrilSink as _};
use html5ever::tree_builder::TreeBuilderOpts;
use html5ever::{LocalName, Namespace, ParseOpts, parse_document};
use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::panic::resume_unwind;

/// The most nodes and attributes of a tree.
const MAX_NODES: usize = 600_000;
/// The deepest that a tree may be: who reads it goes down by recursion.
const MAX_DEPTH: usize = 400;

/// The most looks at what is open: each tag of a page may walk all elements that are, which is a
/// square of how deep it goes.
const MAX_LOOKS: usize = 20_000_000;

/// Why a page has no tree.
struct TooMuch;

/// The tree of a page; `None` if it is too deep.
///
/// # Panics
/// Unwinds, without a word, out of a parser that builds too much: it has no other end. The caller
/// catches what the layout of a page may throw anyhow.
pub fn read(page: &str) -> Option<Dom> {
    let opts = ParseOpts {
        tree_builder: TreeBuilderOpts {
            scripting_enabled: false,
            ..Default::default()
        },
        ..Default::default()
    };
    let dom = parse_document(Sink::default(), opts).one(StrTendril::from_slice(page));
    (dom.depth() <= MAX_DEPTH).then_some(dom)
}

/// The tree while the parser builds it, counted.
struct Sink {
    dom: RefCell<Dom>,
    count: Cell<usize>,
    looks: Cell<usize>,
}

impl Default for Sink {
    fn default() -> Sink {
        let mut dom = Dom::default();
        dom.add(Data::Other);
        Sink {
            dom: RefCell::new(dom),
            count: Cell::default(),
            looks: Cell::default(),
        }
    }
}

impl Sink {
    fn count(&self, n: usize) {
        self.count.set(self.count.get().saturating_add(n));
        if self.count.get() > MAX_NODES {
            resume_unwind(Box::new(TooMuch));
        }
    }

    fn add(&self, data: Data) -> Id {
        self.count(1);
        self.dom.borrow_mut().add(data)
    }

    /// Puts something into a node, before one that is in it or else as the last; a text beside a
    /// text becomes one with it.
    fn insert(&self, parent: Id, after: Option<Id>, child: NodeOrText<Id>) {
        let id = match child {
            NodeOrText::AppendNode(id) => id,
            NodeOrText::AppendText(words) => {
                if self.dom.borrow_mut().grows(parent, after, &words) {
                    return;
                }
                self.add(Data::Text(words))
            }
        };
        self.dom.borrow_mut().put(id, parent, after);
    }

    fn parent(&self, id: Id) -> Option<Id> {
        self.dom.borrow().parent(id)
    }
}

impl TreeSink for Sink {
    type Handle = Id;
    type Output = Dom;
    type ElemName<'a> = Name;

    fn finish(self) -> Dom {
        self.dom.into_inner()
    }

    fn parse_error(&self, _: Cow<'static, str>) {}

    fn get_document(&self) -> Id {
        Id::ROOT
    }

    fn elem_name(&self, target: &Id) -> Name {
        self.looks.set(self.looks.get() + 1);
        if self.looks.get() > MAX_LOOKS {
            resume_unwind(Box::new(TooMuch));
        }
        let name = self.dom.borrow().element(*target).map(|e| e.name.clone());
        name.unwrap_or_else(|| Name {
            ns: Namespace::default(),
            local: LocalName::default(),
        })
    }

    fn create_element(&self, name: QualName, attrs: Vec<Attribute>, flags: ElementFlags) -> Id {
        self.count(attrs.len());
        let template = flags.template.then(|| self.add(Data::Other));
        let attributes = self.dom.borrow_mut().keep(attrs.into_iter());
        self.add(Data::Element(Element {
            name: Name {
                ns: name.ns,
                local: name.local,
            },
            attributes,
            template,
            integration: flags.mathml_annotation_xml_integration_point,
        }))
    }

    fn create_comment(&self, _: StrTendril) -> Id {
        self.add(Data::Other)
    }

    fn create_pi(&self, _: StrTendril, _: StrTendril) -> Id {
        self.add(Data::Other)
    }

    fn append(&self, parent: &Id, child: NodeOrText<Id>) {
        self.insert(*parent, None, child);
    }

    fn append_based_on_parent_node(&self, element: &Id, before: &Id, child: NodeOrText<Id>) {
        match self.parent(*element) {
            Some(parent) => self.insert(parent, Some(*element), child),
            None => self.insert(*before, None, child),
        }
    }

    fn append_doctype_to_document(&self, _: StrTendril, _: StrTendril, _: StrTendril) {}

    fn get_template_contents(&self, target: &Id) -> Id {
        let template = self.dom.borrow().element(*target).and_then(|e| e.template);
        template.unwrap_or(*target)
    }

    fn same_node(&self, x: &Id, y: &Id) -> bool {
        x == y
    }

    fn set_quirks_mode(&self, _: QuirksMode) {}

    fn append_before_sibling(&self, sibling: &Id, child: NodeOrText<Id>) {
        if let Some(parent) = self.parent(*sibling) {
            self.insert(parent, Some(*sibling), child);
        }
    }

    fn add_attrs_if_missing(&self, target: &Id, attrs: Vec<Attribute>) {
        self.count(attrs.len());
        self.dom.borrow_mut().add_missing(*target, attrs);
    }

    fn remove_from_parent(&self, target: &Id) {
        self.dom.borrow_mut().detach(*target);
    }

    fn reparent_children(&self, node: &Id, new_parent: &Id) {
        self.dom.borrow_mut().move_all(*node, *new_parent);
    }

    fn is_mathml_annotation_xml_integration_point(&self, target: &Id) -> bool {
        let dom = self.dom.borrow();
        dom.element(*target).is_some_and(|e| e.integration)
    }
}

#[cfg(test)]
mod tests {
    use super::super::tree::Kind;
    use super::*;

    /// A tree as brackets.
    fn drawn(dom: &Dom, id: Id) -> String {
        let inside: String = dom.children(id).map(|id| drawn(dom, id)).collect();
        match dom.kind(id) {
            Kind::Text(words) => format!("‘{words}’"),
            Kind::Element(name) => format!("{name}({inside})"),
            Kind::Other => inside,
        }
    }

    fn body(page: &str) -> String {
        let dom = read(page).unwrap();
        let all = drawn(&dom, Id::ROOT);
        let body = all.strip_prefix("html(head()body(");
        let body = body.and_then(|b| b.strip_suffix("))"));
        body.unwrap_or(&all).to_owned()
    }

    #[test]
    fn what_is_written_wrongly_is_read_as_browsers_do() {
        assert_eq!(body("a<!-- x -->b"), "‘a’‘b’");
        // What stands in a table and is none of its cells comes before it, as one text.
        assert_eq!(
            body("x<table>y<tr><td>z</table>"),
            "‘xy’table(tbody(tr(td(‘z’))))"
        );
        // The adoption agency.
        assert_eq!(body("<b>1<p>2</b>3"), "b(‘1’)p(b(‘2’)‘3’)");
        assert_eq!(body("<a>1<div>2<a>3</div>"), "a(‘1’)div(a(‘2’)a(‘3’))");
        assert_eq!(
            body("<p>x<template><b>y</b></template>"),
            "p(‘x’template())"
        );
    }

    #[test]
    fn attributes_are_those_that_are_asked_for() {
        let dom =
            read("<html class=a data-x=1><html class=b id=c><body><p onclick=x style=y>").unwrap();
        let html = dom.children(Id::ROOT).next().unwrap();
        let of = |name| dom.attributes(html).get(name);
        assert_eq!(
            [of("class"), of("id"), of("data-x")],
            [Some("a"), Some("c"), None]
        );
        let body = dom.children(html).next_back().unwrap();
        let p = dom.children(body).next().unwrap();
        assert_eq!(dom.attributes(p).get("style"), Some("y"));
    }

    /// It has no tree, and the parser ends by itself or because we end it: no other panic will do.
    #[track_caller]
    fn gives_up(page: &str) {
        match std::panic::catch_unwind(|| read(page).is_none()) {
            Ok(none) => assert!(none),
            Err(why) => assert!(why.is::<TooMuch>(), "another panic"),
        }
    }

    #[test]
    fn s41_what_is_open_is_not_walked_without_end() {
        // An end tag within a template, or behind what only looks like one, closes nothing: what is
        // open grows, and each tag walks it.
        let raw = "<div><style></div></style>".repeat(20_000);
        for page in [
            raw.clone(),
            format!("<template>{}", "<div>".repeat(20_000)),
            format!("<!-- --!>{}", "<div>".repeat(20_000)),
        ] {
            gives_up(&page);
        }
    }

    #[test]
    fn s41_the_tree_is_bounded() {
        assert!(read(&"<div>".repeat(500)).is_none());
        assert_eq!(read(&"<div>".repeat(50)).unwrap().depth(), 52);
        let open: String = (0..200).map(|n| format!("<b a={n}>")).collect();
        // Every paragraph opens them anew.
        let many = format!("<p>{open}{}", "<p>x".repeat(50_000));
        let thrown = std::panic::catch_unwind(|| read(&many).is_none());
        assert!(thrown.is_err_and(|why| why.is::<TooMuch>()));
    }
}
