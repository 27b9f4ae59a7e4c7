/**
 * Fuzzes seeds that it is given, and says where it is, so that a hang is seen.
 * @module
 */
import { parentPort, workerData } from 'node:worker_threads'
import { fuzzOnce, makeCorpus, targetOf } from '../../test/faults/fuzz.ts'

const { first, end, at } = workerData as { first: number; end: number; at: Int32Array }
const corpus = await makeCorpus()
for (let seed = first; seed < end; seed++) {
  Atomics.store(at, 0, seed - first)
  const what = await fuzzOnce(corpus, targetOf(seed), seed)
  if (what !== null) parentPort?.postMessage({ seed, what })
}
