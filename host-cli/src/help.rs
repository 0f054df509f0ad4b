//! The command line as a person reads it: the subcommands in groups, in the order in which they are met.

use std::fmt::Write;

use anstyle::{Effects, Style};
use clap::{CommandFactory, Parser, builder::styling::Styles};

use crate::program_name;

/// The groups, and the commands of each. What is in none, as a project's own are, stands before them.
const GROUPS: &[(&str, &[&str])] = &[
    ("Start", &["demo", "new", "explain", "completions"]),
    ("Write host functions", &["list", "schema", "compat", "docs", "bindings"]),
    ("Write plugins", &["call", "watch", "trace", "test", "check", "manifest"]),
    ("Run a host", &["migrate", "doctor", "backup", "cleanup"]),
];

const HEADING: Style = Style::new().effects(Effects::BOLD.insert(Effects::UNDERLINE));
const NAME: Style = Style::new().effects(Effects::BOLD);

/// Reads the command line of a program that offers [`Command`](crate::Command), alone or flattened into commands of its
/// own. Its help shows the subcommands in groups.
///
/// As `Parser::parse` of clap, it ends the process where the command line is wrong or asks for help.
pub fn parse<A: Parser>() -> A {
    let mut command = command::<A>();
    let matches = command.get_matches_mut();
    A::from_arg_matches(&matches).unwrap_or_else(|error| error.format(&mut command).exit())
}

/// A text of ours with the name of the program that is running, where it says what to type: what we call `hostfn` is, in
/// a project of one's own, that project's command.
pub(crate) fn in_own_name(text: &str) -> String {
    with_name(text, &program_name())
}

fn with_name(text: &str, program: &str) -> String {
    let is_command = |word: &str| word == "COMMAND" || GROUPS.iter().any(|(_, names)| names.contains(&word));
    let mut named = String::new();
    let mut parts = text.split("hostfn ");
    named += parts.next().unwrap_or_default();
    for part in parts {
        let word = part.split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or_default();
        let _ = write!(named, "{} {part}", if is_command(word) { program } else { "hostfn" });
    }
    named
}

/// The command line, with its grouped help.
pub(crate) fn command<A: CommandFactory>() -> clap::Command {
    let mut command = A::command().mut_subcommands(|subcommand| match subcommand.get_after_help() {
        Some(text) => {
            let text = in_own_name(&text.to_string());
            subcommand.after_help(text)
        }
        None => subcommand,
    });
    command = command.styles(Styles::styled().header(HEADING).usage(HEADING).literal(NAME));
    // Clap knows no groups of subcommands: it is told the text that stands in their place.
    let text = grouped(&command);
    command.build();
    command.help_template(format!(
        "{{about-with-newline}}\n{{usage-heading}} {{usage}}\n\n{text}{HEADING}Options:{HEADING:#}\n{{options}}{{after-help}}"
    ))
}

fn grouped(command: &clap::Command) -> String {
    let subcommands: Vec<_> = command.get_subcommands().filter(|subcommand| !subcommand.is_hide_set()).collect();
    let width = subcommands.iter().map(|subcommand| subcommand.get_name().len()).max().unwrap_or_default();
    let is_grouped = |name: &str| GROUPS.iter().any(|(_, names)| names.contains(&name));
    let own = subcommands.iter().map(|subcommand| subcommand.get_name()).filter(|name| !is_grouped(name)).collect();
    let mut text = String::new();
    for (heading, names) in
        [("Commands", own)].into_iter().chain(GROUPS.iter().map(|(heading, names)| (*heading, names.to_vec())))
    {
        let there =
            names.iter().filter_map(|name| subcommands.iter().find(|subcommand| subcommand.get_name() == *name));
        let lines: String = there
            .map(|subcommand| {
                let (name, about) = (subcommand.get_name(), subcommand.get_about().map(ToString::to_string));
                format!(
                    "  {NAME}{name}{NAME:#}{:width$}  {}\n",
                    "",
                    about.unwrap_or_default(),
                    width = width - name.len()
                )
            })
            .collect();
        if !lines.is_empty() {
            let _ = write!(text, "{HEADING}{heading}:{HEADING:#}\n{lines}\n");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Arguments;

    #[test]
    fn what_is_to_be_typed_has_the_name_of_the_program() {
        let text =
            "`hostfn migrate` first: hostfn migrate --database; hostfn COMMAND --help; hostfn itself, hostfn.dev";
        let named = "`app migrate` first: app migrate --database; app COMMAND --help; hostfn itself, hostfn.dev";
        assert_eq!(with_name(text, "app"), named);
        assert_eq!(with_name(text, "hostfn"), text);
    }

    #[test]
    fn each_command_is_in_a_group_and_fits_a_line() {
        Arguments::command().debug_assert();
        let text = anstream::adapter::strip_str(&grouped(&Arguments::command())).to_string();
        assert!(!text.contains("Commands:"), "a command is in no group: {text}");
        for line in text.lines() {
            assert!(line.chars().count() <= 80, "it wraps on a terminal of 80 columns: {line}");
        }
        for (heading, _) in GROUPS {
            assert!(text.contains(&format!("{heading}:\n  ")), "{text}");
        }
    }

    #[test]
    fn each_command_has_examples_that_fit_a_line() {
        let command = Arguments::command();
        for subcommand in command.get_subcommands() {
            let name = subcommand.get_name();
            let after = subcommand.get_after_help().map(ToString::to_string).unwrap_or_default();
            let mut lines = after.lines();
            assert_eq!(lines.next(), Some("Examples:"), "{name}");
            let examples: Vec<_> = lines.take_while(|line| !line.is_empty()).collect();
            assert!(examples.iter().any(|line| line.contains(&format!("hostfn {name}"))), "{name}: {examples:?}");
            for line in examples {
                assert!(line.chars().count() <= 92, "{name}: it wraps on a terminal of 92 columns: {line}");
            }
        }
    }

    #[test]
    fn a_command_of_a_project_stands_before_ours() {
        let command = Arguments::command().subcommand(clap::Command::new("brew").about("Make tea"));
        let text = anstream::adapter::strip_str(&grouped(&command)).to_string();
        assert!(text.starts_with("Commands:\n  brew") && text.contains("Make tea\n\nStart:"), "{text}");
    }
}
