/**
 * Finds the slots of a stored series that must exist and have no row.
 * @module
 */
import { timestampsMs } from '../contract/columns.ts'
import { rangesIn } from '../contract/coverage.ts'
import type { Range } from '../contract/range.ts'
import { intersect } from '../contract/range.ts'
import { SCHEMAS } from '../contract/schema.ts'
import type { Snapshot } from '../contract/storage.ts'
import type { IngestJob, IngestRooms } from './job.ts'

/** Scans the whole covered series once; done daily, so that a lost record of asks hides nothing from healing. */
export async function scanHoles(rooms: IngestRooms, job: IngestJob, head: Snapshot): Promise<Range[]> {
  const { series } = job
  const covered = rangesIn(head.coverage, ['data', 'empty', 'partial'])
  if (series.interval === undefined || covered.length === 0) return []
  const span = { startMs: (covered[0] as Range).startMs, endMs: (covered.at(-1) as Range).endMs }
  const range = intersect(span, job.range)
  if (range === null) return []
  const unit = SCHEMAS[series.schema].timeUnit
  const rows = await rooms.storage.read(head, { range, columns: ['timestamp'] }, { signal: job.signal })
  const rejects = head.rejects === 0 ? null : await rooms.storage.read(head, { range, table: 'rejects', columns: ['timestamp'] })
  const report = rooms.detector.detect({
    series,
    range,
    timestampsMs: timestampsMs(rows.timestamp, unit),
    coverage: head.coverage,
    ...(rejects === null ? {} : { rejectedMs: timestampsMs(rejects.timestamp, unit).toSorted() }),
    calendar: job.calendar,
    capabilities: job.provider.capabilities,
    nowMs: rooms.runtime.now(),
  })
  return report.gaps
    .filter((gap) => gap.kind === 'provider-missing')
    .map((gap) => ({ startMs: gap.startMs, endMs: gap.endMs }))
}
