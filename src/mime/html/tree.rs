//! A page's tree, within bounds: a page of a few kilobytes can ask for gigabytes (two hundred open
//! `<b>` that every paragraph repeats), so the tree is counted while the parser builds it, by the
//! parser's own words and not by our guess at them.
//!
//! The tree is html2text's. It gives the names of elements to everybody and those of texts to
//! nobody, so a text is an element here, with its words as its only attribute.

use html2text::{Element, Handle, RcDom};
use html5ever::interface::{
    Attribute, ElementFlags, ExpandedName, NodeOrText, QualName, QuirksMode, TreeSink,
};
use html5ever::tendril::{StrTendril, TendrilSink as _};
use html5ever::tree_builder::TreeBuilderOpts;
use html5ever::{LocalName, Namespace, ParseOpts, parse_document};
use std::borrow::Cow;
use std::cell::Cell;
use std::panic::resume_unwind;
use std::rc::Rc;

/// The most nodes and attributes of a tree.
const MAX_NODES: usize = 600_000;
/// The most nodes that are moved out of tables, and elements told of twice: each costs a search.
const MAX_MOVED: usize = 10_000;
/// The deepest that a tree may be: who reads it goes down by recursion.
const MAX_DEPTH: usize = 400;
/// The name of a text.
pub const TEXT: &str = "#text";

/// Why a page has no tree.
struct TooMuch;

/// The tree of a page; `None` if it is too deep.
///
/// # Panics
/// Unwinds, without a word, out of a parser that builds too much: it has no other end. The caller
/// catches what the layout of a page may throw anyhow.
pub fn read(page: &str) -> Option<RcDom> {
    let opts = ParseOpts {
        tree_builder: TreeBuilderOpts {
            scripting_enabled: false,
            ..Default::default()
        },
        ..Default::default()
    };
    let dom = parse_document(Counting::default(), opts).one(StrTendril::from_slice(page));
    let mut deepest = 0;
    let mut todo: Vec<(Handle, usize)> = vec![(Rc::clone(&dom.document), 0)];
    while let Some((node, depth)) = todo.pop() {
        deepest = deepest.max(depth);
        let children = node.children.borrow();
        todo.extend(children.iter().map(|c| (Rc::clone(c), depth + 1)));
    }
    (deepest <= MAX_DEPTH).then_some(dom)
}

/// Gives the words of a text to `look`; nothing happens for anything else.
pub fn text(node: &Handle, look: impl FnOnce(&str)) {
    if let Element { name, attrs, .. } = &node.data
        && &*name.local == TEXT
        && let Some(words) = attrs.borrow().first()
    {
        look(&words.value);
    }
}

/// The tree that html2text wants, counted.
struct Counting {
    dom: RcDom,
    nodes: Cell<usize>,
    moved: Cell<usize>,
    name: QualName,
}

impl Default for Counting {
    fn default() -> Counting {
        Counting {
            dom: RcDom::default(),
            nodes: Cell::default(),
            moved: Cell::default(),
            name: QualName::new(None, Namespace::default(), LocalName::from(TEXT)),
        }
    }
}

impl Counting {
    fn add(count: &Cell<usize>, n: usize, most: usize) {
        count.set(count.get().saturating_add(n));
        if count.get() > most {
            resume_unwind(Box::new(TooMuch));
        }
    }

    fn node(&self, n: usize) {
        Self::add(&self.nodes, n, MAX_NODES);
    }

    fn moved(&self) {
        Self::add(&self.moved, 1, MAX_MOVED);
    }

    /// A text as an element.
    fn words(&self, child: NodeOrText<Handle>) -> NodeOrText<Handle> {
        let NodeOrText::AppendText(value) = child else {
            return child;
        };
        self.node(1);
        let words = Attribute {
            name: self.name.clone(),
            value,
        };
        let flags = ElementFlags::default();
        NodeOrText::AppendNode(
            self.dom
                .create_element(self.name.clone(), vec![words], flags),
        )
    }
}

/// Adds to the text that is the last child; whether there was one.
fn grows(parent: &Handle, more: &StrTendril) -> bool {
    if let Some(last) = parent.children.borrow().last()
        && let Element { name, attrs, .. } = &last.data
        && &*name.local == TEXT
        && let Some(words) = attrs.borrow_mut().first_mut()
    {
        words.value.push_tendril(more);
        return true;
    }
    false
}

impl TreeSink for Counting {
    type Handle = Handle;
    type Output = RcDom;
    type ElemName<'a> = ExpandedName<'a>;

    fn finish(self) -> RcDom {
        self.dom
    }

    fn parse_error(&self, _: Cow<'static, str>) {}

    fn get_document(&self) -> Handle {
        self.dom.get_document()
    }

    fn elem_name<'a>(&'a self, target: &'a Handle) -> ExpandedName<'a> {
        self.dom.elem_name(target)
    }

    fn create_element(&self, name: QualName, attrs: Vec<Attribute>, flags: ElementFlags) -> Handle {
        self.node(1 + attrs.len());
        self.dom.create_element(name, attrs, flags)
    }

    fn create_comment(&self, _: StrTendril) -> Handle {
        self.node(1);
        self.dom.create_comment(StrTendril::new())
    }

    fn create_pi(&self, target: StrTendril, _: StrTendril) -> Handle {
        self.node(1);
        self.dom.create_pi(target, StrTendril::new())
    }

    fn append(&self, parent: &Handle, child: NodeOrText<Handle>) {
        if let NodeOrText::AppendText(more) = &child
            && grows(parent, more)
        {
            return;
        }
        self.dom.append(parent, self.words(child));
    }

    fn append_based_on_parent_node(
        &self,
        element: &Handle,
        before: &Handle,
        child: NodeOrText<Handle>,
    ) {
        self.moved();
        let child = self.words(child);
        self.dom.append_based_on_parent_node(element, before, child);
    }

    fn append_doctype_to_document(&self, name: StrTendril, public: StrTendril, system: StrTendril) {
        self.dom.append_doctype_to_document(name, public, system);
    }

    fn get_template_contents(&self, target: &Handle) -> Handle {
        self.dom.get_template_contents(target)
    }

    fn same_node(&self, x: &Handle, y: &Handle) -> bool {
        Rc::ptr_eq(x, y)
    }

    fn set_quirks_mode(&self, mode: QuirksMode) {
        self.dom.set_quirks_mode(mode);
    }

    fn append_before_sibling(&self, sibling: &Handle, child: NodeOrText<Handle>) {
        self.moved();
        self.dom.append_before_sibling(sibling, self.words(child));
    }

    fn add_attrs_if_missing(&self, target: &Handle, attrs: Vec<Attribute>) {
        self.moved();
        self.node(attrs.len());
        self.dom.add_attrs_if_missing(target, attrs);
    }

    fn remove_from_parent(&self, target: &Handle) {
        self.dom.remove_from_parent(target);
    }

    fn reparent_children(&self, node: &Handle, new_parent: &Handle) {
        self.dom.reparent_children(node, new_parent);
    }

    fn is_mathml_annotation_xml_integration_point(&self, target: &Handle) -> bool {
        self.dom.is_mathml_annotation_xml_integration_point(target)
    }
}
