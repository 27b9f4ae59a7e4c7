/**
 * Damages files and snapshots and reads them: `npm run fuzz`.
 * `RUNS=100000` mutations from `SEED` on; `RUNS=1` repeats one.
 * @module
 */
import { Worker } from 'node:worker_threads'
import { targetOf } from '../../test/faults/fuzz.ts'

const runs = Number(process.env['RUNS'] ?? 100_000)
const first = Number(process.env['SEED'] ?? Date.now() % 2 ** 30)
/** Without a step for so long it hangs. */
const HANG_MS = 30_000

const at = new Int32Array(new SharedArrayBuffer(4))
const begun = performance.now()
let failures = 0
const fail = (seed: number, what: string): void => {
  failures++
  if (failures <= 50) console.log(`  SEED=${seed} RUNS=1 npm run fuzz   # ${targetOf(seed)}: ${what}`)
}

console.log(`SEED=${first} RUNS=${runs}`)
const worker = new Worker(new URL('fuzz-worker.ts', import.meta.url), { workerData: { first, end: first + runs, at } })
worker.on('message', ({ seed, what }: { seed: number; what: string }) => fail(seed, what))
let last = -1
const watch = setInterval(() => {
  const now = Atomics.load(at, 0)
  if (now === last) {
    fail(first + now, 'hangs')
    void worker.terminate()
  }
  last = now
}, HANG_MS)
await new Promise<void>((resolve) => {
  worker.once('exit', () => resolve())
  worker.once('error', (error) => fail(first + Atomics.load(at, 0), String(error)))
})
clearInterval(watch)
const done = Atomics.load(at, 0) + 1
const seconds = (performance.now() - begun) / 1000
const rss = Math.round(process.resourceUsage().maxRSS / 1_024)
console.log(`${done} mutations in ${seconds.toFixed(0)} s, ${failures} violations, at most ${rss} MB`)
process.exitCode = failures === 0 ? 0 : 1
