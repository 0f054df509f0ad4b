//! A plugin that computes, on a host that has no database: the price rules of a shop.
//!
//! What changes often, and by somebody else than whoever releases the program, is a plugin here: discounts, how tax is
//! added, how it is rounded. It keeps nothing. What it must be told are rates of today, and those it borrows from the host,
//! by two host functions on state. The operator changes them while the host runs, and the next call has the new ones.
//!
//! The host is `hostfn` without its default features, and nothing is opened: no file, no pool, no migration.

use std::{
    collections::BTreeMap,
    error::Error,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use hostfn::{CallError, Grants, HostError, HostState, LimitChanges, Plugin, PluginManager, PluginOptions, host_fn};
use serde::{Deserialize, Serialize};

hostfn::registry!();

/// The price rules, as `cargo xtask guests` compiled them from `plugin/`.
const PLUGIN: &[u8] = include_bytes!("../plugin.wasm");

/// Rates by a name. All who have a clone see the same.
#[derive(Clone, Default)]
struct Rates(Arc<RwLock<BTreeMap<String, i32>>>);

impl Rates {
    fn of<const N: usize>(rates: [(&str, i32); N]) -> Self {
        let all = Self::default();
        rates.into_iter().for_each(|(name, rate)| all.set(name, rate));
        all
    }

    /// Whoever held it and panicked left a rate or none, and no half of one: the rates are as good as before.
    fn set(&self, name: &str, rate: i32) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).insert(name.to_owned(), rate);
    }

    fn get(&self, name: &str) -> Option<i32> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).get(name).copied()
    }
}

/// What a euro is worth in other currencies, in millionths.
#[derive(Clone, HostState)]
struct ExchangeRates(Rates);

/// The value added tax of countries, in hundredths of a per cent.
#[derive(Clone, HostState)]
struct TaxRates(Rates);

/// Tells what a euro is worth today in another currency, in millionths of it.
#[host_fn(permission = "rates:read", errors(not_found))]
fn exchange_rate(
    rates: &ExchangeRates,
    /// Its code in ISO 4217, such as USD.
    currency: String,
) -> Result<i32, HostError> {
    rates.0.get(&currency).ok_or_else(|| HostError::not_found("there is no rate of this currency").in_field("currency"))
}

/// Tells the value added tax of a country today, in hundredths of a per cent.
#[host_fn(permission = "taxes:read", errors(not_found))]
fn tax_rate(
    rates: &TaxRates,
    /// Its code in ISO 3166-1, such as DE.
    country: String,
) -> Result<i32, HostError> {
    rates.0.get(&country).ok_or_else(|| HostError::not_found("there is no tax of this country").in_field("country"))
}

/// What somebody wants to buy.
#[derive(Serialize)]
struct Basket<'a> {
    country: &'a str,
    currency: &'a str,
    lines: &'a [Line<'a>],
}

/// So many of one thing.
#[derive(Serialize)]
struct Line<'a> {
    name: &'a str,
    quantity: u32,
    /// What one of them costs, in euro cents.
    cents: u32,
}

/// What it costs, in hundredths of the currency.
#[derive(Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Price {
    discount: i64,
    net: i64,
    tax: i64,
    total: i64,
}

/// Adding up a basket takes microseconds: what takes longer than this is wrong.
const TIMEOUT: Duration = Duration::from_millis(500);

/// What calls the rules. Cheap to clone, and its calls run at once.
#[derive(Clone)]
struct PriceRules(Plugin);

impl PriceRules {
    /// Loads the rules, which have so long for a basket.
    fn load(manager: &PluginManager, timeout: Duration) -> Result<Self, Box<dyn Error>> {
        let options = PluginOptions::from(Grants::of(["rates:read", "taxes:read"])?)
            .limits(LimitChanges { host_calls: Some(2), ..LimitChanges::default() })
            .timeout(timeout)
            .memory_bytes(1 << 20)
            .strict();
        Ok(Self(manager.load("prices", PLUGIN, options)?))
    }

    fn price(&self, basket: &Basket<'_>) -> Result<Price, Box<dyn Error>> {
        let output = self.0.call("price", serde_json::to_vec(basket)?)?;
        Ok(serde_json::from_slice(&output)?)
    }
}

/// The host. It is given state, and no database.
fn host(exchange: &ExchangeRates, taxes: &TaxRates) -> Result<PluginManager, Box<dyn Error>> {
    let builder = PluginManager::builder().functions(registry());
    Ok(builder.provide(exchange.clone()).provide(taxes.clone()).build()?)
}

