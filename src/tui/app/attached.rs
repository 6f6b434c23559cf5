//! What is asked and shown about attachments, over their list: where to save, which program, what
//! is in one, whether to open what could run.

use crate::lang::{tr, trc, trn};
use crate::text::Clean;
use crate::tui::app::layers::{Layer, Purpose, Turn};
use crate::tui::app::popup::{Popup, Want};
use crate::tui::app::state::Panes;
use crate::tui::command::Command;
use crate::tui::effect::Effect;
use crate::tui::event::Now;
use crate::tui::part::{PartCame, PartJob, PartOf};
use crate::tui::picture::{Form, Placed, Shown};
use crate::tui::screen::album::{self, Album};
use crate::tui::screen::paper::Paper;
use crate::tui::screen::prompt::{Kind, Prompt};
use crate::tui::theme::Surroundings;
use crossterm::event::KeyEvent;
use std::sync::Arc;

impl Layer {
    /// What is typed for attachments.
    pub fn wanted(want: Want, panes: &Panes, fx: &mut Vec<Effect>) -> Layer {
        let folder = format!("{}/", panes.downloads.display());
        let (label, kind, text, purpose) = match want {
            Want::Save(part) => {
                let path = format!("{folder}{}", part.name);
                let label = Clean::lit(tr!("Save as: "));
                (label, Kind::Path, path, Purpose::SaveTo(vec![part]))
            }
            Want::SaveAll(parts) => {
                let label = Clean::lit(tr!("Save all in: "));
                (label, Kind::Path, folder, Purpose::SaveTo(parts))
            }
            Want::Pipe(part) => {
                let label = Clean::line(&tr!("Give {name} to: ", name = part.name));
                (label, Kind::Text, String::new(), Purpose::Pipe(part))
            }
        };
        if matches!(kind, Kind::Path) {
            fx.push(Effect::Paths(text.clone()));
        }
        Layer::asking(Prompt::new(label, kind, &text), purpose)
    }

    /// The program that gets the targets.
    pub fn pipe(panes: &Panes) -> Layer {
        let what = trn!(
            n = panes.targets().len(),
            "Give the message to: ",
            "Give {n} messages to: "
        );
        Layer::line(&what, Command::Pipe)
    }

    /// A program to run.
    pub fn run() -> Layer {
        Layer::line(tr!("Run: "), Command::Run)
    }

    /// Several commands.
    pub fn several() -> Layer {
        Layer::line(tr!("Do (a semicolon between commands): "), Command::Do)
    }

    fn line(label: &str, command: Command) -> Layer {
        let prompt = Prompt::new(Clean::line(label), Kind::Text, "");
        Layer::asking(prompt, Purpose::Given(command))
    }

    /// These pictures, the first being made ready. `serial`: a number for its questions.
    pub fn album(
        parts: Vec<PartOf>,
        serial: u64,
        around: Surroundings,
        size: (u16, u16),
        fx: &mut Vec<Effect>,
    ) -> Layer {
        let mut layer = Layer::Album(Album::new(parts, serial, around));
        layer.picture(size, fx);
        layer
    }

    /// Asks for the picture in front anew, if this shows pictures: for another, or another size.
    pub fn picture(&mut self, size: (u16, u16), fx: &mut Vec<Effect>) {
        if let Layer::Album(album) = self
            && let Some((part, serial)) = album.wanted()
        {
            let room = Album::room(size);
            fx.push(Effect::Part(PartJob::Picture { part, room, serial }));
        }
    }

    /// What came of work on an attachment, if it is a layer of its own.
    pub fn came(came: PartCame, now: Now) -> Option<Layer> {
        Some(match came {
            PartCame::Picture { .. }
            | PartCame::IsPicture(_)
            | PartCame::MayLoad(_)
            | PartCame::Inlays { .. }
            | PartCame::Loaded { .. } => return None,
            PartCame::Senders(senders) => Layer::Popup(Popup::senders(senders)),
            PartCame::Paper {
                title,
                lines,
                inside,
                links,
            } => Layer::Paper(Paper::new(&title, lines, inside, links)),
            PartCame::Doubt { part, why } => {
                let question = tr!("Open it all the same?");
                let text = format!("{}\n{why}\n{question}", part.name);
                let open = PartJob::Open {
                    part: part.clone(),
                    sure: true,
                };
                let save = PartJob::Save {
                    parts: vec![part],
                    to: None,
                };
                let answers = vec![
                    ('y', trc!("answer", "open"), vec![Effect::Part(open)]),
                    ('s', trc!("answer", "save only"), vec![Effect::Part(save)]),
                    ('n', trc!("answer", "neither"), Vec::new()),
                ];
                Layer::question(&text, answers, now)
            }
        })
    }

    /// Brings what the path that is typed could become.
    pub fn offer(&mut self, typed: &str, paths: Vec<String>) {
        if let Layer::Prompt(prompt, Purpose::SaveTo(_)) = self
            && prompt.text() == typed
        {
            prompt.offer(paths);
        }
    }

    /// Takes a key over pictures.
    pub fn album_key(&mut self, key: &KeyEvent, panes: &Panes, fx: &mut Vec<Effect>) -> Turn {
        let Layer::Album(album) = self else {
            return Turn::stay();
        };
        match album.update(key) {
            album::Outcome::Stay => Turn::stay(),
            album::Outcome::Closed => Turn::closed(),
            album::Outcome::Another => {
                self.picture(panes.size, fx);
                Turn::stay()
            }
            album::Outcome::Open(part) => {
                fx.push(Effect::Part(PartJob::Open { part, sure: false }));
                Turn::stay()
            }
            album::Outcome::Save(part) => Turn::covered(Layer::wanted(Want::Save(part), panes, fx)),
        }
    }

    /// A picture that was asked for is ready, or why there is none.
    pub fn pictured(&mut self, serial: u64, result: &Result<Arc<Shown>, Clean>) {
        if let Layer::Album(album) = self {
            album.came(serial, result.clone());
        }
    }

    /// The picture that the terminal itself draws, if this shows one.
    pub fn placed(&self, size: (u16, u16)) -> Option<Placed> {
        let Layer::Album(album) = self else {
            return None;
        };
        let (number, area, picture) = album.placed(size)?;
        matches!(picture.form, Form::Octets(_)).then(|| Placed {
            number,
            area,
            picture: Arc::clone(picture),
        })
    }
}
