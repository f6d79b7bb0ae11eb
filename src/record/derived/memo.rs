//! What was found of the last texts, for texts that come again and again.
//!
//! A place is chosen by the text's hash, and the whole text is compared, so an
//! answer is never another text's. Only functions of the text alone may be
//! remembered: what depends on settings or on other fields may not enter.

use xxhash_rust::xxh3::xxh3_64;

/// How many texts are remembered; a power of two.
const PLACES: usize = 256;

/// Longer texts are not remembered, bytes: together they hold no more than
/// 128 KiB a thread.
const LONGEST: usize = 512;

/// The last texts and what was found of each.
pub(super) struct Memo<T> {
    places: Vec<Option<(Box<[u8]>, T)>>,
}

impl<T: Copy> Memo<T> {
    pub(super) fn new() -> Self {
        Self {
            places: std::iter::repeat_with(|| None).take(PLACES).collect(),
        }
    }

    /// What `find` says of the text.
    pub(super) fn of(&mut self, text: &[u8], find: impl FnOnce(&[u8]) -> T) -> T {
        if text.len() > LONGEST {
            return find(text);
        }
        let place = &mut self.places[xxh3_64(text) as usize % PLACES];
        match place {
            Some((known, found)) if **known == *text => *found,
            _ => {
                let found = find(text);
                *place = Some((text.into(), found));
                found
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_remembered_is_the_texts_own() {
        let mut memo = Memo::new();
        let mut asked = 0;
        // More texts than there are places, each twice in a row and once more.
        for round in 0..2 {
            for number in 0..PLACES * 2 {
                let text = format!("agent/{number}");
                for _ in 0..2 {
                    let found = memo.of(text.as_bytes(), |text| {
                        asked += 1;
                        text.len()
                    });
                    assert_eq!(found, text.len(), "{round}");
                }
            }
        }
        assert!((PLACES * 2..=PLACES * 4).contains(&asked), "{asked}");
        let long = vec![b'x'; LONGEST + 1];
        for _ in 0..2 {
            assert_eq!(memo.of(&long, <[u8]>::len), LONGEST + 1);
        }
    }
}
