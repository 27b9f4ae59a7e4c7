/**
 * What every store must do, as tests that anybody can run over their own.
 * @module
 */
import { type Columns, concatColumns, rowCount, sliceColumns } from '../contract/columns.ts'
import { hasCode } from '../contract/errors.ts'
import type { Series } from '../contract/series.ts'
import type { Change, Snapshot, Storage } from '../contract/storage.ts'
import {
  BARS,
  START_MS,
  TRADES,
  barRun,
  barsOf,
  check,
  checkRejects,
  checkRows,
  checkSame,
  openOf,
  provenBars,
  tradesOf,
  withNulls,
  writableValues,
} from './storage-checks.ts'

/** A fresh, empty place for a store. */
export interface StorageUnderTest {
  /** Opens the place; called again, another instance on the same content, where the store has such a thing. */
  open(): Storage
  /** Cleans up. */
  dispose?(): Promise<void> | void
}

/** How the runner of the tests is called. */
export interface ContractRunner {
  test(name: string, body: () => Promise<void>): void
}

type Body = (storage: Storage, place: StorageUnderTest) => Promise<void>
type Needs = (storage: Storage) => boolean

interface Case {
  readonly name: string
  readonly body: Body
  readonly needs?: Needs
}

/**
 * Registers the tests of the storage contract.
 * @param make makes a fresh, empty place for each test
 * @param runner `test` of vitest, `node:test`, Deno or Bun
 * @example
 * ```ts
 * import { test } from 'vitest'
 * storageContract(() => ({ open: () => createMyStorage() }), { test })
 * ```
 */
export function storageContract(
  make: () => Promise<StorageUnderTest> | StorageUnderTest,
  { test }: ContractRunner,
): void {
  for (const { name, body, needs } of [...WRITING, ...READING, ...KEEPING]) {
    test(name, async () => {
      const place = await make()
      const storage = place.open()
      try {
        if (needs === undefined || needs(storage)) await body(storage, place)
      } finally {
        await storage.close()
        await place.dispose?.()
      }
    })
  }
}

let operations = 0
const change = (parts: Partial<Change>): Change => ({ opId: `op-${++operations}`, coverage: [], ...parts })

async function store(storage: Storage, series: Series, base: Snapshot | null, parts: Partial<Change>): Promise<Snapshot> {
  return await storage.commit(series, base, change({ coverage: base?.coverage ?? [], ...parts }))
}

const firstBars = (storage: Storage, count = 10): Promise<Snapshot> =>
  store(storage, BARS, null, { upsert: barRun(0, count), coverage: provenBars(0, count), rowsPerYear: 525_600 })

/** Applies a change to the newest version, again and again until no other writer was faster. */
async function persist(storage: Storage, series: Series, make: (head: Snapshot | null) => Partial<Change>): Promise<Snapshot> {
  const opId = `persist-${++operations}`
  for (let attempt = 0; attempt < 200; attempt++) {
    const head = await storage.head(series)
    try {
      return await storage.commit(series, head, { coverage: head?.coverage ?? [], ...make(head), opId })
    } catch (error) {
      if (!hasCode(error, 'storage/conflict')) throw error
    }
  }
  throw new Error('no end of conflicts')
}

