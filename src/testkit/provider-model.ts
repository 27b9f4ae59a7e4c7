/**
 * A vendor as a model, and a provider on a stage with it.
 * @module
 */
import { type Column, valueAt } from '../contract/columns.ts'
import { isDataClientError } from '../contract/errors.ts'
import { type Interval, ceilOpen, nextOpen, shiftOpen } from '../contract/interval.ts'
import type { Page, Provider } from '../contract/provider.ts'
import { type Range, unionRanges } from '../contract/range.ts'
import { SILENT } from '../contract/runtime.ts'
import type { AssetClass } from '../contract/series.ts'
import type { EpochMs } from '../contract/time.ts'
import { type Vendor, type VendorAnswer, httpOver } from './fake-http.ts'

/** One bar of a modelled vendor; `timeMs` is its opening, of a day and longer its date at 00:00 UTC. */
export interface ModelBar {
  readonly timeMs: EpochMs
  readonly open: number | null
  readonly high: number | null
  readonly low: number | null
  readonly close: number | null
  readonly volume: number | null
}

/** What a request asks the vendor for. */
export interface ModelQuery {
  readonly startMs: EpochMs
  /** Exclusive. */
  readonly endMs: EpochMs
  /** Most rows of the answer. @default no limit */
  readonly limit?: number
  /** Where the answer is cut by its limit, which rows are kept? @default 'first' */
  readonly keeps?: 'first' | 'last'
}

/** A vendor, modelled: how it reads requests and writes answers. */
export interface VendorModel {
  readonly provider: Provider
  /** What is asked for. */
  readonly symbol: string
  readonly interval: Interval
  /** A range of some bars in the past, at most what one request carries. */
  readonly range: Range
  /** The clock, for vendors that count back from it. @default 400 days after the range */
  readonly nowMs?: EpochMs
  /** Openings of its bars in a range. @default every opening on the UTC clock */
  openings?(range: Range): EpochMs[]
  /** Reads a request. */
  read(url: URL, headers: Readonly<Record<string, string>>): ModelQuery
  /** Writes the answer that holds these bars, ascending. `more`: the limit cut bars off. */
  write(bars: readonly ModelBar[], query: ModelQuery, more: boolean, url: URL): VendorAnswer
  /** Answers to requests that fail, by the code that they must become. What is absent is not tested. */
  readonly failures?: Readonly<Partial<Record<FailureName, VendorAnswer>>>
  /** Can an answer hold a bar without prices? @default false */
  readonly sendsNulls?: boolean
  /** Canonical symbols that must survive the way to the vendor's spelling and back. @default [symbol] */
  readonly symbols?: readonly (string | readonly [symbol: string, vendorSymbol: string, assetClass?: AssetClass])[]
  /** A secret that the provider was made with, which no error may show. */
  readonly secret?: string
}

/** Failures that a model can show. */
export type FailureName = 'not-found' | 'unauthorized' | 'forbidden' | 'rate-limited' | 'quota' | 'unsupported'

const price = (bar: number): number => 100 + (bar % 97) / 8

export function barAt(timeMs: EpochMs, index: number): ModelBar {
  const close = price(index)
  return { timeMs, open: close - 0.25, high: close + 1, low: close - 1, close, volume: 10 + index }
}

/** Everything a case needs. */
export interface Stage {
  readonly model: VendorModel
  readonly provider: Provider
  readonly range: Range
  /** Bars in and around the range. */
  readonly bars: readonly ModelBar[]
  readonly nowMs: EpochMs
}

export function openingsOf(model: VendorModel, range: Range): EpochMs[] {
  if (model.openings !== undefined) return model.openings(range)
  const out: EpochMs[] = []
  for (let ms = ceilOpen(model.interval, range.startMs); ms < range.endMs; ms = nextOpen(model.interval, ms))
    out.push(ms)
  return out
}

export function stageOf(model: VendorModel): Stage {
  const { range, interval } = model
  const around = { startMs: shiftOpen(interval, range.startMs, -5), endMs: shiftOpen(interval, range.endMs, 5) }
  const bars = openingsOf(model, around).map(barAt)
  return { model, provider: model.provider, range, bars, nowMs: model.nowMs ?? range.endMs + 400 * 86_400_000 }
}

/** A vendor that holds these bars and nothing else. */
export function vendorOf(model: VendorModel, bars: readonly ModelBar[]): Vendor {
  return (url, headers) => {
    const query = model.read(url, headers)
    const inside = bars.filter(({ timeMs }) => timeMs >= query.startMs && timeMs < query.endMs)
    const limit = query.limit ?? inside.length
    const kept = query.keeps === 'last' ? inside.slice(Math.max(0, inside.length - limit)) : inside.slice(0, limit)
    return model.write(kept, query, inside.length > limit, url)
  }
}

export async function fetchPages(
  stage: Stage,
  range: Range,
  vendor: Vendor,
  signal: AbortSignal = new AbortController().signal,
): Promise<Page[]> {
  const { provider, model, nowMs } = stage
  const series = { provider: provider.name, schema: 'ohlcv', symbol: model.symbol, interval: model.interval } as const
  const pages: Page[] = []
  const context = { signal, http: httpOver(vendor), now: () => nowMs, log: SILENT }
  for await (const page of provider.fetch({ series, range }, context)) pages.push(page)
  return pages
}

/** Bars of the pages inside a range, ascending, each time once or as often as it came. */
export function barsIn(pages: readonly Page[], range: Range): ModelBar[] {
  const out: ModelBar[] = []
  for (const { columns } of pages) {
    const { timestamp } = columns
    const at = (name: string, row: number): number | null =>
      Object.hasOwn(columns, name) ? (valueAt(columns[name] as Column, row) as number | null) : null
    for (let row = 0; row < timestamp.length; row++) {
      const time = timestamp[row] as number | bigint
      const timeMs = typeof time === 'bigint' ? Number(time / 1000n) : time
      if (timeMs < range.startMs || timeMs >= range.endMs) continue
      out.push({
        timeMs,
        open: at('open', row),
        high: at('high', row),
        low: at('low', row),
        close: at('close', row),
        volume: at('volume', row),
      })
    }
  }
  return out.toSorted((a, b) => a.timeMs - b.timeMs)
}

export const inside = (bars: readonly ModelBar[], range: Range): ModelBar[] =>
  bars.filter(({ timeMs }) => timeMs >= range.startMs && timeMs < range.endMs)

export const prices = (bars: readonly ModelBar[]): unknown[] => bars.map(({ volume: _volume, ...rest }) => rest)

export async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work
    return 'no error'
  } catch (error) {
    return isDataClientError(error) ? error.code : String(error)
  }
}

/** What the pages prove together. */
export const provenOf = (pages: readonly Page[]): Range[] => unionRanges(pages.map(({ proven }) => proven))

export interface Case {
  readonly name: string
  readonly needs?: (stage: Stage) => boolean
  readonly body: (stage: Stage) => Promise<void>
}
