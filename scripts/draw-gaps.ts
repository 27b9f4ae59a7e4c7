/**
 * Draws the pictures of docs/what-is-a-gap.md. What they show is computed by the calendars and the gap detector.
 *
 * `node scripts/draw-gaps.ts` writes docs/pictures/*.svg
 * @module
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { calendar, segmentsOf, slotsOf } from '../src/calendars/index.ts'
import type { CoverageRecord } from '../src/contract/coverage.ts'
import type { Gap, GapReport } from '../src/contract/gap-detector.ts'
import type { Interval } from '../src/contract/interval.ts'
import type { Range } from '../src/contract/range.ts'
import { createGapDetector } from '../src/gaps/index.ts'

const WIDTH = 860
const LEFT = 150
const RIGHT = 20
const INK = '#1f2933'
const MUTED = '#7b8794'
const OPEN = '#d9e8f6'
const ROW = '#2f6fab'
const KIND_COLORS: Readonly<Record<string, string>> = {
  'provider-missing': '#c0392b',
  rejected: '#8e44ad',
  unfetched: '#e67e22',
  failed: '#7f4f24',
  unavailable: '#566573',
  pending: '#b7950b',
}

const at = (text: string): number => Date.parse(text)

interface Canvas {
  readonly range: Range
  readonly marks: string[]
}

const xOf = ({ range }: Canvas, ms: number): number =>
  Math.round((LEFT + ((ms - range.startMs) / (range.endMs - range.startMs)) * (WIDTH - LEFT - RIGHT)) * 10) / 10

function box(canvas: Canvas, range: Range, y: number, height: number, fill: string, more = ''): void {
  const [start, end] = [
    xOf(canvas, Math.max(range.startMs, canvas.range.startMs)),
    xOf(canvas, Math.min(range.endMs, canvas.range.endMs)),
  ]
  const width = Math.max(1, Math.round((end - start) * 10) / 10)
  canvas.marks.push(`<rect x="${start}" y="${y}" width="${width}" height="${height}" fill="${fill}" ${more}/>`)
}

function text(canvas: Canvas, x: number, y: number, words: string, anchor = 'start', fill = INK, size = 13): void {
  canvas.marks.push(
    `<text x="${x}" y="${y}" text-anchor="${anchor}" fill="${fill}" font-size="${size}">${words}</text>`,
  )
}

function label(canvas: Canvas, y: number, words: string): void {
  text(canvas, LEFT - 12, y, words, 'end')
}

/** One tick a day with its name, in UTC. */
function days(canvas: Canvas, y: number): void {
  const name = (ms: number): string => new Date(ms).toUTCString().slice(0, 11).replace(',', '').replace(' 0', ' ')
  const day = 86_400_000
  for (let ms = Math.ceil(canvas.range.startMs / day) * day; ms < canvas.range.endMs; ms += day) {
    const x = xOf(canvas, ms)
    canvas.marks.push(`<line x1="${x}" x2="${x}" y1="30" y2="${y}" stroke="#e4e7eb"/>`)
    text(canvas, x + 4, y + 14, name(ms), 'start', MUTED, 11)
  }
}

function svg(canvas: Canvas, height: number, title: string): string {
  const size = `viewBox="0 0 ${WIDTH} ${height}"`
  const font = 'font-family="system-ui, sans-serif"'
  const head = `<svg xmlns="http://www.w3.org/2000/svg" ${size} ${font} role="img" aria-label="${title}">`
  return [head, `<rect width="${WIDTH}" height="${height}" fill="#ffffff"/>`, ...canvas.marks, '</svg>', ''].join('\n')
}