const WRITING: readonly Case[] = [
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
        checkSame(snapshot.columns.map(({ name }) => name), Object.keys(barRun(0, 1)), 'columns')
        checkSame(snapshot.coverage, provenBars(0, 10), 'coverage')
        checkSame(snapshot.opIds, ['first'], 'operation ids')
        checkSame(snapshot.meta, { assetClass: 'crypto' }, 'meta')
        const cause = { operation: 'get', requestIds: ['request-1'], added: 10, changed: 0, removed: 0 }
        checkSame(snapshot.cause, cause, 'cause')
      }
      checkSame((await storage.list()).map(({ series }) => series), [BARS], 'list')
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
        barsOf([5], 200), barsOf([10]), barsOf([11, 12], 200), barsOf([13, 20]), barsOf([30], 200),
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
      const empty = { startMs: openOf(11), endMs: openOf(12), state: 'empty' as const, requestId: 'r', asOfMs: START_MS }
      const third = await store(storage, BARS, second, { coverage: [...second.coverage, { ...empty, reason: 'no-trades' }] })
      const fourth = await store(storage, BARS, third, { coverage: [...second.coverage, { ...empty, reason: 'holiday' }] })
      const fifth = await store(storage, BARS, fourth, { meta: { basis: { kind: 'splits', asOfMs: START_MS } } })
      const sixth = await store(storage, BARS, fifth, { meta: { actionsVersion: 3 } })
      checkSame([second, third, fourth, fifth, sixth].map(({ version }) => version), [2, 3, 4, 5, 6], 'versions')
      checkSame((await storage.head(BARS))?.coverage, fourth.coverage, 'coverage')
      checkSame(sixth.meta, { basis: { kind: 'splits', asOfMs: START_MS }, actionsVersion: 3 }, 'meta')
      checkRows(await storage.read(sixth, {}), barRun(0, 10), 'rows')
    },
  },
  {
    name: 'coverage without rows is a version without rows',
    async body(storage) {
      const only = await store(storage, BARS, null, { coverage: provenBars(0, 10).map((r) => ({ ...r, state: 'empty' })) })
      checkSame([only.version, only.rows, only.span], [1, 0, null], 'version, rows, span')
      checkSame(rowCount(await storage.read(only, {})), 0, 'rows read')
    },
  },
  {
    name: 'a replacement drops what was in its range and keeps equal timestamps in their order',
    async body(storage) {
      const first = await store(storage, TRADES, null, { replace: [{ range: rangeOfMs(0, 10), rows: tradesOf([0n, 5n, 5n, 7_000_000n]) }] })
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
      checkRows(read, { timestamp: barRun(0, 4).timestamp, vwap: withNulls(Float64Array.of(0, 0, 7, 8), 4, [0, 1]) }, 'rows')
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
      const reject = { timestamp: barsOf([4]).timestamp, rule: { indices: Int32Array.of(0), dictionary: ['finite'] }, ...seen, close: Float64Array.of(Number.NaN) }
      const first = await firstBars(storage)
      const second = await store(storage, BARS, first, { revisions: revision(3), rejects: reject })
      const third = await store(storage, BARS, second, { revisions: revision(1) })
      const fourth = await store(storage, BARS, third, { upsert: barRun(10, 5) })
      checkSame([fourth.version, fourth.rows, fourth.revisions, fourth.rejects], [4, 15, 2, 1], 'version, rows, revisions, rejects')
      checkRows(await storage.read(fourth, { table: 'revisions' }), concatColumns([revision(1), revision(3)]), 'revisions')
      checkRows(await storage.read(fourth, { table: 'rejects' }), reject, 'rejects')
      const range = { startMs: openOf(2), endMs: openOf(9) }
      checkRows(await storage.read(fourth, { table: 'revisions', range }), revision(3), 'revisions of a range')
    },
  },
  {
    name: 'rows that are unsorted, of a wrong type or outside the replaced range are refused, and nothing is stored',
    async body(storage) {
      const first = await firstBars(storage)
      const attempt = (parts: Partial<Change>) => () => store(storage, BARS, first, parts)
      await checkRejects('data/invalid', attempt({ upsert: barsOf([12, 11]) }))
      await checkRejects('data/invalid', attempt({ upsert: barsOf([12, 12]) }))
      await checkRejects('data/invalid', attempt({ replace: [{ range: rangeOfMs(0, 60_000), rows: barsOf([1]) }] }))
      await checkRejects('data/schema-mismatch', attempt({ upsert: { ...barsOf([12]), close: Int32Array.of(1) } }))
      await checkRejects('data/schema-mismatch', attempt({ upsert: { ...barsOf([12]), close: new Float64Array(2) } }))
      await checkRejects('config/option', attempt({ opId: '' }))
      await checkRejects('config/option', attempt({ coverage: [...provenBars(5, 6), ...provenBars(1, 2)] }))
      checkSame((await storage.head(BARS))?.hash, first.hash, 'head')
      checkRows(await storage.read(first, {}), barRun(0, 10), 'rows')
    },
  },
  {
    name: 'a commit on a version that is not the newest is a conflict and changes nothing',
    async body(storage) {
      const first = await firstBars(storage)
      const second = await store(storage, BARS, first, { upsert: barRun(10, 1) })
      await checkRejects('storage/conflict', () => store(storage, BARS, first, { upsert: barRun(11, 1) }))
      await checkRejects('storage/conflict', () => store(storage, BARS, null, { upsert: barRun(11, 1) }))
      checkSame((await storage.head(BARS))?.hash, second.hash, 'head')
    },
  },
  {
    name: 'an operation id is applied once, whatever it is tried on',
    async body(storage) {
      const first = await firstBars(storage)
      const parts: Change = { opId: 'once', upsert: barRun(10, 1), coverage: first.coverage }
      const second = await storage.commit(BARS, first, parts)
      for (const base of [null, first, second]) {
        const again = await storage.commit(BARS, base, parts)
        checkSame([again.version, again.hash], [2, second.hash], 'version and hash')
      }
      checkSame((await storage.head(BARS))?.version, 2, 'head')
    },
  },
  {
    name: 'of writers that race, each applies its change exactly once',
    async body(storage, place) {
      const stores = storage.capabilities.concurrentProcesses ? [storage, place.open(), place.open()] : [storage]
      const writers = Array.from({ length: 9 }, (_, w) => w)
      await Promise.all(
        writers.map(async (w) => {
          for (let i = 0; i < 3; i++) {
            await persist(stores[w % stores.length] as Storage, BARS, () => ({ upsert: barRun(3 * w + i, 1, w) }))
          }
        }),
      )
      const head = (await storage.head(BARS)) as Snapshot
      checkSame([head.version, head.rows], [27, 27], 'version and rows')
      const expected = writers.flatMap((w) => [0, 1, 2].map((i) => barRun(3 * w + i, 1, w)))
      checkRows(await storage.read(head, {}), concatColumns(expected), 'rows')
    },
  },
]

