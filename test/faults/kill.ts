/**
 * Eight processes write one series and are killed at any moment (SIGKILL), again and again; then the books are compared.
 * @module
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { createDataClient } from '../../src/client.ts'
import { provenRanges } from '../../src/contract/coverage.ts'
import { subtractRanges } from '../../src/contract/range.ts'
import { synthetic } from '../../src/providers/synthetic.ts'
import { columnsOf } from '../../src/query/table.ts'
import { createLocalStorage } from '../../src/storage/local/index.ts'
import { createMemoryStorage } from '../../src/storage/memory.ts'
import { type Disk, checkLog, checkView } from './check.ts'
import { type KillJob, LOADED, NUMBERS_EACH, SHARED, ownMs, sharedMs, sharedSlots } from './kill-job.ts'
import { between, randomFrom } from './random.ts'
import { SERIES, STORE_ROOT, rowsOfColumns } from './world.ts'

/** What is run. */
export interface KillOptions {
  readonly kind: KillJob['kind']
  readonly kills: number
  readonly seed: number
  /** @default 8 */
  readonly children?: number
  /** Each writer ends by itself after so many. @default 2_000 */
  readonly operations?: number
}

/** What came of it. */
export interface KillReport {
  readonly kills: number
  readonly seconds: number
  readonly acknowledged: number
  /** Begun and not acknowledged, but there. */
  readonly unacknowledged: number
  readonly lost: number
  readonly duplicated: number
  readonly versions: number
  /** Everything that is wrong, in words. */
  readonly violations: readonly string[]
}

const CHILD = new URL('kill-child.ts', import.meta.url).pathname

interface Writer {
  readonly child: ChildProcess
  readonly ready: Promise<boolean>
  readonly ended: Promise<void>
}

function startWriter(job: KillJob, cache: string): Writer {
  const child = spawn(process.execPath, [CHILD, JSON.stringify(job)], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, NODE_COMPILE_CACHE: cache, NODE_OPTIONS: '' },
  })
  const ended = new Promise<void>((resolve) => void child.once('close', () => resolve()))
  const ready = new Promise<boolean>((resolve) => {
    child.stdout?.once('data', () => resolve(true))
    void ended.then(() => resolve(false))
  })
  return { child, ready, ended }
}

/** Runs, kills and compares. The folder goes afterwards, unless something was wrong. */
export async function runKills(options: KillOptions): Promise<KillReport> {
  const folder = mkdtempSync(`${tmpdir()}/marketlake-kill-`)
  const [root, notes] = [`${folder}/lake`, `${folder}/notes`]
  mkdirSync(notes)
  const random = randomFrom(options.seed)
  // A process that is killed saves no compiled code for the next.
  const first: KillJob = { kind: options.kind, root, notes: `${notes}/first`, seed: 0, first: 0, operations: 0 }
  await startWriter(first, `${folder}/cache`).ended
  const begun = performance.now()
  let kills = 0
  let started = 0
  const ended: string[] = []
  const slot = async (): Promise<void> => {
    for (;;) {
      const number = started++
      const seed = between(random, 0, 2 ** 31)
      const waitMs = between(random, 0, 250)
      const job: KillJob = {
        kind: options.kind,
        root,
        notes: `${notes}/${number}`,
        seed,
        first: number * NUMBERS_EACH,
        operations: options.operations ?? NUMBERS_EACH,
      }
      const writer = startWriter(job, `${folder}/cache`)
      if (!(await writer.ready)) {
        ended.push(`writer ${number} ended by itself (${writer.child.exitCode})`)
        return
      }
      if (options.kills === 0) return await writer.ended
      await Promise.race([writer.ended, new Promise((resolve) => setTimeout(resolve, waitMs))])
      const isOver = kills >= options.kills
      if (writer.child.exitCode === null && !isOver) {
        kills++
        writer.child.kill('SIGKILL')
      } else writer.child.kill('SIGTERM')
      await writer.ended
      if (isOver) return
    }
  }
  const slots = Array.from({ length: options.children ?? 8 }, slot)
  await Promise.all(slots)
  const seconds = (performance.now() - begun) / 1000
  const books = readNotes(notes)
  const facts = options.kind === 'loads' ? await checkLoads(root, books) : await checkCommits(root, books)
  const violations = [...ended, ...books.failed, ...facts.violations]
  if (facts.unacknowledged > kills)
    violations.push(`${facts.unacknowledged} commits were applied and not acknowledged, by ${kills} kills`)
  if (violations.length === 0) rmSync(folder, { recursive: true, force: true })
  else violations.push(`look at ${folder}`)
  return { ...facts, kills, seconds, violations }
}

interface Books {
  readonly begun: string[]
  readonly done: string[]
  readonly failed: string[]
}

function readNotes(folder: string): Books {
  const books: Books = { begun: [], done: [], failed: [] }
  for (const name of readdirSync(folder)) {
    for (const line of readFileSync(`${folder}/${name}`, 'utf8').split('\n')) {
      const at = line.indexOf(' ')
      const kind = line.slice(0, at)
      if (kind === 'begun' || kind === 'done' || kind === 'failed') books[kind].push(line.slice(at + 1))
    }
  }
  return books
}

type Facts = Omit<KillReport, 'kills' | 'seconds'>

