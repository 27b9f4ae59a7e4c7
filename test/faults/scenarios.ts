/**
 * What is done to a store while it crashes or its disk fails: small stories that touch every part of the protocol.
 * @module
 */
import { forgetCoverage } from '../../src/contract/coverage.ts'
import type { MaintainTask } from '../../src/contract/storage.ts'
import { dataName, versionName, viewName } from '../../src/storage/local/layout.ts'
import { decodeSnapshot } from '../../src/storage/local/snapshot-format.ts'
import { type SimFs, withoutLinks } from './sim-fs.ts'
import {
  type Action,
  type Expected,
  MINUTE_MS,
  PATHS,
  SERIES,
  START_MS,
  type World,
  type WorldOptions,
  bars,
} from './world.ts'

/** An action of a story, and what holds after it where that is not what the action says. */
export interface Step {
  readonly action: Action
  readonly after?: (before: Expected) => Expected
  /** Codes with which the action may end although nothing is wrong with the store. */
  readonly mayFail?: readonly string[]
}

/** One story. */
export interface Scenario {
  readonly name: string
  readonly options?: WorldOptions
  /** Done and acknowledged, and on the disk, before the faults begin. */
  readonly setup: readonly Step[]
  /** Done to the disk after the setup: damage, or time that passes. */
  readonly prepare?: (world: World) => void
  /** Done while faults happen. */
  readonly steps: readonly Step[]
  /** What the damage done by {@link prepare} takes from the check of the log and of the first reading. */
  readonly damaged?: boolean
  /** Old versions go. */
  readonly trims?: boolean
  /** The disk has no hard links, so there is no view. */
  readonly hasNoView?: boolean
}

const step = (action: Action): Step => ({ action })
const upsert = (
  first: number,
  count: number,
  price: number,
  beside: { revisions?: number; rejects?: number } = {},
): Step => step({ kind: 'upsert', rows: bars(first, count, price), ...beside })
const replaceAll = (rows: ReadonlyMap<number, number>): Step =>
  step({ kind: 'replace', rows, startMs: START_MS, endMs: START_MS + 100_000 * MINUTE_MS })
const maintain = (task: MaintainTask): Step => step({ kind: 'maintain', task })

/** Rows of a file that is too large to be joined by the next rows. */
const LONG = 1_100
const segments = (count: number): Step[] =>
  Array.from({ length: count }, (_, i) => upsert(i * LONG, LONG, 10 * (i + 1)))

/** Setting: one file in each of two months, one of them small. */
const twoMonths: readonly Step[] = [upsert(0, 300, 100)]

/** Old versions go as soon as they may. */
const shortHistory: WorldOptions = { history: { everyMs: 0, hourlyMs: 0, dailyMs: 0, last: 3 } }

/** Makes the view show an older version. */
function showVersion(sim: SimFs, version: number): void {
  const path = `${PATHS.log}/${versionName(version)}`
  const { files } = decodeSnapshot(sim.peek(path) as Uint8Array, SERIES, version, path)
  const shown = sim.paths().filter((name) => name.startsWith(`${PATHS.folder}/`) && name.endsWith('.parquet'))
  for (const name of shown) sim.relink(name, null)
  for (const [i, file] of files.rows.entries())
    sim.relink(`${PATHS.folder}/${viewName(file.part, i)}`, `${PATHS.data}/${dataName(file)}`)
}

