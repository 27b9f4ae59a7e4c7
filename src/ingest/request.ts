/**
 * Asks a source for one range and hands over its pages, read.
 * @module
 */
import { requirePage, requirePages } from '../contract/page-shape.ts'
import type { Range } from '../contract/range.ts'
import { subtractRanges, totalMs } from '../contract/range.ts'
import type { BufferedPage } from './buffer.ts'
import type { IngestJob, IngestRooms, RunCounts } from './job.ts'
import { readPage } from './page.ts'

/** Takes a page that was read; what the source said of its history comes beside it. */
export type OnPage = (page: BufferedPage, historyStartMs: number | undefined) => void | Promise<void>

/**
 * Asks for a range. Where a limit of rows cut the answer the rest is asked too; what a source leaves open without a reason
 * stays open.
 * @throws {ProviderError} what the source fails with · {DataError} `data/invalid` · the reason of the signal
 */
export async function readRequest(
  rooms: IngestRooms,
  job: IngestJob,
  range: Range,
  requestId: string,
  counts: RunCounts,
  onPage: OnPage,
): Promise<void> {
  const { provider, series, signal } = job
  const context = { signal, http: rooms.httpFor(provider), now: rooms.runtime.now, log: rooms.log }
  const stops = rooms.closing === undefined ? [signal] : [signal, rooms.closing]
  const open: Range[] = [range]
  for (let next = open.shift(); next !== undefined; next = open.shift()) {
    counts.requests++
    const proven: Range[] = []
    let rows = 0
    const pages = requirePages(provider.fetch({ series, range: next }, context), series)
    for await (const given of untilAborted(pages, stops)) {
      const page = requirePage(given, series)
      const { page: ready, refusal } = readPage(rooms, job, page, next, requestId, counts)
      rows += page.columns.timestamp.length
      await onPage(ready, page.historyStartMs)
      if (refusal !== null) throw refusal
      proven.push(ready.answer.proven)
    }
    const left = subtractRanges([next], proven)
    if (rows >= provider.capabilities.rowsPerRequest && totalMs(left) < next.endMs - next.startMs) open.unshift(...left)
  }
}

/** The same pages, given up at once when a signal aborts, even by a source that does not heed it. Leaves no listener behind. */
async function* untilAborted<T>(
  source: AsyncIterable<T>,
  stops: readonly AbortSignal[],
): AsyncGenerator<T, void, undefined> {
  const iterator = source[Symbol.asyncIterator]()
  let isDone = false
  try {
    for (;;) {
      const step = await orAborted(iterator.next(), stops)
      isDone = step.done === true
      if (step.done === true) return
      for (const stop of stops) stop.throwIfAborted()
      yield step.value
    }
  } catch (error) {
    isDone ||= !stops.some((stop) => stop.aborted)
    throw error
  } finally {
    // Not awaited: a source that hangs would hang the abort.
    if (!isDone) void Promise.resolve(iterator.return?.()).catch(() => {})
  }
}

function orAborted<T>(work: Promise<T>, stops: readonly AbortSignal[]): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = (): void => {
      leave()
      reject(stops.find((signal) => signal.aborted)?.reason as Error)
    }
    const leave = (): void => stops.forEach((signal) => signal.removeEventListener('abort', stop))
    stops.forEach((signal) => signal.addEventListener('abort', stop, { once: true }))
    if (stops.some((signal) => signal.aborted)) stop()
    work.then(resolve, reject).finally(leave)
  })
}
