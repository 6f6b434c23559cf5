//! Answering an invitation: what is asked before the answer goes. The line always names the one
//! that it goes to, and nothing goes without Enter.

use crate::lang::tr;
use crate::mime::itip::Answer;
use crate::model::MsgId;
use crate::text::{Clean, later, when};
use crate::tui::app::outward::Rsvp;
use crate::tui::app::state::Panes;
use crate::tui::effect::{Effect, Outward};
use crate::tui::event::Now;
use crate::tui::screen::prompt::{Kind, Prompt};

/// An answer that waits for a note, or for a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    rsvp: Rsvp,
    message: MsgId,
    organizer: String,
    what: String,
}

impl Asked {
    /// The answer to the invitation that is read.
    ///
    /// # Errors
    /// Nothing is read, or it does not invite.
    pub fn of(panes: &Panes, rsvp: Rsvp) -> Result<Asked, &'static str> {
        let open = tr!("Open the invitation first.");
        let pager = panes.pager.as_ref().ok_or(open)?;
        let message = pager.message().filter(|m| panes.at_hand() == Some(*m));
        let rendered = pager.rendered().ok_or(open)?;
        let invitation = rendered.invitation.as_ref();
        let invitation = invitation.ok_or(tr!("There is no invitation in this message."))?;
        Ok(Asked {
            rsvp,
            message: message.ok_or(open)?,
            organizer: invitation.organizer.to_string(),
            what: invitation.what.clone(),
        })
    }

    /// The line that asks.
    pub fn prompt(&self) -> Prompt {
        let label = match self.rsvp {
            Rsvp::Accept => tr!("Accept, with a note (Enter sends): "),
            Rsvp::Tentative => tr!("Perhaps, with a note (Enter sends): "),
            Rsvp::Decline => tr!("Decline, with a note (Enter sends): "),
            Rsvp::Counter => tr!("Propose another time (Enter sends): "),
        };
        let mut prompt = Prompt::new(Clean::lit(label), Kind::Text, "");
        prompt.remark(self.to(""));
        prompt
    }

    /// Says of what is typed to whom it goes, and what time it is.
    pub fn remark(&self, prompt: &mut Prompt, now: Now) {
        let more = match (self.rsvp, prompt.text().trim()) {
            (Rsvp::Counter, text) if !text.is_empty() => match later::parse(text, now.wall) {
                Some(at) => when::long(at),
                None => later::not_understood().to_owned(),
            },
            _ => String::new(),
        };
        prompt.remark(self.to(&more));
    }

    /// What is to be done with what was typed.
    ///
    /// # Errors
    /// The time can't be read.
    pub fn given(&self, text: &str, now: Now) -> Result<Effect, &'static str> {
        let (answer, note) = match self.rsvp {
            Rsvp::Accept => (Answer::Accept, text),
            Rsvp::Tentative => (Answer::Tentative, text),
            Rsvp::Decline => (Answer::Decline, text),
            Rsvp::Counter => {
                let at = later::parse(text, now.wall).ok_or_else(later::not_understood)?;
                (Answer::Counter(at), "")
            }
        };
        let outward = Outward::Answer(answer, note.trim().to_owned());
        Ok(Effect::Build(outward, self.message))
    }

    fn to(&self, more: &str) -> Clean {
        let more = match more {
            "" => String::new(),
            more => format!("{more}: "),
        };
        let to = match self.what.as_str() {
            "" => tr!("to {organizer}", organizer = self.organizer),
            what => tr!(
                "to {organizer}, about {what}",
                organizer = self.organizer,
                what
            ),
        };
        Clean::line(&format!("{more}{to}"))
    }
}
