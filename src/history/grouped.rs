//! The messages of the record: the places of their questions, and the parts of a message whose questions certainly belong to one mail.

use std::borrow::Cow;

use super::entry::index;

/// The questions of each message, by their places.
#[derive(Debug, Default)]
pub(super) struct Grouped {
    /// Where each message begins in `places`, and where the last one ends.
    begins: Vec<u32>,
    places: Vec<u32>,
    /// The part of each question: the place of the first question of the part.
    parts: Vec<u32>,
}

impl Grouped {
    /// Of the number of the message of each question, in the order of begins, and of the part of each question.
    pub(super) fn of(messages: &[u32], count: u32, parts: Vec<u32>) -> Self {
        let mut begins = vec![0_u32; index(count).saturating_add(1)];
        let mut places = vec![0; messages.len()];
        // First the number of questions before each message, then that behind each one that was placed.
        for message in messages {
            if let Some(behind) = begins.get_mut(index(*message).saturating_add(1)) {
                *behind = behind.saturating_add(1);
            }
        }
        let mut sum = 0_u32;
        for begin in &mut begins {
            sum = sum.saturating_add(*begin);
            *begin = sum;
        }
        let mut next = begins.clone();
        for (place, message) in (0..).zip(messages) {
            if let Some(next) = next.get_mut(index(*message)) {
                if let Some(room) = places.get_mut(index(*next)) {
                    *room = place;
                }
                *next = next.saturating_add(1);
            }
        }
        Self { begins, places, parts }
    }

    /// The parts of a message with wanted questions: the questions of each certainly belong to one mail.
    pub(super) fn certain<'p>(
        &self,
        places: &'p [u32],
        is_wanted: impl Fn(u32) -> bool,
    ) -> Vec<Cow<'p, [u32]>> {
        let part = |place: &u32| self.parts.get(index(*place)).copied();
        let first = places.first().and_then(part);
        if places.iter().all(|place| part(place) == first) {
            return vec![Cow::Borrowed(places)];
        }
        // By part, and in a part by time. A message of many parts would be gone through for each of them.
        let mut by_part: Vec<(Option<u32>, u32)> = places.iter().map(|place| (part(place), *place)).collect();
        by_part.sort_by_key(|(part, _)| *part);
        let parts = by_part.chunk_by(|(one, _), (other, _)| one == other);
        let wanted = parts.filter(|places| places.iter().any(|(_, place)| is_wanted(*place)));
        wanted.map(|places| places.iter().map(|(_, place)| *place).collect()).map(Cow::Owned).collect()
    }

    /// The questions of each message in their order; the messages in the order of their begins.
    pub(super) fn iter(&self) -> impl Iterator<Item = &[u32]> {
        let ends = self.begins.iter().skip(1);
        let spans = self.begins.iter().zip(ends);
        spans.filter_map(|(begin, end)| self.places.get(index(*begin)..index(*end)))
    }

    /// The part of a question.
    pub(super) fn part(&self, place: u32) -> u32 {
        self.parts.get(index(place)).copied().unwrap_or(place)
    }

    /// The messages again, each cut before some of its questions. `begins` tells the positions of these questions in a message.
    pub(super) fn cut<Begins: AsRef<[usize]>>(self, mut begins: impl FnMut(&Self, &[u32]) -> Begins) -> Self {
        // The first question of each message.
        let mut firsts: Vec<u32> = Vec::with_capacity(self.begins.len());
        let mut first_of = vec![u32::MAX; self.places.len()];
        for places in self.iter() {
            let begins = begins(&self, places);
            let mut begins = begins.as_ref().iter().copied().peekable();
            let mut first = places.first().copied().unwrap_or(0);
            firsts.push(first);
            for (position, place) in places.iter().enumerate() {
                if begins.next_if_eq(&position).is_some() {
                    first = *place;
                    firsts.push(first);
                }
                if let Some(of) = first_of.get_mut(index(*place)) {
                    *of = first;
                }
            }
        }
        if firsts.len() == self.begins.len().saturating_sub(1) {
            return self;
        }
        firsts.sort_unstable();
        // A question without a message stays without one.
        let number =
            |first: &u32| firsts.binary_search(first).ok().and_then(|number| u32::try_from(number).ok());
        let messages: Vec<u32> = first_of.iter().map(|first| number(first).unwrap_or(u32::MAX)).collect();
        let count = u32::try_from(firsts.len()).unwrap_or(u32::MAX);
        Self::of(&messages, count, self.parts)
    }
}
