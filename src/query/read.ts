/**
 * Reads rows of a range with the proof of what they are.
 * @module
 */
import type { Calendar } from '../contract/calendar.ts'
import type { Columns } from '../contract/columns.ts'
import { msOf, ticksOf, timestampsMs } from '../contract/ticks.ts'
import { type CoverageRecord, type Missing, rangesIn, unknownRanges } from '../contract/coverage.ts'
import { ConfigError, StorageError } from '../contract/errors.ts'
import { type GapDetector, gapInput } from '../contract/gap-detector.ts'
import type { ProviderCapabilities } from '../contract/provider.ts'
import type { CoverageReport } from '../contract/query.ts'
import { type Range, formatRange, intersect, intersectRanges, subtractRanges, unionRanges } from '../contract/range.ts'
import { SCHEMAS } from '../contract/schema.ts'
import { type Series, seriesKey } from '../contract/series.ts'
import { slotsOf } from '../contract/slots.ts'
import type { Snapshot, Storage } from '../contract/storage.ts'
import type { EpochMs } from '../contract/time.ts'

/** What the proof of a range depends on. */
export interface ProofContext {
  readonly storage: Storage
  readonly detector: GapDetector
  readonly calendar: Calendar
  readonly capabilities: Pick<ProviderCapabilities, 'barsWithoutTrades' | 'finalityLagMs' | 'anchor' | 'dayBoundary'>
  readonly nowMs: EpochMs
  /** First opening that is not closed: what lies after it cannot be there yet. */
  readonly closedEndMs: EpochMs
  /** Ranges that were asked in this call and not answered. */
  readonly failed?: readonly Range[]
  readonly signal?: AbortSignal
}

/** Rows and their proof. */
export interface ProvenRows {
  readonly columns: Columns
  readonly report: CoverageReport
}

/** The range from the first to the last stored row, end exclusive; null without rows. */
export function storedRange(snapshot: Snapshot, nextOpen: (openMs: EpochMs) => EpochMs): Range | null {
  if (snapshot.span === null) return null
  const unit = SCHEMAS[snapshot.series.schema].timeUnit
  return { startMs: msOf(snapshot.span.first, unit), endMs: nextOpen(msOf(snapshot.span.last, unit)) }
}

/**
 * Refuses columns that neither the series nor its schema knows.
 * @throws {ConfigError} `config/option`
 */
export function wantedColumns(
  snapshot: Pick<Snapshot, 'series' | 'columns'>,
  wanted: readonly string[] | undefined,
): readonly string[] | undefined {
  if (wanted === undefined) return undefined
  const known = new Set([
    ...SCHEMAS[snapshot.series.schema].columns.map((column) => column.name),
    ...snapshot.columns.map((column) => column.name),
  ])
  for (const name of wanted) {
    if (known.has(name)) continue
    const message = `columns: ${seriesKey(snapshot.series)} has no column ${JSON.stringify(name)}: use ${[...known].join(' ')}`
    throw new ConfigError('config/option', message, { field: 'columns', value: name })
  }
  return ['timestamp', ...wanted.filter((name) => name !== 'timestamp')]
}

/** Reads the rows of a range and proves them. */
export async function readProven(
  context: ProofContext,
  snapshot: Snapshot,
  range: Range,
  columns?: readonly string[],
): Promise<ProvenRows> {
  const wanted = wantedColumns(snapshot, columns)
  const rows = await context.storage.read(
    snapshot,
    { range, ...(wanted === undefined ? {} : { columns: wanted }) },
    context.signal === undefined ? {} : { signal: context.signal },
  )
  const report = await proveRange(context, snapshot, range, rows.timestamp)
  return { columns: rows, report }
}

/** The proof of a range: what is covered, what is missing and why. */
export async function proveRange(
  context: ProofContext,
  snapshot: Snapshot,
  range: Range,
  timestamp: BigInt64Array,
): Promise<CoverageReport> {
  const { coverage, series } = snapshot
  const rejectedMs = await rejectedOpenings(context, snapshot, range)
  const covered = rangesIn(coverage, ['data', 'empty', 'partial'], range)
  const missing = [
    ...missingOutside(context, coverage, range),
    ...missingInside(context, snapshot, range, timestamp, rejectedMs),
  ]
  return {
    requested: range,
    covered,
    missing: missing.toSorted((a, b) => a.startMs - b.startMs),
    provisional: provisionalRanges(snapshot, range),
    rejected: rejectedMs.length,
    source: series.provider,
    series,
    version: snapshot.version,
    hash: snapshot.hash,
    actions: null,
    records: coverage.filter((record) => intersect(record, range) !== null),
  }
}

/** The parts of a range that are covered and not final. */
export function provisionalRanges({ coverage }: Snapshot, range: Range): Range[] {
  return rangesIn(
    coverage.filter((record) => record.reason !== 'null-row'),
    ['partial'],
    range,
  )
}

