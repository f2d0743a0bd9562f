//! The catalog as the rest of the program holds it: queries from any thread, and the one writer.

use std::cell::Cell;
use std::fmt;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use base::id::DeploymentId;

use crate::committer::CatalogCommitter;
use crate::error::CatalogError;
use crate::schema::migrate;
use crate::sql::Sql;
use crate::sqlite::{Sqlite, Use};

/// Connections for reading. More than the threads that serve requests on the machines we know; two threads that share one
/// wait for each other's microseconds.
const READERS: usize = 16;

/// What exists. Cheap to clone; clones share everything.
///
/// A query is answered where it is called, in microseconds, without an async runtime.
#[derive(Clone)]
pub struct Catalog {
    shared: Arc<Shared>,
}

struct Shared {
    readers: Vec<Mutex<Sqlite>>,
    /// Moves the log into the file.
    keeper: Mutex<Sqlite>,
    writer: Mutex<Option<Sqlite>>,
}

impl Catalog {
    /// Opens the catalog of a deployment, creating it or bringing its schema up to date.
    ///
    /// # Errors
    /// `Invalid` with a remedy when the file is another deployment's, of a newer program, or no catalog; otherwise
    /// `Unavailable` or `Corrupt`.
    pub fn open(path: &Path, deployment: DeploymentId) -> Result<Self, CatalogError> {
        let mut writer = Sqlite::open(path, Use::Write)?;
        migrate(&mut writer, deployment)?;
        let readers: Result<Vec<_>, _> = (0..READERS).map(|_| Sqlite::open(path, Use::Read).map(Mutex::new)).collect();
        let shared = Shared {
            readers: readers?,
            keeper: Mutex::new(Sqlite::open(path, Use::Write)?),
            writer: Mutex::new(Some(writer)),
        };
        Ok(Self { shared: Arc::new(shared) })
    }

    /// The one writer. It is given back when the committer is dropped.
    ///
    /// # Errors
    /// `Bug` while there is another.
    pub fn committer(&self) -> Result<CatalogCommitter, CatalogError> {
        let sql = locked(&self.shared.writer).take().ok_or(CatalogError::WriterTaken)?;
        Ok(CatalogCommitter::new(sql, self.clone()))
    }

    pub(crate) fn give_back(&self, writer: Sqlite) {
        *locked(&self.shared.writer) = Some(writer);
    }

    /// Moves committed rows from the log into the file, beside the commits and blocking nobody. To be called about once a
    /// second; without it a commit does so itself when the log has grown to 64 MiB.
    ///
    /// # Errors
    /// `Unavailable`; nothing is lost, the log only grows.
    pub fn checkpoint(&self) -> Result<(), CatalogError> {
        locked(&self.shared.keeper).checkpoint().map_err(|error| error.during("moving the log into the catalog's file"))
    }

    /// Empties the log, so that what was erased is gone from it too. Waits for readers, up to some seconds; to be called
    /// after a closure or an erasure. `false` means that a reader still needed the log: call again.
    ///
    /// # Errors
    /// `Unavailable`.
    pub fn empty_log(&self) -> Result<bool, CatalogError> {
        locked(&self.shared.keeper).empty_log().map_err(|error| error.during("emptying the catalog's log"))
    }

    /// Runs a query on a connection that is free, preferring the calling thread's own.
    pub(crate) fn read<R>(&self, ask: impl FnOnce(&mut dyn Sql) -> Result<R, CatalogError>) -> Result<R, CatalogError> {
        ask(&mut *self.shared.reader())
    }
}

impl Shared {
    fn reader(&self) -> MutexGuard<'_, Sqlite> {
        let preferred = place_of_this_thread();
        let (before, from) = self.readers.split_at(preferred);
        let free = from.iter().chain(before).find_map(|reader| reader.try_lock().ok());
        free.unwrap_or_else(|| {
            // All are in use: wait for this thread's own.
            #[expect(clippy::indexing_slicing, reason = "a place is below READERS, which is how many there are")]
            locked(&self.readers[preferred])
        })
    }
}

/// Threads get places in turn, so that each has a connection, and its warm cache, almost to itself.
fn place_of_this_thread() -> usize {
    static THREADS: AtomicUsize = AtomicUsize::new(0);
    thread_local!(static PLACE: Cell<usize> = const { Cell::new(usize::MAX) });
    PLACE.with(|place| {
        if place.get() == usize::MAX {
            place.set(THREADS.fetch_add(1, Ordering::Relaxed).wrapping_rem(READERS));
        }
        place.get()
    })
}

/// Locks. A panic while a connection was held leaves at worst an open read, which the next statement ends.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl fmt::Debug for Catalog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Catalog")
    }
}