/** Every story. */
export const SCENARIOS: readonly Scenario[] = [
  { name: 'create', setup: [], steps: [upsert(0, 200, 100), upsert(200, 10, 200)] },
  {
    name: 'append',
    setup: twoMonths,
    steps: [upsert(300, 5, 200), upsert(305, 5, 300, { revisions: 2, rejects: 1 }), upsert(310, 1, 400)],
  },
  {
    name: 'append to a file of its own',
    options: { partition: 'all' },
    setup: [upsert(0, LONG, 1)],
    steps: [upsert(LONG, 3, 2), upsert(LONG + 3, LONG, 3)],
  },
  {
    name: 'overlapping merge',
    setup: twoMonths,
    steps: [upsert(60, 120, 500, { revisions: 3 }), upsert(250, 100, 600)],
  },
  { name: 'rebase', setup: twoMonths, steps: [replaceAll(bars(0, 300, 50)), replaceAll(bars(100, 150, 25))] },
  { name: 'replace by nothing', setup: twoMonths, steps: [replaceAll(new Map()), upsert(0, 3, 1)] },
  {
    name: 'remove a file in the middle of a part',
    options: { partition: 'all' },
    setup: segments(4),
    steps: [
      step({
        kind: 'replace',
        rows: new Map(),
        startMs: START_MS + LONG * MINUTE_MS,
        endMs: START_MS + 2 * LONG * MINUTE_MS,
      }),
    ],
  },
  {
    name: 'fold',
    options: { partition: 'all' },
    setup: segments(8),
    steps: [upsert(8 * LONG, LONG, 900), upsert(9 * LONG, 1, 950)],
  },
  {
    name: 'pin',
    setup: twoMonths,
    steps: [
      step({ kind: 'pin', name: 'first' }),
      upsert(100, 50, 7),
      step({ kind: 'pin', name: 'second' }),
      step({ kind: 'unpin', name: 'first' }),
    ],
  },
  {
    name: 'history',
    trims: true,
    options: shortHistory,
    setup: [
      upsert(0, 100, 1),
      step({ kind: 'pin', name: 'kept' }),
      ...Array.from({ length: 13 }, (_, i) => upsert(i, 30, 50 + i)),
    ],
    steps: [upsert(20, 30, 80), upsert(25, 30, 90), upsert(30, 30, 95)],
  },
  {
    name: 'view that fell behind',
    options: { partition: 'all' },
    setup: [...segments(3), upsert(100, 2 * LONG, 40)],
    // Another writer died between its versions and its view.
    prepare: ({ sim }) => showVersion(sim, 2),
    steps: [upsert(10, LONG + 5, 77)],
  },
  {
    name: 'note and lock',
    setup: twoMonths,
    steps: [step({ kind: 'note' }), step({ kind: 'lock' }), step({ kind: 'note' }), upsert(300, 1, 1)],
  },
]

/** Rows of {@link twoMonths} that lie in the first month, whose file is damaged below. */
const january = (): [number, number][] => [...bars(0, 300, 100)].filter(([ms]) => ms < Date.UTC(2024, 1))
const inFebruary = (rows: ReadonlyMap<number, number>): Map<number, number> =>
  new Map([...rows].filter(([ms]) => ms >= Date.UTC(2024, 1)))
const withoutJanuary = (before: Expected): Expected => ({
  ...before,
  rows: inFebruary(before.rows),
  coverage: forgetCoverage(before.coverage, { startMs: START_MS, endMs: START_MS + january().length * MINUTE_MS }),
})

const dataOf = (sim: SimFs, part: string): string =>
  sim.paths().find((path) => path.startsWith(`${PATHS.data}/${part}.`) && path.endsWith('.pq')) as string

function flipByte(sim: SimFs, path: string, at: number): void {
  const bytes = (sim.peek(path) as Uint8Array).slice()
  bytes[at] = (bytes[at] as number) ^ 0x10
  sim.poke(path, bytes)
}

