/**
 * Several processes on one disk, whose operations interleave as a seed decides; some are killed, and the machine may lose
 * power. Every run is the same for the same seed.
 * @module
 */
import { hasCode, isDataClientError } from '../../src/contract/errors.ts'
import type { Storage } from '../../src/contract/storage.ts'
import { recordCoverage } from '../../src/contract/coverage.ts'
import { type FsPort, type HistoryOptions, createLocalStorage } from '../../src/storage/local/index.ts'
import { checkLog, checkView } from './check.ts'
import { type Random, between, oneOf, randomFrom } from './random.ts'
import { type DiskState, copyDisk, crashDisk } from './sim-disk.ts'
import { type SimFs, createSimFs, fsError, withoutLinks } from './sim-fs.ts'
import { MINUTE_MS, SERIES, START_MS, STORE_ROOT, columnsOfRows, openWorld, rowsOfColumns } from './world.ts'

/** What is run. */
export interface InterleaveOptions {
  readonly seed: number
  /** @default 3 */
  readonly writers?: number
  /** Commits of each writer. @default 4 */
  readonly commits?: number
  /** Processes that die on the way. @default chosen by the seed, at most all but one */
  readonly kills?: number
  /** Has the disk hard links? @default true */
  readonly hasLinks?: boolean
  /** Do others compact, collect and pin meanwhile? @default chosen by the seed */
  readonly maintains?: boolean
  readonly history?: HistoryOptions
  /** Puts something between a store and the disk. */
  readonly wrap?: (fs: FsPort) => FsPort
}

/** A commit that a writer was told of, or at least began. */
interface Operation {
  readonly id: number
  readonly version: number | null
}

const TASKS = ['compact', 'collect', 'repair'] as const
/** Awaited, it lets others go on. */
const TURN = Promise.resolve()
const NEVER = new Promise<never>(() => {})
const keyMs = (id: number): number => START_MS + id * MINUTE_MS
/** Bars that all writers write, beside one that is theirs. */
const SHARED = 12
const sharedMs = (slot: number): number => START_MS - (slot + 1) * MINUTE_MS

/** A file system whose operations wait for some turns of others, until its process is killed. */
function sharedFs(fs: FsPort, random: Random, life: { left: number }): FsPort {
  const out: Record<string, unknown> = { ...fs }
  for (const [name, call] of Object.entries(fs) as [keyof FsPort, (...args: unknown[]) => unknown][]) {
    if (name.endsWith('Sync')) {
      out[name] = (...args: unknown[]) => {
        if (life.left <= 0) throw fsError('EKILLED', name)
        return call(...args)
      }
    } else {
      out[name] = async (...args: unknown[]) => {
        for (let turns = between(random, 0, 24); turns > 0; turns--) await TURN
        if (--life.left <= 0) return await NEVER
        return await call(...args)
      }
    }
  }
  return out as unknown as FsPort
}

interface Run {
  readonly sim: SimFs
  readonly clock: { nowMs: number }
  readonly acknowledged: Operation[]
  readonly begun: Set<number>
  /** Rows that each operation wrote to shared bars. */
  readonly shared: Map<number, readonly number[]>
  readonly broken: string[]
  versions: number
}

