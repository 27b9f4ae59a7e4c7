/**
 * Invented trades: a few in every ten seconds, at the walk's price.
 * @module
 */
import type { Columns } from '../../contract/columns.ts'
import type { Range } from '../../contract/range.ts'
import { type Walk, hash32 } from './walk.ts'

const SLOT_MS = 10_000
const MOST_A_SLOT = 4
const NS_PER_MS = 1_000_000n

/** Trades whose instant lies in the range, ascending; `trade_id` counts up with time. */
export function tradeColumns(key: number, price: Walk, range: Range): Columns {
  const first = Math.floor(range.startMs / SLOT_MS)
  const last = Math.ceil(range.endMs / SLOT_MS)
  const most = Math.max(0, last - first) * MOST_A_SLOT
  const timestamp = new BigInt64Array(most)
  const prices = new Float64Array(most)
  const size = new Float64Array(most)
  const tradeId = new BigInt64Array(most)
  const indices = new Int32Array(most)
  let rows = 0
  for (let slot = first; slot < last; slot++) {
    const dice = hash32(key, slot | 0, 7)
    const trades = dice % (MOST_A_SLOT + 1)
    // One trade in each equal part of the slot keeps them in order.
    const partMs = SLOT_MS / Math.max(1, trades)
    for (let i = 0; i < trades; i++) {
      const roll = hash32(key, slot | 0, 8 + i)
      const ms = Math.floor(slot * SLOT_MS + i * partMs + ((roll & 0xffff) / 65_536) * partMs)
      if (ms < range.startMs || ms >= range.endMs) continue
      timestamp[rows] = BigInt(ms) * NS_PER_MS + BigInt(roll % 1_000_000)
      prices[rows] = price(ms)
      size[rows] = (1 + ((roll >>> 8) & 0xff)) / 100
      indices[rows] = roll >>> 31
      tradeId[rows] = BigInt(slot) * BigInt(MOST_A_SLOT) + BigInt(i)
      rows++
    }
  }
  return {
    timestamp: timestamp.subarray(0, rows),
    price: prices.subarray(0, rows),
    size: size.subarray(0, rows),
    side: { indices: indices.subarray(0, rows), dictionary: ['buy', 'sell'] },
    trade_id: tradeId.subarray(0, rows),
  }
}
