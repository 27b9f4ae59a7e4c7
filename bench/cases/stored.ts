/**
 * Compares what was written with what it was made of, outside of the clock.
 * @module
 */
import { readFileSync } from 'node:fs'
import { createLocalStorage } from '../../src/index.ts'
import { type Bars, MINUTE_MS, expectBars, openMs } from '../data.ts'

/**
 * Compares the rows of a store in the range of `bars`, to the bit. The store is opened anew: what was measured keeps its
 * caches as they are.
 * @throws {Error} where a row is missing, too many, or another
 */
export async function expectStored(root: string, bars: Bars): Promise<void> {
  const storage = createLocalStorage({ root })
  const entry = (await storage.list()).find(({ series }) => series.schema === 'ohlcv')
  if (entry === undefined) throw new Error(`${root}: nothing is stored`)
  const range = { startMs: openMs(bars, 0), endMs: openMs(bars, -1) + MINUTE_MS }
  const { timestamp, ...values } = await storage.read(entry.head, { range })
  expectBars(bars)({ timestamp, ...values } as unknown as Bars)
  await storage.close()
}

/** @throws {Error} where a file holds other bytes */
export function expectBytes(path: string, bytes: Uint8Array): void {
  if (!readFileSync(path).equals(bytes)) throw new Error(`${path}: other bytes`)
}