/** A real folder, as the checks of simulated disks look at it. */
function realDisk(root: string): Disk {
  const real = (path: string): string => `${root}${path.slice(STORE_ROOT.length)}`
  return {
    peek(path) {
      try {
        return readFileSync(real(path))
      } catch {
        return null
      }
    },
    paths: () =>
      readdirSync(root, { recursive: true, encoding: 'utf8' })
        .filter((path) => statSync(`${root}/${path}`).isFile())
        .map((path) => `${STORE_ROOT}/${path}`),
  }
}

async function checkCommits(root: string, books: Books): Promise<Facts> {
  const violations: string[] = []
  const disk = realDisk(root)
  violations.push(...(await checkView(disk)).map((what) => `as it was left: ${what}`), ...checkLog(disk))
  const storage = createLocalStorage({ root })
  const head = await storage.head(SERIES)
  if (head === null)
    return {
      acknowledged: 0,
      unacknowledged: 0,
      lost: 0,
      duplicated: 0,
      versions: 0,
      violations: ['nothing was stored'],
    }
  const all = rowsOfColumns(await storage.read(head, {}))
  const rows = new Map(all)
  const done = books.done.map((line) => line.split(' ').map(Number) as [id: number, version: number])
  const begun = new Set(books.begun.map(Number))
  const lost = done.filter(([id]) => rows.get(ownMs(id)) !== id).length
  const own = all.filter(([ms]) => ms >= ownMs(0))
  const unknown = own.filter(([, id]) => !begun.has(id)).length
  if (unknown > 0) violations.push(`${unknown} rows that nobody wrote`)
  const versionOf = new Map(done)
  for (let slot = 0; slot < SHARED; slot++) {
    const winner = rows.get(sharedMs(slot))
    const wonAt = winner === undefined ? 0 : (versionOf.get(winner) ?? Infinity)
    if (winner !== undefined && !(begun.has(winner) && sharedSlots(winner).includes(slot)))
      violations.push(`shared bar ${slot} holds ${winner}`)
    const later = done.find(([id, version]) => version > wonAt && sharedSlots(id).includes(slot))
    if (later !== undefined)
      violations.push(`shared bar ${slot} holds ${winner}, not what commit ${later[0]} wrote later`)
  }
  await storage.maintain({ kind: 'repair', series: SERIES })
  const verified = await storage.verify({ deep: true })
  violations.push(...verified.issues.map(({ path, message }) => `${path}: ${message}`))
  violations.push(...(await checkView(disk)).map((what) => `repaired: ${what}`))
  const duplicated = all.length - rows.size
  if (lost > 0) violations.push(`${lost} acknowledged commits lost`)
  if (duplicated > 0) violations.push(`${duplicated} rows twice`)
  return {
    acknowledged: done.length,
    unacknowledged: own.length - done.length + lost,
    lost,
    duplicated,
    versions: head.version,
    violations,
  }
}

async function checkLoads(root: string, books: Books): Promise<Facts> {
  const violations: string[] = []
  const options = { providers: [synthetic({ seed: 1 })] }
  const query = { symbol: 'BTC-USD', interval: '1h', provider: 'synthetic' } as const
  const model = createDataClient({ ...options, storage: createMemoryStorage() })
  const wanted = columnsOf(await model.load({ ...query, start: LOADED.startMs, end: LOADED.endMs }))
  const valueAt = new Map(Array.from(wanted.timestampMs, (ms, i) => [ms, wanted.close?.[i]] as const))
  const client = createDataClient({ ...options, root })
  const stored = columnsOf(await client.read(query))
  const rows = new Map(Array.from(stored.timestampMs, (ms, i) => [ms, stored.close?.[i]] as const))
  const rangeOf = (line: string): { startMs: number; endMs: number } => {
    const [startMs = 0, endMs = 0] = line.split(' ').map(Number)
    return { startMs, endMs }
  }
  const done = books.done.map(rangeOf)
  const begun = books.begun.map(rangeOf)
  const within = (ms: number, ranges: readonly { startMs: number; endMs: number }[]): boolean =>
    ranges.some((range) => ms >= range.startMs && ms < range.endMs)
  const lost = [...valueAt.keys()].filter((ms) => within(ms, done) && !rows.has(ms)).length
  const unknown = [...rows.keys()].filter((ms) => !within(ms, begun)).length
  const wrong = [...rows].filter(([ms, value]) => valueAt.get(ms) !== value).length
  const duplicated = stored.timestampMs.length - rows.size
  if (lost + unknown + wrong + duplicated > 0) {
    violations.push(
      `${lost} acknowledged rows lost, ${unknown} that nobody asked for, ${wrong} with another value, ${duplicated} twice`,
    )
  }
  const storage = createLocalStorage({ root })
  const [entry] = await storage.list()
  if (entry !== undefined) {
    const unproven = subtractRanges(done, provenRanges(entry.head.coverage)).length
    if (unproven > 0) violations.push(`${unproven} acknowledged ranges are not covered`)
    await storage.maintain({ kind: 'repair', series: entry.series })
  }
  const verified = await storage.verify({ deep: true })
  violations.push(...verified.issues.map(({ path, message }) => `${path}: ${message}`))
  return {
    acknowledged: done.length,
    unacknowledged: 0,
    lost,
    duplicated,
    versions: entry?.head.version ?? 0,
    violations,
  }
}
