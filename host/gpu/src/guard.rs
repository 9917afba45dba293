//! What keeps a driver that hangs, or a library that panics about a lost card, from taking the miner along.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use crate::error::GpuError;

/// Calls into wgpu. It panics where a card is lost while somebody waits for it; that is an error here, and the card is
/// not used again, so no half-changed state is ever looked at.
pub fn caught<T>(doing: &str, call: impl FnOnce() -> T) -> Result<T, GpuError> {
    catch_unwind(AssertUnwindSafe(call)).map_err(|payload| {
        let text = payload
            .downcast_ref::<String>()
            .map(String::as_str)
            .or_else(|| payload.downcast_ref::<&str>().copied())
            .unwrap_or("no reason given");
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        GpuError::Failed(format!(
            "the card was lost while {doing}: {text}; see the system's log, and open it again"
        ))
    })
}

/// Calls into a driver from a thread of its own, which is left to itself if nothing comes back in time.
pub fn within<T: Send + 'static>(
    patience: Duration,
    doing: &'static str,
    call: impl FnOnce() -> Result<T, GpuError> + Send + 'static,
) -> Result<T, GpuError> {
    let (sender, receiver) = channel();
    let answer = move || {
        // Whoever has waited long enough is gone.
        let _ = sender.send(caught(doing, call).and_then(|result| result));
    };
    thread::Builder::new()
        .name("gpu driver".into())
        .spawn(answer)
        .map_err(|error| GpuError::Failed(format!("no thread to ask the driver in: {error}")))?;
    receiver.recv_timeout(patience).map_err(|error| match error {
        RecvTimeoutError::Timeout => GpuError::Silent { doing, waited: patience },
        RecvTimeoutError::Disconnected => {
            GpuError::Failed(format!("the thread that asks the driver ended while {doing}"))
        }
    })?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_and_a_hang_are_errors() {
        let lost =
            caught("waiting", || -> () { panic!("Error in poll:\n  Parent device is lost") });
        let text = lost.unwrap_err().to_string();
        assert!(text.contains("while waiting: Error in poll: Parent device is lost"), "{text}");
        let (end, hang) = channel::<()>();
        let silent = within(Duration::from_millis(20), "counting sheep", move || {
            let _ = hang.recv();
            Ok(())
        });
        assert!(silent.unwrap_err().to_string().contains("while counting sheep"));
        drop(end);
        assert_eq!(within(Duration::from_secs(60), "asking", || Ok(7)), Ok(7));
    }
}
