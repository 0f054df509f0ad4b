//! Reports that CI servers read.

use std::{fs, path::Path, time::Duration};

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use crate::{Failure, test::Ran};

/// Writes what became of the scenarios, each a test case named after what it shows.
pub(crate) fn write(path: &Path, all: &[Ran], duration: Duration) -> Result<(), Failure> {
    let mut suite = TestSuite::new("scenarios");
    suite.set_time(duration);
    suite.add_test_cases(all.iter().map(test_case));
    let mut report = Report::new("hostfn test");
    report.set_time(duration);
    report.add_test_suite(suite);
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(path, report.to_string()?)?;
    Ok(())
}

fn test_case(ran: &Ran) -> TestCase {
    let (kind, said) = match &ran.outcome {
        Ok(outcome) if outcome.is_success() => (None, String::new()),
        Ok(outcome) => (Some(NonSuccessKind::Failure), outcome.to_string()),
        Err(error) => (Some(NonSuccessKind::Error), error.to_string()),
    };
    let status = match kind {
        None => TestCaseStatus::success(),
        Some(kind) => {
            let mut status = TestCaseStatus::non_success(kind);
            status.set_message(said.lines().next().unwrap_or_default());
            status.set_description(said);
            status
        }
    };
    let mut case = TestCase::new(ran.name.as_str(), status);
    case.set_classname(ran.path.display().to_string());
    if let Ok(outcome) = &ran.outcome {
        case.set_time(outcome.duration);
    }
    case
}
