//! Tables of a page: rows and cells are walked in order, and what they hold becomes a table only if
//! that tells more than its lines.

use super::Walker;
use crate::mime::html::block::Body;
use crate::mime::html::state::State;
use crate::mime::html::table::Found;
use crate::mime::html::tree::{Attributes, Id};

impl Walker<'_> {
    pub(super) fn table(
        &mut self,
        node: Id,
        attributes: Attributes<'_>,
        mut state: State,
        outer: &State,
    ) {
        // A table begins anew with what is bold, and is not indented by what is around it.
        state.strong = state.strong && outer.tables == 0 && outer.strong;
        state.tables += 1;
        self.end(outer);
        self.gap |= state.tables > 1 || !self.page.blocks.is_empty();
        let start = self.page.blocks.len();
        let role = attributes.get("role").unwrap_or_default();
        let mut found = Found::default();
        found.presentation = matches!(role, "presentation" | "none");
        let gap = self.gap;
        self.rows(node, state, false, &mut found);
        self.end(&state);
        let mine = self.page.blocks.get(start..).unwrap_or_default();
        if let Some(table) = found.data(mine, start) {
            self.page.blocks.truncate(start);
            self.gap = gap;
            self.push(Body::Table(table), &state);
        } else if let Some(lines) = found.joined(mine, start) {
            self.page.blocks.truncate(start);
            self.page.blocks.extend(lines);
        }
        self.gap = true;
    }

    fn rows(&mut self, node: Id, state: State, head: bool, found: &mut Found) {
        for child in self.dom.children(node) {
            let name = self.dom.tag(child);
            match name {
                "tr" | "thead" | "tbody" | "tfoot" | "caption" => {}
                "colgroup" | "col" => continue,
                _ => {
                    self.node(child, state);
                    continue;
                }
            }
            let Some((_, _, inner)) = self.inside(child, name, state) else {
                continue;
            };
            match name {
                "tr" => self.row(child, inner, head, found),
                "caption" => {
                    found.said = true;
                    self.block(
                        child,
                        State {
                            strong: true,
                            ..inner
                        },
                        false,
                        false,
                    );
                }
                _ => {
                    found.said |= name == "thead";
                    self.rows(child, inner, name == "thead", found);
                }
            }
        }
    }

    fn row(&mut self, node: Id, state: State, head: bool, found: &mut Found) {
        found.row(head);
        let before = self.page.blocks.len();
        for child in self.dom.children(node) {
            let name = self.dom.tag(child);
            if !matches!(name, "td" | "th") {
                self.node(child, state);
                continue;
            }
            let Some((attributes, look, inner)) = self.inside(child, name, state) else {
                continue;
            };
            let number = |name: &str| {
                let value = attributes.get(name).and_then(|v| v.trim().parse().ok());
                value.unwrap_or(1usize)
            };
            self.end(&inner);
            self.gap |= look.above == Some(true);
            let from = self.page.blocks.len();
            self.children(child, inner);
            self.end(&inner);
            self.gap |= look.below == Some(true);
            let blocks = from..self.page.blocks.len();
            let (span, reach) = (number("colspan"), number("rowspan"));
            found.cell(blocks, name == "th", inner.right, span, reach);
        }
        // A row of nothing makes room.
        self.gap |= self.page.blocks.len() == before;
    }
}