/** Runs once. @returns the promises that were broken */
export async function interleave(options: InterleaveOptions): Promise<string[]> {
  const random = randomFrom(options.seed)
  const { writers = 3, commits = 4, hasLinks = true } = options
  const kills = options.kills ?? between(random, 0, writers)
  const maintains = options.maintains ?? random() < 0.5
  const clock = { nowMs: Date.UTC(2024, 5, 15) }
  const run: Run = {
    sim: createSimFs(() => clock.nowMs),
    clock,
    acknowledged: [],
    begun: new Set(),
    shared: new Map(),
    broken: [],
    versions: 0,
  }
  const failures: { disk: DiskState; acknowledged: Operation[]; begun: Set<number> }[] = []
  let untilFailure = between(random, 20, 400)
  run.sim.hooks.after = ({ changes }) => {
    if (!changes || --untilFailure !== 0) return
    failures.push({ disk: copyDisk(run.sim.disk), acknowledged: [...run.acknowledged], begun: new Set(run.begun) })
    untilFailure = between(random, 20, 400)
  }
  const open = (fs: FsPort): Storage =>
    createLocalStorage({
      root: STORE_ROOT,
      fs: options.wrap?.(hasLinks ? fs : withoutLinks(fs)) ?? (hasLinks ? fs : withoutLinks(fs)),
      now: () => clock.nowMs,
      random,
      partition: 'month',
      sleep: async (ms) => {
        clock.nowMs += Math.ceil(ms)
        for (let turns = between(random, 1, 40); turns > 0; turns--) await TURN
      },
      ...(options.history === undefined ? {} : { history: options.history }),
    })
  const actors = Array.from({ length: writers }, (_, i) => {
    const life = { left: i < kills ? between(random, 5, 40 * commits) : Infinity }
    const storage = open(sharedFs(run.sim, random, life))
    const work = write(run, storage, random, i * 1_000, commits)
    return life.left === Infinity ? work : Promise.race([work.catch(ifAlive(life)), dead(life)])
  })
  const alive = { left: Infinity }
  if (maintains) actors.push(maintain(open(sharedFs(run.sim, random, alive)), random))
  if (maintains) actors.push(pin(run, open(sharedFs(run.sim, random, alive)), random))
  actors.push(follow(run, open(sharedFs(run.sim, random, alive)), random))
  await Promise.all(actors)
  run.sim.hooks = {}
  await checkEnd(run, run.sim.disk, run.acknowledged, run.begun, 'at the end', true)
  for (const { disk, acknowledged, begun } of failures) {
    const left = crashDisk(disk, oneOf(random, ['all', 'subset', 'prefix']), random)
    await checkEnd(run, left, acknowledged, begun, 'after a power failure', false)
  }
  return run.broken
}

const ifAlive =
  (life: { left: number }) =>
  async (error: unknown): Promise<void> => {
    if (life.left > 0) throw error
  }

/** Resolves once the process is dead. */
async function dead(life: { left: number }): Promise<void> {
  for (let turns = 0; life.left > 0 && turns < 200_000; turns++) await TURN
}

async function write(run: Run, storage: Storage, random: Random, first: number, commits: number): Promise<void> {
  for (let i = 0; i < commits; i++) {
    const id = first + i
    const slots = Array.from({ length: SHARED }, (_, slot) => slot).filter(() => random() < 0.3)
    run.shared.set(id, slots)
    for (let attempt = 0; ; attempt++) {
      try {
        const head = await storage.head(SERIES)
        run.begun.add(id)
        const rows = new Map([...slots.map((slot) => [sharedMs(slot), id] as const), [keyMs(id), id] as const])
        const record = {
          startMs: keyMs(id),
          endMs: keyMs(id + 1),
          state: 'data',
          requestId: 'r',
          asOfMs: START_MS,
        } as const
        const change = {
          opId: `op-${id}`,
          upsert: columnsOfRows(rows),
          coverage: recordCoverage(head?.coverage ?? [], record),
        }
        const { version } = await storage.commit(SERIES, head, change)
        run.acknowledged.push({ id, version })
        break
      } catch (error) {
        if (!isDataClientError(error) || !error.retryable || attempt > 200) {
          run.broken.push(`writer: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`)
          return
        }
      }
    }
  }
}

async function maintain(storage: Storage, random: Random): Promise<void> {
  for (let i = 0; i < 6; i++) {
    try {
      const kind = oneOf(random, TASKS)
      await storage.maintain({ kind, series: SERIES })
    } catch (error) {
      if (!hasCode(error, 'storage/conflict') && !hasCode(error, 'storage/snapshot-expired')) throw error
    }
  }
}

