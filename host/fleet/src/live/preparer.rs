//! The thread that makes jobs ready: committing to a large product takes a while, and nobody else should wait.

use std::sync::Arc;
use std::thread;

use anyhow::{Context, Result, anyhow};
use crossbeam_channel::{Receiver, Sender, unbounded};
use gemmine_jobs::work::Job;

use super::guarded;
use crate::production::{Product, Production};

/// A job's number, and the job made ready.
pub type Prepared = (u64, Result<Arc<Production>>);

/// Makes jobs ready, one after the other, and of those that wait only the newest.
pub struct Preparer {
    jobs: Sender<(u64, Arc<Job>)>,
}

impl Preparer {
    pub fn start(
        product: Option<Arc<Product>>,
        seed: u64,
        prepared: Sender<Prepared>,
    ) -> Result<Self> {
        let make =
            move |epoch, job| Production::new(epoch, job, product.as_ref(), seed).map(Arc::new);
        Self::start_with(make, prepared)
    }

    fn start_with(
        make: impl Fn(u64, Arc<Job>) -> Result<Arc<Production>> + Send + 'static,
        prepared: Sender<Prepared>,
    ) -> Result<Self> {
        let (jobs, inbox) = unbounded();
        thread::Builder::new()
            .name("preparer".into())
            .spawn(move || serve(make, &inbox, &prepared))
            .context("start a thread that makes jobs ready")?;
        Ok(Self { jobs })
    }

    pub fn prepare(&self, epoch: u64, job: Arc<Job>) {
        // It ends with this, and not before.
        let _ = self.jobs.send((epoch, job));
    }
}

fn serve(
    make: impl Fn(u64, Arc<Job>) -> Result<Arc<Production>>,
    inbox: &Receiver<(u64, Arc<Job>)>,
    prepared: &Sender<Prepared>,
) {
    while let Ok(first) = inbox.recv() {
        let (epoch, job) = inbox.try_iter().last().unwrap_or(first);
        let made = guarded(|| make(epoch, job))
            .unwrap_or_else(|message| Err(anyhow!("make the job ready: panicked: {message}")));
        if prepared.send((epoch, made)).is_err() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::testing::{amadeus_job, production};

    const PATIENCE: Duration = Duration::from_secs(60);

    #[test]
    fn a_job_that_panics_is_not_the_last_one() {
        let (sender, prepared) = unbounded();
        let make = |epoch, job| {
            assert_ne!(epoch, 1, "no such job");
            Ok(production(epoch, job, None))
        };
        let preparer = Preparer::start_with(make, sender).unwrap();
        preparer.prepare(1, amadeus_job(1, 1));
        let (epoch, made) = prepared.recv_timeout(PATIENCE).unwrap();
        let error = made.unwrap_err().to_string();
        assert!(
            error.starts_with("make the job ready: panicked: ") && error.contains("no such job")
        );
        preparer.prepare(2, amadeus_job(2, 1));
        let (next, made) = prepared.recv_timeout(PATIENCE).unwrap();
        assert_eq!((epoch, next, made.unwrap().epoch), (1, 2, 2));
    }
}
