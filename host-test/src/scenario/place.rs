//! Where something stands in the text of a scenario.

use granit_parser::{Event, Marker, Parser, Span};

/// A step on the way to a value.
#[derive(Clone, Copy, Debug)]
pub(super) enum Part<'a> {
    Member(&'a str),
    Item(usize),
}

/// Says what is wrong, where, and shows the line.
pub(super) fn at(text: &str, line: usize, column: usize, message: &str) -> String {
    // A longer line is no help.
    const LONGEST: usize = 120;
    let said = format!("line {line}, column {column}: {message}");
    let source = text.lines().nth(line.saturating_sub(1)).unwrap_or_default();
    if source.trim().is_empty() || source.chars().count() > LONGEST {
        return said;
    }
    let shown: String = source.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let (margin, before) = (" ".repeat(line.to_string().len()), " ".repeat(column.saturating_sub(1)));
    format!("{said}\n  {line} | {shown}\n  {margin} | {before}^")
}

/// Says what is wrong with the member or item that a path leads to, with its place as far as it can be found.
pub(super) fn at_path(text: &str, path: &[Part<'_>], message: &str) -> String {
    match find(text, path) {
        Some(marker) => at(text, marker.line(), marker.col() + 1, message),
        None => message.to_owned(),
    }
}

/// Where the path leads, or as much of it as there is.
fn find(text: &str, path: &[Part<'_>]) -> Option<Marker> {
    let events = Parser::new_from_str(text).map_while(Result::ok);
    let is_node = |(event, _): &(Event<'_>, Span)| {
        matches!(
            event,
            Event::Scalar(..)
                | Event::Alias(_)
                | Event::SequenceStart(..)
                | Event::SequenceEnd
                | Event::MappingStart(..)
                | Event::MappingEnd
        )
    };
    let mut events = events.filter(is_node);
    let first = events.next()?;
    descend(first, &mut events, path)
}

fn descend<'t>(
    (event, span): (Event<'t>, Span),
    events: &mut impl Iterator<Item = (Event<'t>, Span)>,
    path: &[Part<'_>],
) -> Option<Marker> {
    let found = match (&event, path.split_first()) {
        (Event::MappingStart(..), Some((Part::Member(name), rest))) => loop {
            let (key, key_span) = events.next()?;
            match key {
                Event::MappingEnd => break None,
                Event::Scalar(key, ..) if key == *name => {
                    // Of a member its name is what is meant, of what is in it the value.
                    break match rest {
                        [] => Some(key_span.start),
                        rest => descend(events.next()?, events, rest),
                    };
                }
                key => {
                    skip(&key, events);
                    skip(&events.next()?.0, events);
                }
            }
        },
        (Event::SequenceStart(..), Some((Part::Item(index), rest))) => {
            for _ in 0..*index {
                match events.next()?.0 {
                    Event::SequenceEnd => return Some(span.start),
                    item => skip(&item, events),
                }
            }
            descend(events.next()?, events, rest)
        }
        _ => None,
    };
    Some(found.unwrap_or(span.start))
}

/// Passes over what a node holds.
fn skip<'t>(event: &Event<'t>, events: &mut impl Iterator<Item = (Event<'t>, Span)>) {
    let depth_of = |event: &Event<'t>| match event {
        Event::MappingStart(..) | Event::SequenceStart(..) => 1,
        Event::MappingEnd | Event::SequenceEnd => -1,
        _ => 0,
    };
    let mut depth = depth_of(event);
    while depth > 0
        && let Some((event, _)) = events.next()
    {
        depth += depth_of(&event);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_leads_to_its_place() {
        let text = "database:\n  users: [{name: Ada}, {name: Bob,\n    mail: x}]\nsteps:\n  - export: a\n  - calls: [one, {function: two}]\n";
        use Part::{Item, Member};
        for (path, place) in [
            (&[Member("database"), Member("users")][..], (2, 3)),
            (&[Member("database"), Member("users"), Item(1), Member("mail")], (3, 5)),
            (&[Member("steps"), Item(1), Member("calls"), Item(0)], (6, 13)),
            (&[Member("steps"), Item(1), Member("calls"), Item(1), Member("function")], (6, 19)),
            (&[Member("steps"), Item(0), Member("calls")], (5, 5)),
            (&[Member("mocks")], (1, 1)),
        ] {
            let found = find(text, path).map(|marker| (marker.line(), marker.col() + 1));
            assert_eq!(found, Some(place), "{path:?}");
        }
        assert_eq!(
            at_path("a: &x [1]\nb: *x", &[Member("b"), Item(0)], "no"),
            "line 2, column 4: no\n  2 | b: *x\n    |    ^"
        );
    }
}
