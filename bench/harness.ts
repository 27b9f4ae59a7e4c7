/**
 * Runs cases against each other: interleaved in one process, in an order that is shuffled anew for each repeat, each
 * answer compared with the reference. Figures are medians and minima, and ratios to a stated limit.
 * @module
 */
import { cpuUsage } from 'node:process'

export { formatGoal, formatSuite } from './format.ts'

/** One thing that is measured. */
export interface Case {
  readonly name: string
  /** Done before the clock starts, each time. */
  readonly before?: () => void | Promise<void>
  /** What the clock sees. */
  readonly run: () => unknown
  /** Compares the answer with the reference after the clock has stopped. @throws where it differs */
  readonly check?: (result: never) => void | Promise<void>
  /** Done after the check, each time. */
  readonly after?: () => void | Promise<void>
  /** Repeats at most, for cases that take seconds. @default those of the run */
  readonly most?: number
  /** A note for the table, such as `fresh memory`. */
  readonly note?: string
}

/**
 * A ratio that is wanted: the median of one case over the median of another, or a figure that the suite computed.
 * Without a bound it is only told.
 */
export interface Goal {
  readonly name: string
  /** Name of the case above the line, or the figure itself. */
  readonly of: string | number
  /** Names of cases below the line; the fastest of them counts. Absent where `of` is a figure. */
  readonly over?: readonly string[]
  readonly most?: number
  readonly least?: number
}

/** Cases that are compared. */
export interface Suite {
  readonly name: string
  /** What is read or written, in one sentence. */
  readonly about: string
  readonly cases: readonly Case[]
  /** Name of the case that all ratios of the table refer to. */
  readonly limit: string
  readonly repeats: number
  /** Rounds before the first that counts. @default 1 */
  readonly warmUps?: number
  readonly goals?: readonly Goal[] | (() => readonly Goal[])
  /** Figures beside the durations, such as bytes a row. */
  readonly figures?: () => Readonly<Record<string, number>>
  readonly close?: () => void | Promise<void>
}

/** Durations of one case in milliseconds. */
export interface CaseResult {
  readonly name: string
  readonly repeats: number
  readonly medianMs: number
  readonly minMs: number
  readonly maxMs: number
  /** Processor time of all threads. */
  readonly cpuMedianMs: number
  /** To the limit: median over median, minimum over minimum. */
  readonly ratioMedian: number
  readonly ratioMin: number
  /** Processor time to that of the limit. */
  readonly ratioCpu: number
  readonly note?: string
}

/** One goal with what was measured. */
export interface GoalResult {
  readonly name: string
  readonly value: number
  /** The same of the fastest repeats, which a busy machine disturbs least; absent where the figure is no ratio of cases. */
  readonly ofMinima?: number
  /** Empty for what is only told. */
  readonly wanted: string
  readonly met: boolean
}

/** One suite, measured. */
export interface SuiteResult {
  readonly name: string
  readonly about: string
  readonly limit: string
  /** Spread of the limit case: middle half over median. What the machine does beside. */
  readonly noise: number
  readonly cases: readonly CaseResult[]
  readonly goals: readonly GoalResult[]
  readonly figures: Readonly<Record<string, number>>
}

/** How a run is done. */
export interface RunOptions {
  /** @default 1 */
  readonly seed?: number
  /** Factor on the repeats of each suite. @default 1 */
  readonly effort?: number
}

interface Sample {
  readonly wallMs: number
  readonly cpuMs: number
}

/** Numbers in `[0, 1)` from a seed, the same on every machine. */
export function randomOf(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

/** Value below which a share of the values lies; values need no order. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  const at = (sorted.length - 1) * share
  const low = sorted[Math.floor(at)] as number
  return low + ((sorted[Math.ceil(at)] as number) - low) * (at - Math.floor(at))
}

/** Middle value. */
export const median = (values: readonly number[]): number => quantile(values, 0.5)

function shuffled<T>(values: readonly T[], random: () => number): T[] {
  const out = [...values]
  for (let i = out.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1))
    ;[out[i], out[j]] = [out[j] as T, out[i] as T]
  }
  return out
}

