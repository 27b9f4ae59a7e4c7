/**
 * The tracker: a JSON record beside each series. Losing it costs nothing but a re-ask.
 * @module
 */
import type { AskRecord, MetadataTracker, SeriesStatus, UpdateRecord } from '../contract/metadata-tracker.ts'
import { type Series, seriesKey } from '../contract/series.ts'
import type { Storage } from '../contract/storage.ts'

const NOTE = 'status'
const MAX_UPDATES = 100
const FORMAT = 1

/** What a tracker needs of a store. */
export type NoteStore = Pick<Storage, 'list' | 'readNote' | 'writeNote'>

/** A tracker that keeps its records as notes of a store, the last 100 runs a series. */
export function createTracker(storage: NoteStore): MetadataTracker {
  // Two runs of one process on one series would each read, add and write: one at a time.
  const chains = new Map<string, Promise<unknown>>()
  const inTurn = <T>(series: Series, work: () => Promise<T>): Promise<T> => {
    const key = seriesKey(series)
    const next = (chains.get(key) ?? Promise.resolve()).then(work, work)
    chains.set(key, next)
    const forget = (): void => {
      if (chains.get(key) === next) chains.delete(key)
    }
    next.then(forget, forget)
    return next
  }
  const status = async (series: Series): Promise<SeriesStatus> =>
    parseStatus(series, await storage.readNote(series, NOTE))
  return {
    status,
    record: (event) =>
      inTurn(event.series, async () => {
        const next = addUpdate(await status(event.series), event)
        await storage.writeNote(event.series, NOTE, formatStatus(next))
      }),
    async summary() {
      const all = await Promise.all((await storage.list()).map(({ series }) => status(series)))
      const errors = all.flatMap((one) => (one.lastError === null ? [] : [one.lastError]))
      return {
        series: all.length,
        updates: all.reduce((sum, one) => sum + one.updates.length, 0),
        errors: all.reduce((sum, one) => sum + one.errors, 0),
        lastError: errors.toSorted((a, b) => b.atMs - a.atMs)[0] ?? null,
      }
    },
  }
}

function addUpdate(status: SeriesStatus, event: UpdateRecord): SeriesStatus {
  const { asks, series: _series, ...update } = event
  const endedAtMs = event.startedAtMs + event.durationMs
  const isFailed = event.outcome === 'failed'
  return {
    series: status.series,
    updates: [update, ...status.updates].slice(0, MAX_UPDATES),
    errors: status.errors + (isFailed ? 1 : 0),
    lastError: isFailed
      ? { atMs: endedAtMs, code: event.code ?? 'unknown', message: event.message ?? '' }
      : status.lastError,
    lastOkMs: event.outcome === 'ok' ? endedAtMs : status.lastOkMs,
    recheckedAtMs: event.recheckedAtMs ?? status.recheckedAtMs,
    scannedAtMs: event.scannedAtMs ?? status.scannedAtMs ?? null,
    asks: asks ?? status.asks,
  }
}

function formatStatus(status: SeriesStatus): string {
  const { series: _series, ...rest } = status
  return `${JSON.stringify({ format: FORMAT, ...rest })}\n`
}

function nothing(series: Series): SeriesStatus {
  return {
    series,
    updates: [],
    errors: 0,
    lastError: null,
    lastOkMs: null,
    recheckedAtMs: null,
    scannedAtMs: null,
    asks: [],
  }
}

/** A record that cannot be read counts as lost: it is derived, never a reason to fail. */
function parseStatus(series: Series, text: string | null): SeriesStatus {
  if (text === null) return nothing(series)
  try {
    const value = JSON.parse(text) as Partial<SeriesStatus> & { format?: number }
    if (value.format !== FORMAT || !Array.isArray(value.updates) || !Array.isArray(value.asks)) return nothing(series)
    return {
      series,
      updates: value.updates.slice(0, MAX_UPDATES),
      errors: numberOr(value.errors, 0),
      lastError: value.lastError ?? null,
      lastOkMs: numberOr(value.lastOkMs, null),
      recheckedAtMs: numberOr(value.recheckedAtMs, null),
      scannedAtMs: numberOr(value.scannedAtMs, null),
      asks: value.asks.filter(isAsk),
    }
  } catch {
    return nothing(series)
  }
}

function numberOr<T>(value: unknown, other: T): number | T {
  return typeof value === 'number' && Number.isFinite(value) ? value : other
}

function isAsk(value: AskRecord): boolean {
  const isTime = (time: unknown): boolean => typeof time === 'number' && Number.isFinite(time)
  return isTime(value.startMs) && isTime(value.endMs) && isTime(value.firstAskMs) && isTime(value.lastAskMs)
}
