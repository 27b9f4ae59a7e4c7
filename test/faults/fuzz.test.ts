import { beforeAll, describe, expect, test } from 'vitest'
import { type FuzzCorpus, TARGETS, fuzzOnce, makeCorpus, mutate } from './fuzz.ts'
import { randomFrom } from './random.ts'

const first = Number(process.env['SEED'] ?? 1)
const runs = Number(process.env['RUNS'] ?? 1_000)
/** Of so many mutations, those of each target. */
const SHARES = { codec: 0.6, file: 0.1, snapshot: 0.1, 'sealed snapshot': 0.15, pin: 0.05 } as const

let corpus: FuzzCorpus
beforeAll(async () => void (corpus = await makeCorpus()))

describe('damaged bytes end in typed errors, in bounded time and memory', () => {
  test.each(TARGETS)('of a %s', async (target) => {
    const found: string[] = []
    for (let seed = first; seed < first + runs * SHARES[target]; seed++) {
      const what = await fuzzOnce(corpus, target, seed)
      if (what !== null) found.push(`seed ${seed}: ${what}`)
    }
    expect(found).toEqual([])
  })

  test('and nearly every mutation changes something', () => {
    const bytes = Uint8Array.from({ length: 500 }, (_, i) => i % 251)
    const same = Array.from({ length: 500 }, (_, seed) => mutate(bytes, randomFrom(seed))).filter(
      (out) => out.length === bytes.length && out.every((byte, i) => byte === bytes[i]),
    )
    expect(same.length).toBeLessThan(25)
  })
})
