//! The engine as the screen asks it. One process on a home talks to servers; the others record what
//! is wanted, and when that one ends, one of them takes its place: nobody's mail waits for a window
//! that is gone.

use crate::model::Intent;
use crate::sync::Engine;
use crate::sync::engine::Ended;
use crate::sync::ledger::Reply;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Longer than anybody needs to put an intent into the ledger's queue.
const ASKING: Duration = Duration::from_secs(5);

/// Where the engine sits; empty once the screen has ended.
pub struct Seat(Mutex<Option<Arc<Engine>>>);

impl Seat {
    /// With this engine.
    pub fn new(engine: Engine) -> Seat {
        Seat(Mutex::new(Some(Arc::new(engine))))
    }

    /// Hands an intent to the engine that sits here now.
    pub fn ask(&self, intent: Intent, reply: Reply) {
        let engine = self.inside().clone();
        match engine {
            Some(engine) => engine.ask(intent, reply),
            None => reply(Err("the program is about to end".to_owned())),
        }
    }

    /// Puts an engine that talks to servers in the place of one that only recorded. What that one
    /// was asked is recorded first, and then the new one looks at it.
    pub fn replace(&self, engine: Engine) {
        let nudged = engine.nudged();
        let before = {
            let mut inside = self.inside();
            if inside.is_none() {
                return;
            }
            inside.replace(Arc::new(engine))
        };
        // Whoever asks just now holds it a moment longer; the last one to let go ends it.
        drop(before);
        for ringer in nudged {
            ringer.ring();
        }
    }

    /// Ends the engine, as [`Engine::end`]; another that comes later is not taken.
    pub fn close(&self, within: Duration, slow: &mut dyn FnMut()) -> Ended {
        let mut engine = self.inside().take();
        let until = Instant::now() + ASKING;
        while let Some(shared) = engine {
            match Arc::try_unwrap(shared) {
                Ok(engine) => return engine.end(within, slow),
                // Who asked in the last moment only puts it into the queue.
                Err(shared) if Instant::now() < until => {
                    std::thread::yield_now();
                    engine = Some(shared);
                }
                Err(_) => {
                    return Ended {
                        recorded: false,
                        alone: false,
                    };
                }
            }
        }
        Ended {
            recorded: true,
            alone: true,
        }
    }

    fn inside(&self) -> MutexGuard<'_, Option<Arc<Engine>>> {
        // Nothing in it spans two writes.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
