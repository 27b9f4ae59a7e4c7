/**
 * The queue in front of one account of one vendor, shared by every client of the process.
 * @module
 */
import { ProviderError } from '../../contract/errors.ts'
import type { ProviderHealth } from '../../contract/http.ts'
import type { RateLimit } from '../../contract/provider.ts'
import type { Runtime } from '../../contract/runtime.ts'
import { type EpochMs, HOUR_MS } from '../../contract/time.ts'
import { type Meter, meterOf } from './meter.ts'
import type { QuotaNews } from './quota.ts'

/** Clock and sleep of the limiters. */
export type Clock = Pick<Runtime, 'now' | 'sleep'>

/** The right to send one request now. */
export interface Permit {
  /** The vendor has counted the request by now: its answer came, or it failed. Later calls do nothing. */
  arrived(): void
}

/** One queue, first come first served. */
export interface Limiter {
  /**
   * Waits for the turn of a request.
   * @param patienceMs longest single wait; a longer one rejects at once with the time to wait
   * @throws {ProviderError} `provider/rate-limited`, or `provider/quota` for a limit of an hour or longer
   */
  acquire(weight: number, signal: AbortSignal, patienceMs: number): Promise<Permit>
  /** Takes over what the vendor said: for everybody in the queue. */
  observe(news: QuotaNews): void
  /** Sends nothing before this instant. */
  block(untilMs: EpochMs): void
  /** Adds limits; of two with the same window the tighter one counts. */
  tighten(limits: readonly RateLimit[]): void
  state(): ProviderHealth['quota']
}

interface Waiter {
  readonly weight: number
  readonly patienceMs: number
  grant(): void
  refuse(error: ProviderError): void
}

// Timers may fire a millisecond early, and the vendor's clock is not ours.
const MARGIN_MS = 2
const LONGEST_TIMER_MS = 2 ** 31 - 1

