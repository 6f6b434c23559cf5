//! Texts that came back from external editors, until their drafts are saved.

use crate::tui::editor::Kept;
use crate::tui::event::Event;
use std::collections::VecDeque;

/// What external editors left.
#[derive(Debug, Default)]
pub struct Edited {
    /// What is to be told before anything else.
    done: VecDeque<Event>,
    /// Files by the composer that they belong to, and whether it has their text.
    kept: Vec<(u64, bool, Kept)>,
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

    /// A composer's draft is about to be saved: the files whose texts are in it.
    pub fn saving(&mut self, serial: u64) -> Vec<Kept> {
        let saved = |(whose, told, _): &mut (u64, bool, Kept)| *told && *whose == serial;
        let saved = self.kept.extract_if(.., saved);
        saved.map(|(_, _, kept)| kept).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::editor;

    #[test]
    fn a_file_goes_with_the_draft_that_has_its_text() {
        let dir = tempfile::tempdir().unwrap();
        let mut edited = Edited::default();
        let line = shell_words::split("sh -c 'echo more >> \"$1\"' sh").unwrap();
        let came = editor::run(&line, dir.path(), None, "text\n");
        edited.end(3, came);
        // What is saved before the composer hears of it is the text of before.
        assert!(edited.saving(3).is_empty());
        let Some(Event::EditorDone { serial, result }) = edited.pop() else {
            panic!("nothing is told");
        };
        assert_eq!((serial, result), (3, Ok("text\nmore\n".to_owned())));
        assert!(edited.pop().is_none());
        assert!(edited.saving(4).is_empty());
        let saving = edited.saving(3);
        assert_eq!(saving.len(), 1);
        assert_eq!(editor::left(dir.path()).len(), 1, "not before it is saved");
        saving.into_iter().for_each(editor::Kept::forget);
        assert_eq!(editor::left(dir.path()), []);
    }
}
