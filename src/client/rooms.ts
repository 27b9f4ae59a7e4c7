/**
 * The rooms of one client, wired: what every method works with.
 * @module
 */
import { EventEmitter } from 'eventemitter3'
import pLimit, { type LimitFunction } from 'p-limit'
import { calendar as builtInCalendar } from '../calendars/index.ts'
import type { Calendar } from '../contract/calendar.ts'
import { ConfigError, ProviderError } from '../contract/errors.ts'
import { type ClientEvents, EVENT_NAMES, type Emit, type EventName } from '../contract/events.ts'
import type { Http } from '../contract/http.ts'
import type { Provider } from '../contract/provider.ts'
import type { Storage } from '../contract/storage.ts'
import { createGapDetector } from '../gaps/index.ts'
import { createTracker } from '../health/tracker.ts'
import type { IngestRooms } from '../ingest/job.ts'
import type { HttpEngine } from '../providers/http/engine.ts'
import { createLocalStorage } from '../storage/local/index.ts'
import type { ResolvedOptions } from './options.ts'

/** Rooms, events and limits of a client. */
export interface ClientRooms extends IngestRooms {
  readonly options: ResolvedOptions
  readonly limit: LimitFunction
  providers(): Promise<readonly Provider[]>
  /** Names of all sources that the store held when they were first asked for: listing it costs a read a series. */
  storedSources(): Promise<readonly string[]>
  calendar(name: string): Calendar
  on<Name extends EventName>(name: Name, listener: (event: ClientEvents[Name]) => void): () => void
  /** The engine of the network, if anything has used it. */
  engine(): HttpEngine | null
  /** Notes a run that {@link ClientRooms.close} waits for. */
  running<T>(run: Promise<T>): Promise<T>
  /** Ends what runs: it stores what was proven. Then nothing is written any more. */
  close(): Promise<void>
}

/** Wires the rooms. Nothing is opened, asked or imported that is heavy before it is used. */
export function createRooms(options: ResolvedOptions): ClientRooms {
  const { runtime, logger } = options
  const emitter = new EventEmitter()
  const emit: Emit = (name, event) => {
    for (const listener of emitter.listeners(name)) {
      const failed = (error: unknown): void => logger.error({ event: name, error: String(error) }, 'a listener failed')
      try {
        // One that is asynchronous may fail later, which would end the process.
        Promise.resolve(listener(event) as unknown).catch(failed)
      } catch (error) {
        failed(error)
      }
    }
    if (name === 'warning') logger.warn(event, (event as ClientEvents['warning']).message)
  }
  const storage = openStorage(options, emit)
  const providers = memo(async () => {
    const given = options.providers ?? (await import('./default-providers.ts')).defaultProviders(runtime.env)
    return given.map((provider) => provider.withEnv?.(runtime.env) ?? provider)
  })
  const engine = memo(async () => {
    const { createHttpEngine } = await import('../providers/http/engine.ts')
    opened = createHttpEngine({ runtime, http: options.http, log: logger, emit })
    return opened
  })
  let opened: HttpEngine | null = null
  const closing = new AbortController()
  const runs = new Set<Promise<unknown>>()
  return {
    options,
    runtime,
    log: logger,
    emit,
    storage,
    quality: options.quality,
    detector: 'detect' in options.gapDetector ? options.gapDetector : createGapDetector(options.gapDetector),
    tracker: options.metadata ?? createTracker(storage),
    limit: pLimit(options.concurrency),
    providers,
    storedSources: memo(async () => [...new Set((await storage.list()).map(({ series }) => series.provider))]),
    calendar: (name) => options.calendars[name] ?? builtInCalendar(name),
    httpFor: (provider): Http => ({
      request: async (request, settings) => (await engine()).httpFor(provider).request(request, settings),
    }),
    engine: () => opened,
    on(name, listener) {
      if (!EVENT_NAMES.includes(name) || typeof listener !== 'function') {
        const message = `on: takes one of ${EVENT_NAMES.join(', ')} and a function, not ${JSON.stringify(name)} and ${typeof listener}`
        throw new ConfigError('config/option', message, { field: 'on', value: name })
      }
      emitter.on(name, listener)
      return () => void emitter.off(name, listener)
    },
    closing: closing.signal,
    running(run) {
      runs.add(run)
      const forget = (): void => void runs.delete(run)
      run.then(forget, forget)
      return run
    },
    async close() {
      closing.abort(new ProviderError('provider/unavailable', 'the client was closed'))
      await opened?.close()
      await Promise.allSettled(runs)
      await storage.close()
    },
  }
}

function openStorage(options: ResolvedOptions, emit: Emit): Storage {
  if ('commit' in options.storage) return options.storage
  return createLocalStorage({
    root: options.root,
    ...options.storage,
    now: options.runtime.now,
    log: options.logger,
    onWarning: (warning) => emit('warning', warning),
  })
}

function memo<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined
  return () => (made ??= make())
}
