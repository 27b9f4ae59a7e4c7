/**
 * What a provider must do with answers that are good: bounds, proof, pages.
 * @module
 */
import { INTERVALS, ceilOpen, isInterval, isLabelled, nextOpen, shiftOpen } from '../contract/interval.ts'
import type { Page } from '../contract/provider.ts'
import type { Range } from '../contract/range.ts'
import { SILENT } from '../contract/runtime.ts'
import { SCHEMAS } from '../contract/schema.ts'
import { parseProviderName, parseSymbol } from '../contract/series.ts'
import { type Vendor, type VendorAnswer, httpOver } from './fake-http.ts'
import {
  type Case,
  type ModelBar,
  type Stage,
  barAt,
  barsIn,
  codeOf,
  fetchPages,
  inside,
  openingsOf,
  prices,
  provenOf,
  vendorOf,
} from './provider-model.ts'
import { check, checkSame } from './storage-checks.ts'

export const TABLE: readonly Case[] = [
  {
    name: 'describes itself in known words',
    body: async ({ provider }) => {
      parseProviderName(provider.name)
      const { capabilities } = provider
      for (const schema of capabilities.schemas) check(Object.hasOwn(SCHEMAS, schema), `${schema} is no schema`)
      for (const name of Object.keys(capabilities.intervals)) check(isInterval(name), `${name} is no interval`)
      check(capabilities.rowsPerRequest > 0, 'rowsPerRequest must be positive')
      check(capabilities.finalityLagMs >= 0, 'finalityLagMs must not be negative')
      for (const limit of capabilities.rateLimits)
        check(limit.weight > 0 && limit.perMs > 0, 'a rate limit must be positive')
      const optional = SCHEMAS.ohlcv.columns.filter((column) => column.optional).map((column) => column.name)
      for (const name of capabilities.columns) check(optional.includes(name), `${name} is no optional column of ohlcv`)
    },
  },
  {
    name: 'spells symbols for the vendor and back',
    body: async ({ provider, model }) => {
      for (const entry of model.symbols ?? [model.symbol]) {
        const [symbol, expected, assetClass] = typeof entry === 'string' ? [entry] : entry
        parseSymbol(symbol)
        const vendorSymbol = provider.vendorSymbol?.(symbol, assetClass) ?? symbol
        if (expected !== undefined) checkSame(vendorSymbol, expected, `${symbol} at the vendor`)
        checkSame(
          provider.canonicalSymbol?.(vendorSymbol) ?? vendorSymbol,
          symbol,
          `${vendorSymbol} as a canonical symbol`,
        )
      }
    },
  },
]

export const BOUNDS: readonly Case[] = [
  {
    name: 'sends the bars of the range bit for bit: the first at its start, none at its end',
    body: async (stage) => {
      const pages = await fetchPages(stage, stage.range, vendorOf(stage.model, stage.bars))
      const [got, expected] = [barsIn(pages, stage.range), inside(stage.bars, stage.range)]
      checkSame(prices(got), prices(expected), 'bars')
      checkSame(
        got.map(({ volume }) => volume).filter((volume) => volume !== null).length % expected.length,
        0,
        'volumes: all or none',
      )
    },
  },
  {
    name: 'proves exactly the range that it was asked for',
    body: async (stage) => {
      checkSame(
        provenOf(await fetchPages(stage, stage.range, vendorOf(stage.model, stage.bars))),
        [stage.range],
        'proven',
      )
    },
  },
  {
    name: 'sends a single bar, and proves a single slot without one',
    body: async (stage) => {
      const [first] = inside(stage.bars, stage.range) as [ModelBar]
      const slot = { startMs: first.timeMs, endMs: nextOpen(stage.model.interval, first.timeMs) }
      const pages = await fetchPages(stage, slot, vendorOf(stage.model, stage.bars))
      checkSame(prices(barsIn(pages, slot)), prices([first]), 'bars')
      const bare = await fetchPages(
        stage,
        slot,
        vendorOf(
          stage.model,
          stage.bars.filter((bar) => bar !== first),
        ),
      )
      checkSame([barsIn(bare, slot), provenOf(bare)], [[], [slot]], 'bars and proven')
    },
  },
  {
    name: 'takes an answer without bars as proof that there are none',
    body: async (stage) => {
      const pages = await fetchPages(stage, stage.range, vendorOf(stage.model, []))
      checkSame([barsIn(pages, stage.range), provenOf(pages)], [[], [stage.range]], 'bars and proven')
    },
  },
  {
    name: 'proves nothing beyond now',
    body: async (stage) => {
      const nowMs = stage.range.endMs - INTERVALS[stage.model.interval].ms / 2
      const pages = await fetchPages({ ...stage, nowMs }, stage.range, vendorOf(stage.model, stage.bars))
      // A label stands for its whole day, week or month.
      const { interval } = stage.model
      const mostMs = isLabelled(interval) ? ceilOpen(interval, nowMs) : nowMs
      for (const { endMs } of provenOf(pages)) check(endMs <= mostMs, `proven until ${endMs} at ${nowMs}`)
    },
  },
  {
    name: 'keeps missing prices null',
    needs: ({ model }) => model.sendsNulls === true,
    body: async (stage) => {
      const [first] = inside(stage.bars, stage.range) as [ModelBar]
      const empty: ModelBar = { timeMs: first.timeMs, open: null, high: null, low: null, close: null, volume: null }
      const pages = await fetchPages(
        stage,
        stage.range,
        vendorOf(
          stage.model,
          stage.bars.map((bar) => (bar === first ? empty : bar)),
        ),
      )
      const got = barsIn(pages, stage.range).filter(({ timeMs }) => timeMs === first.timeMs)
      checkSame(prices(got), prices(got.map(() => empty)), 'the row without prices')
    },
  },
]

