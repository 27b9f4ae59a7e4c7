/**
 * Rows of Binance's files of bars.
 * Source: https://github.com/binance/binance-public-data, "Klines"
 * @module
 */
import { malformed } from './answer.ts'
import type { Kline } from './binance-klines.ts'

/** Epoch milliseconds of a stamp: spot files count microseconds since 2025, all others milliseconds. */
function stampMs(text: string): number {
  const stamp = Number(text)
  return stamp > 1e14 ? stamp / 1000 : stamp
}

/** Rows of a file, which has a header since 2022 for futures and none for spot. @throws {ProviderError} `provider/response` */
export function archiveRows(csv: string): Kline[] {
  const lines = csv.trimEnd().split('\n')
  if (lines[0]?.startsWith('open_time') === true) lines.shift()
  if (lines.length === 1 && lines[0] === '') return []
  return lines.map((line, i) => {
    const cells = line.trimEnd().split(',')
    const openMs = stampMs(cells[0] as string)
    if (cells.length < 11 || !Number.isFinite(openMs)) throw malformed(`line ${i + 1}`, line, 'a kline of 12 cells')
    return [openMs, ...cells.slice(1)]
  })
}
