//! The pictures that stand in a letter's text: which are wanted, and which are here.

use crate::mime::render::{Rendered, Standing};
use crate::model::MsgId;
use crate::tui::part::{PartJob, PartOf};
use crate::tui::picture::Inlay;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The pictures of one letter, by their numbers.
#[derive(Clone, Debug, Default)]
pub struct Inlays {
    here: BTreeMap<u32, Arc<Inlay>>,
    /// For how many columns they were asked for, and how many had been loaded from the web.
    asked: Option<(u16, usize)>,
}

impl Inlays {
    /// What makes them ready, if that was not asked for: those that the message brings, and those
    /// that were loaded.
    pub fn ask(
        &mut self,
        message: MsgId,
        rendered: &Rendered,
        loaded: &[PartOf],
        columns: u16,
    ) -> Option<PartJob> {
        let asked = Some((columns, loaded.len()));
        if std::mem::replace(&mut self.asked, asked) == asked {
            return None;
        }
        let part = |standing: &Standing| match standing {
            Standing::Part(part) => Some(PartOf {
                message,
                path: vec![*part],
                name: String::new(),
                url: None,
            }),
            Standing::Web(url) => loaded.iter().find(|p| p.url.as_ref() == Some(url)).cloned(),
            Standing::Nowhere => None,
        };
        let pictures: Vec<(u32, PartOf)> = (0..)
            .zip(&rendered.pictures)
            .filter_map(|(n, standing)| Some((n, part(standing)?)))
            .collect();
        (!pictures.is_empty()).then_some(PartJob::Inlays {
            message,
            pictures,
            columns,
        })
    }

    /// Takes those that are ready for so many columns; whether they are wanted still.
    pub fn came(&mut self, columns: u16, pictures: &BTreeMap<u32, Arc<Inlay>>) -> bool {
        let wanted = self.asked.is_some_and(|(asked, _)| asked == columns);
        if wanted {
            self.here.clone_from(pictures);
        }
        wanted
    }

    /// One that is here.
    pub fn get(&self, number: u32) -> Option<&Inlay> {
        self.here.get(&number).map(Arc::as_ref)
    }
}
