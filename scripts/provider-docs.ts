/**
 * Writes docs/providers.md from the capability tables of the providers: `node scripts/provider-docs.ts --write`.
 * Without `--write` it fails when the page is not what the tables say.
 */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Interval } from '../src/contract/interval.ts'
import type { Provider } from '../src/contract/provider.ts'
import * as providers from '../src/providers/index.ts'

const PAGE = join(import.meta.dirname, '../docs/providers.md')

/** Everything that the entry exports and that makes a provider without being told more. */
export function builtInProviders(): Provider[] {
  const made = Object.values(providers).flatMap((make) => {
    try {
      const provider = (make as unknown as (options?: object) => Provider)(make === providers.file ? { path: 'bars.csv' } : undefined)
      return typeof provider === 'object' && 'capabilities' in provider ? [provider] : []
    } catch {
      return []
    }
  })
  return made.toSorted((a, b) => a.name.localeCompare(b.name))
}

const list = (values: readonly string[]): string => (values.length === 0 ? '–' : values.join(' '))

function span(ms: number): string {
  const units = [
    [365 * 86_400_000, 'years'],
    [86_400_000, 'days'],
    [3_600_000, 'hours'],
    [60_000, 'minutes'],
    [1000, 'seconds'],
  ] as const
  const [length, name] = units.find(([one]) => ms >= one && ms % one === 0) ?? units.find(([one]) => ms >= one) ?? [1, 'ms']
  const count = Math.round((ms / length) * 10) / 10
  return ms === 0 ? 'none' : `${count} ${count === 1 ? name.replace(/s$/, '') : name}`
}

function byInterval(table: Readonly<Partial<Record<Interval, number>>> | undefined, none: string): string {
  if (table === undefined) return none
  const groups = new Map<string, string[]>()
  for (const [interval, ms] of Object.entries(table)) groups.set(span(ms), [...(groups.get(span(ms)) ?? []), interval])
  return [...groups].map(([length, intervals]) => `${intervals.join(' ')}: ${length}`).join('; ')
}

function overview(all: readonly Provider[]): string {
  const rows = all.map(({ name, capabilities: one }) => {
    const keys = one.keys.map((names) => `\`${names[0]}\``).join(' and ') || 'none'
    return `| [\`${name}\`](#${name}) | ${keys} | ${list(one.assetClasses)} | ${list(Object.keys(one.intervals))} | ${list(one.schemas)} |`
  })
  return ['| provider | key | instruments | intervals | schemas |', '| --- | --- | --- | --- | --- |', ...rows].join('\n')
}

function details({ name, capabilities: one }: Provider): string {
  const limits = one.rateLimits.map(({ weight, perMs }) => `${weight} in ${span(perMs)}`).join(', ') || 'none known'
  const facts: [string, string][] = [
    ['key', one.keys.map((names) => names.map((key) => `\`${key}\``).join(' or ')).join(' and ') || 'none'],
    ['rows a request', one.rowsPerRequest.toLocaleString('en-US')],
    ['widest range of a request', byInterval(one.spanMsPerRequest, 'no bound but the rows')],
    ['reaches back', byInterval(one.historyMs, 'no bound known')],
    ['limits', `${limits}${one.requestWeight === undefined ? '' : `; a request weighs ${one.requestWeight}`}`],
    ['a bar is final', one.finalityLagMs === 0 ? 'at its close' : `${span(one.finalityLagMs)} after its close`],
    ['bars without trades', one.barsWithoutTrades],
    ['prices', `intraday ${one.basis.intraday}, daily ${one.basis.daily}`],
    ['bars begin', `${one.anchor === 'clock' ? 'on the clock' : 'with the session'}; days ${one.dayBoundary === 'utc' ? 'at 00:00 UTC' : 'by the session'}`],
    ['extra columns', list(one.columns)],
    ['splits and dividends', one.actions === true || one.schemas.includes('actions') ? 'yes' : 'no'],
    ['costs money a request', one.metered ? 'yes: used only when named' : 'no'],
    ['verified', one.verified ?? 'not said'],
  ]
  return [`## ${name}`, '', '| | |', '| --- | --- |', ...facts.map(([fact, value]) => `| ${fact} | ${value} |`)].join('\n')
}

/** The whole page. */
export function providersPage(): string {
  const all = builtInProviders()
  return `${[
    '# Providers',
    'Made from the capability tables that the planner, the limiter and selection read. Limits are those of the cheapest plan; give your own with `rateLimits` and `plan`. "Verified" says what was seen in recorded answers and what is only documented: nothing here was asked live.',
    overview(all),
    ...all.map(details),
  ].join('\n\n')}\n`
}

if (import.meta.main) {
  const page = providersPage()
  if (process.argv.includes('--write')) await writeFile(PAGE, page)
  else if ((await readFile(PAGE, 'utf8')) !== page) {
    console.error('docs/providers.md is not what the tables say: node scripts/provider-docs.ts --write')
    process.exitCode = 1
  }
}
