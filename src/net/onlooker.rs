//! Somebody who is told when a server lets us wait, long before it is given up.

use std::fmt;
use std::sync::Arc;

/// Whom to tell that an answer is long in coming (`true`), and that it came or was given up
/// (`false`); always in pairs.
#[derive(Clone, Default)]
pub struct Onlooker(Option<Arc<dyn Fn(bool) + Send + Sync>>);

impl Onlooker {
    /// One that does this.
    pub fn new(tell: impl Fn(bool) + Send + Sync + 'static) -> Onlooker {
        Onlooker(Some(Arc::new(tell)))
    }

    pub(super) fn tell(&self, waiting: bool) {
        if let Some(tell) = &self.0 {
            tell(waiting);
        }
    }
}

impl fmt::Debug for Onlooker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Onlooker").field(&self.0.is_some()).finish()
    }
}
