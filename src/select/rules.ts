/**
 * Who is asked first for which kind of instrument, as a table; callers replace or extend its rows.
 * @module
 */
import { ConfigError } from '../contract/errors.ts'
import { type Interval, isLabelled } from '../contract/interval.ts'
import type { AssetClass } from '../contract/series.ts'
import { CURRENCIES } from '../contract/pair.ts'
import { classify } from './classify.ts'

/** Stands in a rule for the rest of the built-in one. */
export const REST = '...'

/** Rule -> providers, first asked first. */
export const DEFAULT_RULES: Readonly<Record<string, readonly string[]>> = {
  'crypto:stablecoin': ['binance', 'cryptocompare'],
  'crypto:currency': ['cryptocompare', 'yahoo', 'coingecko', 'alphavantage'],
  'equity:intraday': ['fmp', 'alpaca', 'alphavantage', 'polygon', 'yahoo'],
  'equity:daily': ['yahoo', 'alpaca', 'tiingo', 'fmp', 'stooq'],
  'etf:intraday': ['fmp', 'alpaca', 'alphavantage', 'polygon', 'yahoo'],
  'etf:daily': ['yahoo', 'alpaca', 'tiingo', 'fmp', 'stooq'],
  forex: ['polygon', 'alphavantage', 'yahoo'],
  index: ['yahoo', 'stooq'],
  future: ['yahoo'],
  fund: ['yahoo', 'tiingo'],
  option: ['polygon'],
  rate: ['yahoo'],
}

/** Built-in sources that no rule names: they are asked after those that one does. */
export const UNRULED: readonly string[] = ['binance-futures', 'binance-archive', 'file']

/** Rules of a caller: they replace the built-in row of that name; `'...'` in a row stands for the rest of it. */
export interface SelectionRules {
  readonly rules?: Readonly<Record<string, readonly string[]>>
  /** Quote of bare coins such as `BTC`; without it they are refused. */
  readonly quote?: string
}

/** Names of the rules for an instrument, most special first. */
export function ruleNames(symbol: string, assetClass: AssetClass, interval: Interval | undefined): string[] {
  const span = interval === undefined || isLabelled(interval) ? 'daily' : 'intraday'
  if (assetClass !== 'crypto') return [`${assetClass}:${span}`, assetClass]
  const { quote } = classify(symbol)
  const kind = quote !== undefined && CURRENCIES.includes(quote) ? 'currency' : 'stablecoin'
  return [`crypto:${kind}:${span}`, `crypto:${kind}`, `crypto:${span}`, 'crypto']
}

/** The rule that holds, and its providers in order. A caller's row wins over a built-in one of equal or lesser detail. */
export function findRule(
  names: readonly string[],
  selection: SelectionRules,
): { name: string; providers: readonly string[] } {
  const builtIn = names.map((name) => DEFAULT_RULES[name]).find((row) => row !== undefined) ?? []
  for (const name of names) {
    const row = selection.rules?.[name]
    if (row !== undefined) return { name, providers: spread(row, builtIn) }
  }
  const name = names.find((one) => DEFAULT_RULES[one] !== undefined) ?? (names.at(-1) as string)
  return { name, providers: builtIn }
}

function spread(row: readonly string[], builtIn: readonly string[]): readonly string[] {
  const rest = builtIn.filter((name) => !row.includes(name))
  return row.flatMap((name) => (name === REST ? rest : [name]))
}

const KNOWN_NAMES: ReadonlySet<string> = new Set([
  ...Object.keys(DEFAULT_RULES),
  'equity',
  'etf',
  'crypto',
  ...['forex', 'index', 'future', 'fund', 'option', 'rate', 'crypto'].flatMap((name) => [
    `${name}:daily`,
    `${name}:intraday`,
  ]),
  ...['stablecoin', 'currency'].flatMap((kind) => [`crypto:${kind}:daily`, `crypto:${kind}:intraday`]),
])

/**
 * Checks the rules of a caller.
 * @throws {ConfigError} `config/option`
 */
export function checkRules(selection: SelectionRules): void {
  for (const [name, row] of Object.entries(selection.rules ?? {})) {
    if (!KNOWN_NAMES.has(name)) {
      const message = `selection.rules: has no rule ${JSON.stringify(name)}: use ${[...KNOWN_NAMES].join(', ')}`
      throw new ConfigError('config/option', message, { field: `selection.rules.${name}`, value: name })
    }
    if (!Array.isArray(row) || !row.every((one) => typeof one === 'string')) {
      const message = `selection.rules.${name}: is no list of provider names: use, for example, ["tiingo", "..."]`
      throw new ConfigError('config/option', message, { field: `selection.rules.${name}`, value: row })
    }
  }
}
