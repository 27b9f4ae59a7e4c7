import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Columns, rowCount } from '../../src/contract/columns.ts'
import type { Partition, Snapshot, Storage } from '../../src/contract/storage.ts'
import { createLocalStorage } from '../../src/storage/local/index.ts'
import { createMemoryStorage } from '../../src/storage/memory.ts'
import { BARS, barsOf, checkRows, openOf, writableValues } from '../../src/testkit/storage-checks.ts'
import { HASTY_FS, freshFolder } from './place.ts'

/** Bars lie up to 100 days apart, so that months, quarters and days are crossed. */
const SPREAD = 97

type Step =
  | { readonly kind: 'upsert'; readonly bars: readonly number[]; readonly price: number }
  | {
      readonly kind: 'replace'
      readonly start: number
      readonly end: number
      readonly bars: readonly number[]
      readonly price: number
    }
  | { readonly kind: 'compact'; readonly partition?: Partition }
  | { readonly kind: 'collect' }
  | { readonly kind: 'reopen' }

const bars = fc
  .tuple(fc.nat(1_500), fc.oneof(fc.nat(8), fc.constantFrom(300, 1_100)), fc.constantFrom(1, 2, 7))
  .map(([first, count, step]) => Array.from({ length: count }, (_, i) => first + i * step))
const price = fc.integer({ min: 1, max: 3 })
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('upsert' as const), bars, price }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('replace' as const),
      start: fc.nat(1_500),
      end: fc.nat(3_000),
      bars,
      price,
    }),
  },
  {
    weight: 1,
    arbitrary: fc
      .constantFrom<Partition | undefined>(undefined, 'all', 'year', 'quarter', 'month', 'day')
      .map((partition) =>
        partition === undefined ? { kind: 'compact' as const } : { kind: 'compact' as const, partition },
      ),
  },
  { weight: 1, arbitrary: fc.constant({ kind: 'collect' as const }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'reopen' as const }) },
)

/** The rows as a plain map from bar to price: what any store must hold. */
class Model {
  readonly rows = new Map<number, number>()
  apply(change: Step): void {
    if (change.kind === 'replace') {
      for (const bar of this.rows.keys()) if (bar >= change.start && bar < change.end) this.rows.delete(bar)
    }
    if (change.kind !== 'upsert' && change.kind !== 'replace') return
    for (const bar of change.bars)
      if (change.kind === 'upsert' || (bar >= change.start && bar < change.end)) this.rows.set(bar, change.price)
  }
  columns(): Columns {
    const all = [...this.rows.keys()].toSorted((a, b) => a - b)
    const close = Float64Array.from(all, (bar) => this.rows.get(bar) as number)
    return { timestamp: timestamps(all), close }
  }
}

const timestamps = (numbers: readonly number[]): BigInt64Array => barsOf(numbers.map((bar) => bar * SPREAD)).timestamp

function rowsOf(numbers: readonly number[], value: number): Columns {
  const rows = barsOf(numbers.map((bar) => bar * SPREAD))
  writableValues(rows['close']).fill(value as never)
  return rows
}

/** @returns the version that a change of rows made, or that it left */
async function perform(storage: Storage, change: Step, opId: string): Promise<Snapshot | null> {
  const base = await storage.head(BARS)
  if (change.kind === 'upsert') {
    return await storage.commit(BARS, base, {
      opId,
      upsert: rowsOf(change.bars, change.price),
      coverage: [],
      rowsPerYear: 500_000,
    })
  }
  if (change.kind === 'replace') {
    const inside = change.bars.filter((bar) => bar >= change.start && bar < change.end)
    const range = { startMs: openOf(change.start * SPREAD), endMs: openOf(change.end * SPREAD) }
    return await storage.commit(BARS, base, {
      opId,
      replace: [{ range, rows: rowsOf(inside, change.price) }],
      coverage: [],
    })
  }
  if (change.kind === 'compact') await storage.maintain({ ...change, series: BARS })
  if (change.kind === 'collect') await storage.maintain({ kind: 'collect', graceMs: 0 })
  return null
}

describe('any sequence of changes', () => {
  test('leaves the rows that a set of rows would hold, in every store, with a sound log and view', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 12 }), async (steps) => {
        const root = freshFolder()
        const model = new Model()
        const memory = createMemoryStorage()
        let local = createLocalStorage({
          root,
          fs: HASTY_FS,
          history: { everyMs: 0, hourlyMs: 0, dailyMs: 0, last: 2 },
        })
        for (const [i, change] of steps.entries()) {
          model.apply(change)
          if (change.kind === 'reopen') local = createLocalStorage({ root, fs: HASTY_FS })
          const [byMemory, byLocal] = [
            await perform(memory, change, `op-${i}`),
            await perform(local, change, `op-${i}`),
          ]
          const [a, b] = [await memory.head(BARS), await local.head(BARS)]
          if (a === null || b === null) continue
          const expected = model.columns()
          for (const [storage, head] of [
            [memory, a],
            [local, b],
          ] as const) {
            checkRows(await storage.read(head, { columns: ['close'] }), expected, `step ${i}`)
          }
          if (byMemory?.opIds.at(-1) === `op-${i}`) expect(byLocal?.cause).toEqual(byMemory.cause)
          else if (byLocal !== null) expect(byLocal.opIds).not.toContain(`op-${i}`)
          const span = { startMs: openOf(200 * SPREAD), endMs: openOf(900 * SPREAD) }
          const part = await local.read(b, { columns: ['close'], range: span })
          checkRows(part, await memory.read(a, { columns: ['close'], range: span }), `step ${i}, part`)
          let scanned = 0
          for await (const batch of local.scan(b, { batchRows: 500 })) scanned += rowCount(batch)
          expect(scanned).toBe(rowCount(expected))
        }
        expect((await local.verify({ deep: true })).issues).toEqual([])
        for (const part of partsShown(await local.head(BARS))) expect(part).toBeLessThanOrEqual(8)
      }),
      { numRuns: 60 },
    )
  }, 120_000)
})

/** Number of files of each part. */
function partsShown(head: Snapshot | null): number[] {
  const { files } = (head ?? { files: { rows: [] } }) as unknown as { files: { rows: readonly { part: string }[] } }
  return [...Map.groupBy(files.rows, ({ part }) => part).values()].map((list) => list.length)
}
