/**
 * Makes the n-th operation of a story fail, for every n until none is left to fail, as SQLite is tested.
 * @module
 */
import { isDataClientError } from '../../src/contract/errors.ts'
import type { FsPort } from '../../src/storage/local/index.ts'
import { checkHolds, checkLog, checkView, checkViewShows } from './check.ts'
import { afterStep, opIdOf, performStep, setUp } from './crash.ts'
import { seedOf } from './random.ts'
import type { Scenario, Step } from './scenarios.ts'
import { copyDisk, crashDisk } from './sim-disk.ts'
import { type SimOperation, fsError } from './sim-fs.ts'
import { type Action, type Expected, type World, bars, openWorld, perform } from './world.ts'

/** Errors of a file system that the sweep throws. */
export const ERRNOS = ['ENOSPC', 'EIO', 'EMFILE', 'EPERM', 'EBUSY'] as const

/** `once`: one operation fails · `lost`: it is done and fails nevertheless · `lasting`: all of its kind fail from then on. */
export const MODES = ['once', 'lost', 'lasting'] as const

/** An error, and how it comes. */
export interface Fault {
  readonly errno: (typeof ERRNOS)[number]
  readonly mode: (typeof MODES)[number]
  /** Counts operations from 1. */
  readonly n: number
}

const HANDLES: readonly (keyof FsPort)[] = ['open', 'openSync', 'list', 'fsyncFolder']
const NAMES: readonly (keyof FsPort)[] = ['link', 'rename', 'unlink', 'removeFolder']
const SPACE: readonly (keyof FsPort)[] = ['open', 'write', 'link', 'makeFolder', 'fsync', 'fsyncFolder']

/** Operations that fail together while a fault lasts. */
const LASTING: Readonly<Record<Fault['errno'], (operation: SimOperation) => boolean>> = {
  ENOSPC: ({ name, changes }) => changes && SPACE.includes(name),
  EIO: ({ changes }) => changes,
  EMFILE: ({ name }) => HANDLES.includes(name),
  EPERM: ({ changes }) => changes,
  EBUSY: ({ name }) => NAMES.includes(name),
}

/** Operations whose answer may be lost; on any other the error stands for nothing done. */
const LOSABLE: readonly (keyof FsPort)[] = ['link', 'rename', 'unlink', 'fsyncFolder', 'makeFolder', 'write', 'close']

/** What came of one fault: null where nothing was left to fail. */
export async function sweepOnce(
  scenario: Scenario,
  base: Awaited<ReturnType<typeof setUp>>,
  fault: Fault,
  wrap?: (fs: FsPort) => FsPort,
): Promise<string[] | null> {
  const options = {
    ...scenario.options,
    nowMs: base.nowMs,
    seed: 2,
    lockTimeoutMs: 200,
    ...(wrap === undefined ? {} : { wrap }),
  }
  const world = openWorld({ ...options, disk: copyDisk(base.disk) })
  const hit = injectFault(world, fault)
  const broken: string[] = []
  let expected = base.expected
  for (const [i, step] of scenario.steps.entries()) {
    const next = afterStep(expected, step)
    const failed = await attempt(world, expected, step, opIdOf(i))
    if (world.sim.handles.size > 0) broken.push(`step ${i + 1} left ${world.sim.handles.size} files open`)
    if (failed === null) {
      expected = next
      world.clock.nowMs += 60_000
      continue
    }
    broken.push(...(await lookAfterError(world, scenario, failed, expected, next, step)))
    if (broken.length > 0) return broken
    world.sim.hooks = {}
    broken.push(...(await goOn(world, scenario, expected, i)))
    return broken
  }
  if (!hit.value) return null
  world.sim.hooks = {}
  return [...broken, ...(await goOn(world, scenario, expected, scenario.steps.length))]
}

function injectFault({ sim }: World, { errno, mode, n }: Fault): { value: boolean } {
  const hit = { value: false }
  let count = 0
  const counts = mode === 'lost' ? ({ name }: SimOperation) => LOSABLE.includes(name) : () => true
  sim.hooks[mode === 'lost' ? 'after' : 'before'] = (operation) => {
    if (hit.value && mode === 'lasting' && LASTING[errno](operation)) throw fsError(errno, operation.path)
    if (hit.value || !counts(operation)) return
    if (++count < n || (mode === 'lasting' && !LASTING[errno](operation))) return
    hit.value = true
    throw fsError(errno, operation.path)
  }
  return hit
}

async function attempt(world: World, before: Expected, step: Step, opId: string): Promise<unknown> {
  try {
    await performStep(world, before, step, opId)
    return null
  } catch (error) {
    return error ?? new Error('nothing')
  }
}