/** What is open, what is stored and what is missing, as three lanes. */
function lanes(
  canvas: Canvas,
  market: string,
  rows: Float64Array,
  step: number,
  gaps: readonly Gap[],
  y: number,
  name: string,
): void {
  const days = { start: new Date(canvas.range.startMs - 86_400_000), end: new Date(canvas.range.endMs + 86_400_000) }
  const { n, open: opens, close } = calendar(market).sessions(days)
  for (let i = 0; i < n; i++) {
    const session = { startMs: opens[i] as number, endMs: close[i] as number }
    if (session.endMs > canvas.range.startMs && session.startMs < canvas.range.endMs) box(canvas, session, y, 44, OPEN)
  }
  for (const row of rows) box(canvas, { startMs: row + step * 0.12, endMs: row + step * 0.88 }, y + 6, 20, ROW)
  for (const gap of gaps) {
    const color = KIND_COLORS[gap.kind] as string
    box(canvas, gap, y + 35, 1, color)
    const open = segmentsOf(calendar(market), gap)
    for (let i = 0; i < open.length; i += 2)
      box(canvas, { startMs: open[i] as number, endMs: open[i + 1] as number }, y + 30, 10, color)
  }
  label(canvas, y + 20, name)
  if (gaps.length > 0)
    label(
      canvas,
      y + 40,
      `${gaps.length} gap${gaps.length > 1 ? 's' : ''}, ${gaps.reduce((sum, gap) => sum + gap.slots, 0)} bars`,
    )
}

interface Scene {
  readonly market: string
  readonly interval: Interval
  readonly range: Range
  readonly rows: Float64Array
  readonly coverage?: readonly CoverageRecord[]
  readonly rejected?: readonly number[]
  readonly now?: string
  readonly failed?: readonly Range[]
}

function reportOf({
  market,
  interval,
  range,
  rows,
  coverage,
  rejected = [],
  now = '2030-01-01',
  failed = [],
}: Scene): GapReport {
  return createGapDetector().detect({
    series: { provider: 'picture', schema: 'ohlcv', symbol: 'X', interval },
    range,
    timestampsMs: rows,
    coverage: coverage ?? [{ ...range, state: 'data', requestId: 'picture', asOfMs: 0 }],
    rejectedMs: Float64Array.from(rejected),
    calendar: calendar(market),
    capabilities: { barsWithoutTrades: 'emitted', finalityLagMs: 0, anchor: 'session', dayBoundary: 'session' },
    nowMs: at(now),
    failed,
  })
}

/** The same outage of a stock and of a coin, over Thanksgiving. */
function week(): string {
  const range = { startMs: at('2024-11-26T12:00Z'), endMs: at('2024-12-03T00:00Z') }
  const canvas: Canvas = { range, marks: [] }
  const span = { start: new Date(range.startMs), end: new Date(range.endMs) }
  const outage = { startMs: at('2024-11-29T16:00Z'), endMs: at('2024-12-02T16:00Z') }
  days(canvas, 160)
  text(canvas, LEFT, 20, 'Hourly bars, an outage from Friday 16:00 to Monday 16:00 UTC')
  for (const [i, [market, name]] of (
    [
      ['XNYS', 'stock'],
      ['24/7', 'coin'],
    ] as const
  ).entries()) {
    const rows = calendar(market)
      .expectedBars(span, '1h')
      .filter((ms) => ms < outage.startMs || ms >= outage.endMs)
    const { gaps } = reportOf({ market, interval: '1h', range, rows })
    lanes(canvas, market, rows, 3_600_000, gaps, 40 + i * 60, name)
  }
  return svg(canvas, 184, 'A stock lacks bars only where its market was open; a coin lacks every hour of the outage')
}

/** Hourly bars from the opening, and on the clock. */
function anchors(): string {
  const range = { startMs: at('2024-07-03T12:45Z'), endMs: at('2024-07-03T17:45Z') }
  const canvas: Canvas = { range, marks: [] }
  const xnys = calendar('XNYS')
  text(canvas, LEFT, 20, 'One half day in New York, 13:30 to 17:00 UTC, in bars of an hour')
  const session = xnys.nextSession('2024-07-03T00:00Z')
  box(canvas, { startMs: session.open, endMs: session.close }, 36, 96, OPEN)
  for (const [i, anchor] of (['session', 'clock'] as const).entries()) {
    const slots = slotsOf(xnys, range, '1h', anchor)
    const y = 44 + i * 46
    label(canvas, y + 22, `anchor ${anchor}`)
    for (let k = 0; k < slots.total; k++) {
      const open = (slots.first[0] as number) + k * slots.stepMs
      const end = Math.min(open + slots.stepMs, slots.end[0] as number)
      box(canvas, { startMs: open, endMs: end }, y, 34, i === 0 ? '#9cc3e6' : '#bcd9b4', 'stroke="#ffffff"')
      text(canvas, xOf(canvas, open) + 6, y + 22, new Date(open).toISOString().slice(11, 16), 'start', INK, 12)
    }
  }
  return svg(
    canvas,
    146,
    'Bars begin at the opening, the last one short, or on the hour, the first one beginning before the opening',
  )
}