/** Outside coverage: asked and failed, refused by the source, not closed yet, or never asked. */
export function missingOutside(context: ProofContext, coverage: readonly CoverageRecord[], range: Range): Missing[] {
  const unknown = unknownRanges(coverage, range)
  const pending = intersectRanges(unknown, [{ startMs: Math.max(range.startMs, context.closedEndMs), endMs: Infinity }])
  const asked = subtractRanges(unknown, pending)
  const failed = intersectRanges(asked, context.failed ?? [])
  const kinds: [Missing['kind'], readonly Range[]][] = [
    ['failed', failed],
    ['unfetched', subtractRanges(asked, failed)],
    ['pending', pending],
    ['unavailable', rangesIn(coverage, ['unavailable'], range)],
  ]
  return kinds.flatMap(([kind, ranges]) => ranges.map((part) => ({ ...part, kind })))
}

/** Inside coverage: slots that must exist and have no row. */
function missingInside(
  context: ProofContext,
  snapshot: Snapshot,
  range: Range,
  timestamp: BigInt64Array,
  rejectedMs: Float64Array,
): Missing[] {
  const { series, coverage } = snapshot
  if (series.interval === undefined) return []
  const input = gapInput(timestamp, SCHEMAS[series.schema].timeUnit, {
    series,
    range,
    coverage,
    rejectedMs,
    calendar: context.calendar,
    capabilities: context.capabilities,
    nowMs: context.nowMs,
    ...(context.failed === undefined ? {} : { failed: context.failed }),
  })
  const report = context.detector.detect(input)
  // A closed slot inside the finality lag may be empty because the source is late: asked, and still pending.
  const provisional = rangesIn(coverage, ['partial'], range)
  return report.gaps.flatMap(({ startMs, endMs, kind }): Missing[] => {
    if (kind === 'provider-missing' || kind === 'rejected') return [{ startMs, endMs, kind }]
    return kind === 'pending'
      ? intersectRanges([{ startMs, endMs }], provisional).map((part) => ({ ...part, kind }))
      : []
  })
}

async function rejectedOpenings(context: ProofContext, snapshot: Snapshot, range: Range): Promise<Float64Array> {
  if (snapshot.rejects === 0) return new Float64Array(0)
  const table = await context.storage.read(snapshot, { range, table: 'rejects', columns: ['timestamp'] })
  const all = timestampsMs(table.timestamp, SCHEMAS[snapshot.series.schema].timeUnit)
  return Float64Array.from(new Set(all.toSorted()))
}

/** Rows before the first one that can still change. */
export function cutProvisional(rows: Columns, report: CoverageReport): Range {
  const [first] = report.provisional
  if (first === undefined) return report.requested
  const unit = SCHEMAS[report.series.schema].timeUnit
  const last = rows.timestamp.at(-1)
  if (last === undefined || last < ticksOf(first.startMs, unit)) return report.requested
  return { startMs: report.requested.startMs, endMs: first.startMs }
}

/**
 * Refuses a range in which a bar is missing that is closed. Nights, weekends and holidays hold none, asked or not.
 * @throws {StorageError} `storage/incomplete` naming the first ranges
 */
export function requireComplete(
  report: CoverageReport,
  context: Pick<ProofContext, 'calendar' | 'capabilities'>,
): void {
  const holes = report.missing.filter(
    (missing) => missing.kind !== 'pending' && mayHoldBars(missing, report.series, context),
  )
  if (holes.length === 0) return
  const shown = holes.slice(0, 3).map((hole) => `${formatRange(hole)} (${hole.kind})`)
  const more = holes.length > shown.length ? ` and ${holes.length - shown.length} more` : ''
  const message = `${seriesKey(report.series)}: missing ${shown.join(', ')}${more}. Fill them with get or update, or read without complete: true`
  throw new StorageError('storage/incomplete', message, {
    provider: report.series.provider,
    symbol: report.series.symbol,
    issues: holes.map((hole) => ({ path: formatRange(hole), message: hole.kind })),
  })
}

/** Is the market open in this range? Yes where its calendar does not know, and for what is no bar. */
function mayHoldBars(
  range: Range,
  { interval }: Series,
  { calendar, capabilities }: Pick<ProofContext, 'calendar' | 'capabilities'>,
): boolean {
  const { valid } = calendar
  if (interval === undefined || range.startMs < valid.startMs || range.endMs > valid.endMs) return true
  return slotsOf(calendar, range, interval, capabilities.anchor, capabilities.dayBoundary).total > 0
}

/** The proof of a series of which nothing is stored. */
export function nothingStored(
  series: Series,
  range: Range,
  closedEndMs: EpochMs,
  failed: readonly Range[],
): CoverageReport {
  const context = { closedEndMs, failed } as ProofContext
  return {
    requested: range,
    covered: [],
    missing: unionMissing(missingOutside(context, [], range)),
    provisional: [],
    rejected: 0,
    source: series.provider,
    series,
    version: 0,
    hash: '',
    actions: null,
    records: [],
  }
}

function unionMissing(missing: readonly Missing[]): Missing[] {
  const kinds = [...new Set(missing.map((one) => one.kind))]
  return kinds.flatMap((kind) =>
    unionRanges(missing.filter((one) => one.kind === kind)).map((range) => ({ ...range, kind })),
  )
}