async function measure({ name, before, run, check, after }: Case): Promise<Sample> {
  await before?.()
  ;(globalThis as { gc?: () => void }).gc?.()
  const cpu = cpuUsage()
  const started = performance.now()
  const result: unknown = await run()
  const wallMs = performance.now() - started
  const { user, system } = cpuUsage(cpu)
  try {
    await check?.(result as never)
  } catch (cause) {
    throw new Error(`${name}: the answer is wrong`, { cause })
  }
  await after?.()
  return { wallMs, cpuMs: (user + system) / 1000 }
}

/**
 * Measures a suite. The first rounds warm up and are dropped.
 * @throws {Error} where a case gives a wrong answer
 */
export async function runSuite(suite: Suite, { seed = 1, effort = 1 }: RunOptions = {}): Promise<SuiteResult> {
  const random = randomOf(seed)
  const samples = new Map<string, Sample[]>(suite.cases.map(({ name }) => [name, []]))
  const repeats = Math.max(2, Math.round(suite.repeats * effort))
  for (let round = 1 - (suite.warmUps ?? 1); round <= repeats; round++) {
    for (const one of shuffled(suite.cases, random)) {
      const most = Math.max(1, Math.round((one.most ?? Infinity) * effort))
      // A case that takes seconds warms up once.
      if (round > most || (one.most !== undefined && round < 0)) continue
      const sample = await measure(one)
      if (round > 0) samples.get(one.name)?.push(sample)
    }
  }
  const results = summarise(suite, samples)
  const goals = typeof suite.goals === 'function' ? suite.goals() : (suite.goals ?? [])
  const limit = (samples.get(suite.limit) ?? []).map((sample) => sample.wallMs)
  return {
    name: suite.name,
    about: suite.about,
    limit: suite.limit,
    noise: (quantile(limit, 0.75) - quantile(limit, 0.25)) / median(limit),
    cases: results,
    goals: goals.map((goal) => judge(goal, results)),
    figures: suite.figures?.() ?? {},
  }
}

function summarise(suite: Suite, samples: ReadonlyMap<string, readonly Sample[]>): CaseResult[] {
  const plain = suite.cases.map(({ name, note }) => {
    const walls = (samples.get(name) ?? []).map((sample) => sample.wallMs)
    const cpus = (samples.get(name) ?? []).map((sample) => sample.cpuMs)
    const facts = {
      name,
      repeats: walls.length,
      medianMs: median(walls),
      minMs: Math.min(...walls),
      maxMs: Math.max(...walls),
    }
    return { ...facts, cpuMedianMs: median(cpus), ...(note === undefined ? {} : { note }) }
  })
  const limit = plain.find((one) => one.name === suite.limit)
  if (limit === undefined) throw new Error(`${suite.name}: has no case ${suite.limit}`)
  return plain.map((one) => ({
    ...one,
    ratioMedian: one.medianMs / limit.medianMs,
    ratioMin: one.minMs / limit.minMs,
    ratioCpu: one.cpuMedianMs / limit.cpuMedianMs,
  }))
}

function judge(goal: Goal, results: readonly CaseResult[]): GoalResult {
  const { most = Infinity, least = -Infinity } = goal
  const wanted = Number.isFinite(most) ? `≤ ${most}` : Number.isFinite(least) ? `≥ ${least}` : ''
  const isMet = (value: number): boolean => least <= value && value <= most
  if (typeof goal.of === 'number') return { name: goal.name, value: goal.of, wanted, met: isMet(goal.of) }
  const timeOf = (name: string, by: 'medianMs' | 'minMs'): number => {
    const found = results.find((one) => one.name === name)
    if (found === undefined) throw new Error(`${goal.name}: there is no case ${name}`)
    return found[by]
  }
  const [of, over] = [goal.of, goal.over ?? []]
  const ratio = (by: 'medianMs' | 'minMs'): number => {
    const value = timeOf(of, by) / Math.min(...over.map((name) => timeOf(name, by)))
    return goal.least === undefined ? value : 1 / value
  }
  const value = ratio('medianMs')
  return { name: goal.name, value, ofMinima: ratio('minMs'), wanted, met: isMet(value) }
}