function rangeOfMs(startMs: number, endMs: number): { startMs: number; endMs: number } {
  return { startMs: START_MS + startMs, endMs: START_MS + endMs }
}

const READING: readonly Case[] = [
  {
    name: 'reading gives back every bit: NaN, both zeros, infinities, subnormals, nulls, text and large integers',
    async body(storage) {
      const odd = Float64Array.of(Number.NaN, -0, 0, Infinity, -Infinity, 5e-324, -1.797e308, 0.1)
      new BigUint64Array(odd.buffer)[0] = 0x7ff8_0000_dead_beefn
      const rows: Columns = { ...barRun(0, 8), open: odd, volume: withNulls(odd.slice(), 8, [0, 3, 7]) }
      const bars = await store(storage, BARS, null, { upsert: rows })
      checkRows(await storage.read(bars, {}), rows, 'bars')
      const ids = BigInt64Array.of(-(2n ** 63n), 2n ** 63n - 1n, 2n ** 53n + 1n)
      const ticks: Columns = {
        ...tradesOf([1n, 1n, 999_999_999n]),
        side: withNulls({ indices: Int32Array.of(1, 0, 2), dictionary: ['', 'sell', 'ünïcödé 🚀'] }, 3, [2]),
        trade_id: ids,
      }
      const trades = await store(storage, TRADES, null, { replace: [{ range: rangeOfMs(0, 1_000), rows: ticks }] })
      checkRows(await storage.read(trades, {}), ticks, 'trades')
    },
  },
  {
    name: 'a range is half-open, and columns come in the order asked, timestamp first',
    async body(storage) {
      const head = await firstBars(storage)
      const range = { startMs: openOf(2), endMs: openOf(5) }
      const read = await storage.read(head, { range, columns: ['volume', 'close'] })
      checkSame(Object.keys(read), ['timestamp', 'volume', 'close'], 'columns')
      const { timestamp, volume, close } = barRun(2, 3)
      checkRows(read, { timestamp, volume, close } as Columns, 'rows')
      checkSame(rowCount(await storage.read(head, { range: { startMs: openOf(10), endMs: openOf(99) } })), 0, 'rows after the end')
      checkSame(rowCount(await storage.read(head, { range: { startMs: openOf(2) + 1, endMs: openOf(3) } })), 0, 'rows between two bars')
    },
  },
  {
    name: 'a column that only the schema knows is null, an unknown one is refused',
    async body(storage) {
      const head = await firstBars(storage, 2)
      const read = await storage.read(head, { columns: ['vwap'] })
      checkRows(read, { timestamp: barRun(0, 2).timestamp, vwap: withNulls(new Float64Array(2), 2, [0, 1]) }, 'rows')
      await checkRejects('config/option', () => storage.read(head, { columns: ['clsoe'] }))
    },
  },
  {
    name: 'an older version stays what it was',
    async body(storage) {
      const first = await firstBars(storage)
      const second = await store(storage, BARS, first, { upsert: barRun(5, 10, 200) })
      const third = await store(storage, BARS, second, { replace: [{ range: { startMs: openOf(0), endMs: openOf(8) }, rows: barsOf([]) }] })
      checkRows(await storage.read(first, {}), barRun(0, 10), 'first')
      checkRows(await storage.read(second, {}), concatColumns([barRun(0, 5), barRun(5, 10, 200)]), 'second')
      checkRows(await storage.read(third, {}), barRun(8, 7, 200), 'third')
      for (const version of [1, first.hash]) checkSame((await storage.snapshot(BARS, version)).hash, first.hash, 'found')
    },
  },
  {
    name: 'what was read belongs to the caller',
    async body(storage) {
      const rows = barRun(0, 10)
      const head = await store(storage, BARS, null, { upsert: rows })
      writableValues(rows['close']).fill(0 as never)
      writableValues((await storage.read(head, {}))['close']).fill(0 as never)
      for await (const batch of storage.scan(head, {})) writableValues(batch['close']).fill(0 as never)
      checkRows(await storage.read(head, {}), barRun(0, 10), 'rows')
    },
  },
  {
    name: 'buffers of the caller take the values',
    async body(storage) {
      const head = await firstBars(storage)
      const close = new Float64Array(20)
      const read = await storage.read(head, { columns: ['close', 'volume'] }, { into: { close } })
      check(writableValues(read['close']).buffer === close.buffer, 'close lies elsewhere')
      const { timestamp, volume } = barRun(0, 10)
      checkRows(read, { timestamp, close: barRun(0, 10)['close'], volume } as Columns, 'rows')
      await checkRejects('data/schema-mismatch', () => storage.read(head, {}, { into: { close: new Float64Array(9) } }))
    },
  },
  {
    name: 'a scan gives the same rows in batches, whatever their size',
    async body(storage) {
      let head = await firstBars(storage, 100)
      for (let i = 0; i < 4; i++) head = await store(storage, BARS, head, { upsert: barRun(100 + 2_000 * i, 2_000) })
      const all = await storage.read(head, {})
      for (const batchRows of [1, 7, 100, 8_100, 100_000, undefined]) {
        const batches: Columns[] = []
        const range = batchRows === 1 ? { startMs: openOf(90), endMs: openOf(120) } : undefined
        for await (const batch of storage.scan(head, { ...(range && { range }), ...(batchRows && { batchRows }) })) {
          check(rowCount(batch) > 0, 'a batch is empty')
          check(rowCount(batch) <= (batchRows ?? Infinity), `a batch holds ${rowCount(batch)} rows, more than ${batchRows}`)
          batches.push(batch)
        }
        checkRows(concatColumns(batches), batchRows === 1 ? sliceColumns(all, 90, 120) : all, `batches of ${batchRows}`)
      }
    },
  },
  {
    name: 'a scan can be abandoned, and an aborted read rejects with the reason',
    async body(storage) {
      const head = await firstBars(storage, 100)
      for await (const batch of storage.scan(head, { batchRows: 10 })) {
        checkSame(rowCount(batch), 10, 'rows of the first batch')
        break
      }
      const reason = new Error('enough')
      const signal = AbortSignal.abort(reason)
      const attempts = [
        () => storage.read(head, {}, { signal }),
        async () => {
          for await (const batch of storage.scan(head, {}, { signal })) check(rowCount(batch) < 0, 'a batch came')
        },
      ]
      for (const attempt of attempts) {
        const thrown = await attempt().then(() => null, (error: unknown) => error)
        check(thrown === reason, `expected the reason, got ${String(thrown)}`)
      }
    },
  },
]

