//! Somebody who is told what goes on while a server is talked to.

use std::fmt;
use std::sync::Arc;

/// Whom to tell. Called on the thread that talks to the server, so it must not wait.
#[derive(Clone)]
pub struct Onlooker<T>(Option<Arc<dyn Fn(T) + Send + Sync>>);

impl<T> Onlooker<T> {
    /// One that does this.
    pub fn new(tell: impl Fn(T) + Send + Sync + 'static) -> Onlooker<T> {
        Onlooker(Some(Arc::new(tell)))
    }

    pub(super) fn tell(&self, what: T) {
        if let Some(tell) = &self.0 {
            tell(what);
        }
    }
}

impl<T> Default for Onlooker<T> {
    /// Nobody.
    fn default() -> Onlooker<T> {
        Onlooker(None)
    }
}

impl<T> fmt::Debug for Onlooker<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Onlooker").field(&self.0.is_some()).finish()
    }
}