fn main() -> Result<(), Box<dyn Error>> {
    let exchange = ExchangeRates(Rates::of([("EUR", 1_000_000), ("CHF", 943_100), ("USD", 1_164_500)]));
    let taxes = TaxRates(Rates::of([("DE", 1900), ("CH", 810)]));
    let rules = PriceRules::load(&host(&exchange, &taxes)?, TIMEOUT)?;

    let lines = [
        Line { name: "Hammer", quantity: 1, cents: 1_999 },
        Line { name: "Nails, a hundred", quantity: 12, cents: 345 },
    ];
    for line in &lines {
        println!("{:>3} × {}, {} cents each", line.quantity, line.name, line.cents);
    }
    let show = |country, currency| {
        match rules.price(&Basket { country, currency, lines: &lines }) {
            Ok(price) => println!("{country}, {currency}: {price:?}"),
            Err(error) => match error.downcast::<CallError>().map(|error| *error) {
                Ok(CallError::Failed { message, .. }) => println!("{country}, {currency}: {message}"),
                Ok(error) => return Err(error.into()),
                Err(error) => return Err(error),
            },
        }
        Ok::<_, Box<dyn Error>>(())
    };
    show("DE", "EUR")?;
    show("CH", "CHF")?;
    println!("the Swiss franc rises");
    exchange.0.set("CHF", 921_000);
    show("CH", "CHF")?;
    show("CH", "BTC")
}

#[cfg(test)]
mod tests {
    use std::{env, fs, path::Path};

    use hostfn::{
        ErrorCode,
        bindings::{Contract, LANGUAGES, bindings},
    };
    use hostfn_test::TestHost;
    use serde_json::json;

    use super::*;

    fn rates() -> (ExchangeRates, TaxRates) {
        let exchange = ExchangeRates(Rates::of([("EUR", 1_000_000), ("USD", 1_164_500), ("JPY", 163_250_000)]));
        (exchange, TaxRates(Rates::of([("DE", 1900), ("US", 0)])))
    }

    /// On a busy machine, and with a call that is the first, the rules may take longer than they should.
    fn load(exchange: &ExchangeRates, taxes: &TaxRates) -> PriceRules {
        let host = host(exchange, taxes).expect("it lacks nothing");
        PriceRules::load(&host, Duration::from_secs(120)).expect("the rules lack nothing")
    }

    fn rules() -> PriceRules {
        let (exchange, taxes) = rates();
        load(&exchange, &taxes)
    }

