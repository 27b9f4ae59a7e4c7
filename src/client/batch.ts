/**
 * Many queries at once; one failure never stops the others.
 * @module
 */
import pLimit from 'p-limit'
import { ConfigError } from '../contract/errors.ts'
import { checkOptions } from '../contract/options.ts'
import type { ProgressEvent } from '../contract/events.ts'
import type { Query } from '../contract/query.ts'
import type { Logger } from '../contract/runtime.ts'
import type { BatchOptions, BatchResult, DataClient } from './data-client.ts'

/** What a batch needs of its client. */
export interface BatchContext {
  readonly client: Pick<DataClient, 'get' | 'load' | 'update' | 'read'>
  readonly concurrency: number
  readonly log: Logger
  now(): number
  /** Checks a query and its route without the network. */
  check(query: Query): Promise<void>
}

const KEYS: readonly (keyof BatchOptions)[] = ['operation', 'concurrency', 'signal', 'onProgress']
const OPERATIONS: readonly NonNullable<BatchOptions['operation']>[] = ['get', 'load', 'update', 'read']

/**
 * Yields results as they end. Every route is checked before the first request: a query without one is
 * reported, not asked. Abandoned, it starts nothing new.
 */
export async function* runBatch(
  context: BatchContext,
  queries: readonly Query[],
  options: BatchOptions = {},
): AsyncGenerator<BatchResult, void, undefined> {
  checkOptions(options, KEYS, 'batch')
  const { signal, operation = 'get', concurrency = context.concurrency } = options
  if (!Array.isArray(queries))
    throw new ConfigError('config/option', 'batch: takes a list of queries', { field: 'queries', value: queries })
  if (!OPERATIONS.includes(operation)) {
    const message = `operation: ${JSON.stringify(operation)} is not understood: use ${OPERATIONS.join(', ')}`
    throw new ConfigError('config/option', message, { field: 'operation', value: operation })
  }
  if (!Number.isInteger(concurrency) || concurrency < 1) {
    const message = `concurrency: ${JSON.stringify(concurrency)} is not understood: use a whole number from 1 on`
    throw new ConfigError('config/option', message, { field: 'concurrency', value: concurrency })
  }
  signal?.throwIfAborted()
  const broken = await Promise.all(
    queries.map((query) =>
      context.check(query).then(
        () => null,
        (error: unknown) => ({ error }),
      ),
    ),
  )
  const abandon = new AbortController()
  const stop = signal === undefined ? abandon.signal : AbortSignal.any([signal, abandon.signal])
  const limit = pLimit(concurrency)
  const tell = createTeller(context, queries.length, options)
  const finished: { readonly result: BatchResult; taken(): void }[] = []
  let wake: () => void = () => {}
  let isAbandoned = false
  // A result keeps its place until it is taken, so that no more tables wait than queries may run.
  const end = (result: BatchResult): Promise<void> =>
    new Promise((taken) => {
      tell.ended(result)
      finished.push({ result, taken })
      if (isAbandoned) taken()
      wake()
    })
  const runs = queries.map((query, i) => {
    const failure = broken[i]
    if (failure) return end(failed(query, failure.error))
    return limit(async () => end(await runOne(context, query, options, stop, tell.progress)))
  })
  try {
    for (let yielded = 0; yielded < queries.length; yielded++) {
      if (finished.length === 0) await new Promise<void>((resolve) => (wake = resolve))
      const { result, taken } = finished.shift() as (typeof finished)[number]
      taken()
      yield result
    }
  } finally {
    isAbandoned = true
    for (const { taken } of finished) taken()
    abandon.abort(new Error('the batch was abandoned'))
    // What waits in the queue sees the abort before its first request.
    await Promise.allSettled(runs)
  }
}

function failed(query: Query, error: unknown): BatchResult {
  return { query, ok: false, table: null, report: null, error }
}

async function runOne(
  { client }: BatchContext,
  query: Query,
  options: BatchOptions,
  signal: AbortSignal,
  onProgress: (query: Query, event: ProgressEvent) => void,
): Promise<BatchResult> {
  const asked: Query = {
    ...query,
    signal: query.signal === undefined ? signal : AbortSignal.any([query.signal, signal]),
    onProgress: (event) => {
      query.onProgress?.(event)
      onProgress(query, event)
    },
  }
  try {
    const operation = options.operation ?? 'get'
    if (operation === 'update') return { query, ok: true, table: null, report: await client.update(asked), error: null }
    return { query, ok: true, table: await client[operation](asked), report: null, error: null }
  } catch (error) {
    return failed(query, error)
  }
}

function createTeller(
  context: BatchContext,
  total: number,
  { onProgress }: BatchOptions,
): {
  progress(query: Query, event: ProgressEvent): void
  ended(result: BatchResult): void
} {
  const startedAtMs = context.now()
  const rows = new Map<Query, number>()
  let allRows = 0
  let done = 0
  let failures = 0
  const tell = (series: ProgressEvent | null): void => {
    const elapsedMs = context.now() - startedAtMs
    if (onProgress === undefined) return
    const event = {
      done,
      total,
      failed: failures,
      rows: allRows,
      seriesPerSecond: elapsedMs > 0 ? (done / elapsedMs) * 1000 : 0,
      timeLeftMs: done > 0 && elapsedMs > 0 ? Math.round((elapsedMs / done) * (total - done)) : null,
      series,
    }
    try {
      onProgress(event)
    } catch (error) {
      // Who watches a batch never stops it.
      context.log.error({ error: String(error) }, 'onProgress failed')
    }
  }
  return {
    progress(query, event) {
      allRows += event.rows - (rows.get(query) ?? 0)
      rows.set(query, event.rows)
      tell(event)
    },
    ended(result) {
      done++
      if (!result.ok) failures++
      tell(null)
    },
  }
}
