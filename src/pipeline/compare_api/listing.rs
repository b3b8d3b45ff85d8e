//! The list of customers, page by page: who is at the API and was never sent from this ledger.
//!
//! The service decides how many customers a page has. A page may come twice, and customers may move between pages while
//! others are made or deleted: nobody is counted here, so that seeing one twice does no harm. Who moved to a page that
//! was read before is not seen; the next comparison sees him.
//!
//! It deliberately does not ask what the customers' data are.

use std::sync::atomic::Ordering;

use sha2::{Digest as _, Sha256};

use super::{CompareEnd, Comparison};
use crate::clock;
use crate::ledger::Addition;
use crate::pipeline::capacity::{MOST_PAGES, PAGES_PER_NOTE};
use crate::pipeline::error::PipelineError;
use crate::send::{Listed, PageAt};

/// How often the same page may come before the list is taken to go round in circles: a page that was stored on the way
/// may well come twice.
const MOST_REPEATS: u32 = 3;

/// Reads the list.
pub(super) struct List<'a> {
    comparison: &'a Comparison<'a>,
    /// Pages that were read, in all processes.
    pages: u64,
    waiting: Vec<Addition>,
    circle: Circle,
}

impl<'a> List<'a> {
    /// Goes on behind so many pages.
    pub(super) fn new(comparison: &'a Comparison<'a>, pages: u64) -> Self {
        Self {
            comparison,
            pages,
            waiting: Vec::new(),
            circle: Circle::default(),
        }
    }

    /// Reads to the end of the list; gives why it broke off, if it did.
    pub(super) async fn read(mut self) -> Result<Option<CompareEnd>, PipelineError> {
        let mut at = Some(PageAt::FIRST);
        let mut resumed = self.pages > 0;
        while let Some(page) = at {
            if self.pages >= MOST_PAGES {
                return Err(PipelineError::ListEndless {
                    pages: self.pages,
                    repeats: false,
                });
            }
            let Comparison { request, sender, .. } = self.comparison;
            let end = match sender.list(page, &request.stop).await {
                // The first page says of which size the pages are; then it goes on where it was.
                Ok(Listed::Page { next, .. }) if resumed => {
                    resumed = false;
                    at = next.map(|next| PageAt {
                        number: self.pages,
                        ..next
                    });
                    continue;
                }
                Ok(Listed::Page { customers, next }) => {
                    self.take(&customers).await?;
                    at = next;
                    continue;
                }
                Ok(Listed::NotThisSize) => {
                    // Pages of another size begin elsewhere.
                    self.pages = 0;
                    resumed = false;
                    at = Some(PageAt { number: 0, size: None });
                    continue;
                }
                Ok(Listed::Unclear(code)) => CompareEnd::ListUnclear(code),
                Ok(Listed::Stopped) => CompareEnd::Interrupted,
                Err(stop) => CompareEnd::Stopped(stop),
            };
            self.note().await?;
            return Ok(Some(end));
        }
        self.note().await?;
        Ok(None)
    }

    /// Takes a page: writes down who is unknown.
    async fn take(&mut self, customers: &[String]) -> Result<(), PipelineError> {
        let comparison = self.comparison;
        self.pages += 1;
        comparison.request.progress.pages.fetch_add(1, Ordering::Relaxed);
        if !customers.is_empty() && self.circle.comes_round(customers) {
            return Err(PipelineError::ListEndless {
                pages: self.pages,
                repeats: true,
            });
        }
        let namespace = comparison.request.settings.api.namespace;
        for customer_id in customers {
            if comparison.reader.claimed_for(namespace, customer_id)?.is_empty() {
                self.waiting.push(Addition::Stranger {
                    comparison: comparison.number,
                    customer_id: customer_id.clone(),
                    at_ms: clock::now_ms(),
                });
            }
        }
        if self.pages.is_multiple_of(PAGES_PER_NOTE) {
            self.note().await?;
        }
        Ok(())
    }

    /// Writes down how far the list was read, together with who was found until there.
    async fn note(&mut self) -> Result<(), PipelineError> {
        let comparison = self.comparison;
        let mut additions = std::mem::take(&mut self.waiting);
        additions.push(Addition::Listed(comparison.number, self.pages));
        Ok(comparison.ledger.add_later(additions).await?)
    }
}

/// Notices a list that goes round in circles, of whatever length, with one page in memory: Brent's algorithm.
#[derive(Debug, Default)]
struct Circle {
    kept: Option<[u8; 32]>,
    steps: u64,
    power: u64,
    repeats: u32,
}

impl Circle {
    /// Takes a page; says whether one and the same came too often.
    fn comes_round(&mut self, customers: &[String]) -> bool {
        let mut hash = Sha256::new();
        for customer_id in customers {
            hash.update((customer_id.len() as u64).to_be_bytes());
            hash.update(customer_id);
        }
        let page: [u8; 32] = hash.finalize().into();
        if self.kept == Some(page) {
            self.repeats += 1;
            return self.repeats >= MOST_REPEATS;
        }
        self.steps += 1;
        if self.steps >= self.power {
            self.power = self.power.saturating_mul(2).max(1);
            self.steps = 0;
            self.repeats = 0;
            self.kept = Some(page);
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// After how many pages a list is seen to go round.
    fn seen(page: impl Fn(u64) -> u64) -> Option<u64> {
        let mut circle = Circle::default();
        (0..10_000).find(|number| circle.comes_round(&[page(*number).to_string()]))
    }

    #[test]
    fn a_list_that_goes_round_is_noticed_and_a_long_one_is_not() {
        assert_eq!(seen(|number| number), None);
        assert_eq!(
            seen(|number| if number == 5_000 { 4_999 } else { number }),
            None,
            "a page that comes twice"
        );
        assert!(seen(|_| 7).is_some_and(|pages| pages < 10));
        assert!(
            seen(|number| number.min(30)).is_some_and(|pages| pages < 200),
            "the last page for ever"
        );
        for length in [2, 3, 17, 300] {
            let pages = seen(|number| number % length);
            assert!(pages.is_some_and(|pages| pages < 8 * length + 8), "{length}: {pages:?}");
        }
    }
}