/** A step failed: with a typed error, and either nothing happened or all of it. */
async function lookAfterError(
  world: World,
  scenario: Scenario,
  error: unknown,
  before: Expected,
  next: Expected,
  { action }: Step,
): Promise<string[]> {
  if (!isDataClientError(error))
    return [`threw an error without a code: ${error instanceof Error ? (error.stack ?? '') : String(error)}`]
  if (scenario.damaged) return []
  const isDefinite = error.code !== 'storage/unknown-outcome' && (action.kind === 'upsert' || action.kind === 'replace')
  const broken: string[] = []
  for (const [when, disk] of [
    ['after the error', copyDisk(world.sim.disk)],
    ['after the error and a power failure', crashDisk(world.sim.disk, 'all', () => 0)],
  ] as const) {
    const later = openWorld({ ...scenario.options, disk, nowMs: world.clock.nowMs + 1_000, seed: 3 })
    const asBefore = await heldOrSays(later, before)
    if (asBefore.length === 0) continue
    const asNext = isDefinite ? ['a definite error, but it happened'] : await heldOrSays(later, next)
    if (asNext.length > 0)
      broken.push(...asBefore.map((what) => `${when} (${error.code}): ${what}; ${asNext[0] ?? ''}`))
    broken.push(...(await checkView(later.sim)))
  }
  return broken
}

async function heldOrSays(world: World, wanted: Expected): Promise<string[]> {
  try {
    return await checkHolds(world, wanted)
  } catch (error) {
    return [`threw ${String(error)}`]
  }
}

/** The disk works again: the rest of the story, then one more row, by the same process if it may, else by a new one. */
async function goOn(world: World, scenario: Scenario, expected: Expected, from: number): Promise<string[]> {
  const broken: string[] = []
  const last: Action = { kind: 'upsert', rows: bars(20_000, 1, 4_711) }
  let now = world
  let holds = expected
  const rest: Step[] = [...scenario.steps.slice(from), { action: last }]
  for (const [i, step] of rest.entries()) {
    const opId = from + i < scenario.steps.length ? opIdOf(from + i) : 'last'
    let error = await attempt(now, holds, step, opId)
    if (error !== null && now === world) {
      // A failed disk makes a process refuse; a new one goes on with what is there.
      if (!isDataClientError(error)) return [...broken, `went on: threw an error without a code: ${String(error)}`]
      now = openWorld({ ...scenario.options, disk: world.sim.disk, nowMs: world.clock.nowMs + 1_000, seed: 5 })
      error = await attempt(now, holds, step, opId)
    }
    if (error !== null) return [...broken, `went on: ${String(error)}`]
    holds = afterStep(holds, step)
    now.clock.nowMs += 60_000
  }
  const rules = { keepLast: Math.min(20, scenario.options?.history?.last ?? 20), damaged: scenario.damaged ?? false }
  broken.push(
    ...(await heldOrSays(now, holds)),
    ...(scenario.hasNoView ? [] : await checkViewShows(now.sim, holds.rows)),
    ...checkLog(now.sim, rules),
  )
  const later = openWorld({
    ...scenario.options,
    disk: crashDisk(now.sim.disk, 'all', () => 0),
    nowMs: now.clock.nowMs,
    seed: 4,
  })
  if (scenario.damaged) await perform(later, holds, { kind: 'read' }, 'again').catch(() => {})
  broken.push(...(await heldOrSays(later, holds)).map((what) => `then lost power: ${what}`))
  return broken
}

/** What was tried, and what broke. */
export interface SweepReport {
  readonly cases: number
  readonly violations: readonly (Fault & { readonly scenario: string; readonly what: string })[]
}

/** Sweeps one story. Of every `stride` operations one fails, chosen by the seed. */
export async function sweepScenario(
  scenario: Scenario,
  {
    seed,
    stride,
    only,
    wrap,
  }: {
    readonly seed: number
    readonly stride: number
    readonly only?: Partial<Fault>
    readonly wrap?: (fs: FsPort) => FsPort
  },
): Promise<SweepReport> {
  const base = await setUp(scenario)
  const violations: SweepReport['violations'][number][] = []
  let cases = 0
  for (const errno of ERRNOS) {
    for (const mode of MODES) {
      if ((only?.errno ?? errno) !== errno || (only?.mode ?? mode) !== mode) continue
      const first = only?.n ?? 1 + (seedOf(seed, scenario.name, errno, mode) % stride)
      for (let n = first; ; n += stride) {
        const found = await sweepOnce(scenario, base, { errno, mode, n }, wrap)
        if (found === null) break
        cases++
        violations.push(...found.map((what) => ({ scenario: scenario.name, errno, mode, n, what })))
        if (only?.n !== undefined || violations.length >= 20) break
      }
    }
  }
  return { cases, violations }
}
