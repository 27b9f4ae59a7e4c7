/**
 * Crashes a story at every operation that changes the disk, and looks at what is left.
 * @module
 */
import type { FsPort } from '../../src/storage/local/index.ts'
import { isDataClientError } from '../../src/contract/errors.ts'
import { checkHolds, checkLog, checkView, checkViewShows } from './check.ts'
import { randomFrom, seedOf } from './random.ts'
import type { Scenario, Step } from './scenarios.ts'
import { type CrashModel, type DiskState, copyDisk, crashDisk, diskKey, settledDisk } from './sim-disk.ts'
import { type Action, type Expected, NOTHING, type World, after, bars, openWorld, perform } from './world.ts'

/** A moment at which the machine may stop. */
export interface CrashPoint {
  /** Counts operations that change the disk, from 0: nothing was done yet. */
  readonly index: number
  /** The operation just done. */
  readonly operation: string
  readonly disk: DiskState
  /** Steps that were acknowledged. */
  readonly acknowledged: number
  /** Steps that were begun: the same, or one more. */
  readonly begun: number
  readonly nowMs: number
}

/** A story with all its moments. */
export interface Trace {
  readonly scenario: Scenario
  readonly points: readonly CrashPoint[]
  /** What the store must hold after so many steps. */
  readonly expected: readonly Expected[]
}

/** A promise that was broken. */
export interface Violation {
  readonly scenario: string
  readonly point: number
  readonly operation: string
  readonly model: CrashModel
  readonly round: number
  readonly what: string
}

/** What the model holds after a step. */
export function afterStep(before: Expected, step: Step): Expected {
  return step.after === undefined ? after(before, step.action) : step.after(before)
}

/** Does a step; an error that the step allows is none. */
export async function performStep(world: World, before: Expected, step: Step, opId: string): Promise<void> {
  try {
    await perform(world, before, step.action, opId)
  } catch (error) {
    if (!isDataClientError(error) || !step.mayFail?.includes(error.code)) throw error
  }
}

/** The operation id of a step: the same whenever it is done again. */
export const opIdOf = (index: number): string => `step-${index}`

/** The disk after the setup of a story, all of it safe, and what it holds. */
export async function setUp(scenario: Scenario): Promise<{ disk: DiskState; expected: Expected; nowMs: number }> {
  const world = openWorld({ ...scenario.options, seed: 1 })
  let expected = NOTHING
  for (const [i, step] of scenario.setup.entries()) {
    await performStep(world, expected, step, `setup-${i}`)
    expected = afterStep(expected, step)
    world.clock.nowMs += 60_000
  }
  scenario.prepare?.(world)
  return { disk: settledDisk(world.sim.disk), expected, nowMs: world.clock.nowMs }
}

/** Runs a story once and keeps the disk at every moment. */
export async function traceScenario(scenario: Scenario, wrap?: (fs: FsPort) => FsPort): Promise<Trace> {
  const base = await setUp(scenario)
  const world = openWorld({
    ...scenario.options,
    disk: copyDisk(base.disk),
    nowMs: base.nowMs,
    seed: 2,
    ...(wrap === undefined ? {} : { wrap }),
  })
  const points: CrashPoint[] = []
  const expected = [base.expected]
  let acknowledged = 0
  let begun = 0
  let index = 0
  const stop = (operation: string): void => {
    points.push({ index, operation, disk: copyDisk(world.sim.disk), acknowledged, begun, nowMs: world.clock.nowMs })
  }
  stop('start')
  world.sim.hooks.after = ({ name, path, changes }) => {
    if (!changes) return
    index++
    stop(`${name} ${path}`)
  }
  for (const [i, step] of scenario.steps.entries()) {
    const before = expected[i] as Expected
    begun = i + 1
    await performStep(world, before, step, opIdOf(i))
    expected.push(afterStep(before, step))
    acknowledged = i + 1
    index++
    stop(`step ${i + 1} acknowledged`)
    world.clock.nowMs += 60_000
  }
  return { scenario, points, expected }
}

/** How thoroughly a trace is checked. */
export interface CrashOptions {
  readonly seed: number
  /** Random outcomes of each model at each moment. */
  readonly rounds: number
  /** Only this moment, model and round. */
  readonly only?: { readonly point: number; readonly model: CrashModel; readonly round: number }
  /** Leaves moments out; by their index. @default none */
  readonly skips?: (index: number) => boolean
  /** Late moments first. @default false */
  readonly backwards?: boolean
  /** Stop after so many broken promises. @default 20 */
  readonly maxViolations?: number
}

/** What was tried. */
export interface CrashReport {
  readonly points: number
  /** Different disks that were looked at. */
  readonly disks: number
  readonly violations: readonly Violation[]
}

