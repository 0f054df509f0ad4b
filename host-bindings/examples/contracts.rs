//! Writes the bindings of made-up contracts, for `cargo xtask contracts`, which has each checked by its language's own
//! compiler.
//!
//! Arguments: how many contracts, the seed of the first, and the folder to write to.
#![forbid(unsafe_code)]

#[path = "../tests/contracts/generator.rs"]
mod generator;

use std::{env, error::Error, fs, path::Path};

use hostfn_bindings::{Contract, LANGUAGES, bindings};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<_> = env::args().skip(1).collect();
    let [count, seed, folder] = &arguments[..] else { return Err("say how many, the first seed, and a folder".into()) };
    let (count, first): (u64, u64) = (count.parse()?, seed.parse()?);
    let folder = Path::new(folder);
    let mut outcomes = Vec::new();
    for seed in (0..count).map(|at| first.wrapping_add(at)) {
        let text = format!("{:#}\n", generator::contract(seed));
        fs::create_dir_all(folder.join("contracts"))?;
        fs::write(folder.join("contracts").join(format!("c{seed}.json")), &text)?;
        let contract = Contract::from_json(&text)?;
        for language in LANGUAGES {
            let refused = match bindings(&contract, language) {
                Ok(files) => {
                    let made = folder.join(language.name).join(format!("c{seed}"));
                    fs::create_dir_all(&made)?;
                    for file in files {
                        fs::write(made.join(&file.name), &file.text)?;
                    }
                    None
                }
                Err(error) => Some(error.to_string()),
            };
            outcomes.push(serde_json::json!({"language": language.name, "seed": seed, "refused": refused}));
        }
    }
    fs::write(folder.join("outcomes.json"), serde_json::Value::from(outcomes).to_string())?;
    Ok(())
}