/** A range that needs more than one answer, if the vendor's limit is small enough to be played. */
function longRange({ provider, model }: Stage): Range | null {
  const rows = provider.capabilities.rowsPerRequest
  if (rows > 5000 || model.openings !== undefined || model.nowMs !== undefined) return null
  return { startMs: model.range.startMs, endMs: shiftOpen(model.interval, model.range.startMs, Math.floor(rows * 2.5)) }
}

function longStage(stage: Stage): { stage: Stage; range: Range; vendor: Vendor } {
  const range = longRange(stage) as Range
  const bars = openingsOf(stage.model, { ...range, endMs: shiftOpen(stage.model.interval, range.endMs, 5) }).map(barAt)
  return {
    stage: { ...stage, bars, nowMs: range.endMs + 400 * 86_400_000 },
    range,
    vendor: vendorOf(stage.model, bars),
  }
}

const isPaged = (stage: Stage): boolean => longRange(stage) !== null

export const PAGES: readonly Case[] = [
  {
    name: 'covers a range of several pages exactly once',
    needs: isPaged,
    body: async (start) => {
      const { stage, range, vendor } = longStage(start)
      const pages = await fetchPages(stage, range, vendor)
      checkSame(
        barsIn(pages, range).map(({ timeMs }) => timeMs),
        inside(stage.bars, range).map(({ timeMs }) => timeMs),
        'times',
      )
      checkSame(provenOf(pages), [range], 'proven')
    },
  },
  {
    name: 'proves only what came when a later page fails',
    needs: isPaged,
    body: async (start) => {
      const { stage, range, vendor } = longStage(start)
      const pages: Page[] = []
      let answers = 0
      const failing: Vendor = (url, headers) => (answers++ === 0 ? vendor(url, headers) : { status: 500, body: '' })
      const series = {
        provider: stage.provider.name,
        schema: 'ohlcv',
        symbol: stage.model.symbol,
        interval: stage.model.interval,
      } as const
      const context = {
        signal: new AbortController().signal,
        http: httpOver(failing),
        now: () => stage.nowMs,
        log: SILENT,
      }
      const work = async (): Promise<void> => {
        for await (const page of stage.provider.fetch({ series, range }, context)) pages.push(page)
      }
      const code = await codeOf(work())
      check(code === 'provider/unavailable' || answers === 1, `a failing page became ${code}`)
      const came = new Set(barsIn(pages, range).map(({ timeMs }) => timeMs))
      for (const proven of provenOf(pages)) {
        for (const { timeMs } of inside(stage.bars, proven))
          check(came.has(timeMs), `proven without its bar: ${new Date(timeMs).toISOString()}`)
      }
    },
  },
  {
    name: 'ends when the vendor repeats a page for ever',
    needs: isPaged,
    body: async (start) => {
      const { stage, range, vendor } = longStage(start)
      let first: VendorAnswer | undefined
      let answers = 0
      const repeating: Vendor = (url, headers) => {
        check(++answers < 1000, 'asks for ever')
        return (first ??= vendor(url, headers))
      }
      const code = await codeOf(fetchPages(stage, range, repeating))
      check(answers === 1 || code === 'provider/pagination-loop', `a repeated page became ${code}`)
    },
  },
]
