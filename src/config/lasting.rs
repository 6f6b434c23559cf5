//! Something that is made once and used by many, and made anew when it went: a connection to a
//! service of the desktop, which begins anew itself.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What was made, while it is good.
#[derive(Debug)]
pub struct Lasting<S: ?Sized>(Mutex<Option<Arc<S>>>);

impl<S: ?Sized> Lasting<S> {
    /// Nothing is made yet.
    pub const fn new() -> Lasting<S> {
        Lasting(Mutex::new(None))
    }

    /// Does something with it. If that fails in such a way that it `went`, and it was made earlier, it
    /// is made anew and asked once more; what was made just now is believed, and made anew next time.
    ///
    /// # Errors
    /// Those of `make` and `work`.
    pub fn with<T, E>(
        &self,
        make: impl Fn() -> Result<Arc<S>, E>,
        went: impl Fn(&E) -> bool,
        work: impl Fn(&S) -> Result<T, E>,
    ) -> Result<T, E> {
        let before = self.lock().clone();
        if let Some(before) = before {
            match work(&before) {
                Err(error) if went(&error) => self.drop_it(&before),
                done => return done,
            }
        }
        // Without the lock: to make it may take long, and two are no harm.
        let made = make()?;
        *self.lock() = Some(Arc::clone(&made));
        let done = work(&made);
        if done.as_ref().is_err_and(went) {
            self.drop_it(&made);
        }
        done
    }

    /// Lets go of this one, if nobody made another meanwhile.
    fn drop_it(&self, gone: &Arc<S>) {
        self.lock().take_if(|held| Arc::ptr_eq(held, gone));
    }

    fn lock(&self) -> MutexGuard<'_, Option<Arc<S>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    #[derive(Debug, PartialEq, Eq)]
    enum Trouble {
        Went,
        Other,
    }

    #[test]
    fn what_went_is_made_anew_and_asked_once_more() {
        let (made, alive) = (Cell::new(0), Cell::new(1));
        let lasting = Lasting::new();
        let ask = |answer: Result<(), Trouble>| {
            let make = || {
                made.set(made.get() + 1);
                Ok(Arc::new(made.get()))
            };
            let answer = Cell::new(Some(answer));
            lasting.with(
                make,
                |e| *e == Trouble::Went,
                |which: &i32| match *which == alive.get() {
                    true => answer.take().unwrap_or(Ok(())).map(|()| *which),
                    false => Err(Trouble::Went),
                },
            )
        };
        assert_eq!(ask(Ok(())), Ok(1));
        assert_eq!(ask(Ok(())), Ok(1));
        // The service began anew.
        alive.set(2);
        assert_eq!(ask(Ok(())), Ok(2));
        // Another fault is no reason, and is told.
        assert_eq!(ask(Err(Trouble::Other)), Err(Trouble::Other));
        assert_eq!(made.get(), 2);
        // One that is gone as soon as it is made is not made for ever.
        alive.set(9);
        assert_eq!(ask(Ok(())), Err(Trouble::Went));
        assert_eq!(made.get(), 3);
        alive.set(4);
        assert_eq!(ask(Ok(())), Ok(4));
    }

    #[test]
    fn what_could_not_be_made_is_made_when_it_can() {
        let lasting = Lasting::new();
        let no = || Err::<Arc<i32>, _>(Trouble::Other);
        let went = |e: &Trouble| *e == Trouble::Went;
        assert_eq!(lasting.with(no, went, |n| Ok(*n)), Err(Trouble::Other));
        assert_eq!(lasting.with(|| Ok(Arc::new(7)), went, |n| Ok(*n)), Ok(7));
    }
}
