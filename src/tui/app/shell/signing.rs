//! A sign-in over the panes: begun at a command, told by a thread, closed when it is done.

use super::App;
use crate::model::{AccountName, Intent, SignInBy};
use crate::tui::app::layers::Layer;
use crate::tui::effect::Effect;
use crate::tui::event::{About, Now, SignInNews};
use crate::tui::screen::sign_in::SignIn;

impl App {
    /// Begins to sign in to an account.
    pub(super) fn sign_in(&mut self, account: AccountName, by: SignInBy, fx: &mut Vec<Effect>) {
        self.sign_ins += 1;
        let serial = self.sign_ins;
        let layer = Layer::SignIn(SignIn::new(account.clone(), serial));
        self.layers.push(layer);
        fx.push(Effect::SignIn {
            serial,
            account,
            by,
        });
    }

    /// Takes what comes of one.
    pub(super) fn signing_in(
        &mut self,
        serial: u64,
        account: AccountName,
        news: SignInNews,
        now: Now,
        fx: &mut Vec<Effect>,
    ) {
        let mine = |layer: &Layer| matches!(layer, Layer::SignIn(s) if s.serial == serial);
        let at = self.layers.iter().position(mine);
        let layer = at.and_then(|at| self.layers.get_mut(at));
        match (news, layer) {
            (SignInNews::Step(step), Some(Layer::SignIn(shown))) => shown.step(step),
            (SignInNews::Ended(Err(why)), Some(Layer::SignIn(shown))) => shown.failed(why),
            // Who left does not want to hear how it went on without him.
            (SignInNews::Step(_) | SignInNews::Ended(Err(_)), _) => {}
            (SignInNews::Ended(Ok(())), _) => {
                if let Some(at) = at {
                    self.layers.remove(at);
                }
                fx.push(Effect::Ask(Intent::SignedIn(account), About::Done));
                self.panes.somebody_is_here(now, fx);
            }
        }
    }
}