/** Stories that begin with damage: what was lost is forgotten, the rest stays, and the store goes on. */
export const DAMAGE: readonly Scenario[] = [
  {
    name: 'read of a damaged file',
    damaged: true,
    setup: twoMonths,
    prepare: ({ sim }) => flipByte(sim, dataOf(sim, '2024-01'), 200),
    steps: [{ action: { kind: 'read' }, mayFail: ['storage/corrupt'], after: withoutJanuary }, upsert(0, 10, 3)],
  },
  {
    name: 'repair of a lost file',
    damaged: true,
    setup: twoMonths,
    prepare: ({ sim }) => sim.relink(dataOf(sim, '2024-01'), null),
    steps: [{ ...maintain({ kind: 'repair', series: SERIES }), after: withoutJanuary }, upsert(0, 10, 3)],
  },
  {
    name: 'repair of an unreadable head',
    damaged: true,
    setup: [...twoMonths, upsert(300, 20, 5)],
    prepare: ({ sim }) => flipByte(sim, `${PATHS.log}/${versionName(2)}`, 100),
    steps: [
      { ...maintain({ kind: 'repair', series: SERIES }), after: (before) => lastRowsGone(before, 300) },
      upsert(300, 20, 6),
    ],
  },
  {
    name: 'repair of a lost log',
    damaged: true,
    setup: [...twoMonths, upsert(280, 30, 5, { revisions: 2 })],
    prepare: ({ sim }) => {
      for (const version of [1, 2]) sim.relink(`${PATHS.log}/${versionName(version)}`, null)
    },
    steps: [
      { ...maintain({ kind: 'repair', series: SERIES }), after: (before) => ({ ...before, coverage: [] }) },
      upsert(300, 20, 6),
    ],
  },
]

function lastRowsGone(before: Expected, count: number): Expected {
  const rows = new Map([...before.rows].filter(([ms]) => ms < START_MS + count * MINUTE_MS))
  return {
    ...before,
    rows,
    coverage: forgetCoverage(before.coverage, { startMs: START_MS + count * MINUTE_MS, endMs: Infinity }),
  }
}

/** Stories on a disk without hard links. */
export const WITHOUT_LINKS: readonly Scenario[] = [
  {
    name: 'append without hard links',
    hasNoView: true,
    options: { wrap: withoutLinks },
    setup: twoMonths,
    steps: [upsert(300, 5, 200), upsert(305, 5, 300, { revisions: 2, rejects: 1 }), upsert(250, 80, 400)],
  },
  {
    name: 'repair of a lost log without hard links',
    damaged: true,
    hasNoView: true,
    options: { wrap: withoutLinks },
    setup: [...twoMonths, upsert(280, 30, 5)],
    prepare: ({ sim }) => {
      for (const version of [1, 2]) sim.relink(`${PATHS.log}/${versionName(version)}`, null)
    },
    steps: [
      { ...maintain({ kind: 'repair', series: SERIES }), after: (before) => ({ ...before, coverage: [] }) },
      upsert(300, 20, 6),
    ],
  },
]

/** Stories of maintenance. */
export const MAINTENANCE: readonly Scenario[] = [
  {
    name: 'compact',
    options: { partition: 'all' },
    setup: segments(5),
    steps: [maintain({ kind: 'compact', series: SERIES })],
  },
  {
    name: 'compact to another partition',
    setup: [upsert(0, 300, 100), upsert(50, 20, 5)],
    steps: [
      maintain({ kind: 'compact', series: SERIES, partition: 'day' }),
      upsert(299, 5, 6),
      maintain({ kind: 'compact', series: SERIES, partition: 'all' }),
    ],
  },
  {
    name: 'collect',
    trims: true,
    options: { history: { everyMs: 0, hourlyMs: 0, dailyMs: 0, last: 2 }, graceMs: 1_000 },
    setup: [
      upsert(0, 100, 1),
      upsert(10, 50, 2),
      step({ kind: 'pin', name: 'kept' }),
      ...Array.from({ length: 8 }, (_, i) => upsert(i, 30, 50 + i)),
    ],
    prepare: ({ clock }) => void (clock.nowMs += 86_400_000),
    steps: [maintain({ kind: 'collect', series: SERIES }), upsert(5, 5, 9), maintain({ kind: 'collect' })],
  },
  { name: 'drop', setup: twoMonths, steps: [step({ kind: 'drop' }), upsert(0, 5, 3)] },
]

/** All stories there are. */
export const ALL: readonly Scenario[] = [...SCENARIOS, ...MAINTENANCE, ...DAMAGE, ...WITHOUT_LINKS]
