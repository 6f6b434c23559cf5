//! How the user wants the panes to stand, and how the room is shared between them: what the
//! configuration says, and what keys and the mouse changed since.
//!
//! What was changed is no setting that one writes down: it is kept beside `local.db`, in a small
//! file of words and numbers, and what can't be read of it is as if it were not there.

use crate::config::Arrangement;

/// Columns that the mailboxes may have.
pub const SIDEBAR: (u16, u16) = (12, 60);
/// Thousandths of the room that the list may have beside a message, or above it.
pub const LIST: (u16, u16) = (100, 850);

/// What is changed of how the room is shared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Share {
    /// The mailboxes' columns.
    Sidebar,
    /// The list's part of the columns, beside a message.
    Beside,
    /// The list's part of the rows, above a message.
    Above,
}

/// How the panes are to stand.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shape {
    usual: Arrangement,
    chosen: Option<Arrangement>,
    sidebar: Option<u16>,
    beside: Option<u16>,
    above: Option<u16>,
}

impl Shape {
    /// As the configuration says.
    pub fn new(usual: Arrangement) -> Shape {
        Shape {
            usual,
            ..Shape::default()
        }
    }

    /// The same with what was changed before, as [`Shape::written`] wrote it.
    pub fn with(mut self, kept: &str) -> Shape {
        for line in kept.lines() {
            let Some((name, value)) = line.trim().split_once(' ') else {
                continue;
            };
            match name {
                // What was chosen over another setting than there is now is not meant any more.
                "layout" => {
                    let (chosen, over) = value.trim().split_once(' ').unwrap_or((value, ""));
                    self.chosen = Arrangement::named(chosen).filter(|_| over == self.usual.name());
                }
                "sidebar" => self.share(Share::Sidebar, number(value)),
                "beside" => self.share(Share::Beside, number(value)),
                "above" => self.share(Share::Above, number(value)),
                _ => {}
            }
        }
        self
    }

    /// What was changed, to be kept.
    pub fn written(&self) -> String {
        let over = |c: Arrangement| format!("{} {}", c.name(), self.usual.name());
        let chosen = self.chosen.map(|c| ("layout", over(c)));
        let shares = [
            ("sidebar", self.sidebar),
            ("beside", self.beside),
            ("above", self.above),
        ];
        let shares = shares
            .into_iter()
            .filter_map(|(name, share)| Some((name, share?.to_string())));
        let lines = chosen.into_iter().chain(shares);
        lines
            .map(|(name, value)| format!("{name} {value}\n"))
            .collect()
    }

    /// How they stand by the configuration.
    pub fn usual(&self) -> Arrangement {
        self.usual
    }

    /// How they are to stand.
    pub fn layout(&self) -> Arrangement {
        self.chosen.unwrap_or(self.usual)
    }

    /// They are to stand so from now on, whatever the configuration says.
    pub fn choose(&mut self, layout: Arrangement) {
        self.chosen = (layout != self.usual).then_some(layout);
    }

    /// The configuration says something else, and holds.
    pub fn set(&mut self, usual: Arrangement) {
        (self.usual, self.chosen) = (usual, None);
    }

    /// The one after this in the order of the table.
    pub fn next(&self) -> Arrangement {
        let all = Arrangement::ALL.iter().map(|(_, one)| *one);
        let mut after = all
            .clone()
            .chain(all)
            .skip_while(|one| *one != self.layout());
        after.nth(1).unwrap_or_default()
    }

    /// What is shared so, if it was changed: columns, or thousandths.
    pub fn of(&self, share: Share) -> Option<u16> {
        match share {
            Share::Sidebar => self.sidebar,
            Share::Beside => self.beside,
            Share::Above => self.above,
        }
    }

    /// Shares it so from now on, within bounds; `None`: as usual.
    pub fn share(&mut self, share: Share, to: Option<u16>) {
        let (place, (least, most)) = match share {
            Share::Sidebar => (&mut self.sidebar, SIDEBAR),
            Share::Beside => (&mut self.beside, LIST),
            Share::Above => (&mut self.above, LIST),
        };
        *place = to.map(|to| to.clamp(least, most));
    }
}

fn number(value: &str) -> Option<u16> {
    value.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_was_changed_is_kept_and_the_configuration_takes_it_back() {
        let mut shape = Shape::new(Arrangement::Auto);
        assert_eq!(shape.written(), "");
        shape.choose(Arrangement::Stacked);
        shape.share(Share::Above, Some(9999));
        let written = shape.written();
        assert_eq!(written, "layout stacked auto\nabove 850\n");
        let again = Shape::new(Arrangement::Auto).with(&written);
        assert_eq!(again, shape);
        let other = Shape::new(Arrangement::Three).with(&written);
        assert_eq!(other.layout(), Arrangement::Three);
        shape.set(Arrangement::Two);
        assert_eq!(shape.layout(), Arrangement::Two);
        shape.choose(Arrangement::Two);
        assert_eq!(
            shape.written(),
            "above 850\n",
            "that is what it says anyway"
        );
    }

    #[test]
    fn a_key_goes_through_all_of_them() {
        let mut shape = Shape::default();
        let mut seen = Vec::new();
        for _ in 0..Arrangement::ALL.len() {
            seen.push(shape.layout().name());
            shape.choose(shape.next());
        }
        assert_eq!(seen, ["auto", "three", "two", "stacked", "single"]);
        assert_eq!(shape.layout(), Arrangement::Auto);
    }

    proptest! {
        #[test]
        fn a_file_that_was_spoilt_does_no_harm(text in "([a-z]{0,8}|layout|sidebar|above)?[ 0-9a-z\n]{0,30}") {
            let shape = Shape::default().with(&text);
            let same = Shape::default().with(&shape.written());
            prop_assert_eq!(same, shape);
        }
    }
}
