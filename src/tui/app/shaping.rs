//! How the panes stand: changed by command and by key, and kept for later sessions.

use crate::config::Arrangement;
use crate::lang::tr;
use crate::text::Clean;
use crate::tui::app::state::Panes;
use crate::tui::arrange::Share;
use crate::tui::effect::Effect;
use crate::tui::event::Now;

impl Panes {
    /// Mailboxes, list and message stand so from now on.
    pub(super) fn lay_out(&mut self, layout: Arrangement, now: Now, fx: &mut Vec<Effect>) {
        self.shape.choose(layout);
        fx.push(Effect::Shape(self.shape.written()));
        let (name, words) = (layout.name(), layout.words());
        let text = tr!("Layout {name}: {words}.", name, words);
        self.tell(Clean::line(&text), now);
    }

    /// The same by name; `reset` for what the configuration says, with panes of their usual sizes.
    ///
    /// # Errors
    /// In plain words: there is no layout of that name.
    pub(super) fn lay_out_as(
        &mut self,
        name: &str,
        now: Now,
        fx: &mut Vec<Effect>,
    ) -> Result<(), String> {
        if name == "reset" {
            for share in [Share::Sidebar, Share::Beside, Share::Above] {
                self.shape.share(share, None);
            }
            let usual = self.shape.usual();
            self.lay_out(usual, now, fx);
            return Ok(());
        }
        let layout = Arrangement::named(name).ok_or_else(|| {
            let names = Arrangement::ALL.map(|(name, _)| name).join(", ");
            tr!(
                "there is no layout `{name}`; there are {names}, and reset",
                name,
                names
            )
        })?;
        self.lay_out(layout, now, fx);
        Ok(())
    }

    /// Makes the pane that has the keys larger (1) or smaller (-1) by a step.
    pub(super) fn resize_pane(&mut self, by: i16, now: Now, fx: &mut Vec<Effect>) {
        let places = self.places();
        match places.and_then(|p| p.resized(self.focus, by)) {
            Some((share, to)) => {
                self.shape.share(share, Some(to));
                fx.push(Effect::Shape(self.shape.written()));
            }
            None => self.tell(Clean::lit(tr!("There is only one pane here.")), now),
        }
    }
}
