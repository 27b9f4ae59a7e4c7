/**
 * How a store gives back what it holds.
 * @module
 */
import { type Columns, rowCount, sliceColumns } from '../contract/columns.ts'
import { concatColumns } from '../contract/join-columns.ts'
import { type Case, firstBars, rangeOfMs, store } from './storage-cases.ts'
import {
  BARS,
  TRADES,
  barRun,
  barsOf,
  check,
  checkRejects,
  checkRows,
  checkSame,
  openOf,
  tradesOf,
  withNulls,
  writableValues,
} from './storage-checks.ts'

/** Cases of the contract. */
export const READING: readonly Case[] = [
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
      checkSame(
        rowCount(await storage.read(head, { range: { startMs: openOf(10), endMs: openOf(99) } })),
        0,
        'rows after the end',
      )
      checkSame(
        rowCount(await storage.read(head, { range: { startMs: openOf(2) + 1, endMs: openOf(3) } })),
        0,
        'rows between two bars',
      )
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
      const third = await store(storage, BARS, second, {
        replace: [{ range: { startMs: openOf(0), endMs: openOf(8) }, rows: barsOf([]) }],
      })
      checkRows(await storage.read(first, {}), barRun(0, 10), 'first')
      checkRows(await storage.read(second, {}), concatColumns([barRun(0, 5), barRun(5, 10, 200)]), 'second')
      checkRows(await storage.read(third, {}), barRun(8, 7, 200), 'third')
      for (const version of [1, first.hash])
        checkSame((await storage.snapshot(BARS, version)).hash, first.hash, 'found')
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
          check(
            rowCount(batch) <= (batchRows ?? Infinity),
            `a batch holds ${rowCount(batch)} rows, more than ${batchRows}`,
          )
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
        const thrown = await attempt().then(
          () => null,
          (error: unknown) => error,
        )
        check(thrown === reason, `expected the reason, got ${String(thrown)}`)
      }
    },
  },
]
