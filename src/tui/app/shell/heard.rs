//! The linear mode of the running program: on and off, and what is said because nobody sees it.

use super::App;
use crate::lang::tr;
use crate::text::{Clean, bidi};
use crate::tui::app::geometry::Pane;
use crate::tui::app::state::Panes;
use crate::tui::command::Command;
use crate::tui::event::Now;

impl App {
    /// One pane and everything in words, or not any more.
    pub(super) fn linear(&mut self, on: bool, now: Now) {
        self.panes.linear = on;
        bidi::as_read(on);
        self.desk.set_linear(on);
        self.dress.linear(on);
        if on {
            self.panes.greet(now);
        } else {
            self.panes.tell(Clean::lit(tr!("Linear mode is off.")), now);
        }
    }

    /// Whether the screen is one for who hears it.
    pub fn is_linear(&self) -> bool {
        self.panes.linear
    }

    /// Says which pane has the keys, if it is another one than before.
    pub(super) fn say_pane(&mut self, was: Pane, now: Now) {
        if self.panes.linear && self.panes.focus != was && self.layers.is_empty() {
            let text = match self.panes.focus {
                Pane::Sidebar => Clean::lit(tr!("Mailboxes")),
                Pane::Index => self.panes.list_title(),
                Pane::Reader => {
                    let (title, place) = self.panes.reader_title();
                    Clean::line(&tr!("Message: {title}. {place}", title, place))
                }
            };
            self.panes.status.murmur(text, now.mono);
        }
    }
}

impl Panes {
    /// What is said first to who hears the screen: how to go on.
    pub(super) fn greet(&mut self, now: Now) {
        if self.linear {
            let help = self.way_to(Command::Help);
            let words = tr!(
                "Linear mode. {key} lists the keys, :linear ends it.",
                key = help
            );
            self.tell(Clean::line(&words), now);
        }
    }
}
