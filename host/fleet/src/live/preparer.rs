//! The thread that makes jobs ready: committing to a large product takes a while, and nobody else should wait.

use std::sync::Arc;
use std::thread;

use anyhow::{Context, Result};
use crossbeam_channel::{Receiver, Sender, unbounded};
use gemmine_jobs::work::Job;

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
        let (jobs, inbox) = unbounded();
        let run = move || serve(product.as_ref(), seed, &inbox, &prepared);
        thread::Builder::new()
            .name("preparer".into())
            .spawn(run)
            .context("start a thread that makes jobs ready")?;
        Ok(Self { jobs })
    }

    pub fn prepare(&self, epoch: u64, job: Arc<Job>) {
        // It ends with this, and not before.
        let _ = self.jobs.send((epoch, job));
    }
}

fn serve(
    product: Option<&Arc<Product>>,
    seed: u64,
    inbox: &Receiver<(u64, Arc<Job>)>,
    prepared: &Sender<Prepared>,
) {
    while let Ok(first) = inbox.recv() {
        let (epoch, job) = inbox.try_iter().last().unwrap_or(first);
        let made = Production::new(epoch, job, product, seed).map(Arc::new);
        if prepared.send((epoch, made)).is_err() {
            return;
        }
    }
}
