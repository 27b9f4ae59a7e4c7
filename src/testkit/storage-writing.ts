/**
 * What a store must do with what is committed.
 * @module
 */
import { type Columns, rowCount } from '../contract/columns.ts'
import { concatColumns } from '../contract/join-columns.ts'
import type { Snapshot } from '../contract/storage.ts'
import { type Case, firstBars, rangeOfMs, store } from './storage-cases.ts'
import {
  BARS,
  START_MS,
  TRADES,
  barRun,
  barsOf,
  check,
  checkRows,
  checkSame,
  openOf,
  provenBars,
  tradesOf,
  withNulls,
} from './storage-checks.ts'

/** Cases of the contract. */
export const WRITING: readonly Case[] = [
  {
    name: 'an empty store has no series, no head and no history',
    async body(storage) {
      checkSame(await storage.list(), [], 'list')
      checkSame(await storage.head(BARS), null, 'head')
      checkSame(await storage.history(BARS), [], 'history')
    },
  },
  {
    name: 'the first commit makes version 1 with all its facts',
    async body(storage) {
      const made = await storage.commit(BARS, null, {
        opId: 'first',
        upsert: barRun(0, 10),
        coverage: provenBars(0, 10),
        meta: { assetClass: 'crypto' },
        cause: { operation: 'get', requestIds: ['request-1'] },
      })
      const head = await storage.head(BARS)
      for (const snapshot of [made, head as Snapshot]) {
        checkSame(snapshot.series, BARS, 'series')
        checkSame([snapshot.version, snapshot.parent, snapshot.rows], [1, null, 10], 'version, parent, rows')
        const span = { first: BigInt(openOf(0)) * 1_000n, last: BigInt(openOf(9)) * 1_000n }
        checkSame(snapshot.span, span, 'span')
        checkSame(
          snapshot.columns.map(({ name }) => name),
          Object.keys(barRun(0, 1)),
          'columns',
        )
        checkSame(snapshot.coverage, provenBars(0, 10), 'coverage')
        checkSame(snapshot.opIds, ['first'], 'operation ids')
        checkSame(snapshot.meta, { assetClass: 'crypto' }, 'meta')
        const cause = { operation: 'get', requestIds: ['request-1'], added: 10, changed: 0, removed: 0 }
        checkSame(snapshot.cause, cause, 'cause')
      }
      checkSame(
        (await storage.list()).map(({ series }) => series),
        [BARS],
        'list',
      )
    },
  },
  {
    name: 'each version names the hash of the one before',
    async body(storage) {
      const first = await firstBars(storage)
      const second = await store(storage, BARS, first, { upsert: barRun(10, 1) })
      checkSame([second.version, second.parent], [2, first.hash], 'version and parent')
      check(second.hash !== first.hash, 'two versions have one hash')
    },
  },
  {
    name: 'an upsert replaces rows of the same timestamp and adds the others, wherever they fall',
    async body(storage) {
      const first = await store(storage, BARS, null, { upsert: barsOf([10, 11, 13, 20]) })
      const second = await store(storage, BARS, first, { upsert: barsOf([5, 11, 12, 30], 200) })
      const expected = concatColumns([
        barsOf([5], 200),
        barsOf([10]),
        barsOf([11, 12], 200),
        barsOf([13, 20]),
        barsOf([30], 200),
      ])
      checkRows(await storage.read(second, {}), expected, 'rows')
      const { added, changed, removed } = second.cause
      checkSame([added, changed, removed], [3, 1, 0], 'added, changed, removed')
    },
  },
  {
    name: 'the same rows, coverage and metadata again make no version',
    async body(storage) {
      const first = await firstBars(storage)
      const again = await store(storage, BARS, first, {
        upsert: barRun(0, 10),
        coverage: provenBars(0, 10, 'request-2'),
        meta: {},
      })
      checkSame([again.version, again.hash], [1, first.hash], 'version and hash')
      checkSame((await storage.history(BARS)).length, 1, 'versions')
    },
  },
  {
    name: 'a change of coverage, of its reason or of metadata alone makes a version',
    async body(storage) {
      const first = await firstBars(storage)
      const second = await store(storage, BARS, first, { coverage: provenBars(0, 11) })
      const empty = {
        startMs: openOf(11),
        endMs: openOf(12),
        state: 'empty' as const,
        requestId: 'r',
        asOfMs: START_MS,
      }
      const third = await store(storage, BARS, second, {
        coverage: [...second.coverage, { ...empty, reason: 'no-trades' }],
      })
      const fourth = await store(storage, BARS, third, {
        coverage: [...second.coverage, { ...empty, reason: 'holiday' }],
      })
      const fifth = await store(storage, BARS, fourth, { meta: { basis: { kind: 'splits', asOfMs: START_MS } } })
      const sixth = await store(storage, BARS, fifth, { meta: { actionsVersion: 3 } })
      checkSame(
        [second, third, fourth, fifth, sixth].map(({ version }) => version),
        [2, 3, 4, 5, 6],
        'versions',
      )
      checkSame((await storage.head(BARS))?.coverage, fourth.coverage, 'coverage')
      checkSame(sixth.meta, { basis: { kind: 'splits', asOfMs: START_MS }, actionsVersion: 3 }, 'meta')
      checkRows(await storage.read(sixth, {}), barRun(0, 10), 'rows')
    },
  },
  {
    name: 'coverage without rows is a version without rows',
    async body(storage) {
      const only = await store(storage, BARS, null, {
        coverage: provenBars(0, 10).map((r) => ({ ...r, state: 'empty' })),
      })
      checkSame([only.version, only.rows, only.span], [1, 0, null], 'version, rows, span')
      checkSame(rowCount(await storage.read(only, {})), 0, 'rows read')
    },
  },
  {
    name: 'a replacement drops what was in its range and keeps equal timestamps in their order',
    async body(storage) {
      const first = await store(storage, TRADES, null, {
        replace: [{ range: rangeOfMs(0, 10), rows: tradesOf([0n, 5n, 5n, 7_000_000n]) }],
      })
      checkRows(await storage.read(first, {}), tradesOf([0n, 5n, 5n, 7_000_000n]), 'first')
      const second = await store(storage, TRADES, first, {
        replace: [{ range: rangeOfMs(5, 8), rows: tradesOf([6_000_000n, 6_000_000n], 50) }],
      })
      const expected = concatColumns([tradesOf([0n, 5n, 5n]), tradesOf([6_000_000n, 6_000_000n], 50)])
      checkRows(await storage.read(second, {}), expected, 'second')
      checkSame([second.cause.added, second.cause.removed], [2, 1], 'added, removed')
      const third = await store(storage, TRADES, second, { replace: [{ range: rangeOfMs(0, 10), rows: tradesOf([]) }] })
      checkSame([third.version, third.rows, third.span], [3, 0, null], 'version, rows, span')
    },
  },
  {
    name: 'a column that comes later is null before',
    async body(storage) {
      const first = await firstBars(storage, 2)
      const fresh = { ...barRun(2, 2), vwap: Float64Array.of(7, 8) }
      const second = await store(storage, BARS, first, { upsert: fresh })
      const read = await storage.read(second, { columns: ['vwap'] })
      checkRows(
        read,
        { timestamp: barRun(0, 4).timestamp, vwap: withNulls(Float64Array.of(0, 0, 7, 8), 4, [0, 1]) },
        'rows',
      )
      checkSame(second.columns.at(-1), { name: 'vwap', type: 'float64' }, 'column')
      const third = await store(storage, BARS, second, { upsert: barRun(3, 2, 300) })
      checkSame(rowCount(await storage.read(third, {})), 5, 'rows')
    },
  },
  {
    name: 'revisions and rejects are tables beside the rows, and are kept',
    async body(storage) {
      const seen = { seen_at: BigInt64Array.of(1n), request: { indices: Int32Array.of(0), dictionary: ['request-1'] } }
      const revision = (bar: number): Columns => ({
        timestamp: barsOf([bar]).timestamp,
        column: { indices: Int32Array.of(0), dictionary: ['close'] },
        old: withNulls(Float64Array.of(1), 1, []),
        new: withNulls(Float64Array.of(0), 1, [0]),
        kind: { indices: Int32Array.of(0), dictionary: ['revised'] },
        ...seen,
      })
      const reject = {
        timestamp: barsOf([4]).timestamp,
        rule: { indices: Int32Array.of(0), dictionary: ['finite'] },
        ...seen,
        close: Float64Array.of(Number.NaN),
      }
      const first = await firstBars(storage)
      const second = await store(storage, BARS, first, { revisions: revision(3), rejects: reject })
      const third = await store(storage, BARS, second, { revisions: revision(1) })
      const fourth = await store(storage, BARS, third, { upsert: barRun(10, 5) })
      checkSame(
        [fourth.version, fourth.rows, fourth.revisions, fourth.rejects],
        [4, 15, 2, 1],
        'version, rows, revisions, rejects',
      )
      checkRows(
        await storage.read(fourth, { table: 'revisions' }),
        concatColumns([revision(1), revision(3)]),
        'revisions',
      )
      checkRows(await storage.read(fourth, { table: 'rejects' }), reject, 'rejects')
      const range = { startMs: openOf(2), endMs: openOf(9) }
      checkRows(await storage.read(fourth, { table: 'revisions', range }), revision(3), 'revisions of a range')
    },
  },
]