const STRANGE = ['aapl', 'AAPL', 'Aapl', 'BRK.B', 'BRK/B', '^GSPC', 'ES=F', 'ES.c.0', 'ES.C.0', '..', '../x', 'CON', 'nul.txt', 'A.', '.A', 'BTC/USDT:USDT', '株式', '%41', 'A~1', '~', 'x'.repeat(64)]

const KEEPING: readonly Case[] = [
  {
    name: 'symbols of any shape are series of their own, also where only case differs',
    async body(storage, place) {
      for (const [i, symbol] of STRANGE.entries()) {
        await store(storage, { ...BARS, symbol }, null, { upsert: barRun(i, 1) })
      }
      const reader = storage.capabilities.durable ? place.open() : storage
      const found = await reader.list()
      checkSame(found.map(({ series }) => series.symbol).toSorted(), STRANGE.toSorted(), 'symbols')
      for (const { series, head } of found) {
        checkRows(await reader.read(head, {}), barRun(STRANGE.indexOf(series.symbol), 1), series.symbol)
      }
    },
  },
  {
    name: 'what is committed is there for the next instance',
    needs: (storage) => storage.capabilities.durable,
    async body(storage, place) {
      const first = await firstBars(storage)
      await store(storage, BARS, first, { upsert: barRun(10, 5) })
      const again = place.open()
      const head = (await again.head(BARS)) as Snapshot
      checkSame(head.version, 2, 'version')
      checkRows(await again.read(head, {}), barRun(0, 15), 'rows')
      check(!storage.capabilities.files || (await again.files(head)).length > 0, 'there are no files')
    },
  },
  {
    name: 'a pin keeps its version and names it; without one an old version goes',
    async body(storage) {
      let head = await firstBars(storage)
      const pin = await storage.pin(BARS, 1, 'before')
      checkSame([pin.name, pin.version, pin.hash], ['before', 1, head.hash], 'pin')
      checkSame(await storage.pin(BARS, 1, 'before'), pin, 'the same pin again')
      const first = head
      const second = await store(storage, BARS, head, { upsert: barRun(0, 10, 200) })
      head = second
      await checkRejects('config/option', () => storage.pin(BARS, 2, 'before'))
      for (let i = 0; i < 70; i++) head = await store(storage, BARS, head, { upsert: barRun(0, 10, 300 + i) })
      await storage.maintain({ kind: 'collect', series: BARS, graceMs: 0 })
      checkSame((await storage.snapshot(BARS, 'before')).hash, first.hash, 'pinned')
      checkRows(await storage.read(first, {}), barRun(0, 10), 'rows of the pinned version')
      const pins = (await storage.history(BARS)).find(({ version }) => version === 1)?.pins
      checkSame(pins, ['before'], 'pins in the history')
      await checkRejects('config/option', () => storage.drop(BARS))
      await storage.unpin(BARS, 'before')
      await storage.unpin(BARS, 'before')
      await checkRejects('storage/snapshot-expired', () => storage.snapshot(BARS, 'before'))
      await checkRejects('storage/snapshot-expired', () => storage.snapshot(BARS, 999))
      await checkRejects('storage/snapshot-expired', () => storage.pin(BARS, 999, 'never'))
      const versions = (await storage.history(BARS)).map(({ version }) => version)
      check(versions.length >= 20 && versions[0] === 72, `the last versions are not there: ${versions.join(' ')}`)
      checkSame(versions, versions.toSorted((a, b) => b - a), 'newest first')
    },
  },
  {
    name: 'a dropped series is gone with its versions, and can begin again',
    async body(storage) {
      const first = await firstBars(storage)
      await storage.writeNote(BARS, 'status', '{}')
      await storage.drop(BARS)
      checkSame([await storage.head(BARS), await storage.list(), await storage.readNote(BARS, 'status')], [null, [], null], 'left')
      await checkRejects('storage/snapshot-expired', () => storage.read(first, {}))
      await storage.drop(BARS)
      const again = await store(storage, BARS, null, { upsert: barRun(5, 2) })
      checkSame(again.version, 1, 'version')
      checkRows(await storage.read(again, {}), barRun(5, 2), 'rows')
      await checkRejects('storage/snapshot-expired', () => storage.read(first, {}))
    },
  },
  {
    name: 'notes are written whole and read back; without one there is null',
    async body(storage) {
      checkSame(await storage.readNote(BARS, 'status'), null, 'before')
      for (const text of ['', '{"a":1}', 'ü'.repeat(100_000), 'short']) {
        await storage.writeNote(BARS, 'status', text)
        check((await storage.readNote(BARS, 'status')) === text, 'the note differs')
      }
      await checkRejects('config/option', () => storage.writeNote(BARS, '../x', ''))
      checkSame(await storage.list(), [], 'a note alone is no series')
    },
  },
  {
    name: 'exclusive work on one series waits for its turn, and a failure gives the turn back',
    async body(storage) {
      const seen: string[] = []
      const work = (name: string) =>
        storage.exclusive(BARS, async () => {
          seen.push(`${name} begins`)
          await Promise.resolve()
          await storage.head(BARS)
          seen.push(`${name} ends`)
          if (name === 'b') throw new Error('b fails')
          return name
        })
      const results = await Promise.allSettled([work('a'), work('b'), work('c')])
      checkSame(results.map(({ status }) => status), ['fulfilled', 'rejected', 'fulfilled'], 'results')
      const turns = seen.map((line) => line.split(' ')[0])
      checkSame(turns.filter((name, i) => i % 2 === 0 && turns[i + 1] !== name), [], 'interleaved')
      const reason = new Error('enough')
      const thrown = await storage.exclusive(BARS, async () => 1, AbortSignal.abort(reason)).catch((error: unknown) => error)
      check(thrown === reason, 'an aborted wait does not reject with the reason')
      await storage.exclusive(BARS, () => firstBars(storage))
      await storage.exclusive({ ...BARS, symbol: 'A' }, () => storage.exclusive({ ...BARS, symbol: 'B' }, async () => 1))
    },
  },
  {
    name: 'maintenance loses nothing, explains itself and comes to rest',
    async body(storage) {
      let head = await firstBars(storage)
      for (let i = 0; i < 6; i++) head = await store(storage, BARS, head, { upsert: barRun(10 + 1_500 * i, 1_500) })
      const before = await storage.read(head, {})
      for (const kind of ['compact', 'repair', 'collect'] as const) {
        const dry = await storage.maintain({ kind, series: BARS, dryRun: true })
        checkSame([dry.dryRun, dry.version], [true, null], `${kind}, dry run`)
        checkSame((await storage.head(BARS))?.version, head.version, `${kind}, version after a dry run`)
        const done = await storage.maintain({ kind, series: BARS })
        checkSame(done.actions.length, dry.actions.length, `${kind}, actions`)
        head = (await storage.head(BARS)) as Snapshot
        checkRows(await storage.read(head, {}), before, `rows after ${kind}`)
        checkSame((await storage.maintain({ kind, series: BARS })).actions, [], `${kind} again`)
      }
      const report = await storage.verify({ deep: true })
      checkSame([report.ok, report.issues, report.series, report.rows], [true, [], 1, rowCount(before)], 'verification')
    },
  },
]
