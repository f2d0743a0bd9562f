//! The supervised spawner: every long-lived task of the program starts here, under a name.
//!
//! None of them may end before the program does. One that returns or panics is a fault of ours that must be seen: it is
//! logged, and it brings the program down in good order, so that a supervisor starts it anew.

use std::future::Future;

use base::Kind;
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::error::Error;

/// Long-lived tasks. Dropping it ends them where they stand.
#[derive(Default)]
pub struct Spawner {
    tasks: JoinSet<Ended>,
    /// Those that ended already.
    ended: Vec<&'static str>,
}

/// How a task ended, by name.
type Ended = (&'static str, Result<(), tokio::task::JoinError>);

impl Spawner {
    /// Starts a task that runs as long as the program.
    pub fn spawn(&mut self, name: &'static str, task: impl Future<Output = ()> + Send + 'static) {
        self.tasks.spawn(async move {
            let mut guard = JoinSet::new();
            guard.spawn(task);
            (name, guard.join_next().await.unwrap_or(Ok(())))
        });
    }

    /// Waits until a task ends that should not have, or until `asked` is done. Then tells everybody through `stop`.
    ///
    /// # Errors
    /// `Bug`, naming the task that ended.
    pub async fn watch(&mut self, asked: impl Future<Output = ()>, stop: &watch::Sender<bool>) -> Result<(), Error> {
        let ended = tokio::select! {
            ended = self.tasks.join_next(), if !self.tasks.is_empty() => ended,
            () = asked => None,
        };
        stop.send_replace(true);
        if let Some(Ok((name, _))) = &ended {
            self.ended.push(name);
        }
        match ended {
            None => Ok(()),
            Some(Ok((name, Ok(())))) => Err(early(name, "it returned")),
            Some(Ok((name, Err(error)))) => Err(early(name, &error.to_string())),
            Some(Err(error)) => Err(early("spawner", &error.to_string())),
        }
    }

    /// Waits for every task of `names` to end by itself: those that obey `stop`.
    pub async fn finish(&mut self, names: &[&'static str]) {
        while names.iter().any(|name| !self.ended.contains(name)) {
            match self.tasks.join_next().await {
                Some(Ok((name, _))) => self.ended.push(name),
                Some(Err(_)) => {}
                None => return,
            }
        }
    }
}

fn early(name: &'static str, why: &str) -> Error {
    tracing::error!(task = name, why, "a task ended that must not");
    Error::part(format!("keeping the task `{name}` running"), Kind::Bug, std::io::Error::other(why.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_task_that_panics_or_returns_stops_the_program() {
        for panics in [true, false] {
            let (stop, stopped) = watch::channel(false);
            let mut spawner = Spawner::default();
            spawner.spawn("well", std::future::pending());
            spawner.spawn("ill", async move { assert!(!panics, "on purpose") });
            let error = spawner.watch(std::future::pending(), &stop).await.unwrap_err();
            assert!(error.to_string().contains("`ill`"), "{error}");
            assert!(*stopped.borrow());
            // It is not waited for a second time.
            spawner.finish(&["ill"]).await;
        }
    }

    #[tokio::test]
    async fn being_asked_is_no_error() {
        let (stop, mut stopped) = watch::channel(false);
        let mut spawner = Spawner::default();
        spawner.spawn("obeys", async move {
            let _ = stopped.wait_for(|stop| *stop).await;
        });
        spawner.watch(std::future::ready(()), &stop).await.unwrap();
        spawner.finish(&["obeys"]).await;
    }
}
