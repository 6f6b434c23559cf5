//! Texts that came back from external editors, until their drafts are saved.

use crate::tui::editor::Kept;
use crate::tui::event::{About, Event};
use crossbeam_channel::{Receiver, Sender, unbounded};
use std::collections::VecDeque;

/// What external editors left.
#[derive(Debug)]
pub struct Edited {
    /// What is to be told before anything else.
    done: VecDeque<Event>,
    /// Files by the composer that they belong to, and whether it has their text.
    kept: Vec<(u64, bool, Kept)>,
    /// Files of drafts that could not be settled come back here, given by this.
    back: Receiver<(u64, Kept)>,
    give: Sender<(u64, Kept)>,
}

/// The files whose texts are in a draft that is being saved, put aside, sent or thrown away.
#[derive(Debug)]
pub struct Settled {
    kept: Vec<(u64, Kept)>,
    give: Sender<(u64, Kept)>,
}

impl Default for Edited {
    fn default() -> Edited {
        let (give, back) = unbounded();
        Edited {
            done: VecDeque::new(),
            kept: Vec::new(),
            back,
            give,
        }
    }
}

impl Settled {
    /// Their texts are where they belong.
    pub fn forget(self) {
        self.kept.into_iter().for_each(|(_, kept)| kept.forget());
    }

    /// They are not: the next that settles the draft takes the files along.
    pub fn give_back(self) {
        for kept in self.kept {
            // Where nobody takes them, they stay for the next start.
            let _ = self.give.send(kept);
        }
    }
}

impl Edited {
    /// An editor has ended.
    pub fn end(&mut self, serial: u64, result: Result<(String, Option<Kept>), String>) {
        let result = result.map(|(text, kept)| {
            self.kept.extend(kept.map(|kept| (serial, false, kept)));
            text
        });
        self.done.push_back(Event::EditorDone { serial, result });
    }

    /// The next to be told; whoever is told has its text from then on.
    pub fn pop(&mut self) -> Option<Event> {
        let event = self.done.pop_front();
        if let Some(Event::EditorDone { serial, .. }) = &event {
            let own = self.kept.iter_mut().filter(|(whose, ..)| whose == serial);
            own.for_each(|(_, told, _)| *told = true);
        }
        event
    }

    /// The files whose texts are in the draft that is about to be settled, if one is.
    pub fn settling(&mut self, about: About) -> Settled {
        let came = self.back.try_iter();
        self.kept
            .extend(came.map(|(serial, kept)| (serial, true, kept)));
        let whose = about.settles();
        let taken = |(serial, told, _): &mut (u64, bool, Kept)| *told && Some(*serial) == whose;
        let taken = self.kept.extract_if(.., taken);
        Settled {
            kept: taken.map(|(serial, _, kept)| (serial, kept)).collect(),
            give: self.give.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::editor;
    use std::path::Path;

    fn came(edited: &mut Edited, dir: &Path) {
        let line = shell_words::split("sh -c 'echo more >> \"$1\"' sh").unwrap();
        edited.end(3, editor::run(&line, dir, None, "text\n"));
    }

    fn files(dir: &Path) -> usize {
        std::fs::read_dir(dir).unwrap().count()
    }

    #[test]
    fn a_file_goes_with_the_draft_that_has_its_text() {
        let dir = tempfile::tempdir().unwrap();
        for settles in [
            About::Saved(3),
            About::PutAside(3),
            About::Discarded(3),
            About::Submitted(3),
        ] {
            let mut edited = Edited::default();
            came(&mut edited, dir.path());
            // What is saved before the composer hears of it is the text of before.
            edited.settling(settles).forget();
            assert_eq!(files(dir.path()), 1);
            let Some(Event::EditorDone { serial, result }) = edited.pop() else {
                panic!("nothing is told");
            };
            assert_eq!((serial, result), (3, Ok("text\nmore\n".to_owned())));
            assert!(edited.pop().is_none());
            edited.settling(About::Saved(4)).forget();
            edited.settling(About::Quiet).forget();
            let settled = edited.settling(settles);
            assert_eq!(files(dir.path()), 1, "not before it is settled");
            settled.forget();
            assert_eq!(files(dir.path()), 0, "{settles:?}");
        }
    }

    #[test]
    fn a_file_whose_draft_could_not_be_saved_goes_with_the_next_try() {
        let dir = tempfile::tempdir().unwrap();
        let mut edited = Edited::default();
        came(&mut edited, dir.path());
        edited.pop().unwrap();
        edited.settling(About::Saved(3)).give_back();
        edited.settling(About::Saved(4)).forget();
        assert_eq!(files(dir.path()), 1);
        edited.settling(About::Saved(3)).forget();
        assert_eq!(files(dir.path()), 0);
    }
}
