/**
 * How far a run is, at what rate, and how long it will take.
 * @module
 */
import type { IngestJob, IngestRooms } from './job.ts'

/** Tells progress after each request. */
export interface Progress {
  done(rows: number): void
}

/** Progress of a run of `total` requests. */
export function createProgress(rooms: IngestRooms, job: IngestJob, total: number): Progress {
  const startedAtMs = rooms.runtime.now()
  let finished = 0
  return {
    done(rows) {
      finished++
      const elapsedMs = rooms.runtime.now() - startedAtMs
      const event = {
        series: job.series,
        operation: job.operation,
        done: finished,
        total,
        rows,
        rowsPerSecond: elapsedMs > 0 ? Math.round((rows / elapsedMs) * 1000) : 0,
        timeLeftMs: elapsedMs > 0 ? Math.round((elapsedMs / finished) * (total - finished)) : null,
      }
      rooms.emit('progress', event)
      try {
        job.onProgress?.(event)
      } catch (error) {
        // Who watches a run never stops it.
        rooms.log.error({ error: String(error) }, 'onProgress failed')
      }
    },
  }
}
