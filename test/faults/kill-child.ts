/**
 * One writer that works until it is killed. It notes each commit before it begins and after it was acknowledged.
 * @module
 */
import { appendFileSync } from 'node:fs'
import { createDataClient } from '../../src/client.ts'
import { recordCoverage } from '../../src/contract/coverage.ts'
import { hasCode, isRetryable } from '../../src/contract/errors.ts'
import type { Storage } from '../../src/contract/storage.ts'
import { synthetic } from '../../src/providers/synthetic.ts'
import { createLocalStorage } from '../../src/storage/local/index.ts'
import { type KillJob, loadRange, ownMs, sharedMs, sharedSlots } from './kill-job.ts'
import { type Random, between, randomFrom } from './random.ts'
import { MINUTE_MS, SERIES, START_MS, columnsOfRows } from './world.ts'

const job = JSON.parse(process.argv[2] ?? '{}') as KillJob
const random = randomFrom(job.seed)
let isStopping = false
process.on('SIGTERM', () => void (isStopping = true))

const note = (line: string): void => appendFileSync(job.notes, `${line}\n`)

async function commitOne(storage: Storage, id: number): Promise<void> {
  for (;;) {
    try {
      const head = await storage.head(SERIES)
      const rows = new Map([...sharedSlots(id).map((slot) => [sharedMs(slot), id] as const), [ownMs(id), id] as const])
      const record = {
        startMs: ownMs(id),
        endMs: ownMs(id) + MINUTE_MS,
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
      return note(`done ${id} ${version}`)
    } catch (error) {
      if (!isRetryable(error) && !hasCode(error, 'storage/snapshot-expired')) throw error
    }
  }
}

async function tidy(storage: Storage, pick: Random): Promise<void> {
  try {
    if (pick() < 0.5) await storage.maintain({ kind: 'compact', series: SERIES })
    else await storage.maintain({ kind: 'collect', series: SERIES, graceMs: 60_000 })
  } catch (error) {
    if (!isRetryable(error) && !hasCode(error, 'storage/snapshot-expired')) throw error
  }
}

async function commits(): Promise<void> {
  const storage = createLocalStorage({
    root: job.root,
    lockTimeoutMs: 500,
    partition: 'month',
    history: { everyMs: 0, last: 20 },
  })
  for (let n = 0; !isStopping && n < job.operations; n++) {
    const id = job.first + n
    note(`begun ${id}`)
    if (random() < 0.3) await storage.exclusive(SERIES, () => commitOne(storage, id))
    else await commitOne(storage, id)
    if (n === 0) process.stdout.write('ready\n')
    if (random() < 0.05) await tidy(storage, random)
  }
}

async function loads(): Promise<void> {
  const client = createDataClient({
    root: job.root,
    providers: [synthetic({ seed: 1 })],
    storage: { lockTimeoutMs: 500 },
  })
  for (let n = 0; !isStopping && n < job.operations; n++) {
    const range = loadRange(between(random, 0, 2 ** 30))
    note(`begun ${range.startMs} ${range.endMs}`)
    const query = {
      symbol: 'BTC-USD',
      interval: '1h',
      provider: 'synthetic',
      start: range.startMs,
      end: range.endMs,
    } as const
    await (random() < 0.5 ? client.load(query) : client.get(query))
    note(`done ${range.startMs} ${range.endMs}`)
    if (n === 0) process.stdout.write('ready\n')
  }
}

try {
  await (job.kind === 'loads' ? loads() : commits())
} catch (error) {
  note(`failed ${error instanceof Error ? (error.stack ?? error.message).replaceAll('\n', ' ') : String(error)}`)
  process.exitCode = 1
}
