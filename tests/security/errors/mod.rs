//! Errors say nothing: whatever goes wrong in whatever function, the guest is told no SQL, no name of a table, no path, no
//! panic, and nothing of somebody else. The log has it, under the same call's id, and holds no secret either.

mod broken;
mod forbidden;
mod log;
mod requests;
mod said;
mod world;

use hostfn_test::TestDatabase;

use world::World;

/// Makes something go wrong.
type Trouble = fn(&World);

/// What goes wrong, each in a database of its own.
const TROUBLES: &[(&str, Trouble)] = &[
    ("denied", requests::denied),
    ("malformed", requests::malformed),
    ("too much", requests::too_much),
    ("refused by what is stored", requests::refused),
    ("tables that are not there", broken::missing_tables),
    ("columns that are not there", broken::missing_columns),
    ("rows that cannot be read", broken::unreadable_rows),
    ("a constraint that nobody knows", broken::unknown_constraint),
    ("a constraint that is checked at the end", broken::deferred_constraint),
    ("locks of somebody else", broken::locked),
    ("a file that cannot be written", broken::read_only),
    ("what databases say", said::by_the_database),
    ("what a panic says", said::by_a_panic),
    ("functions that take too long", said::by_the_clock),
];

/// How many errors are looked at, on either database.
const ERRORS: usize = 6621;

pub(crate) fn run(database: TestDatabase) -> String {
    let (mut errors, mut searches, mut of_each) = (0, 0, Vec::new());
    for (name, trouble) in TROUBLES {
        let world = World::new(database);
        trouble(&world);
        let tally = world.finish();
        assert!(tally.errors > 0, "{name}: nothing went wrong");
        errors += tally.errors;
        searches += tally.searches;
        of_each.push(format!("{name} {}", tally.errors));
    }
    assert_eq!(errors, ERRORS, "another number of errors was looked at: {}", of_each.join(", "));
    format!("{errors} errors searched for {searches} texts in all, {} kinds of trouble", TROUBLES.len())
}
