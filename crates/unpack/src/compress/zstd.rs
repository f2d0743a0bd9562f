//! Zstandard.
//!
//! SPEC: RFC 8878. Frames follow each other; skippable ones hold nothing to read.

use zstd::zstd_safe::{DCtx, DParameter, InBuffer, OutBuffer};

use super::Input;
use crate::error::Stop;
use crate::limits::Budget;
use crate::report::Why;
use crate::source::Outer;
use crate::stream::Stream;

/// The largest window, as a power of two: 128 MiB is what zstd's own program unpacks without being told to, and what its
/// highest level makes. It is allocated only by frames that say they need it.
const LARGEST_WINDOW_LOG: u32 = 27;

/// Unpacks zstandard.
pub(crate) struct Unzstd<'a> {
    input: Input<'a>,
    budget: &'a Budget,
    context: DCtx<'static>,
    /// Whether a frame is under way.
    open: bool,
    outer: Outer,
}

impl<'a> Unzstd<'a> {
    pub(crate) fn new(inner: &'a mut dyn Stream, budget: &'a Budget) -> Result<Self, Stop> {
        let mut context = DCtx::try_create().ok_or(Why::TooLargeToHold)?;
        context
            .set_parameter(DParameter::WindowLogMax(LARGEST_WINDOW_LOG))
            .map_err(|_| Why::Unsupported("a zstd window of 128 MiB"))?;
        Ok(Self { input: Input::new(inner), budget, context, open: true, outer: Outer::NONE })
    }
}

impl Stream for Unzstd<'_> {
    fn read(&mut self, into: &mut [u8]) -> Result<usize, Stop> {
        while !into.is_empty() {
            let packed = self.input.fill()?;
            let ended = packed.is_empty();
            let mut from = InBuffer::around(packed);
            let mut to = OutBuffer::around(into);
            let wanted =
                self.context.decompress_stream(&mut to, &mut from).map_err(
                    |code| match zstd::zstd_safe::get_error_name(code) {
                        name if name.contains("memory") => Stop::from(Why::Unsupported("a zstd window over 128 MiB")),
                        name if name.contains("ictionary") => {
                            Stop::from(Why::Unsupported("zstd with a dictionary of its own"))
                        }
                        _ => Stop::broken("the zstd stream is damaged, or bytes follow it that are none"),
                    },
                )?;
            let (used, made) = (from.pos(), to.pos());
            self.input.consume(used);
            if used > 0 || made > 0 {
                self.open = wanted != 0;
            }
            if made > 0 {
                self.budget.unpack(made)?;
                let used = self.input.take_used();
                // What a block holds may come out over several reads; it was used in the first.
                if !used.range.is_empty() {
                    self.outer = used;
                }
                return Ok(made);
            }
            if ended {
                return if self.open { Err(Stop::broken("the zstd stream is cut off")) } else { Ok(0) };
            }
        }
        Ok(0)
    }

    fn outer(&self) -> Outer {
        self.outer.clone()
    }
}
