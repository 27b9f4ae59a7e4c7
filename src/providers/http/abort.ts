/**
 * Work under a signal and a deadline that leaves neither a listener nor a timer behind.
 * @module
 */

/** Runs work under a signal that also aborts when any of the others does, or after `ms`; cleans up whatever happens. */
export async function withDeadline<T>(
  signals: readonly AbortSignal[],
  ms: number,
  late: () => Error,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const own = new AbortController()
  const listeners = signals.map((signal) => {
    const listener = (): void => own.abort(signal.reason)
    if (signal.aborted) listener()
    else signal.addEventListener('abort', listener, { once: true })
    return () => signal.removeEventListener('abort', listener)
  })
  const timer = Number.isFinite(ms) ? setTimeout(() => own.abort(late()), ms) : undefined
  try {
    return await orAborted(own.signal, () => work(own.signal))
  } catch (error) {
    // Whatever the work made of the abort: the reason is the reason.
    throw own.signal.aborted ? own.signal.reason : error
  } finally {
    clearTimeout(timer)
    for (const remove of listeners) remove()
  }
}

/** Runs work under a signal that aborts when any of the given ones does. */
export function joined<T>(signals: readonly AbortSignal[], work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  return withDeadline(signals, Number.POSITIVE_INFINITY, () => new Error('never'), work)
}

/** Rejects as soon as the signal aborts, also where the work does not listen to it. */
export function orAborted<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason)
    const stop = (): void => reject(signal.reason)
    signal.addEventListener('abort', stop, { once: true })
    work()
      .then(resolve, reject)
      .finally(() => signal.removeEventListener('abort', stop))
  })
}
