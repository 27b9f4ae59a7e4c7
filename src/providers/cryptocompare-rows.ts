/**
 * Rows of the three generations of CryptoCompare's interface.
 * @module
 */
import type { PageColumns } from '../contract/provider.ts'
import { type Row, malformed, objectAt, rowsAt } from './answer.ts'
import { rowColumns, timeColumn } from './columns.ts'
import { numberOf } from './decimal.ts'

/** Fields since 2023 are in capitals, and two of them have other names. */
const SMALL = { open: 'open', high: 'high', low: 'low', close: 'close', volume: 'volumefrom', quote_volume: 'volumeto' }
const CAPITAL = {
  open: 'OPEN',
  high: 'HIGH',
  low: 'LOW',
  close: 'CLOSE',
  volume: 'VOLUME',
  quote_volume: 'QUOTE_VOLUME',
}

const isCapital = (row: Row | undefined): boolean => row !== undefined && Object.hasOwn(row, 'TIMESTAMP')

/** Rows of `Data.Data` (v2), `Data` (v1), or `Data` in capitals (data-api). @throws {ProviderError} `provider/response` */
export function rowsOf(body: unknown): readonly Row[] {
  const answer = objectAt(body, 'answer')
  const data = answer['Data']
  const aggregated = answer['Aggregated'] ?? (Array.isArray(data) ? false : objectAt(data, 'Data')['Aggregated'])
  if (aggregated === true) throw malformed('Aggregated', true, 'bars of the asked length')
  return Array.isArray(data) ? rowsAt(data, 'Data') : rowsAt(objectAt(data, 'Data')['Data'], 'Data.Data')
}

/** Columns of rows of one answer; seconds become milliseconds. */
export function columnsOf(rows: readonly Row[]): PageColumns {
  const [time, fields] = isCapital(rows[0]) ? ['TIMESTAMP', CAPITAL] : ['time', SMALL]
  return {
    timestamp: timeColumn(rows.length, (i) => (numberOf(rows[i]?.[time]) ?? Number.NaN) * 1000),
    ...rowColumns(rows, fields),
  }
}

/** Before its listing a pair has bars of zeros without end: they are no bars. */
export function isBlank(row: Row): boolean {
  const { open, high, low, close } = isCapital(row) ? CAPITAL : SMALL
  return [open, high, low, close].every((field) => numberOf(row[field]) === 0)
}