/** Crashes at every moment of a trace. */
export async function checkTrace(
  trace: Trace,
  { seed, rounds, only, skips, backwards = false, maxViolations = 20 }: CrashOptions,
): Promise<CrashReport> {
  const { scenario, points } = trace
  const violations: Violation[] = []
  const seen = new Set<string>()
  const cases: [CrashModel, number][] = [
    ['none', 0],
    ['all', 0],
  ]
  for (let round = 0; round < rounds; round++) cases.push(['subset', round], ['prefix', round])
  for (const point of backwards ? points.toReversed() : points) {
    if (skips?.(point.index) === true || (only !== undefined && only.point !== point.index)) continue
    for (const [model, round] of cases) {
      if (only !== undefined && (only.model !== model || only.round !== round)) continue
      const disk = crashDisk(point.disk, model, randomFrom(seedOf(seed, scenario.name, point.index, model, round)))
      const key = `${point.acknowledged}/${point.begun}\n${diskKey(disk)}`
      if (seen.has(key)) continue
      seen.add(key)
      for (const what of await lookAt(trace, point, disk)) {
        violations.push({ scenario: scenario.name, point: point.index, operation: point.operation, model, round, what })
      }
      if (violations.length >= maxViolations) return { points: points.length, disks: seen.size, violations }
    }
  }
  return { points: points.length, disks: seen.size, violations }
}

/** Everything that must hold of the disk after a crash, and of the store that goes on with it. */
async function lookAt(trace: Trace, point: CrashPoint, disk: DiskState): Promise<string[]> {
  const { scenario, expected } = trace
  // Damage is there from the beginning: nothing holds before the first step mended it.
  const begun = scenario.damaged ? Math.max(1, point.begun) : point.begun
  const [before, next] = [expected[point.acknowledged] as Expected, expected[begun] ?? (expected.at(-1) as Expected)]
  const world = openWorld({ ...scenario.options, disk, nowMs: point.nowMs + 60_000, seed: 3 })
  const logRules = { keepLast: Math.min(20, scenario.options?.history?.last ?? 20), damaged: scenario.damaged ?? false }
  const broken: string[] = []
  const attempt = async (what: string, work: () => Promise<readonly string[]>): Promise<void> => {
    try {
      broken.push(...(await work()).map((found) => `${what}: ${found}`))
    } catch (error) {
      broken.push(`${what}: threw ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`)
    }
  }
  await attempt('after the crash', async () => [
    ...(await checkView(world.sim)),
    ...(scenario.damaged ? [] : checkLog(world.sim, logRules)),
  ])
  if (broken.length > 0) return broken
  if (!scenario.damaged) {
    await attempt('opened again', async () => {
      const asAcknowledged = await holdsOrSays(world, before)
      return asAcknowledged.length === 0 || (await holdsOrSays(world, next)).length === 0 ? [] : asAcknowledged
    })
    // The view may be behind until somebody writes or repairs; that it shows nothing twice was checked.
    // Of old versions on their way out a power failure may keep some and not their neighbours.
    const isSerious = ({ path, message }: { path: string; message: string }): boolean =>
      !path.endsWith('.parquet') && !(scenario.trims === true && message.includes('above it are missing'))
    await attempt('verified', async () =>
      (await world.storage.verify({ deep: true })).issues
        .filter(isSerious)
        .map(({ path, message }) => `${path}: ${message}`),
    )
    if (broken.length > 0) return broken
  }
  const last: Action = { kind: 'upsert', rows: bars(20_000, 1, 4_711) }
  await attempt('went on', async () => {
    const step = scenario.steps[point.acknowledged]
    if (begun > point.acknowledged && step !== undefined) {
      await performStep(world, before, step, opIdOf(point.acknowledged))
      const lost = await afterPowerFailure(world, scenario, next)
      if (lost.length > 0) return lost.map((what) => `done again, then lost power: ${what}`)
    }
    await perform(world, next, last, 'last')
    const final = after(next, last)
    return [
      ...(await checkHolds(world, final)),
      ...(scenario.hasNoView ? [] : await checkViewShows(world.sim, final.rows)),
      ...checkLog(world.sim, logRules),
      ...(await afterPowerFailure(world, scenario, final)).map((what) => `then lost power: ${what}`),
    ]
  })
  return broken
}

async function holdsOrSays(world: World, wanted: Expected): Promise<string[]> {
  try {
    return await checkHolds(world, wanted)
  } catch (error) {
    return [`threw ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`]
  }
}

/** What was acknowledged must be there although all that was not synced is gone. */
async function afterPowerFailure(world: World, scenario: Scenario, wanted: Expected): Promise<string[]> {
  const disk = crashDisk(world.sim.disk, 'all', () => 0)
  const later = openWorld({ ...scenario.options, disk, nowMs: world.clock.nowMs, seed: 4 })
  // What a reader set aside was no promise: the next reader may have to find it again.
  if (scenario.damaged) await perform(later, wanted, { kind: 'read' }, 'again').catch(() => {})
  return [...(await checkHolds(later, wanted)), ...(await checkView(later.sim))]
}

/** One line that says how to see a broken promise again. */
export function replayLine(seed: number, { scenario, point, operation, model, round, what }: Violation): string {
  return `SEED=${seed} ONLY='${scenario}:${point}:${model}:${round}' npm run crash   # after ${operation}: ${what}`
}