    fn price(country: &str, currency: &str, lines: &[Line<'_>]) -> Price {
        rules().price(&Basket { country, currency, lines }).expect("it has a price")
    }

    fn failure(country: &str, currency: &str, lines: &[Line<'_>]) -> String {
        let error = rules().price(&Basket { country, currency, lines }).expect_err("it has no price");
        match *error.downcast::<CallError>().expect("the call fails") {
            CallError::Failed { message, .. } => message,
            other => panic!("{other}"),
        }
    }

    fn line(quantity: u32, cents: u32) -> Line<'static> {
        Line { name: "Nails", quantity, cents }
    }

    #[test]
    fn ten_or_more_of_a_line_are_a_tenth_cheaper() {
        let expected = Price { discount: 0, net: 900, tax: 171, total: 1071 };
        assert_eq!(price("DE", "EUR", &[line(9, 100)]), expected);
        let expected = Price { discount: 100, net: 900, tax: 171, total: 1071 };
        assert_eq!(price("DE", "EUR", &[line(10, 100)]), expected);
        // By line, and not by what is in the basket.
        let expected = Price { discount: 0, net: 1000, tax: 190, total: 1190 };
        assert_eq!(price("DE", "EUR", &[line(5, 100), line(5, 100)]), expected);
    }

    #[test]
    fn a_half_is_rounded_up_and_the_parts_add_up_in_each_currency() {
        // 19 % of 0.50 is 0.095.
        assert_eq!(price("DE", "EUR", &[line(1, 50)]), Price { discount: 0, net: 50, tax: 10, total: 60 });
        // 10.00 euros are 11.645 dollars.
        assert_eq!(price("US", "USD", &[line(1, 1000)]), Price { discount: 0, net: 1165, tax: 0, total: 1165 });
        for cents in 1..200 {
            let price = price("DE", "JPY", &[line(11, cents)]);
            assert_eq!(price.total, price.net + price.tax, "{cents}");
        }
    }

    #[test]
    fn nothing_costs_nothing() {
        assert_eq!(price("DE", "EUR", &[]), Price { discount: 0, net: 0, tax: 0, total: 0 });
    }

    #[test]
    fn what_the_host_does_not_know_is_told_with_its_field() {
        assert_eq!(
            failure("DE", "BTC", &[line(1, 1)]),
            r#"{"code":"not_found","message":"there is no rate of this currency","field":"currency"}"#
        );
        assert!(failure("XX", "EUR", &[line(1, 1)]).contains(r#""field":"country""#));
    }

    /// No sum is larger than there is room for, at the highest rate that there can be.
    #[test]
    fn what_is_too_dear_is_refused_and_what_is_not_is_right() {
        let (exchange, taxes) = rates();
        exchange.0.set("XXX", i32::MAX);
        let rules = load(&exchange, &taxes);
        let price =
            |quantity, cents| rules.price(&Basket { country: "US", currency: "XXX", lines: &[line(quantity, cents)] });
        let net = price(4, 1_000_000).expect("it is not too dear").net;
        assert_eq!(net, 4 * i64::from(i32::MAX));
        assert!(price(9, 1_000_000).is_ok());
        let error = price(1_000_000, 1_000_000).expect_err("it is too dear").to_string();
        assert!(error.contains("too dear"), "{error}");
    }

    #[test]
    fn what_is_no_basket_is_refused() {
        for input in ["", "[]", r#"{"country": "DE"}"#, r#"{"country": "DE", "currency": "EUR", "lines": [{}]}"#] {
            let error = rules().0.call("price", input).expect_err("it is no basket").to_string();
            assert!(error.contains("invalid_input"), "{input}: {error}");
        }
    }

    /// The rules are called at once, with rates that change under them.
    #[test]
    fn a_rate_that_changes_is_the_next_calls_rate() {
        let (exchange, taxes) = rates();
        let rules = load(&exchange, &taxes);
        let lines = [line(1, 100)];
        let basket = Basket { country: "US", currency: "USD", lines: &lines };
        let ask = || rules.price(&basket).expect("it has a price").total;
        std::thread::scope(|scope| {
            let asking = scope.spawn(|| (0..200).map(|_| ask()).collect::<Vec<_>>());
            exchange.0.set("USD", 2_000_000);
            assert_eq!(ask(), 200);
            let answers = asking.join().expect("no call fails");
            assert!(answers.iter().all(|answer| [116, 200].contains(answer)), "{answers:?}");
        });
    }

    #[test]
    fn a_rate_is_for_those_who_were_granted_it() {
        let (exchange, taxes) = rates();
        let host = TestHost::new(PluginManager::builder().functions(registry()).provide(exchange).provide(taxes));
        assert_eq!(host.call("tax_rate", json!({"country": "DE"})).data(), 1900);
        assert_eq!(host.call("tax_rate", json!({"country": "XX"})).error().code, ErrorCode::NotFound);
        let stranger = host.as_plugin("stranger", Grants::of(["taxes:read"]).expect("it is a permission"));
        assert_eq!(
            stranger.call("exchange_rate", json!({"currency": "USD"})).error().code,
            ErrorCode::PermissionDenied
        );
    }

    #[test]
    fn there_is_no_database() {
        let (exchange, taxes) = rates();
        let manager = host(&exchange, &taxes).expect("it lacks nothing");
        assert!(manager.database().is_none());
        // One that took a connection would have been refused when the host was built.
        assert_eq!(manager.functions().count(), 2);
    }

    /// The types and functions that the plugin was written with are those of this host. `UPDATE_BINDINGS=1 cargo test`
    /// writes them; then the plugin is built anew.
    #[test]
    fn the_plugins_bindings_are_of_these_functions() {
        let language = LANGUAGES.iter().find(|language| language.name == "assemblyscript").expect("it is one of them");
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("plugin/src");
        for file in bindings(&Contract::of([&registry()]), language).expect("the language can say them") {
            let path = folder.join(&file.name);
            if env::var_os("UPDATE_BINDINGS").is_some() {
                fs::write(&path, &file.text).expect("it can be written");
            }
            let kept = fs::read_to_string(&path).expect("it is there").replace("\r\n", "\n");
            assert!(kept == file.text, "{} is of other functions: run UPDATE_BINDINGS=1 cargo test", path.display());
        }
    }
}
