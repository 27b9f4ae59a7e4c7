/** The gap detector as sets, slot by slot: slow, and written from the definitions alone. */
import type { Calendar } from '../../src/contract/calendar.ts'
import type { MissingKind } from '../../src/contract/coverage.ts'
import type { GapInput, GapReport } from '../../src/contract/gap-detector.ts'
import { INTERVALS, type Interval, barOpen, isLabelled, nextOpen } from '../../src/contract/interval.ts'

const DAY = 86_400_000

/** One bar that must exist: opening, end of its stretch, when it is complete, its sessions. */
export interface Slot {
  readonly open: number
  readonly end: number
  readonly complete: number
  readonly sessions: ReadonlySet<number>
}

interface Piece {
  readonly open: number
  readonly close: number
  readonly session: number
}

function piecesOf(calendar: Calendar, startMs: number, endMs: number): Piece[] {
  const s = calendar.sessions({ start: new Date(startMs - 7 * DAY), end: new Date(endMs + 7 * DAY) })
  return Array.from(s.session, (session, i): Piece[] => {
    const [open, close] = [s.open[i] as number, s.close[i] as number]
    const pause = s.breakStart[i] as number
    return Number.isNaN(pause)
      ? [{ open, close, session }]
      : [
          { open, close: pause, session },
          { open: s.breakEnd[i] as number, close, session },
        ]
  }).flat()
}

/** All slots that open in the range. */
export function slotModel(input: GapInput): Slot[] {
  const interval = input.series.interval as Interval
  const { startMs, endMs } = input.range
  const step = INTERVALS[interval].ms
  const all: Slot[] = []
  if (isLabelled(interval)) {
    const s = input.calendar.sessions({ start: new Date(startMs - 70 * DAY), end: new Date(endMs + 70 * DAY) })
    const byLabel = new Map<number, number[]>()
    s.session.forEach((session, i) => {
      const label = barOpen(interval, session)
      byLabel.set(label, [...(byLabel.get(label) ?? []), i])
    })
    for (const [label, members] of byLabel) {
      const end = nextOpen(interval, label)
      const close = s.close[members.at(-1) as number] as number
      const complete = input.capabilities.dayBoundary === 'utc' ? end : close
      all.push({ open: label, end, complete, sessions: new Set(members.map((i) => s.session[i] as number)) })
    }
  } else if (input.capabilities.anchor === 'session') {
    for (const { open, close, session } of piecesOf(input.calendar, startMs, endMs)) {
      for (let at = open; at < close; at += step) {
        const end = Math.min(at + step, close)
        all.push({ open: at, end, complete: end, sessions: new Set([session]) })
      }
    }
  } else {
    const pieces = piecesOf(input.calendar, startMs, endMs)
    for (let at = Math.floor(startMs / step) * step; at < endMs; at += step) {
      const inside = pieces.filter((piece) => piece.open < at + step && piece.close > at)
      if (inside.length === 0) continue
      const end = inside.length > 1 ? at + step : Math.min(at + step, (inside[0] as Piece).close)
      all.push({ open: at, end, complete: end, sessions: new Set([(inside[0] as Piece).session]) })
    }
  }
  return all.filter((slot) => slot.open >= startMs && slot.open < endMs)
}

export interface ModelReport extends Omit<GapReport, 'gaps' | 'range' | 'coverageRatio' | 'unchecked'> {
  /** Kind of each missing slot by opening. */
  readonly missing: ReadonlyMap<number, MissingKind>
}

/** What the detector should say. Holes of unknown meaning are gaps from `minGapSlots` on. */
export function gapModel(input: GapInput, tolerance: number, minGapSlots: number): ModelReport {
  const slots = slotModel(input)
  const jitter = INTERVALS[input.series.interval as Interval].kind === 'clock' ? INTERVALS[input.series.interval as Interval].ms * tolerance : 0
  const near = (time: number): Slot | undefined => slots.findLast((slot) => Math.abs(time - slot.open) <= jitter)
  const filled = new Set<Slot>()
  const counts = { duplicates: 0, offGrid: 0, outOfSession: 0 }
  for (const time of input.timestampsMs) {
    if (time < input.range.startMs - jitter || time >= input.range.endMs) continue
    const slot = near(time)
    if (slot === undefined) {
      if (slots.some((one) => one.open <= time && time < one.end)) counts.offGrid++
      else counts.outOfSession++
    } else if (filled.has(slot)) counts.duplicates++
    else filled.add(slot)
  }
  const rejected = new Set([...(input.rejectedMs ?? [])].map(near))
  const verdicts = slots.map((slot) => (filled.has(slot) ? 'present' : verdictOf(slot, input, rejected)))
  settleUnsure(slots, verdicts, isLabelled(input.series.interval as Interval) && minGapSlots === 0 ? 1 : minGapSlots)
  const missing = new Map<number, MissingKind>()
  slots.forEach((slot, i) => {
    const verdict = verdicts[i] as string
    if (verdict !== 'present' && verdict !== 'no-trades') missing.set(slot.open, verdict as MissingKind)
  })
  return {
    ...counts,
    missing,
    expected: slots.length,
    present: filled.size,
    noTrades: verdicts.filter((verdict) => verdict === 'no-trades').length,
  }
}

function verdictOf(slot: Slot, input: GapInput, rejected: ReadonlySet<Slot | undefined>): string {
  if (rejected.has(slot)) return 'rejected'
  const covering = input.coverage.find((record) => record.startMs <= slot.open && slot.open < record.endMs)
  const { barsWithoutTrades, finalityLagMs } = input.capabilities
  if (covering?.state === 'empty' || covering?.state === 'data') {
    if (covering.reason === 'provider-missing') return 'provider-missing'
    if (covering.state === 'empty')
      return covering.reason === undefined && barsWithoutTrades === 'emitted' ? 'provider-missing' : 'no-trades'
    if (barsWithoutTrades === 'unknown') return 'unsure'
    return barsWithoutTrades === 'omitted' && !isLabelled(input.series.interval as Interval)
      ? 'no-trades'
      : 'provider-missing'
  }
  const failed = input.failed?.some((range) => range.startMs <= slot.open && slot.open < range.endMs) ?? false
  if (covering?.state === 'unavailable' && !failed) return 'unavailable'
  if (slot.complete + finalityLagMs > input.nowMs) return 'pending'
  if (failed) return 'failed'
  return covering?.reason === 'null-row' ? 'provider-missing' : 'unfetched'
}

function settleUnsure(slots: readonly Slot[], verdicts: string[], minGapSlots: number): void {
  const sessions = new Map<number, { expected: number; absent: number }>()
  slots.forEach((slot, i) => {
    const [first] = slot.sessions
    const entry = sessions.get(first as number) ?? { expected: 0, absent: 0 }
    sessions.set(first as number, {
      expected: entry.expected + 1,
      absent: entry.absent + (verdicts[i] === 'unsure' ? 1 : 0),
    })
  })
  for (let i = 0; i < slots.length; i++) {
    if (verdicts[i] !== 'unsure') continue
    let end = i
    while (verdicts[end] === 'unsure') end++
    const poor = slots.slice(i, end).some(({ sessions: [first] }) => {
      const { expected, absent } = sessions.get(first as number) as { expected: number; absent: number }
      return absent * 2 > expected
    })
    verdicts.fill(end - i >= minGapSlots || poor ? 'provider-missing' : 'no-trades', i, end)
  }
}