/** Makes a queue. */
export function createLimiter(provider: string, limits: readonly RateLimit[], clock: Clock): Limiter {
  const meters: Meter[] = []
  const queue: Waiter[] = []
  let blockedUntilMs = 0
  let running = false
  let poke: () => void = () => {}
  let latestMs = Number.NEGATIVE_INFINITY

  // Never goes back, and counts a finished sleep even where the clock stands still.
  const now = (): EpochMs => (latestMs = Math.max(latestMs, clock.now()))

  const tighten = (more: readonly RateLimit[]): void => {
    for (const limit of more) {
      const same = meters.findIndex((meter) => meter.limit.perMs === limit.perMs && meter.limit.kind === limit.kind)
      if (same < 0) meters.push(meterOf(limit))
      else if (limit.weight < (meters[same] as Meter).limit.weight) {
        const stricter = meterOf(limit)
        stricter.observe((meters[same] as Meter).used(now()), now())
        meters[same] = stricter
      }
    }
  }
  tighten(limits)

  const block = (untilMs: EpochMs): void => {
    if (untilMs <= blockedUntilMs) return
    blockedUntilMs = untilMs
    poke()
  }

  const permitOf = (weight: number): Permit => {
    const counting = [...meters]
    for (const meter of counting) meter.depart(weight)
    let open = true
    return {
      arrived() {
        if (!open) return
        open = false
        for (const meter of counting) meter.arrive(weight, now())
        poke()
      },
    }
  }

  const tooLong = (waitMs: number, perMs: number): ProviderError => {
    const seconds = Math.ceil(waitMs / 1000)
    const code = perMs >= HOUR_MS ? 'provider/quota' : 'provider/rate-limited'
    return new ProviderError(code, `${provider}: its limit is used up for another ${seconds} s`, {
      provider,
      retryAfterMs: waitMs,
    })
  }

  /** Serves the head of the queue; returns how long it has to wait, or null where it was served or refused. */
  const serveHead = (): number | null => {
    const head = queue[0] as Waiter
    const nowMs = now()
    let waitMs = Math.max(0, blockedUntilMs - nowMs)
    let perMs = 0
    for (const meter of meters) {
      const wait = meter.waitMs(head.weight, nowMs)
      if (wait > waitMs) [waitMs, perMs] = [wait, meter.limit.perMs]
    }
    if (waitMs > 0 && (waitMs <= head.patienceMs || waitMs === Number.POSITIVE_INFINITY)) return waitMs
    queue.shift()
    if (waitMs === 0) head.grant()
    else head.refuse(tooLong(waitMs, perMs))
    return null
  }

  const rest = async (waitMs: number): Promise<void> => {
    const waking = new AbortController()
    const poked = new Promise<void>((resolve) => {
      poke = () => {
        waking.abort()
        resolve()
      }
    })
    if (waitMs === Number.POSITIVE_INFINITY) return poked
    const startMs = now()
    const sleepMs = Math.min(Math.ceil(waitMs) + MARGIN_MS, LONGEST_TIMER_MS)
    try {
      await Promise.race([clock.sleep(sleepMs, waking.signal), poked])
      if (!waking.signal.aborted) latestMs = Math.max(now(), startMs + sleepMs)
    } catch (error) {
      if (!waking.signal.aborted) throw error
    } finally {
      poke = () => {}
    }
  }

  const run = async (): Promise<void> => {
    if (running) return
    running = true
    try {
      while (queue.length > 0) {
        const waitMs = serveHead()
        if (waitMs !== null) await rest(waitMs)
      }
    } finally {
      running = false
    }
  }

  return {
    tighten,
    acquire(weight, signal, patienceMs) {
      return new Promise<Permit>((resolve, reject) => {
        if (signal.aborted) return reject(signal.reason)
        const leave = (): void => signal.removeEventListener('abort', abandon)
        const waiter: Waiter = {
          weight,
          patienceMs,
          grant() {
            leave()
            resolve(permitOf(weight))
          },
          refuse(error) {
            leave()
            reject(error)
          },
        }
        const abandon = (): void => {
          queue.splice(queue.indexOf(waiter), 1)
          reject(signal.reason)
          poke()
        }
        signal.addEventListener('abort', abandon, { once: true })
        queue.push(waiter)
        run().catch((error: unknown) => {
          for (const waiting of queue.splice(0)) waiting.refuse(error as ProviderError)
        })
      })
    },
    block,
    observe(news) {
      const nowMs = now()
      for (const { weight, perMs } of news.used ?? []) {
        for (const meter of meters) if (meter.limit.perMs === perMs) meter.observe(weight, nowMs)
      }
      if (news.blockedUntilMs !== undefined) block(news.blockedUntilMs)
    },
    state() {
      const nowMs = now()
      return {
        limits: meters.map((meter) => ({ ...meter.limit, used: meter.used(nowMs) })),
        blockedUntilMs: blockedUntilMs > nowMs ? blockedUntilMs : null,
        waiting: queue.length,
      }
    },
  }
}

/** The queues of a process, by provider, account and scope. */
export interface LimitRegistry {
  /**
   * The queue of one account; `identity` tells accounts apart without holding a key. What one of its queues is told to
   * wait, all queues of the account wait.
   */
  limiterFor(provider: string, identity: string, limits: readonly RateLimit[], scope?: string): Limiter
}

/** Makes an empty registry. */
export function createLimitRegistry(clock: Clock): LimitRegistry {
  const accounts = new Map<string, Map<string, Limiter>>()
  return {
    limiterFor(provider, identity, limits, scope = '') {
      const own = limits.filter((limit) => (limit.scope ?? '') === scope)
      const key = `${provider}\n${identity}`
      const queues = accounts.get(key) ?? new Map<string, Limiter>()
      accounts.set(key, queues)
      const known = queues.get(scope)
      if (known !== undefined) {
        known.tighten(own)
        return known
      }
      const queue = createLimiter(provider, own, clock)
      const shared: Limiter = {
        ...queue,
        observe(news) {
          queue.observe(news)
          const { blockedUntilMs } = news
          if (blockedUntilMs !== undefined)
            for (const other of queues.values()) if (other !== shared) other.block(blockedUntilMs)
        },
      }
      queues.set(scope, shared)
      return shared
    },
  }
}

const REGISTRIES = new WeakMap<typeof globalThis.fetch, LimitRegistry>()

/**
 * The registry of all clients that send through the same `fetch`: vendors count what leaves the process, so clients
 * share one queue per account, while a test with its own `fetch` has its own.
 */
export function sharedRegistry(runtime: Runtime): LimitRegistry {
  const known = REGISTRIES.get(runtime.fetch)
  if (known !== undefined) return known
  const fresh = createLimitRegistry(runtime)
  REGISTRIES.set(runtime.fetch, fresh)
  return fresh
}
