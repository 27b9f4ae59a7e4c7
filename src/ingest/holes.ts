/**
 * Finds the slots of a stored series that must exist and have no row.
 * @module
 */
import { timestampsMs } from '../contract/ticks.ts'
import { type CoverageRecord, rangesIn } from '../contract/coverage.ts'
import { gapInput } from '../contract/gap-detector.ts'
import { type Range, intersect, intersectRanges, subtractRanges } from '../contract/range.ts'
import { SCHEMAS } from '../contract/schema.ts'
import type { Series } from '../contract/series.ts'
import type { Snapshot } from '../contract/storage.ts'
import type { EpochMs } from '../contract/time.ts'
import type { BufferedPage } from './buffer.ts'
import type { IngestJob, IngestRooms } from './job.ts'
import { lowerIndex } from './stored.ts'

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
  const rejects =
    head.rejects === 0 ? null : await rooms.storage.read(head, { range, table: 'rejects', columns: ['timestamp'] })
  const input = gapInput(rows.timestamp, unit, {
    series,
    range,
    coverage: head.coverage,
    ...(rejects === null ? {} : { rejectedMs: timestampsMs(rejects.timestamp, unit).toSorted() }),
    calendar: job.calendar,
    capabilities: job.provider.capabilities,
    nowMs: rooms.runtime.now(),
  })
  return rooms.detector
    .detect(input)
    .gaps.filter((gap) => gap.kind === 'provider-missing')
    .map((gap) => ({ startMs: gap.startMs, endMs: gap.endMs }))
}

export function findHoles(
  rooms: IngestRooms,
  job: IngestJob,
  proven: readonly Range[],
  openings: Float64Array,
  coverage: readonly CoverageRecord[],
  pages: readonly BufferedPage[],
  nowMs: EpochMs,
): Range[] {
  if (job.series.interval === undefined) return []
  const rejectedMs = rejectedOpenings(job.series, pages)
  const holes: Range[] = []
  for (const range of proven) {
    const start = lowerIndex(openings, range.startMs)
    const end = lowerIndex(openings, range.endMs)
    const report = rooms.detector.detect({
      series: job.series,
      range,
      timestampsMs: openings.subarray(start, end),
      coverage,
      rejectedMs,
      calendar: job.calendar,
      capabilities: job.provider.capabilities,
      nowMs,
    })
    for (const gap of report.gaps)
      if (gap.kind === 'provider-missing') holes.push({ startMs: gap.startMs, endMs: gap.endMs })
  }
  const nulls = coverage.filter((record) => record.state === 'partial' && record.reason === 'null-row')
  holes.push(...intersectRanges(nulls, proven))
  const rejected = Array.from(rejectedMs, (ms) => ({ startMs: ms, endMs: ms + 1 }))
  return subtractRanges(holes, rejected)
}

function rejectedOpenings(series: Series, pages: readonly BufferedPage[]): Float64Array {
  const unit = SCHEMAS[series.schema].timeUnit
  const all = pages.flatMap((page) => (page.rejects === null ? [] : [...timestampsMs(page.rejects.timestamp, unit)]))
  return Float64Array.from(all.toSorted((a, b) => a - b))
}
