//! What a client asks for, carried to the machine.
//!
//! # Why it never fails where data is expected
//! The client of the `vfio_user` crate reads an answer of fixed length, and would wait for ever for the rest of an error.
//! So accesses that can't be carried out are answered as a bus answers them: by ones. What is refused otherwise is
//! also told to whoever serves, since that client does not look.

use std::fs::File;
use std::io;
use std::sync::mpsc::{Sender, channel};

use vfio_bindings::bindings::vfio::{
    VFIO_IRQ_SET_ACTION_TRIGGER, VFIO_IRQ_SET_ACTION_TYPE_MASK, VFIO_IRQ_SET_DATA_EVENTFD,
    VFIO_IRQ_SET_DATA_NONE, VFIO_IRQ_SET_DATA_TYPE_MASK, VFIO_PCI_BAR0_REGION_INDEX,
    VFIO_PCI_CONFIG_REGION_INDEX, VFIO_PCI_MSI_IRQ_INDEX,
};
use vfio_user::{DmaMapFlags, DmaUnmapFlags, ServerBackend};

use super::Event;
use super::machine::{Machine, Work};

/// Bytes of an access at most, as the protocol has it unless the sides agree on another number.
const TRANSFER_MAX: usize = 1 << 20;

/// Carries requests to the machine.
pub struct Backend {
    /// To the machine.
    pub machine: Sender<Work>,
    /// To whoever serves.
    pub events: Sender<Event>,
}

impl Backend {
    /// What the machine says; nothing, if it is no more.
    fn ask<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Machine) -> T + Send + 'static,
    ) -> Option<T> {
        let (answer, answered) = channel();
        let work: Work = Box::new(move |machine| drop(answer.send(work(machine))));
        self.machine.send(work).ok()?;
        answered.recv().ok()
    }

    /// The same of what may be refused.
    fn try_ask(
        &self,
        work: impl FnOnce(&mut Machine) -> io::Result<()> + Send + 'static,
    ) -> io::Result<()> {
        let gone = || io::Error::new(io::ErrorKind::BrokenPipe, "the simulation has ended");
        let done = self.ask(work).unwrap_or_else(|| Err(gone()));
        if let Err(error) = &done {
            let _ = self.events.send(Event::Notice(format!("failed to {error}")));
        }
        done
    }
}

impl ServerBackend for Backend {
    fn region_read(&mut self, region: u32, offset: u64, data: &mut [u8]) -> io::Result<()> {
        let count = data.len();
        if count > TRANSFER_MAX {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        let bytes = match region {
            VFIO_PCI_BAR0_REGION_INDEX => self.ask(move |machine| machine.read(offset, count)),
            VFIO_PCI_CONFIG_REGION_INDEX => {
                self.ask(move |machine| machine.read_config(offset, count))
            }
            _ => None,
        };
        match bytes {
            Some(bytes) => data.copy_from_slice(&bytes),
            None => data.fill(0xff),
        }
        Ok(())
    }

    fn region_write(&mut self, region: u32, offset: u64, data: &[u8]) -> io::Result<()> {
        let data = data.to_vec();
        match region {
            VFIO_PCI_BAR0_REGION_INDEX => self.ask(move |machine| machine.write(offset, &data)),
            VFIO_PCI_CONFIG_REGION_INDEX => {
                self.ask(move |machine| machine.config_space.write(offset, &data))
            }
            _ => None,
        };
        Ok(())
    }

    fn dma_map(
        &mut self,
        flags: DmaMapFlags,
        offset: u64,
        address: u64,
        size: u64,
        fd: Option<File>,
    ) -> io::Result<()> {
        self.try_ask(move |machine| machine.mappings.map(flags, offset, address, size, fd))
    }

    fn dma_unmap(&mut self, flags: DmaUnmapFlags, address: u64, size: u64) -> io::Result<()> {
        self.try_ask(move |machine| {
            if flags.contains(DmaUnmapFlags::UNMAP_ALL) {
                machine.mappings.clear();
                return Ok(());
            }
            machine.mappings.unmap(address, size)
        })
    }

    fn reset(&mut self) -> io::Result<()> {
        self.try_ask(|machine| {
            machine.reset();
            Ok(())
        })
    }

    fn set_irqs(
        &mut self,
        index: u32,
        flags: u32,
        start: u32,
        count: u32,
        mut fds: Vec<File>,
    ) -> io::Result<()> {
        let (data, action) =
            (flags & VFIO_IRQ_SET_DATA_TYPE_MASK, flags & VFIO_IRQ_SET_ACTION_TYPE_MASK);
        let event = fds.pop();
        self.try_ask(move |machine| {
            let message = index == VFIO_PCI_MSI_IRQ_INDEX && action == VFIO_IRQ_SET_ACTION_TRIGGER;
            match (message, data, start, count) {
                (_, VFIO_IRQ_SET_DATA_NONE, _, 0) if index != VFIO_PCI_MSI_IRQ_INDEX => {}
                (true, VFIO_IRQ_SET_DATA_NONE, _, 0) => machine.interrupt = None,
                (true, VFIO_IRQ_SET_DATA_NONE, 0, 1) => machine.interrupt(),
                (true, VFIO_IRQ_SET_DATA_EVENTFD, 0, 1) => machine.interrupt = event,
                _ => {
                    return Err(io::Error::new(
                        io::ErrorKind::InvalidInput,
                        format!(
                            "set interrupts {start} to {} of index {index}, flags {flags:#x}: there is one \
                             message (index {VFIO_PCI_MSI_IRQ_INDEX}), which triggers an eventfd",
                            u64::from(start) + u64::from(count)
                        ),
                    ));
                }
            }
            Ok(())
        })
    }
}