/** Coverage decides what a slot without a row is called. */
function kinds(): string {
  const range = { startMs: at('2024-01-02'), endMs: at('2024-02-01') }
  const canvas: Canvas = { range, marks: [] }
  const record = (
    start: string,
    end: string,
    state: CoverageRecord['state'],
    reason?: CoverageRecord['reason'],
  ): CoverageRecord => ({
    startMs: at(start),
    endMs: at(end),
    state,
    requestId: 'picture',
    asOfMs: 0,
    ...(reason === undefined ? {} : { reason }),
  })
  const coverage = [
    record('2024-01-02', '2024-01-12', 'data'),
    record('2024-01-12', '2024-01-16', 'unavailable', 'not-entitled'),
    record('2024-01-22', '2024-01-24', 'data'),
    record('2024-01-24', '2024-01-26', 'partial', 'not-final'),
  ]
  const lost = ['2024-01-04', '2024-01-05', '2024-01-09']
  const kept = calendar('XNYS')
    .expectedBars({ start: '2024-01-02', end: '2024-01-12' }, '1d')
    .filter((ms) => !lost.some((day) => at(day) === ms))
  const rows = Float64Array.from([...kept, at('2024-01-22'), at('2024-01-23'), at('2024-01-24')])
  const failed = [{ startMs: at('2024-01-18'), endMs: at('2024-01-20') }]
  const report = reportOf({
    market: 'XNYS',
    interval: '1d',
    range,
    rows,
    coverage,
    rejected: [at('2024-01-09')],
    now: '2024-01-25T12:00Z',
    failed,
  })
  text(canvas, LEFT, 20, 'Daily bars in January 2024, asked on the 25th')
  const states: Readonly<Record<string, string>> = {
    data: '#bcd9b4',
    empty: '#e4e7eb',
    partial: '#f5e6a8',
    unavailable: '#cfd4da',
  }
  label(canvas, 56, 'coverage')
  for (const one of coverage) {
    box(canvas, one, 40, 24, states[one.state] as string)
    text(canvas, xOf(canvas, one.startMs) + 4, 56, one.state, 'start', INK, 11)
  }
  label(canvas, 92, 'rows')
  for (const row of rows) box(canvas, { startMs: row + 8_640_000, endMs: row + 77_760_000 }, 76, 24, ROW)
  label(canvas, 128, 'missing')
  report.gaps.forEach((gap, i) => {
    box(
      canvas,
      { startMs: gap.startMs, endMs: Math.min(gap.endMs, range.endMs) },
      112,
      24,
      KIND_COLORS[gap.kind] as string,
    )
    text(canvas, xOf(canvas, gap.startMs), 152 + (i % 2) * 16, gap.kind, 'start', KIND_COLORS[gap.kind], 11)
  })
  for (let day = 2; day < 32; day += 2) {
    const ms = at(`2024-01-${String(day).padStart(2, '0')}`)
    text(canvas, xOf(canvas, ms), 190, String(day), 'start', MUTED, 11)
  }
  return svg(canvas, 200, 'What a session without a bar is called depends on what is known of it')
}

/** Every picture by file name. */
export function pictures(): Readonly<Record<string, string>> {
  return { 'gap-week.svg': week(), 'gap-anchors.svg': anchors(), 'gap-kinds.svg': kinds() }
}

if (import.meta.main) {
  const folder = new URL('../docs/pictures/', import.meta.url)
  mkdirSync(folder, { recursive: true })
  for (const [name, picture] of Object.entries(pictures())) writeFileSync(new URL(name, folder), picture)
}