/** What is pinned can be read until it is unpinned, whatever others do. */
async function pin(run: Run, storage: Storage, random: Random): Promise<void> {
  for (let i = 0; i < 4; i++) {
    for (let turns = between(random, 0, 400); turns > 0; turns--) await TURN
    const name = `pin-${i}`
    try {
      const versions = await storage.history(SERIES)
      if (versions.length === 0) continue
      const { version } = oneOf(random, versions)
      const rows = rowsOfColumns(await storage.read(await storage.snapshot(SERIES, version), {}))
      await storage.pin(SERIES, version, name)
      for (let turns = between(random, 0, 2_000); turns > 0; turns--) await TURN
      try {
        const again = rowsOfColumns(await storage.read(await storage.snapshot(SERIES, name), {}))
        if (JSON.stringify(again) !== JSON.stringify(rows))
          run.broken.push(`pinned version ${version} reads other rows`)
      } catch (error) {
        run.broken.push(`pinned version ${version}: ${String(error)}`)
      }
      await storage.unpin(SERIES, name)
    } catch (error) {
      if (!hasCode(error, 'storage/snapshot-expired')) run.broken.push(`pinner: ${String(error)}`)
    }
  }
}

/** A reader sees whole versions only, and never an older one after a newer one. */
async function follow(run: Run, storage: Storage, random: Random): Promise<void> {
  let last = 0
  for (let i = 0; i < 12; i++) {
    for (let turns = between(random, 0, 400); turns > 0; turns--) await TURN
    try {
      const head = await storage.head(SERIES)
      if (head === null) continue
      if (head.version < last) run.broken.push(`reader: version ${head.version} after ${last}`)
      last = head.version
      const rows = rowsOfColumns(await storage.read(head, {}))
      if (rows.length !== head.rows) run.broken.push(`reader: ${rows.length} rows of ${head.rows}`)
      if (new Set(rows.map(([ms]) => ms)).size !== rows.length) run.broken.push('reader: rows twice')
    } catch (error) {
      if (!hasCode(error, 'storage/snapshot-expired')) run.broken.push(`reader: ${String(error)}`)
    }
  }
}

/** Everything acknowledged is there, nothing that was not begun, and the last writer of each shared bar won. */
async function checkEnd(
  run: Run,
  disk: DiskState,
  acknowledged: readonly Operation[],
  begun: ReadonlySet<number>,
  when: string,
  isQuiet: boolean,
): Promise<void> {
  const say = (what: string): void => void run.broken.push(`${when}: ${what}`)
  const world = openWorld({ disk, nowMs: run.clock.nowMs + 1_000_000, seed: 9 })
  try {
    const head = await world.storage.head(SERIES)
    const rows = new Map(head === null ? [] : rowsOfColumns(await world.storage.read(head, {})))
    const own = [...rows].filter(([ms]) => ms >= START_MS)
    const lost = acknowledged.filter(({ id }) => rows.get(keyMs(id)) !== id)
    if (lost.length > 0) say(`${lost.length} of ${acknowledged.length} acknowledged commits lost, first ${lost[0]?.id}`)
    const phantom = own.filter(([, id]) => !begun.has(id))
    if (phantom.length > 0) say(`${phantom.length} rows that nobody wrote`)
    if (head !== null && rows.size !== head.rows) say(`${head.rows - rows.size} rows twice`)
    const versions = new Map(acknowledged.map(({ id, version }) => [id, version as number]))
    for (let slot = 0; slot < SHARED; slot++) {
      const winner = rows.get(sharedMs(slot))
      const later = acknowledged.filter(({ id }) => run.shared.get(id)?.includes(slot))
      if (
        winner === undefined
          ? later.length > 0
          : later.some(({ version }) => (version as number) > (versions.get(winner) ?? Infinity))
      ) {
        say(`shared bar ${slot} holds ${String(winner)}, not what was written last`)
      }
      if (winner !== undefined && !(run.shared.get(winner)?.includes(slot) && begun.has(winner)))
        say(`shared bar ${slot} holds ${winner}`)
    }
    for (const what of checkLog(world.sim, { keepLast: 1 })) say(what)
    if (!isQuiet) for (const what of await checkView(world.sim)) say(what)
    await world.storage.maintain({ kind: 'repair', series: SERIES })
    for (const what of await checkView(world.sim)) say(`repaired: ${what}`)
  } catch (error) {
    say(`threw ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`)
  }
}
